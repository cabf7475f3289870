"""-v: what each level shows, in every spelling; the token at none."""

from __future__ import annotations

import pytest

SPELLINGS = (("-v=6",), ("-v6",), ("-v", "6"), ("--v=6",), ("--v", "6"), ("--verbose=6",), ("--verbose", "6"))


@pytest.mark.parametrize("words", SPELLINGS, ids=" ".join)
def test_a_level_in_every_spelling_before_and_behind_the_verb(cp, words):
    for line in (("get", "sp", "-o", "name", *words), (*words, "get", "sp", "-o", "name")):
        result = cp(*line)
        assert result.code == 0 and result.err.startswith("GET http://127.0.0.1:") and result.err.count("\n") == 1


@pytest.mark.parametrize("level", range(10))
def test_what_a_level_shows_and_never_a_token(cp, sandbox, level):
    result = cp("get", "offers", "-o", "json", f"-v={level}")
    shown = result.err
    assert result.code == 0 and sandbox.token not in result.out + shown
    assert ("GET http://127.0.0.1:" in shown) == (level >= 6)
    assert ("authorization: ***" in shown) == (level >= 7)
    assert ("< 200" in shown and "x-request-id: " in shown) == (level >= 8)
    assert ("… (" in shown) == (level == 8)  # cut at 8, whole at 9
    assert ('"remainingItemCount"' in shown or len(shown) > 100_000) == (level == 9)


@pytest.mark.parametrize("value", ["x", "10", "-1", "1.5", ""])
def test_what_is_no_level(cp, value):
    result = cp("get", "offers", f"--verbose={value}")
    assert result.code == 2 and result.out == "" and result.err.count("\n") == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("get offers --proivnce x", 'unknown flag of cpctl get "--proivnce". Did you mean "--province"?'),
        ("describe offers --outptu x", "unknown flag of cpctl describe"),
        ("auth login --with-tokn", 'Did you mean "--with-token"?'),
        ("get offers -Z", 'unknown flag of cpctl get "-Z" (one of: '),
        ("get offers --limit=", 'limit "" is not a whole number'),
        ("get offers --province=", "--province is given nothing"),
        ("get offers --limit", "requires an argument"),
        ("get offers --no-headers=x", "does not take a value"),
    ],
)
def test_what_is_no_flag_is_told_in_one_line(cp, line, said):
    result = cp(*line.split())
    assert (result.code, result.out) == (2, "") and said in result.err and result.err.count("\n") == 1
    if line.endswith("--limit"):
        return  # it would take -ojson for its value
    as_json = cp(*line.split(), "-ojson")
    assert as_json.code == 2 and as_json.error["code"] == 2


def test_the_last_of_a_repeated_flag_wins(cp):
    assert len(cp("get", "offers", "--limit", "1", "--limit", "2", "-o", "name").lines) == 2
    assert len(cp("get", "offers", "-Ao", "name", "--limit", "3").lines) == 3  # short flags in one word


def test_options_are_the_flags_that_every_verb_takes(cp):
    result = cp("options")
    assert result.code == 0 and "  --project, -n NAME " in result.out and "--province" not in result.out
    for line in result.lines[2:]:
        flag = line.split()[0].rstrip(",")
        assert f"{flag}" in cp("version", "--help").out
