"""`-l/--selector`, in Kubernetes' grammar: `k=v`, `k==v`, `k!=v`, `k in (a,b)`, `k notin (a,b)`, `k`, `!k`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from cpctl.selectors.condition import Condition
from cpctl.selectors.terms import Term, terms, unreadable

FLAG = "--selector"
NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,126}[A-Za-z0-9])?"
VALUE = r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?"
PRESENCE = re.compile(rf"(?P<without>!\s*)?(?P<name>{NAME})")
EQUALITY = re.compile(rf"(?P<name>{NAME})\s*(?P<sign>!=|==|=)\s*(?P<value>{VALUE})")
MEMBERSHIP = re.compile(rf"(?P<name>{NAME})\s+(?P<op>in|notin)\s*\((?P<values>[^()]*)\)")
PATH = "metadata.labels"


def label_conditions(text: str) -> list[Condition]:
    """The conditions of a label selector.

    Raises:
        UsageError: It does not parse; says where and what was expected.
    """
    return [_condition(term, text) for term in terms(text, FLAG)]


def _condition(term: Term, whole: str) -> Condition:
    for pattern, build in ((PRESENCE, _presence), (EQUALITY, _equality), (MEMBERSHIP, _membership)):
        match = pattern.fullmatch(term.text)
        if match:
            test = build(match, term, whole)
            return Condition(f"{FLAG} {term.text}", (PATH,), test, term.text)
    name = PRESENCE.match(term.text)
    reached = term.column + (name.end() if name else 0)
    expected = "=, ==, !=, in (…) or notin (…)" if name else "a label's name"
    raise unreadable(FLAG, whole, reached, expected)


Test = Callable[[Any], bool]


def _presence(match: re.Match[str], _term: Term, _whole: str) -> Test:
    name, wanted = match["name"], not match["without"]
    return lambda labels: (name in _mapping(labels)) is wanted


def _equality(match: re.Match[str], _term: Term, _whole: str) -> Test:
    name, value, wanted = match["name"], match["value"], match["sign"] != "!="
    return lambda labels: (_mapping(labels).get(name) == value) is wanted


def _membership(match: re.Match[str], term: Term, whole: str) -> Test:
    name, wanted = match["name"], match["op"] == "in"
    values = {value.strip() for value in match["values"].split(",")}
    if not match["values"].strip():
        raise unreadable(FLAG, whole, term.column + match.start("values"), "a label's value")
    for value in values:
        if not re.fullmatch(VALUE, value):
            place = term.column + match.start("values") + match["values"].index(value)
            raise unreadable(FLAG, whole, place, "a label's value")
    return lambda labels: (_mapping(labels).get(name) in values) is wanted


def _mapping(labels: Any) -> dict[str, Any]:
    return labels if isinstance(labels, dict) else {}
