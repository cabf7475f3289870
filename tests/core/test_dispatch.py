"""The compiled tree and typer read every command line alike: each flag × each value × each spelling, not a sample."""

from __future__ import annotations

import inspect
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
import typer

from client import Client, environment
from cpctl import cli
from cpctl._tree import EVERYWHERE, GLOBALS, TAKING, TREE
from cpctl.argv import normalise
from cpctl.cli import bound
from cpctl.compiling import help_files
from cpctl.dispatch import help_of, parse
from cpctl.flags import taking_values
from cpctl.generate import files
from cpctl.verbs import READING, VERBS

ROOT = Path(__file__).resolve().parents[2]
VALUES = (
    *("", "x", "-", "--", "-1", "0", "7", "10", " 7", "7 ", "1_0", "\u0663", "1.5", "+3", "0x1", "1e3", "9" * 5_000),
    *("json", "=json", "a=b", "spot", "Spot", "山西", "--help", "-h", "-o", "-x", "-on", "-wl", "--no-headers"),
    *("--no-headers=1", "--bogus", "a\nb", "a b", "None", "true", "\udce9", "'", '"', "$(x)", "@f", "-vv", "--v"),
)


class Spy:
    """A verb of that signature, read by typer as the real one is; it only says what it was given."""

    def __init__(self, spelled: str) -> None:
        module, function, self.arguments, self.options = TREE[spelled]
        verb = getattr(import_module(module), function)
        typed = bound(verb, None)
        self.defaults = {name: one.default for name, one in inspect.signature(verb).parameters.items() if name != "rt"}
        self.defaults |= {name: default for name, (_, default) in cli.GLOBALS.items()}

        def call(**given: object) -> dict[str, object]:
            return given

        call.__signature__ = typed.__signature__  # type: ignore[attr-defined]
        call.__annotations__ = typed.__annotations__
        app = typer.Typer(**cli.SETTINGS)
        app.command(spelled, context_settings=cli.CONTEXT)(call)
        self.command = typer.main.get_command(app)

    def typer(self, words: list[str]) -> object:
        """What typer gives the verb, or why not."""
        try:
            return self.command.main(list(words), prog_name="x", standalone_mode=False)
        except typer.TyperException:
            return "refused"
        except typer.Exit:
            return "help"

    def compiled(self, words: list[str], options: dict[str, tuple[object, ...]] | None = None) -> object:
        """What the compiled tree gives it; None when it leaves that to typer."""
        given = parse(self.arguments, options or self.options, words)
        return None if given is None else {**self.defaults, **given}


SPIES = {spelled: Spy(spelled) for spelled in READING}


def plain(spy: Spy) -> list[str]:
    """Words enough for the arguments."""
    return ["offers" for _, _, required in spy.arguments if required]


def lines(spy: Spy, flags: Iterator[str] | None = None) -> Iterator[list[str]]:
    """Every flag (or these) with every value in every spelling, before and behind the plain words."""
    words = plain(spy)
    for flag in iter(spy.options) if flags is None else flags:
        yield [*words, flag]
        yield [flag, *words]
        for value in VALUES:
            for typed in ([flag, value], [f"{flag}={value}"], [f"{flag}{value}"], [flag, value, flag, value]):
                yield normalise(["x", *words, *typed])[1]
                yield normalise(["x", *typed, *words])[1]
    for value in VALUES:
        for typed in ([value], [value, value], [value, *words], [*words, value], [*words, "--", value]):
            yield typed
    yield words
    yield []


def disagreement(
    spy: Spy, options: dict[str, tuple[object, ...]] | None = None, flags: Iterator[str] | None = None
) -> object:
    """The first command line that is not read alike, with both readings."""
    for words in lines(spy, flags):
        ours = spy.compiled(words, options)
        if ours is not None and not any(word in ("-h", "--help") for word in _before_dashes(words)):
            theirs = spy.typer(words)
            if ours != theirs:
                return words, ours, theirs
    return None


def _before_dashes(words: list[str]) -> list[str]:
    return words[: words.index("--")] if "--" in words else words


@pytest.mark.parametrize("spelled", READING)
def test_both_read_every_line_alike(spelled):
    spy = SPIES[spelled]
    own = (flag for flag in spy.options if spelled == READING[0] or flag not in EVERYWHERE)
    assert disagreement(spy, flags=own) is None


@pytest.mark.parametrize("spelled", READING)
def test_what_people_type_is_not_left_to_typer(spelled):
    spy = SPIES[spelled]
    for flag, (_, kind, *_) in spy.options.items():
        typed = [flag] if kind == "set" else [flag, "1"]
        assert spy.compiled([*plain(spy), *typed]) is not None, flag


MISTAKES = {
    "another parameter": ("-l", ("field_selector", "text")),
    "a bound that is gone": ("--verbose", ("verbose", "number", None, None)),
    "a list that is one word": ("--province", ("province", "text")),
    "a switch that takes a word": ("--no-headers", ("no_headers", "text")),
    "a word that is a switch": ("--sort-by", ("sort_by", "set", True)),
    "a text that is a number": ("--limit", ("limit", "number", 0, None)),
    "a switch turned round": ("--watch", ("watch", "set", False)),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_tree_is_seen(mistake):
    flag, row = MISTAKES[mistake]
    spy = SPIES["get"]
    assert spy.options[flag] != row
    assert disagreement(spy, spy.options | {flag: row}, iter([flag])) is not None


def test_a_flag_that_is_missing_is_only_slower():
    spy = SPIES["get"]
    options = {flag: row for flag, row in spy.options.items() if flag != "--province"}
    assert spy.compiled(["offers", "--province", "shanxi"], options) is None


def test_nothing_that_changes_anything_is_compiled():
    spending = (
        "create",
        "apply",
        "activate",
        "extend",
        "release",
        "delete",
        "label",
        "audit",
        "call",
        "api",
        "config set",
    )
    assert set(TREE).isdisjoint(spending) and not [one for one in TREE if one.split()[0] in ("create", "plugin")]
    assert tuple(TREE) == READING and tuple(cli.GLOBALS) == GLOBALS


def test_flags_before_the_verb_are_those_of_the_declared_ones():
    assert taking_values() == TAKING and normalise(["-n", "lab", "get", "offers"]) == ("get", ["offers", "-n", "lab"])


# help


HELPS = [[verb] for verb in VERBS] + [[verb, sub] for verb, row in VERBS.items() for sub in row.subverbs]


@pytest.mark.parametrize("words", [[], *HELPS], ids=lambda words: " ".join(words) or "cpctl")
def test_help_is_what_typer_writes(words, tmp_path):
    texts = help_files()
    text = texts.get(f"{'.'.join(words)}.txt") or texts[f"{'.'.join([*words, '_verbs'])}.txt"]
    for asked in ("--help", "-h"):
        assert help_of([*words, asked]) == text
        assert Client(tmp_path)(*words, asked).out == text


@pytest.mark.parametrize(
    "words",
    [
        *(["get"], ["get", "--"], ["get", "--", "--help"], ["auth", "status"], ["auth", "nosuch", "--help"]),
        *(
            ["nosuch", "--help"],
            ["../get", "--help"],
            ["get/..", "-h"],
            ["", "-h"],
            ["-h", "get"],
            ["--help", "--help"],
        ),
        *(["auth", "--", "status"], ["auth", "--"], ["config", "--", "--help"]),
        *(["cpctl", "--help"], ["cpctl", "-h"], ["_verbs", "-h"], ["auth", "_verbs", "-h"], ["auth", "verbs", "-h"]),
        *(
            ["-n", "lab", "get", "--help"],
            ["GET", "--help"],
            ["get.txt", "-h"],
            ["auth.status", "-h"],
            ["auth._verbs", "-h"],
        ),
    ],
    ids=" ".join,
)
def test_what_is_no_plain_question_is_left_to_typer(words):
    assert help_of(words) is None


# without the generated files

GENERATED = ("_tree.py", "_fields.py", "complete/_words.py", "complete/_contract.py")


def test_without_generated_files_everything_works_only_slower(sandbox, tmp_path):
    package = tmp_path / "code"
    shutil.copytree(ROOT / "cpctl", package / "cpctl", ignore=shutil.ignore_patterns("__pycache__"))
    for name in GENERATED:
        (package / "cpctl" / name).unlink()
    shutil.rmtree(package / "cpctl/help")
    env = environment(tmp_path) | sandbox.env
    for words in (
        ["__complete", "get", "of"],
        ["__complete", "get", "offers", "--province", "SX"],
        ["__complete", "get", "offers", "--sort-by", "pri"],
        ["__completeNoDesc", "api", "get", "/v1/o"],
        ["--help"],
        ["get", "--help"],
        ["auth"],
        ["get", "offers", "--limit", "3", "-o", "name"],
        ["--project", "default", "get", "offers", "--limit", "3"],
        ["auth", "whoami"],
        ["explain", "orders.spec"],
        ["get", "offers", "-A", "--sort-by", "price", "-o", "custom-columns=P:.spec.price", "--limit", "3"],
        ["get", "offers", "-A", "--field-selector", "free>1,spec.billing=spot", "-o", "name"],
        ["get", "offers", "--sort-by", "nosuch"],
        ["nosuch"],
    ):
        with_, without = (
            subprocess.run(
                [sys.executable, "-m", "cpctl", *words],
                env=env | {"PYTHONPATH": str(path)},
                capture_output=True,
                text=True,
                cwd=path,
            )
            for path in (ROOT, package)
        )
        said = [(done.returncode, done.stdout, done.stderr) for done in (with_, without)]
        assert said[0] == said[1] and said[0][0] == (2 if "nosuch" in words else 0)
        assert words[0][:2] != "__" or said[0][1].count("\n") > 1


def test_generated_files_that_are_gone_are_made_again(tmp_path):
    """In one run, from nothing that was generated."""
    package = tmp_path / "code"
    shutil.copytree(ROOT / "cpctl", package / "cpctl", ignore=shutil.ignore_patterns("__pycache__"))
    for name in GENERATED:
        (package / "cpctl" / name).unlink()
    shutil.rmtree(package / "cpctl/help")
    env = environment(tmp_path) | {"PYTHONPATH": str(package)}
    for words, code in (([], 0), (["--check"], 0)):
        command = [sys.executable, "-m", "cpctl.generate", *words]
        done = subprocess.run(command, env=env, capture_output=True, text=True, cwd=package)
        assert (done.returncode, done.stderr) == (code, "")
    for path in files():
        assert (package / path).read_bytes() == (ROOT / path).read_bytes(), path
