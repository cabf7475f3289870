"""What a person added to the verbs: aliases, with all that their words take, and plugins."""

from __future__ import annotations

from pathlib import Path

import pytest

from client import Client
from keyboard import FLAGS, environment, sitting
from tabs import answered, tabbed

CONFIG = """
[aliases]
cheapest = "get offers --sort-by spec.price"
north = "cheapest --province shanxi"
quoted = "call 'deepseek-v3.2' --max-tokens"
here = "--project mine get orders"
get = "release"
loop = "pool"
pool = "loop"
half = "get 'offers"
empty = ""
"""
LINES = {
    "cpctl cheape": "cpctl cheapest ",
    "cpctl cheapest --bil": "cpctl cheapest --billing ",
    "cpctl cheapest --billing sp": "cpctl cheapest --billing spot ",
    "cpctl cheapest --tas": "cpctl cheapest --tas",  # no filter of offers
    "cpctl north --accelerator H8": "cpctl north --accelerator H800",
    "cpctl --color never north --accelerator=H8": "cpctl --color never north --accelerator=H800",
    "cpctl hello-": "cpctl hello-",
    "cpctl hell": "cpctl hello ",
    "cpctl nosuch": "cpctl nosuch",
    "cpctl nosuch --pro": "cpctl nosuch --pro",
    "cpctl nosuch --col": "cpctl nosuch --color ",
    "cpctl get --bil": "cpctl get --billing ",  # no alias takes the place of a verb
}


@pytest.fixture
def cp(tmp_path) -> Client:
    """A person with aliases and a plugin, who knows nothing of any platform."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("cpctl-hello-world", "cpctl-hello", "cpctl-get", "cpctl-two_words", "cpctl-"):
        (folder / name).write_text("#!/bin/sh\ntouch pwned\n")
        (folder / name).chmod(0o755)
    (folder / "cpctl-plain").write_text("no program")
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    env = {"CPCTL_CONFIG": str(tmp_path / "config.toml"), "PATH": f"{folder}:relative::/nosuch:/usr/bin:/bin"}
    return Client(tmp_path / "home", env=env)


def test_they_stand_among_the_verbs(cp):
    offered = answered(cp, "")
    for line in (
        "cheapest\tcpctl get offers --sort-by spec.price",
        "quoted\tcpctl call deepseek-v3.2 --max-tokens",
        "hello\tplugin",
        "two-words\tplugin",
    ):
        assert offered.count(line) == 1
    assert sum(line.startswith("get\t") for line in offered) == 1
    assert not [line for line in offered if line.startswith(("plain", "\t"))]


def test_an_alias_takes_what_its_words_take(cp):
    assert tabbed(cp, "cheapest", "--bil") == ["--billing"]
    assert tabbed(cp, "cheapest", "--billing", "sp") == ["spot"]
    assert tabbed(cp, "north", "--exclude-province", "shanx") == ["shanxi"]
    assert tabbed(cp, "quoted", "25") == ["256"]
    assert tabbed(cp, "here", "--selecto") == ["--selector"]
    assert "as of" not in "".join(answered(cp, "--profile", "north", "north", "--provider", ""))


@pytest.mark.parametrize("words", [["loop", ""], ["half", ""], ["empty", "x", ""], ["hello", ""], ["pool", "get", ""]])
def test_a_word_that_stands_for_no_command_line_offers_nothing(words, cp):
    assert answered(cp, *words) == [":4"]


@pytest.mark.parametrize("text", ["aliases = 3", "[aliases]\nx = 3\n[aliases.y]\nz = 1", '[aliases]\n"$(x)" = "get"'])
def test_odd_aliases(text, cp):
    Path(cp.env["CPCTL_CONFIG"]).write_text(text, encoding="utf-8")
    assert "get" in tabbed(cp, "") and not [word for word in tabbed(cp, "") if "$" in word]
    answered(cp, "x", "")


@pytest.mark.parametrize("name", FLAGS)
def test_in_the_shells(name, cp, tmp_path):
    env, here = environment(cp.env, tmp_path), tmp_path / "here"
    here.mkdir()
    env["PATH"] = f"{env['PATH']}:{tmp_path / 'programs'}"
    with sitting(name, env, here, tmp_path / "notes") as keyboard:
        found = {typed: keyboard.completed(typed)[0] for typed in LINES}
    if name == "fish":  # which ends a list of one as any other
        found = {typed: line.rstrip() if "H8" in typed else line for typed, line in found.items()}
    assert found == LINES
    assert not list(here.iterdir())
