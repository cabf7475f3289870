"""The completion in real bash, zsh and fish at a terminal: from the first Tab to an order, and nothing hostile runs."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from cpctl.complete import store
from cpctl.complete.narrowing import NARROWING
from cpctl.generate import ROOT
from kept_file import file_of
from keyboard import FLAGS, SECONDS, TAB, Keyboard, environment, sitting

POISON = [
    "$(touch pwned)",
    "`touch pwned`",
    "\\$(touch pwned)",
    "';touch pwned;'",
    '";touch pwned;"',
    ";touch pwned",
    "|touch pwned",
    "\ntouch pwned\n",
    "%(e.x.y)",
    "x\x1b]52;c;QUFB\x07",
    "\x9b31m",
    "\u202e",
]
RAW = ("\x1b]52", "\x9b", "\u202e", "\x1b[31m")
TYPED = (
    "cpctl get offer ",
    "cpctl get offer of-1",
    'cpctl get offer "of-1',
    "cpctl create order x --offer of-1",
    "cpctl get offers --province shanxi --provider ",
    "cpctl get offers --province shanxi --accelerator ",
    "cpctl get offers --province shanxi --provider '$(touch pwned)",
)


@pytest.mark.parametrize("name", FLAGS)
def test_a_line_of_few_letters_and_many_tabs(name, cp, tmp_path):
    offer = cp("get", "offers", "-A", "--cards", "2", "-o", "json").json["items"][0]["metadata"]["name"]
    cp("get", "offers", "-A")
    with sitting(name, environment(cp.env, tmp_path), tmp_path, tmp_path / "notes") as keyboard:
        for letters in ("cpctl creat", "orde", "x --offe", offer[:-1], "2 --dura", "24", "--ye"):
            keyboard.press(f"{letters}\t")
        assert keyboard.line() == (f"cpctl create order x --offer {offer}=2 --duration 24h --yes ", "")


@pytest.mark.parametrize("name", FLAGS)
def test_tab_again_once_the_platform_was_asked(name, cp, sandbox, tmp_path):
    """The first Tab knows nothing; what the second finds is put on the line as it is, without what stands beside it."""
    offer = sandbox.offer()["metadata"]["name"]
    with sitting(name, environment(cp.env, tmp_path), tmp_path, tmp_path / "notes") as keyboard:
        keyboard.put("cpctl get offe")
        keyboard.press(f"r {offer[:-1]}{TAB}")
        deadline = time.monotonic() + SECONDS
        while store.kept_of(store.place(cp.env), "offers")[1] is None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        keyboard.press(TAB)
        assert keyboard.line() == (f"cpctl get offer {offer} ", "")


def poisoned() -> str:
    """Offers with poison in names, beside them, and in what groups have in common; one is as it should be."""
    lines = [f"\n{name}{word}\tH800 x 1 free, {word}" for word in POISON for name in ("", "of-1")]
    flat = [word.replace("\n", " ") for word in POISON]
    groups = [(f"shanxi\t{word}\t{word}", "\nof-3\tH800 x 1 free") for word in flat]
    return file_of(("shanxi\tH800\tp", "".join([*lines, "\nof-1safe\tH800 x 4 free"])), *groups)


@pytest.mark.parametrize("name", FLAGS)
def test_a_poisoned_cache_runs_nothing(name, cp, tmp_path):
    env, here = environment(cp.env, tmp_path), tmp_path / "here"
    folder = Path(store.place(env).folder)
    folder.mkdir(parents=True)
    here.mkdir()
    (folder / "offers").write_text(poisoned(), encoding="utf-8")
    with sitting(name, env, here, tmp_path / "notes") as keyboard:
        pressed(keyboard)
        assert keyboard.completed("cpctl get offer of-1s")[0] == "cpctl get offer of-1safe "  # it was read
        assert not [raw for raw in RAW if raw in keyboard.seen()]
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("name", FLAGS)
def test_a_cpctl_that_answers_with_poison_runs_nothing(name, cp, tmp_path):
    """The scripts look at what they are told as well."""
    env, here, false = environment(cp.env, tmp_path), tmp_path / "here", tmp_path / "bin" / "cpctl"
    here.mkdir()
    false.parent.mkdir()
    said = "".join(f"{name}{word}\t{word}\n" for word in POISON for name in ("", "of-1", "'$(touch pwned)"))
    false.with_name("said").write_text(f"{said}of-1safe\n:4\n", encoding="utf-8")
    false.write_text('#!/bin/sh\nexec cat "${0%/*}/said"\n')
    false.chmod(0o755)
    with sitting(name, env | {"PATH": f"{false.parent}:{env['PATH']}"}, here, tmp_path / "notes") as keyboard:
        pressed(keyboard)
        assert keyboard.completed("cpctl get offer of-1s")[0] == "cpctl get offer of-1safe "
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("name", FLAGS)
def test_a_fixed_value_is_asked_for_when_another_flag_narrows_it(name, cp, tmp_path):
    """By a cpctl that answers what no script holds; with no such flag the script answers itself."""
    env, false = environment(cp.env, tmp_path), tmp_path / "bin" / "cpctl"
    false.parent.mkdir()
    false.write_text("#!/bin/sh\nprintf 'H8asked\\n:6\\n'\n")
    false.chmod(0o755)
    with sitting(name, env | {"PATH": f"{false.parent}:{env['PATH']}"}, tmp_path, tmp_path / "notes") as keyboard:
        assert (
            keyboard.completed("cpctl get offers --accelerator H8")[0].rstrip() == "cpctl get offers --accelerator H800"
        )
        for flag in NARROWING["offers"]:
            if flag not in ("--accelerator", "--gpu"):
                line = f"cpctl get offers {flag} x --accelerator H8"
                assert keyboard.completed(line)[0].rstrip() == f"{line}asked"


@pytest.mark.parametrize("name", FLAGS)
def test_a_name_that_stands_on_the_line_is_not_offered_again(name, cp, sandbox, tmp_path):
    one, two = f"twin-{name}-one", f"twin-{name}-two"
    for order in (one, two):
        offer = sandbox.offer()["metadata"]["name"]
        assert cp("create", "order", order, "--offer", f"{offer}=1", "--duration", "1h", "--yes").code == 0
    assert cp("get", "orders").code == 0
    with sitting(name, environment(cp.env, tmp_path), tmp_path, tmp_path / "notes") as keyboard:
        begun = f"cpctl delete order/{one} order/twin-{name}-"
        assert keyboard.completed(begun)[0] == f"{begun}two "
        assert keyboard.completed(f"cpctl delete order/{two[:-1]}")[0] == f"cpctl delete order/{two} "


def pressed(keyboard: Keyboard) -> None:
    """Tab, and Tab again, on each line: nothing comes that a shell would run."""
    for typed in TYPED:
        keyboard.put(typed[:-1])
        keyboard.press(typed[-1] + TAB * 2)
        before, _ = keyboard.line()
        added = before.replace('"', "").removeprefix(typed.replace('"', ""))
        assert re.fullmatch(r"[\w./:=@,\- ]*", added), (typed, before)


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
        "[[ -v",
        "local -\n",
        ";;&",
        "EPOCH",
        "printf '%(",
        ": -1:",
    ):
        assert late not in text, late


@pytest.mark.parametrize("name", ["cpctl.bash", "_cpctl", "cpctl.fish", "cpctl.ps1"])
def test_no_script_evaluates(name):
    text = (ROOT / "completions" / name).read_text(encoding="utf-8")
    assert not re.search(r"\beval\b|Invoke-Expression|\biex\b|\(e\)|\$\{\(e|_describe|_arguments|ExecutionPolicy", text)
