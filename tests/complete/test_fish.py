"""The completion in a real fish: what it offers, and what Tab makes of the line."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence

import pytest

from client import Client
from cpctl.generate import ROOT
from keyboard import ENTER, environment, sitting
from tools import need

# what is typed → what stands there after Tab
TYPED = [
    # a value behind a short flag, with or without a sign between
    ("cpctl get offers -ow", "cpctl get offers -owide "),
    ("cpctl get offers -oj", "cpctl get offers -ojson"),  # json and jsonpath=
    ("cpctl get offers -o=js", "cpctl get offers -o=json"),
    ("cpctl get offers --output=js", "cpctl get offers --output=json"),
    ("cpctl get offers --output=w", "cpctl get offers --output=wide "),
    ("cpctl get offers -o=W", "cpctl get offers -o=wide "),
    ("cpctl get offers '-ow", "cpctl get offers '-owide' "),
    ("cpctl get offers -ozz", "cpctl get offers -ozz"),
    ("cpctl get offers -Aoj", "cpctl get offers -Aoj"),
    ("cpctl get offers --billing=sp", "cpctl get offers --billing=spot "),
    ("cpctl apply -for", "cpctl apply -forder.yaml "),
    ('cpctl apply "--filename=or', 'cpctl apply "--filename=order.yaml" '),
    # columns of one's own, however the flag is spelled
    ("cpctl get offers -o custom-columns=P:.spec.pric", "cpctl get offers -o custom-columns=P:.spec.price "),
    ("cpctl get offers -o=custom-columns=P:.spec.pric", "cpctl get offers -o=custom-columns=P:.spec.price "),
    (
        "cpctl get offers --output=custom-columns=P:.spec.pric",
        "cpctl get offers --output=custom-columns=P:.spec.price ",
    ),
    ("cpctl get offers --output=custom-columns=PRIC", "cpctl get offers --output=custom-columns=PRICE:.spec.price "),
    ("cpctl get offers -ocustom-columns=P:.spec.pric", "cpctl get offers -ocustom-columns=P:.spec.price "),
    # lists, without what is in them
    ("cpctl get offers,o", "cpctl get offers,orders "),
    ("cpctl get OFFERS,o", "cpctl get OFFERS,orders "),
    ("cpctl get offers --billing spot --province shanxi,sha", "cpctl get offers --billing spot --province shanxi,shan"),
    ("cpctl get offers --province=shanxi,s", "cpctl get offers --province=shanxi,shan"),  # shanghai and shandong
    ("cpctl get offers --gpu h100,h20,h", "cpctl get offers --gpu h100,h20,h"),
    ("cpctl sandbox faults list,", "cpctl sandbox faults list,"),
    ("cpctl delete d", "cpctl delete demand/"),
    # in any case
    ("cpctl get offers --gpu h8", "cpctl get offers --gpu H800 "),
    ("cpctl get offers --gpu=h8", "cpctl get offers --gpu=H800 "),
    ("cpctl get offers --province shanxi --gpu h8", "cpctl get offers --province shanxi --gpu H800 "),
    # by another spelling
    ("cpctl get offers --province 晋", "cpctl get offers --province shanxi "),
    ("cpctl get offers --province=ningxia,晋", "cpctl get offers --province=ningxia,shanxi "),
    ("cpctl get offers --gpu 昇腾910B", "cpctl get offers --gpu Ascend-910B "),
    ("cpctl get offers --province SX", "cpctl get offers --province shanxi "),
    ("cpctl get offers --province=140000", "cpctl get offers --province=shanxi "),
    ("cpctl get offers --province shanxi,SD", "cpctl get offers --province shanxi,shandong "),
    ("cpctl get offers --gpu nvidia-h8", "cpctl get offers --gpu H800 "),
    ("cpctl get offers --province ZZ", "cpctl get offers --province ZZ"),
    # redirections, which are no words of the command
    ("cpctl get 2>/dev/null off", "cpctl get 2>/dev/null offers "),
    ("cpctl get offers >x.txt --provin", "cpctl get offers >x.txt --province "),
    ("cpctl get offers > x.txt --provin", "cpctl get offers > x.txt --province "),
    ("cpctl get offers >>x.txt 2>&1 --billing sp", "cpctl get offers >>x.txt 2>&1 --billing spot "),
    ("cpctl wait order/x &>x.txt --for condition=Hel", "cpctl wait order/x &>x.txt --for condition=Held "),
    ("cpctl apply -f - <order.yaml --activ", "cpctl apply -f - <order.yaml --activate "),
    ("cpctl create order 'a > b' --billing sp", "cpctl create order 'a > b' --billing spot "),
    (r"cpctl create order a\>b --billing sp", r"cpctl create order a\>b --billing spot "),
    ('cpctl create order x --label "a=\'>" >x --billing sp', 'cpctl create order x --label "a=\'>" >x --billing spot '),
    ("cpctl get offers 2>x zz", "cpctl get offers 2>x zz"),
]

# what is typed → what is offered, and nothing else
OFFERED = {
    "cpctl get offers -oj": ["-ojson", "-ojsonpath="],
    "cpctl get offers -o=t": ["-o=table", "-o=toml"],
    "cpctl get offers --output=js": ["--output=json", "--output=jsonpath="],
    "cpctl version -o": ["-o"],
    "cpctl get offers --no-such=": [],
    "cpctl get offers,orders,of": [],
    "cpctl get offers --province shanxi,ningxia,s": [
        *("shanxi,ningxia,shanghai", "shanxi,ningxia,shandong"),
    ],
    "cpctl delete ": ["order/", "demand/"],
    "cpctl events --types Normal,": ["Normal,Warning"],
}


@pytest.fixture(scope="module")
def desk(shared_sandbox, tmp_path_factory):
    """A fish whose cpctl knows the offers."""
    folder = tmp_path_factory.mktemp("fish")
    client = Client(folder / "home", env=shared_sandbox.env)
    assert client("get", "offers", "-A").code == 0
    (folder / "order.yaml").touch()
    with sitting("fish", environment(client.env, folder), folder, folder / "notes") as keyboard:
        yield keyboard


@pytest.mark.parametrize(("typed", "line"), TYPED, ids=[typed for typed, _ in TYPED])
def test_what_tab_makes_of_a_line(desk, typed, line):
    assert desk.completed(typed) == (line, "")


def offered(env: dict[str, str], lines: Sequence[str]) -> list[list[str]]:
    """What fish shows for each line."""
    code = "source $argv[1]; for line in $argv[2..]; complete -C $line; printf '%s\\n' ----; end"
    command = [need("fish"), "--no-config", "-c", code, str(ROOT / "completions/cpctl.fish"), *lines]
    done = subprocess.run(command, env=env, capture_output=True, encoding="utf-8", timeout=60, check=True)
    assert done.stderr == ""
    each = done.stdout.split("----\n")[:-1]
    return [[line.partition("\t")[0] for line in one.splitlines()] for one in each]


def test_what_is_offered_and_nothing_else(cp, tmp_path):
    found = offered(environment(cp.env, tmp_path), [*OFFERED])
    assert dict(zip(OFFERED, found, strict=True)) == OFFERED


TWO_LINES = "function fish_prompt; echo top; echo -n 'rea''dy> '; end"
NOBODY = "cpctl --profile nobody get offer "
NO_PROFILE = "no profile nobody: cpctl config get-profiles\r\n"
LONG = f"cpctl --server {'x' * 600} --profile nobody get offer "
COLUMNS = 250
SCREENS = {
    "plain": ("", NOBODY),
    "a prompt of two lines": (TWO_LINES, NOBODY),
    "a command of two lines": ("", f"true\n{NOBODY}"),
    "a command wider than the terminal": (TWO_LINES, f"true\n{LONG}"),
}


@pytest.mark.parametrize("screen", SCREENS)
def test_why_nothing_is_offered_stands_above_the_line_and_stays(cp, tmp_path, screen):
    before, line = SCREENS[screen]
    with sitting("fish", environment(cp.env, tmp_path), tmp_path, tmp_path / "notes", before) as keyboard:
        assert keyboard.completed(line) == (line, "")
        keyboard.press(ENTER)
        keyboard.shell.expect_exact("ready> ")
        before, told, drawn = keyboard.seen().partition(NO_PROFILE)
    assert told and NO_PROFILE not in drawn
    assert min(rows(drawn)) >= 0, drawn  # what fish draws then is not over it


def rows(drawn: str) -> Iterator[int]:
    """In which row each character is put, counted from where the cursor stands first."""
    row = column = 0
    for count, move, letter in re.findall(r"\x1b(?:\[([\d;?]*)([A-Za-z])|\][^\x07]*\x07|[()]B|[=>])|([^\x1b])", drawn):
        if move in ("C", "D"):
            column += int(count or 1) * (1 if move == "C" else -1)
        elif move or letter in ("\r", "\n", ""):
            row += {"A": -int(count or 1), "\n": 1}.get(move if move == "A" else letter, 0)
            column = 0 if letter else column
        else:
            row, column = (row + 1, 0) if column == COLUMNS else (row, column)
            column += 1
            yield row


@pytest.mark.parametrize("word", ["\x1b]52;c;QUFB\x07", "\x9b31m", "\u202e", "a\rb"])
def test_what_a_terminal_would_obey_is_not_told(cp, tmp_path, word):
    false = tmp_path / "bin" / "cpctl"
    false.parent.mkdir()
    said = f"_activeHelp_ bad{word}\nof-1\tbad{word}\n_activeHelp_ $(touch pwned) %s \\e[31m\n:4\n"
    false.with_name("said").write_text(said, encoding="utf-8", newline="")
    false.write_text('#!/bin/sh\nexec cat "${0%/*}/said"\n')
    false.chmod(0o755)
    env = environment(cp.env, tmp_path)
    here = tmp_path / "here"
    here.mkdir()
    with sitting("fish", env | {"PATH": f"{false.parent}:{env['PATH']}"}, here, tmp_path / "notes") as keyboard:
        assert keyboard.completed("cpctl get offer ") == ("cpctl get offer ", "")
        assert "$(touch pwned) %s \\e[31m\r\n" in keyboard.seen() and "bad" not in keyboard.seen()
    assert list(here.iterdir()) == []


def test_what_stands_on_the_line_narrows_what_the_script_knows_itself(cp, tmp_path):
    cp("get", "offers", "-A")
    lines = [f"cpctl get offers {flags} --gpu " for flags in NARROWING]
    for line, found in zip(lines, offered(environment(cp.env, tmp_path), lines), strict=True):
        assert "Ascend-910B" in found and "H800" not in found, line


NARROWING = ("--vendor huawei", "--vendor=华为", "--vendor huawei --province ningxia")


def test_an_object_on_the_line_is_not_offered_again(cp, tmp_path):
    for name in ("twin-a", "twin-b"):
        assert (
            cp("create", "order", name, "--accelerator", "H800", "--cards", "1", "--duration", "1h", "--yes").code == 0
        )
    cp("get", "orders")
    (found,) = offered(environment(cp.env, tmp_path), ["cpctl delete order/twin-a order/twin-"])
    assert found == ["order/twin-b"]
