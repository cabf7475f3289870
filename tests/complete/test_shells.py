"""The completion in real bash, zsh and fish at a terminal: from the first Tab to an order, and nothing hostile runs."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from cpctl.complete import store
from cpctl.generate import ROOT
from keyboard import FLAGS, TAB, environment, sitting
from tools import need

POISON = [
    "$(touch pwned)",
    "`touch pwned`",
    "';touch pwned;'",
    ";touch pwned",
    "x\x1b]0;t\x07",
    "|touch pwned",
    "%(e.x.y)",
]


@pytest.mark.parametrize("name", FLAGS)
def test_a_line_of_few_letters_and_many_tabs(name, cp, tmp_path):
    offer = cp("get", "offers", "-A", "--cards", "2", "-o", "json").json["items"][0]["metadata"]["name"]
    cp("get", "offers", "-A")
    with sitting(name, environment(cp.env, tmp_path), tmp_path, tmp_path / "notes") as keyboard:
        for letters in ("cpctl creat", "orde", "x --offe", offer[:-1], "2 --dura", "24", "--ye"):
            keyboard.press(f"{letters}\t")
        assert keyboard.line() == (f"cpctl create order x --offer {offer}=2 --duration 24h --yes ", "")


@pytest.mark.parametrize("name", FLAGS)
def test_a_poisoned_cache_runs_nothing(name, cp, tmp_path):
    folder = Path(store.place(environment(cp.env, tmp_path)).folder)
    folder.mkdir(parents=True)
    rows = [f"{value}{word}\tH800\t1\t{word}\tshanxi\t{word}\n" for word in POISON for value in ("", "of-1")]
    (folder / "offers").write_text("".join(rows) + "of-1safe\tH800\t1\t1\tshanxi\tp\n", encoding="utf-8")
    here = tmp_path / "here"
    here.mkdir()
    with sitting(name, environment(cp.env, tmp_path), here, tmp_path / "notes") as keyboard:
        for typed in (
            "cpctl get offer ",
            "cpctl get offer of-1",
            'cpctl get offer "of-1',
            "cpctl get --provider '$(touch pwned)",
        ):
            keyboard.put(typed)
            keyboard.press(TAB * 3)
            before, _ = keyboard.line()
            assert before.rstrip('"').rstrip() in (typed, typed + "safe", "cpctl get offer of-1safe")
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
