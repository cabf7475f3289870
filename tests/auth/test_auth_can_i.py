"""auth can-i: yes is 0, no is 4, and the reason stands beside the answer, not in it."""

from __future__ import annotations

import pytest

from fake_platform import good, platform


@pytest.fixture
def onlooker(cp, sandbox):
    return lambda *words: cp("auth", "can-i", *words, env={"CPCTL_TOKEN": sandbox.token_of("viewer")})


@pytest.mark.parametrize(
    "words",
    [
        ["create", "orders"], ["activate", "order/train-7b"], ["release", "order", "train-7b"], ["label", "od"],
        ["describe", "offers"], ["GET", "of"], ["apply", "order"], ["call", "models"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_yes(cp, words):
    result = cp("auth", "can-i", *words)
    assert (result.code, result.out, result.err) == (0, "yes\n", "")


def test_no_and_why(cp, onlooker):
    result = onlooker("create", "orders")
    assert (result.code, result.out) == (4, "no\n")
    assert result.err == "account viewer may not create orders: that takes the role buyer\n"
    assert onlooker("list", "orders").code == 0
    nobody = cp("auth", "can-i", "delete", "offers")
    assert (nobody.code, nobody.out, nobody.err) == (4, "no\n", "nobody can delete offers\n")
    foreign = cp("auth", "can-i", "list", "orders", "-n", "other")
    assert (foreign.code, foreign.out) == (4, "no\n") and "no member of project other" in foreign.err


def test_quietly(cp, onlooker):
    for flag in ("-q", "--quiet"):
        assert tuple(vars(onlooker("create", "orders", flag)).values()) == (4, "", "")
        assert tuple(vars(cp("auth", "can-i", "create", "orders", flag)).values()) == (0, "", "")


def test_it_is_as_it_says(onlooker, cp, sandbox):
    """What an onlooker may not, the verbs themselves refuse with the same code."""
    sandbox.buy("looked-at", {(offer := sandbox.offer())["metadata"]["name"]: offer["spec"]["minCards"]})
    env = {"CPCTL_TOKEN": sandbox.token_of("viewer")}
    for words in (
        ["release", "order/looked-at"],
        ["activate", "order/looked-at", "--yes"],
        ["delete", "order/looked-at"],
    ):
        refused = cp(*words, env=env)
        assert refused.code == onlooker(words[0], words[1]).code == 4 and "viewer" in refused.err, refused.err
    assert cp("get", "order", "looked-at", env=env).code == onlooker("get", "order/looked-at").code == 0
    assert sandbox.get("/v1/orders/looked-at").json()["status"]["phase"] == "Held"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["burn", "orders"], "must be one of get, list"),
        (["get", "ships"], "unknown resource type"),
        (["get", "offers,orders"], "one TYPE or one TYPE/NAME"),
        (["get", "order/a", "order/b"], "one TYPE or one TYPE/NAME"),
        (["get"], "TYPE[/NAME]"),
        ([], "VERB"),
    ],
)
def test_questions_that_are_none(cp, words, said):
    result = cp("auth", "can-i", *words)
    assert (result.code, result.out) == (2, "") and said in result.err


@pytest.mark.parametrize("answer", [{}, [], {"allowed": "yes"}, {"allowed": None, "reason": "?"}])
def test_an_answer_that_is_none(cp, answer):
    with platform(lambda method, path: good(answer)) as env:
        result = cp("auth", "can-i", "create", "orders", env=env)
    assert (result.code, result.out) == (1, "")
