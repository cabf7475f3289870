"""Flags on a line that leave nothing of what is known: Tab says which, so that a typo is seen."""

from __future__ import annotations

import pytest

from cpctl.complete.tab import tab
from keyboard import FLAGS, environment, sitting
from tabs import answered

NOW = 4e9


def told(cp, *words: str) -> list[str]:
    """What a Tab says beside the age of what it knows; there has to be nothing that it offers."""
    lines = answered(cp, *words)[:-1]
    assert lines and all(line.startswith("_activeHelp_ ") for line in lines)
    said = [line.removeprefix("_activeHelp_ ") for line in lines]
    return [line for line in said if " as of " not in line]


@pytest.fixture(autouse=True)
def known(cp):
    for kind in ("offers", "models", "sources", "providers"):
        assert cp("get", kind, "-A").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--province", "shnxi", "--accelerator", ""), "no offers known with --province shnxi"),
        (("--province", "shanxi", "--gpu", "H9000", "--provider", ""), "no offers known with --gpu H9000"),
        (("--gpu", "H9000", "--province", "no", "--provider", ""), "no offers known with --province no --gpu H9000"),
        (("--province", "$X", "--accelerator", ""), "no offers known with --province X"),
        (("--province", "a\x1b[2J`b`", "--vendor", ""), "no offers known with --province a2Jb"),
        (("--vendor", "nvidia", "--accelerator", "Ascend-910B", "--province", ""), None),
    ],
)
def test_the_flag_that_leaves_nothing_is_told(cp, words, said):
    both = "no offers known with --accelerator Ascend-910B --vendor nvidia"
    assert told(cp, "get", "offers", *words) == [said or both]
    assert told(cp, "plan", *words) == [said or both]


def test_of_models_and_sources(cp):
    assert told(cp, "get", "models", "--task", "chatt", "") == ["no models known with --task chatt"]
    assert told(cp, "call", "no-such-model", "--province", "") == ["no sources known with --model no-such-model"]
    assert told(cp, "get", "providers", "--province", "shnxi", "") == ["no providers known with --province shnxi"]


def test_a_flag_is_not_held_against_itself(cp):
    assert "--accelerator" not in tab(["get", "offers", "--gpu", "H9000", "--accelerator", ""], cp.env, NOW)
    assert not any("known with" in line for line in answered(cp, "get", "offers", "--province", "SX", "of-none"))
    assert not any("known with" in line for line in answered(cp, "get", "orders", "no-such"))


@pytest.mark.parametrize("shell", FLAGS)
def test_it_is_told_at_the_prompt(shell, cp, tmp_path):
    with sitting(shell, environment(cp.env, tmp_path), tmp_path, tmp_path / "notes") as keyboard:
        keyboard.put("cpctl get offers --province shnxi --accelerator")
        keyboard.press(" \t\t")
        keyboard.shell.expect_exact("no offers known with --province shnxi")
