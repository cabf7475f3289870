"""completion: the scripts, and the one line in a shell's own file."""

from __future__ import annotations

import pytest

from cpctl.commands.completion import MARK, SCRIPTS
from cpctl.generate import ROOT


@pytest.mark.parametrize("shell", SCRIPTS)
def test_the_script_is_the_committed_one(cp, shell):
    done = cp("completion", shell)
    assert done.code == 0 and done.out == (ROOT / "completions" / SCRIPTS[shell]).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("shell", "name"),
    [
        ("bash", ".bashrc"),
        ("zsh", ".zshrc"),
        ("fish", ".config/fish/completions/cpctl.fish"),
        ("powershell", ".config/powershell/Microsoft.PowerShell_profile.ps1"),
    ],
)
def test_one_line_that_comes_once_and_goes_again(cp, shell, name):
    env = {"HOME": str(cp.home), "XDG_CONFIG_HOME": f"{cp.home}/.config", "ZDOTDIR": ""}
    file = cp.home / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"first\n\xff last\n")
    file.chmod(0o640)
    assert cp("completion", "status", shell, env=env).code == 3
    for _ in range(2):
        assert cp("completion", "install", shell, env=env).code == 0
    text = file.read_bytes()
    assert text.count(MARK.encode()) == 1 and text.startswith(b"first\n\xff last\n")
    assert cp("completion", "status", shell, env=env).code == 0
    for _ in range(2):
        assert cp("completion", "uninstall", shell, env=env).code == 0
    assert file.read_bytes() == b"first\n\xff last\n" and file.stat().st_mode & 0o777 == 0o640


def test_a_script_takes_no_second_word(cp):
    said = cp("completion", "bash", "zsh")
    assert (said.code, said.out) == (2, "") and '"zsh" is one word too many' in said.err


def test_the_shell_is_the_one_of_the_environment(cp):
    env = {"HOME": str(cp.home), "SHELL": "/bin/bash"}
    assert cp("completion", "install", env=env).code == 0
    assert (cp.home / ".bashrc").read_text(encoding="utf-8").endswith(MARK + "\n")
    assert cp("completion", "install", env={"HOME": str(cp.home), "SHELL": "/bin/tcsh"}).code == 2
    assert cp("completion", "tcsh").code == 2
