"""The completion in real bash, zsh and fish at a terminal: from the first Tab to an order, and nothing hostile runs."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pexpect
import pytest

from cpctl.complete import store
from cpctl.generate import ROOT
from tools import need

SHELLS = {
    "bash": (
        ["--norc", "--noprofile", "-i"],
        "bind 'set enable-bracketed-paste off'; source {0}/cpctl.bash; PS1='rea''dy> '",
    ),
    "zsh": (
        ["-f", "-i"],
        "unset zle_bracketed_paste; unsetopt prompt_sp beep; LISTMAX=999; autoload -Uz compinit; compinit -D -u; "
        "source {0}/_cpctl; PS1='rea''dy> '",
    ),
    "fish": (["--no-config", "-i"], "source {0}/cpctl.fish; function fish_prompt; echo -n 'rea''dy> '; end"),
}
POISON = [
    "$(touch pwned)",
    "`touch pwned`",
    "';touch pwned;'",
    ";touch pwned",
    "x\x1b]0;t\x07",
    "|touch pwned",
    "%(e.x.y)",
]


def environment(cp, home: Path) -> dict[str, str]:
    """Of a person at a terminal, with the cpctl of this environment first on PATH."""
    path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}"
    plain = {"TERM": "xterm", "PATH": path, "LANG": "C.UTF-8", "INPUTRC": os.devnull}
    return {**cp.env, **plain, "HOME": cp.env.get("HOME", str(home))}


def opened(name: str, cp, cwd: Path) -> pexpect.spawn:
    flags, ready = SHELLS[name]
    env = environment(cp, cwd)
    shell = pexpect.spawn(need(name), flags, cwd=str(cwd), env=env, encoding="utf-8", timeout=30, dimensions=(50, 200))
    shell.sendline(ready.format(shlex.quote(str(ROOT / "completions"))))
    shell.expect("ready> ")
    return shell


@pytest.mark.parametrize("name", SHELLS)
def test_from_the_first_tab_to_a_placed_order(name, cp, sandbox, tmp_path):
    offer = cp("get", "offers", "-A", "--cards", "1", "-o", "json").json["items"][0]["metadata"]["name"]
    cp("get", "offers", "-A")
    shell = opened(name, cp, tmp_path)
    try:
        for piece in (
            "cpctl creat\t",
            "orde\t",
            f"walk-{name} ",
            "--offe\t",
            f"{offer[:-1]}\t",
            "1 ",
            "--dura\t",
            "1h ",
            "--ye\t",
        ):
            shell.send(piece)
            time.sleep(0.5)
        shell.send("\r")
        deadline = time.monotonic() + 20
        while f"walk-{name}" not in cp("get", "orders", "-o", "name").out and time.monotonic() < deadline:
            time.sleep(0.3)
    finally:
        shell.close(force=True)
    assert cp("get", "orders", f"walk-{name}", "-o", "json").json["spec"]["allocations"] == [
        {"offer": offer, "cards": 1}
    ]


@pytest.mark.parametrize("name", SHELLS)
def test_a_poisoned_cache_runs_nothing(name, cp, tmp_path):
    folder = Path(store.place(environment(cp, tmp_path)).folder)
    folder.mkdir(parents=True)
    rows = [f"{value}{word}\tH800\t1\t{word}\tshanxi\t{word}\n" for word in POISON for value in ("", "of-1")]
    (folder / "offers").write_text("".join(rows) + "of-1safe\tH800\t1\t1\tshanxi\tp\n", encoding="utf-8")
    here = tmp_path / "here"
    here.mkdir()
    shell = opened(name, cp, here)
    try:
        for typed in (
            "cpctl get offer \t\t",
            "cpctl get offer of-1\t\t",
            'cpctl get offer "of-1\t',
            "cpctl get --provider '$(touch pwned)\t",
        ):
            shell.send(typed)
            time.sleep(0.6)
            shell.send("\x03")
            time.sleep(0.2)
        shell.send("echo al''ive\r")
        shell.expect("alive")
    finally:
        shell.close(force=True)
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    "line", ["cpctl act", "cpctl get off", "cpctl get offers --billing=s", "cpctl get offers --bil"]
)
def test_fish_starts_no_process_for_verbs_and_flags(line, tmp_path):
    trace = tmp_path / "trace"
    follow = [need("strace"), "-f", "-e", "trace=execve", "-o", str(trace)]
    code = f"source {shlex.quote(str(ROOT / 'completions/cpctl.fish'))}; complete -C $argv[1]"
    env = {"HOME": str(tmp_path), "PATH": os.defpath, "LANG": "C.UTF-8"}
    done = subprocess.run(
        [*follow, need("fish"), "--no-config", "-c", code, "--", line],
        capture_output=True,
        text=True,
        env=env,
        check=True,
    )
    assert done.stdout.startswith(("activate", "offers", "--billing"))
    assert len([one for one in trace.read_text().splitlines() if "execve(" in one]) == 1


def test_bash_uses_nothing_that_3_2_lacks():
    text = (ROOT / "completions/cpctl.bash").read_text(encoding="utf-8")
    for late in (
        "declare -A",
        "local -A",
        "mapfile",
        "readarray",
        "local -n",
        "coproc",
        "|&",
        "&>>",
        ",,}",
        "^^}",
        "@Q}",
    ):
        assert late not in text, late


@pytest.mark.parametrize("name", ["cpctl.bash", "_cpctl", "cpctl.fish", "cpctl.ps1"])
def test_no_script_evaluates(name):
    text = (ROOT / "completions" / name).read_text(encoding="utf-8")
    assert not re.search(r"\beval\b|Invoke-Expression|\biex\b|\(e\)|\$\{\(e|_describe|_arguments|ExecutionPolicy", text)
