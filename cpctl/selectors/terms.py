"""The terms of a selector: separated by commas, but for those within brackets or quotes; each with its column."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cpctl.errors import UsageError

QUOTES = "'\""
SHOWN = 80


class Term(NamedTuple):
    """One term, without the spaces around it; `column` counts from 1."""

    text: str
    column: int


def terms(text: str, flag: str) -> list[Term]:
    """Every term of a selector, in order.

    Raises:
        UsageError: One is empty, or a bracket or quote is left open.
    """
    found = list(_split(text, flag))
    for term in found:
        if not term.text:
            raise unreadable(flag, text, term.column, "a condition")
    return found


def unreadable(flag: str, text: str, column: int, expected: str) -> UsageError:
    """The error for a selector that does not parse, with the place where reading stopped."""
    shown = text if len(text) <= SHOWN else text[:SHOWN] + "…"
    return UsageError(
        reason="BadSelector", detail=f'{flag} "{shown}": expected {expected} at column {column}', hint=EXAMPLES[flag]
    )


EXAMPLES = {
    "--selector": "-l 'team=nlp,stage in (dev,test)'",
    "--field-selector": "--field-selector 'spec.price<12,spec.province in (shanxi,ningxia)'",
    "--sort-by": "--sort-by spec.price,~status.free",
}


def _split(text: str, flag: str) -> Iterator[Term]:
    start, opened = 0, ""
    for place, mark in enumerate(text):
        if opened[-1:] in tuple(QUOTES):
            opened = opened[:-1] if mark == opened[-1] else opened
        elif mark in QUOTES or mark == "(":
            opened += mark
        elif mark == ")":
            if opened != "(":
                raise unreadable(flag, text, place + 1, "no closing bracket")
            opened = ""
        elif mark == "," and not opened:
            yield _term(text, start, place)
            start = place + 1
    if opened:
        closing = {"(": "a closing bracket"}.get(opened[-1], "a closing quote")
        raise unreadable(flag, text, len(text) + 1, closing)
    yield _term(text, start, len(text))


def _term(text: str, start: int, end: int) -> Term:
    piece = text[start:end]
    return Term(piece.strip(), start + len(piece) - len(piece.lstrip()) + 1)
