"""The bash completion at a terminal, whatever a person has set in their bash, and in what bash alone takes apart."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from client import Client
from cpctl.generate import ROOT
from keyboard import ENTER, TAB, Keyboard, environment, sitting

SCRIPT = shlex.quote(str(ROOT / "completions/cpctl.bash"))
OWN = ("read", "printf", "local", "shopt", "compopt", "complete", "compgen", "test", "[", "echo", "eval", "command")
FUNCTIONS = " ".join(f"function {name} {{ /bin/touch misused; return 1; }};" for name in OWN)
ALIASES = " ".join(f"builtin alias {name}='/bin/touch misused;';" for name in OWN if name != "[")
# what a person has set → what their shell reads for it, after the script
HABITS = {
    "nothing": "",
    "set -u": "set -u",
    "set -e": "set -e",
    "set -o noglob": "set -o noglob",
    "set -o posix": "set -o posix",
    "nocasematch": "shopt -s nocasematch",
    "nullglob and failglob": "shopt -s nullglob failglob",
    "IFS": "IFS=:",
    "ERR trap": "set -E; trap '/bin/touch misused' ERR",
    "variables": "shopt -s localvar_inherit; flag=a words=b verb=c files=d live=e list=f quote=g target=h dashes=i",
    "whole words": "COMP_WORDBREAKS=${COMP_WORDBREAKS//[=:@]/}",
    "more signs": "COMP_WORDBREAKS=$COMP_WORDBREAKS,/.",
    "functions": f"{FUNCTIONS} source {SCRIPT}; unset -f complete",
    "aliases": f"{ALIASES}\nsource {SCRIPT}\nunalias -a",
}
# what is typed → a pattern of the line afterwards
LINES = {
    "cpctl desc": "cpctl describe ",
    "cpctl get off": "cpctl get offers ",
    "cpctl get offers --all-p": "cpctl get offers --all-projects ",
    "cpctl get offers --billing=sp": "cpctl get offers --billing=spot ",
    "cpctl get offers --province=shanxi,ning": "cpctl get offers --province=shanxi,ningxia",
    # behind an @, which readline counts among what it replaces
    "cpctl call MODEL@": "cpctl call MODEL@[A-Za-z].*",
    "cpctl call MODEL@PROV": "cpctl call MODEL@PROVIDER ?",
    'cpctl call "MODEL@PROV': 'cpctl call "MODEL@PROVIDER" ?',
    "cpctl call 'MODEL'@PROV": "cpctl call '?MODEL'?@PROVIDER ?",
    "cpctl call --source MODEL@": "cpctl call --source MODEL@",
    # a flag and its value in one word
    "cpctl get offers -oj": "cpctl get offers -ojson",
    "cpctl get offers -oy": "cpctl get offers -oyaml ",
    "cpctl get offers -o=js": "cpctl get offers -o=json",
    "cpctl get offers --output=y": "cpctl get offers --output=yaml ",
    "cpctl get offers --output=jsonp": "cpctl get offers --output=jsonpath=",
    "cpctl get offers -lproj": "cpctl get offers -lproj",
    "cpctl get offers --output=custom-columns=P:.spec.pric": "cpctl get offers --output=custom-columns=P:.spec.price",
    # files, where the shell is to read or write one, and what goes on behind that
    "cpctl get offers > ou": r"cpctl get offers > out\.txt ",
    "cpctl get offers >ou": r"cpctl get offers >out\.txt ",
    "cpctl get offers 2> ou": r"cpctl get offers 2> out\.txt ",
    "cpctl get offers >> ou": r"cpctl get offers >> out\.txt ",
    "cpctl apply -f - < ou": r"cpctl apply -f - < out\.txt ",
    "cpctl get offers > des": "cpctl get offers > des",
    "cpctl get offers > out.txt --bil": r"cpctl get offers > out\.txt --billing ",
    "cpctl get offers 2>out.txt --billing sp": r"cpctl get offers 2>out\.txt --billing spot ",
    "cpctl create order x --cards 2 --dur": "cpctl create order x --cards 2 --duration ",
    "cpctl create order x --cards 2 > ou": r"cpctl create order x --cards 2 > out\.txt ",
    "cpctl create order '>' --bil": "cpctl create order '>' --billing ",
    "cpctl > out.txt get offers --billing sp": r"cpctl > out\.txt get offers --billing spot ",
    # what is there already
    "cpctl get offers,off": "cpctl get offers,off",
    "cpctl get offers --accelerator H800,H80": "cpctl get offers --accelerator H800,H80",
    # in the other case
    "cpctl get offers --gpu h8": "cpctl get offers --gpu H800",
    "cpctl get offers --province=SHANXI,Ning": "cpctl get offers --province=SHANXI,ningxia",
    "cpctl get offers --billing 'SP": "cpctl get offers --billing 'spot' ?",
    "cpctl get OFFERS,ORD": "cpctl get OFFERS,orders ",
    # in a spelling that only cpctl knows
    "cpctl get offers --province SX": "cpctl get offers --province shanxi",
    "cpctl get offers --province=shanghai,SX": "cpctl get offers --province=shanghai,shanxi",
    "cpctl get offers --province \u664b": "cpctl get offers --province shanxi",
    "cpctl get offers -ocustom-columns=P:.spec.pric": "cpctl get offers -ocustom-columns=P:.spec.price",
    "cpctl get offers -o=custom-columns=P:.spec.pric": "cpctl get offers -o=custom-columns=P:.spec.price",
    "cpctl get offers -o custom-columns=P:.spec.pric": "cpctl get offers -o custom-columns=P:.spec.price",
    # nothing
    "cpctl get offer zz": "cpctl get offer zz",
    "cpctl get offers --ALL-P": "cpctl get offers --all-projects ",
    "cpctl get offers -O": "cpctl get offers -O",
    "cpctl -V get off": "cpctl -V get offers ",  # -v would take a value
}


@pytest.fixture(scope="module")
def known(shared_sandbox, tmp_path_factory):
    """A home whose cache knows models and who serves them, and what the words in capitals stand for."""
    client = Client(tmp_path_factory.mktemp("habits") / "home", env=shared_sandbox.env)
    for kind in ("models", "subplatforms"):
        client("get", kind)
    client("get", "sources", "-A")
    sources = [one["spec"] for one in client("get", "sources", "-A", "-o", "json").json["items"]]
    served = [(one["model"], one["provider"][:-1]) for one in sources]
    model, begun = next(one for one in served if served.count(one) == 1)  # so that a Tab can tell
    provider = next(one["provider"] for one in sources if (one["model"], one["provider"][:-1]) == (model, begun))
    return client, {"MODEL": model, "PROVIDER": provider, "PROV": begun}


def settings(keyboard: Keyboard, folder: Path) -> str:
    """All that can be set in this bash, as it is now."""
    keyboard.put(
        "{ builtin set +o; builtin shopt -p; builtin declare -p IFS COMP_WORDBREAKS; } >settings; /bin/ls setting"
    )
    keyboard.press(f"s{ENTER}")
    keyboard.shell.expect_exact("\nsettings\r\n")
    keyboard.shell.expect_exact("ready> ")
    return (folder / "settings").read_text(encoding="utf-8")


@pytest.mark.parametrize("habit", HABITS)
def test_tab_is_the_same_whatever_is_set(habit, known, tmp_path):
    client, meant = known
    (tmp_path / "out.txt").touch()
    with sitting("bash", environment(client.env, tmp_path), tmp_path, tmp_path / "notes", HABITS[habit]) as keyboard:
        before = settings(keyboard, tmp_path)
        found, wanted = {}, {}
        for typed, line in LINES.items():
            for word, value in meant.items():
                typed = re.sub(rf"\b{word}\b", value, typed)
                line = re.sub(rf"\b{word}\b", re.escape(value), line)
            found[typed], wanted[typed] = keyboard.completed(typed)[0], line
        assert {one: found[one] for one, line in wanted.items() if not re.fullmatch(line, found[one])} == {}
        keyboard.put("cpctl get subplatform")
        keyboard.press(f" {TAB * 2}")  # a list is shown
        assert keyboard.line()[0].startswith("cpctl get subplatform ")
        assert settings(keyboard, tmp_path) == before  # and the shell is there still
        assert re.search(r"\w  \(\w+\)", keyboard.seen()) and "bash:" not in keyboard.seen()
    assert not (tmp_path / "misused").exists()


NAMED = {
    "k get of": "k get offers ",
    "k activate ": "k activate order/",
    "k get offers --billing=sp": "k get offers --billing=spot ",
    "k get offers --province shanxi,ning": "k get offers --province shanxi,ningxia",
    "k apply -f ou": "k apply -f out.txt ",
}


@pytest.mark.parametrize("options", ["", "-o default", "-o default -o nospace"])
def test_another_name_for_it_is_completed_too(options, known, tmp_path):
    """As people give kubectl one."""
    (tmp_path / "out.txt").touch()
    before = f"alias k=cpctl; complete {options} -F _cpctl k"
    lines = {line: to for line, to in NAMED.items() if options or "apply" not in line}
    with sitting("bash", environment(known[0].env, tmp_path), tmp_path, tmp_path / "notes", before) as keyboard:
        assert {line: keyboard.completed(line)[0] for line in lines} == lines


def answering(folder: Path, script: str) -> dict[str, str]:
    """What comes before PATH, for a cpctl that is this script."""
    program = folder / "bin" / "cpctl"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    env = environment({}, folder)
    return env | {"PATH": f"{program.parent}:{env['PATH']}"}


def test_a_cpctl_that_fails_ends_no_shell(tmp_path):
    """Which `set -e` would, when it is told to mind how a command ended."""
    env = answering(tmp_path, "echo of-1; exit 3")
    with sitting("bash", env, tmp_path, tmp_path / "notes", "set -e") as keyboard:
        assert keyboard.completed("cpctl get offer o")[0] == "cpctl get offer o"
        assert keyboard.completed("cpctl get off")[0] == "cpctl get offers "


def test_no_answer_is_evaluated_as_a_number(tmp_path):
    """Integers of the person's own, of the names that the script has, in a bash that hands them on to functions."""
    env = answering(tmp_path, "echo 'a[$(/bin/touch misused)]'; echo ':a[$(/bin/touch misused)]'; echo of-1; echo :08")
    names = "cur word value line text beside help said directive begun front rest"
    before = f"shopt -s localvar_inherit; declare -i {names}"
    with sitting("bash", env, tmp_path, tmp_path / "notes", before) as keyboard:
        assert keyboard.completed("cpctl get offer o")[0] == "cpctl get offer of-1 "
        assert "bash:" not in keyboard.seen()
    assert not (tmp_path / "misused").exists()
