"""`fieldSelector`, `labelSelector` and `sortBy`, parsed once a request and then plain functions of an object."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from cpctl.sandbox.paths import getter, number, sort_key, words
from cpctl.sandbox.problems import Problem, invalid
from cpctl.sandbox.store import Item

Test = Callable[[Mapping[str, Any]], bool]

COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
PATH: Final = r"[A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z0-9][A-Za-z0-9._/-]*)*"
LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?"
AMONG: Final = r"\s+(?P<op>in|notin)\s*\((?P<values>[^()]*)\)"
FIELD_TERM: Final = re.compile(rf"(?P<path>{PATH})(?:{AMONG}|\s*(?P<sign><=|>=|!=|==|=|<|>)\s*(?P<value>[^,<>=!()]*))")
LABEL_TERM: Final = re.compile(
    rf"(?P<not>!\s*)?(?P<path>{LABEL})(?:{AMONG}|\s*(?P<sign>!=|==|=)\s*(?P<value>[A-Za-z0-9._-]*))?"
)
SORT_TERM: Final = re.compile(rf"(?P<down>~?)(?P<path>{PATH})")


def field_tests(text: str) -> list[tuple[str, Test]]:
    """Each condition of a field selector with the path it looks at. Raises Problem."""
    return [field_test(term) for term in terms(text, FIELD_TERM, "fieldSelector")]


def label_tests(text: str) -> list[Test]:
    """The conditions of a label selector, Kubernetes' syntax. Raises Problem."""
    return [label_test(term) for term in terms(text, LABEL_TERM, "labelSelector")]


def terms(text: str, pattern: re.Pattern[str], field: str) -> list[re.Match[str]]:
    """The comma-separated conditions; commas inside brackets separate values."""
    parts = [part.strip() for part in re.split(r",(?![^(]*\))", text)] if text.strip() else []
    found = [pattern.fullmatch(part) for part in parts]
    for part, match in zip(parts, found, strict=True):
        if match is None:
            raise invalid(field, f'cannot be read at "{part}"')
    return [match for match in found if match]


def field_test(term: re.Match[str]) -> tuple[str, Test]:
    """One condition on a field; numbers and decimal strings compare as numbers, a list by its entries."""
    path = term["path"]
    read = getter(path)
    if term["op"]:
        wanted = [equals(value.strip()) for value in term["values"].split(",")]
        among = term["op"] == "in"
        return path, lambda obj: any(is_it(read(obj)) for is_it in wanted) is among
    sign, value = term["sign"], term["value"].strip()
    if sign in COMPARE:
        return path, ordered(read, COMPARE[sign], value)
    is_it = equals(value)
    return path, lambda obj: is_it(read(obj)) is (sign != "!=")


def equals(wanted: str) -> Callable[[Any], bool]:
    """Whether a value is the one written; a list is when one of its entries is."""
    figure = number(wanted)

    def one(value: Any) -> bool:
        return words(value) == wanted or (figure is not None and number(value) == figure)

    return lambda value: any(map(one, value)) if isinstance(value, list) else one(value)


def ordered(read: Callable[[Any], Any], compare: Callable[[Any, Any], bool], wanted: str) -> Test:
    """An order comparison: with a number only numbers pass, with a word (such as a time) words compare."""
    figure = number(wanted)

    def test(obj: Mapping[str, Any]) -> bool:
        value = read(obj)
        if figure is not None:
            found = number(value)
            return found is not None and compare(found, figure)
        return isinstance(value, str) and compare(value, wanted)

    return test


def label_test(term: re.Match[str]) -> Test:
    """One condition on labels: `k=v`, `k!=v`, `k in (a,b)`, `k notin (a,b)`, `k`, `!k`."""
    name = term["path"]
    sign = term["op"] or term["sign"]
    if term["not"] and sign:
        raise invalid("labelSelector", f'cannot be read at "{term[0]}"')
    if not sign:
        return lambda obj: (name in obj["metadata"]["labels"]) is not bool(term["not"])
    values = {value.strip() for value in term["values"].split(",")} if term["op"] else {term["value"]}
    wanted = sign in ("=", "==", "in")
    return lambda obj: (obj["metadata"]["labels"].get(name) in values) is wanted


def sort_terms(text: str) -> list[tuple[str, bool]]:
    """The paths of `sortBy`, each with whether it descends. Raises Problem."""
    return [(term["path"], bool(term["down"])) for term in terms(text, SORT_TERM, "sortBy")]


def in_order(items: Sequence[Item], by: Sequence[tuple[str, bool]]) -> Sequence[Item]:
    """Items sorted by several paths; equals stay in their order, those without a value come last."""
    for path, down in reversed(by):
        read = getter(path)
        pairs = [(read(item.obj), item) for item in items]
        there = [(sort_key(value), item) for value, item in pairs if value is not None]
        missing = [item for value, item in pairs if value is None]
        there.sort(key=lambda pair: pair[0], reverse=down)
        items = [item for _, item in there] + missing
    return items


def field_paths(text: str) -> tuple[str, ...]:
    """The paths of `fields`. Raises Problem."""
    paths = tuple(part.strip() for part in text.split(","))
    for path in paths:
        if not re.fullmatch(PATH, path):
            raise Problem("Invalid", f'fields: "{path}" is no field path', field="fields")
    return paths
