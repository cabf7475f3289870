"""Plugins with real processes: whose word is whose, and what of PATH and of the working folder has no effect."""

from __future__ import annotations

import subprocess
import sys

import pytest

from client import environment
from sandbox_server import ROOT

MAIN = "import sys; sys.path.append(sys.argv.pop(1)); from cpctl.main import main; main()"


@pytest.fixture
def run(tmp_path):
    """cpctl in a folder of its own, with a folder of programs on PATH."""
    programs, folder = tmp_path / "programs", tmp_path / "folder"
    programs.mkdir()
    folder.mkdir()

    def run(*words, path=None, **env):
        whole = environment(tmp_path / "home") | {"PATH": path or f"{programs}:/usr/bin:/bin"} | env
        command = [sys.executable, "-P", "-c", MAIN, str(ROOT), *words]
        return subprocess.run(command, env=whole, cwd=folder, capture_output=True, text=True, timeout=30)

    run.programs, run.folder = programs, folder
    return run


def program(folder, name, text='echo "$0" "$@"; exit 7', mode=0o755):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(mode)
    return path


def test_a_plugin_runs_in_place_of_cpctl(run):
    path = program(run.programs, "cpctl-foo")
    done = run("foo", "a b", "--c", "-o=json")
    assert (done.returncode, done.stdout, done.stderr) == (7, f"{path} a b --c -o=json\n", "")


def test_the_longest_name_wins_and_dashes_are_underscores(run):
    program(run.programs, "cpctl-foo")
    longer = program(run.programs, "cpctl-foo-bar_baz")
    assert run("foo", "bar-baz", "x").stdout == f"{longer} x\n"
    assert run("foo", "bar", "x").stdout == f"{run.programs / 'cpctl-foo'} bar x\n"


def test_its_environment_is_the_users(run):
    program(run.programs, "cpctl-show", 'echo "$CPCTL_TOKEN $MINE"')
    assert run("show", CPCTL_TOKEN="of-the-user", MINE="x").stdout == "of-the-user x\n"


def test_what_is_built_in_and_aliases_go_first(run, tmp_path):
    for name in ("cpctl-version", "cpctl-get", "cpctl-mine"):
        program(run.programs, name)
    config = tmp_path / "home" / "config" / "cpctl" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[aliases]\nmine = "version --client"\n')
    config.chmod(0o600)
    for word in ("version", "mine"):
        assert run(word, *(["--client"] if word == "version" else [])).stdout.startswith("cpctl ")
    listed = run("plugin", "list")
    assert listed.returncode == 0 and listed.stdout.split() == [
        str(run.programs / f"cpctl-{n}") for n in ("get", "mine", "version")
    ]
    assert "is never run: get is built in" in listed.stderr and "is never run: mine is an alias" in listed.stderr


def test_what_is_no_program_is_listed_and_not_run(run):
    program(run.programs, "cpctl-foo", mode=0o644)
    (run.programs / "cpctl-folder").mkdir()
    assert run("foo").returncode == run("folder").returncode == 2
    assert "cpctl-foo is no executable file" in run("plugin", "list").stderr
    program(run.programs, "cpctl-broken").write_text("#!/no/such/interpreter\n")
    broken = run("broken")
    assert broken.returncode == 1 and "cpctl-broken cannot be run: " in broken.stderr


def test_no_plugins(run):
    assert run("plugin", "list").returncode == 3


@pytest.mark.parametrize("path", ["", ".", "programs", ":/usr/bin", "/usr/bin:", "./x:/usr/bin", "../folder:/usr/bin"])
def test_relative_steps_of_path_have_no_effect(run, path):
    for folder in (run.folder, run.folder / "programs", run.folder / "x"):
        folder.mkdir(exist_ok=True)
        program(folder, "cpctl-foo")
    done = run("foo", path=path or ":")
    assert done.returncode == 2 and 'unknown verb "foo"' in done.stderr
    assert run("plugin", "list", path=path or ":").returncode == 3


@pytest.mark.parametrize("word", ["../folder/evil", "/bin/sh", "-x", "a\\b", "sh;id"])
def test_a_word_that_is_a_path_is_no_plugin(run, word):
    program(run.folder, "cpctl-evil")
    assert run(word).returncode == 2


def test_the_working_folder_has_no_effect(run):
    made = run.folder / "made"
    for name in ("rich.py", "typer.py", "httpx.py", "cpctl.py", "sitecustomize.py"):
        (run.folder / name).write_text(f"open({str(made)!r}, 'w')\n")
    (run.folder / "cpctl.toml").write_text('[aliases]\nfoo = "version --client"\n')
    (run.folder / "config.toml").write_text('[aliases]\nfoo = "version --client"\n')
    (run.folder / ".env").write_text("CPCTL_SERVER=http://127.0.0.1:9\nCPCTL_TOKEN=x\n")
    (run.folder / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    program(run.folder, "cpctl-get")
    assert run("foo").returncode == 2
    assert run("version", "--client").stdout.startswith("cpctl ")
    nowhere = run("get", "offers")
    assert nowhere.returncode == 2 and "no profile" in nowhere.stderr
    assert not made.exists()
