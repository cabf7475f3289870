"""completion: the scripts, and the one line in a shell's own file."""

from __future__ import annotations

import os
import subprocess

import pytest

from client import Client
from cpctl.commands.completion import SCRIPTS
from cpctl.complete.startup import MARK
from cpctl.generate import ROOT
from tools import need

FILES = {
    "bash": ".bashrc",
    "zsh": ".zshrc",
    "fish": ".config/fish/completions/cpctl.fish",
    "powershell": ".config/powershell/Microsoft.PowerShell_profile.ps1",
}


@pytest.mark.parametrize("shell", SCRIPTS)
def test_the_script_is_the_committed_one(cp, shell):
    done = cp("completion", shell)
    assert done.code == 0 and done.out == (ROOT / "completions" / SCRIPTS[shell]).read_text(encoding="utf-8")


def done(cp, what: str, shell: str, **env: str) -> int:
    """The code of `cpctl completion WHAT SHELL` with a home of its own."""
    return cp("completion", what, shell, env={"HOME": str(cp.home), "XDG_CONFIG_HOME": "", "ZDOTDIR": "", **env}).code


@pytest.fixture
def cp(tmp_path):
    """cpctl without a platform, which completion of a shell's start needs not."""
    return Client(tmp_path / "home")


@pytest.fixture(params=FILES)
def shell(request):
    return request.param


@pytest.fixture
def file(cp, shell):
    """The shell's own file, not there yet."""
    path = cp.home / FILES[shell]
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


@pytest.mark.parametrize(
    "before",
    [
        *(
            b"",
            b"\n",
            b"first\n\xff last\n",
            b"no end",
            b"first\nno end",
            b"\xef\xbb\xbffirst\r\nlast\r\n",
            b"a\r\nno end",
        ),
        *(b"# cpctl completion\n", b"alias c=cpctl # cpctl completion\n", b"[ -r 'a' ] && . 'b' # cpctl completion\n"),
    ],
)
def test_one_line_that_comes_once_and_goes_without_a_trace(cp, shell, file, before):
    file.write_bytes(before)
    file.chmod(0o640)
    assert done(cp, "status", shell) == 3
    for _ in range(2):
        assert done(cp, "install", shell) == 0
    after = file.read_bytes()
    assert after.startswith(before) and after.count(MARK.encode()) == before.count(MARK.encode()) + 1
    assert after.endswith(b"\n") and after.count(b"\n") == before.count(b"\n") + (
        2 if before.endswith(b"no end") else 1
    )
    assert done(cp, "status", shell) == 0
    for _ in range(2):
        assert done(cp, "uninstall", shell) == 0
    assert file.read_bytes() == before and file.stat().st_mode & 0o777 == 0o640
    assert done(cp, "status", shell) == 3


def test_a_file_that_install_made_goes_with_the_line(cp, shell, file):
    """An empty cpctl.fish would hide the one that a package brings."""
    for _ in range(2):
        assert done(cp, "install", shell) == 0
    assert done(cp, "uninstall", shell) == 0
    assert not file.exists()


def test_a_file_that_others_wrote_to_since_stays(cp, shell, file):
    assert done(cp, "install", shell) == 0
    with file.open("ab") as more:
        more.write(b"mine\n")
    assert done(cp, "uninstall", shell) == 0
    assert file.read_bytes() == b"mine\n"


def test_a_line_that_an_editor_ended_otherwise_is_known(cp, shell, file):
    assert done(cp, "install", shell) == 0
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert done(cp, "status", shell) == 0
    before = file.read_bytes()
    assert done(cp, "install", shell) == 0 and file.read_bytes() == before
    assert done(cp, "uninstall", shell) == 0 and not file.exists()


def test_a_line_of_an_earlier_place_is_replaced(cp, shell, file):
    assert done(cp, "install", shell) == 0
    mine = file.read_bytes()
    elsewhere = mine.replace(str(ROOT).encode(), "/opt/山 old/v0".encode())
    file.write_bytes(b"first\n" + elsewhere + b"last\n")
    assert done(cp, "status", shell) == 0
    assert done(cp, "install", shell) == 0
    assert file.read_bytes() == b"first\nlast\n" + mine
    assert done(cp, "uninstall", shell) == 0 and file.read_bytes() == b"first\nlast\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_line_is_one_the_shell_reads(cp, shell, file):
    """In a shell of its own that starts as for a person: what Tab calls is there then."""
    asked = {
        "bash": ["-i", "-c", "complete -p cpctl"],
        "zsh": ["-i", "-c", "print -r -- ${_comps[cpctl]}"],
        "fish": ["-c", f"source {file}; complete cpctl"],
    }
    assert done(cp, "install", shell) == 0
    env = {"HOME": str(cp.home), "PATH": os.environ["PATH"], "TERM": "dumb"}
    said = subprocess.run(
        [need(shell), *asked[shell]], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert "cpctl" in said.stdout, said


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "UTF-16"])
def test_what_is_no_text_file_is_left_alone(cp, shell, file, kind):
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "device":
        file.symlink_to("/dev/zero")
    elif kind == "folder":
        file.mkdir()
    else:
        file.write_bytes("first\r\n".encode("utf-16"))
    for what in ("install", "status", "uninstall"):
        assert done(cp, what, shell) == 1
    assert kind != "UTF-16" or file.read_bytes() == "first\r\n".encode("utf-16")


def test_a_link_stays_a_link(cp, shell, file):
    kept = cp.home / "dotfiles"
    file.symlink_to(kept)
    assert done(cp, "install", shell) == 0 and file.is_symlink() and MARK in kept.read_text(encoding="utf-8")
    assert done(cp, "uninstall", shell) == 0 and file.is_symlink() and not kept.exists()


def test_a_relative_folder_of_settings_is_ignored(cp, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for shell in ("fish", "powershell"):
        assert done(cp, "install", shell, XDG_CONFIG_HOME="relative") == 0
        assert (cp.home / FILES[shell]).is_file()
    assert not (tmp_path / "relative").exists()


def test_a_script_takes_no_second_word(cp):
    said = cp("completion", "bash", "zsh")
    assert (said.code, said.out) == (2, "") and '"zsh" is one word too many' in said.err


def test_the_shell_is_the_one_of_the_environment(cp):
    env = {"HOME": str(cp.home), "SHELL": "/bin/bash"}
    assert cp("completion", "install", env=env).code == 0
    assert MARK in (cp.home / ".bashrc").read_text(encoding="utf-8")
    assert cp("completion", "install", env={"HOME": str(cp.home), "SHELL": "/bin/tcsh"}).code == 2
    assert cp("completion", "tcsh").code == 2


def test_no_server_is_named_for_what_is_not_on_this_machine(cp):
    said = cp("completion", "status", "bash", env={"HOME": str(cp.home)})
    assert (said.code, said.out) == (3, "")
    line = f"{cp.home}/.bashrc has no line of cpctl's [NotHere]; try: cpctl completion install bash"
    assert said.err == f"error: {line}\n"


@pytest.mark.parametrize("end", ["\\", "\\\n", "export A=\\\\\\", "`", "a `\r\n"])
def test_a_last_line_that_goes_on_does_not_swallow_ours(cp, shell, file, end):
    file.write_bytes(f"first\n{end}".encode())
    goes_on = "`" in end if shell == "powershell" else "`" not in end
    assert done(cp, "install", shell) == (1 if goes_on else 0)
    assert (file.read_bytes() == f"first\n{end}".encode()) == goes_on
    assert done(cp, "status", shell) == (3 if goes_on else 0)


@pytest.mark.parametrize("end", ["# \\", "\\\\", "\\\n\n", "# `", "``"])
def test_a_last_line_that_ends_is_followed_by_ours(cp, shell, file, end):
    file.write_bytes(f"first\n{end}".encode())
    assert done(cp, "install", shell) == 0 == done(cp, "uninstall", shell)
    assert file.read_bytes() == f"first\n{end}".encode()


@pytest.mark.parametrize("home", ["relative", "./there", ""])
def test_a_home_that_is_no_whole_path_has_no_files(cp, shell, home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = cp("completion", "install", shell, env={"HOME": home, "XDG_CONFIG_HOME": "", "USERPROFILE": ""})
    assert said.code == 1 and "[NoHome]" in said.err
    assert not (tmp_path / "relative").exists()
