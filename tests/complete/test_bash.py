"""The bash completion in real bash: what it offers, and that nothing on the command line is ever run."""

from __future__ import annotations

import os
import shlex
import subprocess
from itertools import pairwise
from pathlib import Path

import pexpect
import pytest

from cpctl.complete.bash import Ambiguous, script
from cpctl.grammar import Command, Flag, commands, global_flags
from cpctl.registry import KINDS
from cpctl.verbs import VERBS
from tools import need

VERB_WORDS = [f"{verb} " for verb in VERBS]
KIND_WORDS = [f"{kind.plural} " for kind in KINDS]

ASK = """
source "$1"
COMP_LINE=$2 COMP_POINT=${#2}
shift 2
COMP_WORDS=("$@")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_cpctl
[ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\\n' "${COMPREPLY[@]}"
"""

CASES = [
    ([""], VERB_WORDS),
    (["des"], ["describe "]),
    (["--ver"], ["--verbose ", "--version "]),
    (["get", ""], KIND_WORDS),
    (["get", "off"], ["offers "]),
    (["get", "offers,ord"], ["offers,orders "]),
    (["get", "offers,off"], []),
    (["get", "offers", ""], []),
    (["describe", "sub"], ["subplatforms "]),
    (["-o", "json", "get", "bil"], ["bills "]),
    (["-o", "=", "json", "get", "bil"], ["bills "]),
    (["-s", "http", ":", "//127.0.0.1", ":", "8790", "get", "bil"], ["bills "]),
    (["get", "offers", "--bil"], ["--billing "]),
    (["get", "offers", "--billing", ""], ["on-demand ", "daily ", "monthly ", "spot "]),
    (["get", "offers", "--billing", "=", "s"], ["spot "]),
    (["get", "offers", "--billing", "="], ["on-demand ", "daily ", "monthly ", "spot "]),
    (["get", "offers", "--billing=s"], ["spot "]),  # bash 3.2 leaves words whole, but replaces what is behind =
    (["get", "offers", "--province=shanxi,ni"], ["shanxi,ningxia"]),
    (["get", "offers", ">", "x", "--bil"], ["--billing "]),
    (["get", "offers", ">x", "2>y", "--bil"], ["--billing "]),
    (["get", "offers", "2>x"], []),
    (["get", "offers", ">", ""], []),
    (["get", "-oj"], ["-ojson ", "-ojsonpath="]),
    (["get", "-o", "=", "w"], ["wide "]),
    (["get", "-o=w"], ["wide "]),
    (["get", "offers", "--gpu", "h8"], ["H800"]),
    (["get", "offers", "--gpu", "h800,h8"], []),
    (["get", "offers", "--billing", "SP"], ["spot "]),
    (["get", "OFF"], ["offers "]),
    (["get", "Offers,OFF"], []),
    (["get", "offers", "--province", "shanx"], ["shanxi"]),
    (["get", "offers", "--province", "shanxi,ni"], ["shanxi,ningxia"]),
    (["get", "offers", "--province", "=", "shanxi,ni"], ["shanxi,ningxia"]),
    (["get", "offers", "--gpu", "Ascend-910B,H8"], ["Ascend-910B,H800"]),
    (["get", "offers", "-o", "w"], ["wide "]),
    (["--color", "n"], ["never "]),
    (["version", "-o", ""], ["json ", "yaml "]),
    (["auth", "log"], ["login ", "logout "]),
    (["auth", "login", "--with"], ["--with-token "]),
    (["sandbox", "faults", "c"], ["clear "]),
    (["activate", ""], ["order/"]),
    (["release", "ord"], ["order/"]),
    (["api", "P"], ["POST ", "PATCH "]),
    (["get", "--", ""], KIND_WORDS),
    (["get", "--", "--bil"], []),
    (["call", "deepseek", "@", "sb"], []),
    (["no-such-verb", ""], []),
]

SIGNS = ("=", ":", "@")  # where bash takes words apart

HOSTILE = [
    "$(touch pwned)",
    "`touch pwned`",
    "\\$(touch pwned)",
    "x[$(touch pwned)]",
    "a[0$(touch pwned)]=1",
    '"$(touch pwned)',
    "';touch pwned;'",
    ";touch pwned",
    "|touch pwned",
    "\ntouch pwned\n",
    "*",
    "?[a-z]*",
    "-n",
    "-e",
    "--",
    "$IFS",
    "${PATH}",
    "!!",
]


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bash") / "cpctl.bash"
    path.write_text(script(commands(), global_flags()), encoding="utf-8")
    return path


def ask(generated: Path, words: list[str], *before: str, cwd: Path | None = None) -> list[str]:
    """What bash would offer for the last word."""
    apart = ["cpctl", *words]
    line = "".join(word if word[:1] in SIGNS or last in SIGNS else f" {word}" for last, word in pairwise(["x", *apart]))
    command = [*before, need("bash"), "--norc", "--noprofile", "-u", "-c", ASK, "ask", str(generated), line[1:], *apart]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30, cwd=cwd)
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.parametrize(("words", "offered"), CASES, ids=[" ".join(words) or "nothing" for words, _ in CASES])
def test_what_is_offered(generated, words, offered):
    assert ask(generated, words) == offered


@pytest.mark.parametrize("word", HOSTILE)
def test_nothing_that_is_typed_is_run_or_expanded(generated, tmp_path, word):
    for words in ([word], [word, ""], ["get", word], ["get", word, ""], ["get", "--province", f"{word},{word}"]):
        offered = ask(generated, words, cwd=tmp_path)
        assert not any("pwned" in one for one in offered)
    assert list(tmp_path.iterdir()) == []


def test_no_process_is_started(generated, tmp_path):
    trace = tmp_path / "trace"
    follow = (need("strace"), "-f", "-e", "trace=execve,clone,clone3,fork,vfork", "-o", str(trace))
    ask(generated, ["get", "offers", "--province", "shanxi,n"], *follow)
    calls = [line for line in trace.read_text().splitlines() if "(" in line]
    assert len(calls) == 1 and "execve" in calls[0], calls


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("cpctl desc\t", "cpctl describe "),
        ("cpctl get offers --billing=sp\t", "cpctl get offers --billing=spot "),
        ("cpctl get offers --billing sp\t", "cpctl get offers --billing spot "),
        ("cpctl get offers --province=shanxi,ni\t", "cpctl get offers --province=shanxi,ningxia"),
        ("cpctl -o=json get offers,ord\t", "cpctl -o=json get offers,orders "),
        ("cpctl activate o\t", "cpctl activate order/"),
        ("cpctl apply -f order.y\t", "cpctl apply -f order.yaml "),
        ("cpctl get order.y\t", "cpctl get order.y"),
    ],
)
def test_tab_in_an_interactive_bash(generated, tmp_path, typed, line):
    (tmp_path / "order.yaml").touch()
    env = {"TERM": "dumb", "PATH": os.defpath, "INPUTRC": os.devnull, "LANG": "C.UTF-8", "HOME": str(tmp_path)}
    flags = ["--norc", "--noprofile", "-i"]
    shell = pexpect.spawn(need("bash"), flags, cwd=str(tmp_path), env=env, encoding="utf-8", timeout=20)
    try:
        shell.sendline(f"source {shlex.quote(str(generated))}; PS1='ready'$'> '")
        shell.expect("ready> ")
        shell.send(typed)
        shell.send("\x01printf '[%s]\\n' '\x05'\r")  # Home, and the line becomes a word that is printed
        shell.expect(r"\r\n\[([^\r]*)\]\r\n")
        assert shell.match.group(1) == line
    finally:
        shell.close(force=True)


def test_a_spelling_that_takes_a_value_in_one_verb_only_is_refused():
    switch, valued = Flag(("--deep",), None, "x"), Flag(("--deep",), "N", "x")
    first = Command(("get",), "", (), (), (switch,))
    second = Command(("wait",), "", (), (), (valued,))
    with pytest.raises(Ambiguous):
        script((first, second), ())
