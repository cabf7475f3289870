"""`--field-selector`: conditions on fields, with comparison of quantities: `spec.memoryGiB>=80Gi,spec.price<12`.

A field may be written as kubectl's users write it (`.spec.price`); a value in the way people write it: `山西` for a
province, `80Gi` for GiB, `50%` for a share, `2026-01-31` for a time. What holds a comma or a bracket stands in quotes.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from typing import Any

from cpctl import units
from cpctl.errors import BadValue, UsageError
from cpctl.fields import Field, field
from cpctl.selectors.condition import Condition
from cpctl.selectors.terms import QUOTES, Term, terms, unreadable
from cpctl.selectors.values import number, word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cpctl.registry import Kind

FLAG = "--field-selector"
PATH = re.compile(r"\.?(?P<path>[A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z0-9][A-Za-z0-9._/-]*)*)")
COMPARED = re.compile(r"\s*(?P<sign><=|>=|!=|==|=|<|>)\s*(?P<value>.*)", re.DOTALL)
AMONG = re.compile(r"\s+(?P<op>in|notin)\s*\((?P<values>.*)\)", re.DOTALL)
ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
EXPECTED = "=, !=, <, <=, >, >=, in (…) or notin (…)"
UNSENDABLE = frozenset(",<>=!()")
FIGURES = frozenset({"price", "money", "pue", "ratio"})
SHOWN = 40
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def field_conditions(text: str, kind: Kind) -> list[Condition]:
    """The conditions of a field selector on objects of a kind.

    Raises:
        UsageError: It does not parse; says where and what was expected.
        UnknownName: The kind has no such field; the legal ones are named.
        BadValue: A value is none of the field's: no number for a price, no time for a time.
    """
    return [_condition(term, text, kind) for term in terms(text, FLAG)]


def _condition(term: Term, whole: str, kind: Kind) -> Condition:
    path = PATH.match(term.text)
    if not path:
        raise unreadable(FLAG, whole, term.column, "a field such as spec.price")
    known = _comparable(field(kind, path["path"]), kind)
    rest = term.text[path.end() :]
    compared, among = COMPARED.fullmatch(rest), AMONG.fullmatch(rest)
    if not compared and not among:
        raise unreadable(FLAG, whole, term.column + path.end(), EXPECTED)
    if among and not among["values"].strip():
        raise unreadable(FLAG, whole, term.column + path.end() + among.start("values"), "a value")
    if among:
        values = [_value(known, one) for one in _listed(among["values"])]
        test, op = _is_among(values, wanted=among["op"] == "in"), f" {among['op']} ({','.join(values)})"
    else:
        assert compared is not None
        sign = "=" if compared["sign"] == "==" else compared["sign"]
        values = [
            _value(known, _unquoted(compared["value"], whole, term.column + path.end() + compared.start("value")))
        ]
        test, op = _is_so(sign, values[0]), f"{sign}{values[0]}"
    wire = "" if any(UNSENDABLE & set(value) for value in values) else f"{known.path}{op}"
    return Condition(f"{FLAG} {term.text}", (known.path,), test, wire)


def _comparable(known: Field, kind: Kind) -> Field:
    """A field that one value, or a list of them, stands at."""
    if known.is_scalar or (known.type.removeprefix("[]") in ("string", "integer") and "[]." not in known.path):
        return known
    raise UsageError(
        reason="NotComparable",
        detail=f"{known.path} is {known.type}, which is not compared with a value",
        hint=f"cpctl explain {kind.plural}.{known.path.partition('[]')[0]}",
    )


def _listed(text: str) -> list[str]:
    """The values within brackets; commas within quotes are theirs."""
    pieces = re.findall(r"\s*(?:'([^']*)'|\"([^\"]*)\"|([^,]*?))\s*(?:,|$)", text)
    values = ["".join(piece) for piece in pieces]
    return values[:-1] if len(values) > 1 and not text.rstrip().endswith(",") else values


def _unquoted(text: str, whole: str, column: int) -> str:
    """A value without its quotes; what is not quoted holds no further sign."""
    value = text.strip()
    if len(value) > 1 and value[0] in QUOTES and value[-1] == value[0]:
        return value[1:-1]
    odd = next((place for place, mark in enumerate(value) if mark in "<>=!()"), None)
    if odd is not None:
        raise unreadable(FLAG, whole, column + odd, "a value (in quotes, if it holds a sign)")
    return value


def _value(known: Field, text: str) -> str:
    """A value as objects spell it."""
    read = READ.get(known.meaning)
    if known.path.endswith("GiB"):
        read = _gib
    value = read(text) if read and text else text
    if value and _is_figure(known) and number(value) is None:
        raise BadValue(what=known.path, value=text[:SHOWN], expected="a number")
    return value


def _is_figure(known: Field) -> bool:
    return known.meaning in FIGURES or known.type.removeprefix("[]") in ("integer", "number")


def _gib(text: str) -> str:
    return str(units.memory_gib(text)) if text[-1:] in "iBTG" else text


def _province(text: str) -> str:
    return units.province(text).id


def _share(text: str) -> str:
    return f"{units.ratio(text):f}" if text.endswith("%") else text


def _time(text: str) -> str:
    """RFC 3339 in UTC; a day begins at its midnight there.

    Raises:
        BadValue: It is no time; compared as a word it would pass or fail by chance.
    """
    try:
        moment = units.instant(f"{text}T00:00:00Z" if DAY.fullmatch(text) else text)
    except BadValue as error:
        raise BadValue(
            what="time", value=text, expected="a day or a time with its zone: 2026-01-31T08:00:00Z"
        ) from error
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


READ: dict[str, Callable[[str], str]] = {
    "province": _province,
    "accelerator": units.accelerator,
    "ratio": _share,
    "time": _time,
}


def _is_so(sign: str, wanted: str) -> Callable[[Any], bool]:
    if sign in ORDER:
        return _is_ordered(ORDER[sign], wanted)
    return _is_among([wanted], wanted=sign != "!=")


def _is_among(values: Sequence[str], *, wanted: bool) -> Callable[[Any], bool]:
    """Whether a value, or an entry of a list, is one of these; numbers are compared as numbers."""
    words, figures = frozenset(values), frozenset(map(number, values)) - {None}

    def one(value: Any) -> bool:
        return word(value) in words or (bool(figures) and number(value) in figures)

    return lambda value: (any(map(one, value)) if isinstance(value, list) else one(value)) is wanted


def _is_ordered(compare: Callable[[Any, Any], bool], wanted: str) -> Callable[[Any], bool]:
    """An order comparison: with a number only numbers pass, with a word (such as a time) words compare."""
    figure = number(wanted)
    if figure is None:
        return lambda value: isinstance(value, str) and compare(value, wanted)

    def test(value: Any) -> bool:
        found = number(value)
        return found is not None and compare(found, figure)

    return test
