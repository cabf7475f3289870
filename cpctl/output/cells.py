"""How values are shown in a table: a way to show is a function from a column's values to its cells."""

from __future__ import annotations

from datetime import datetime, timedelta

from cpctl.units import age

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Values = list[Any]
    Show = Callable[[Values, datetime], list[str]]

NONE = "<none>"
UNKNOWN = "<unknown>"
SECOND = timedelta(seconds=1)


def cell(value: Any) -> str:
    """One value: lists by commas, mappings as `k=v`, nothing as `<none>`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or value == "" or value == [] or value == {}:
        return NONE
    if isinstance(value, list):
        return ",".join(map(cell, value))
    if isinstance(value, dict):
        return ",".join([f"{key}={'' if one is None else one}" for key, one in value.items()])
    return str(value)


def labels(value: Any) -> str:
    """`k=v` in the order of the keys."""
    return cell(dict(sorted(value.items())) if isinstance(value, dict) else value)


def ratio(value: Any) -> str:
    """A share as a percentage, every figure of it: `0.8200` is `82%`."""
    from decimal import Decimal, InvalidOperation

    try:
        share = Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        return cell(value)
    return f"{(share * 100).normalize():f}%" if share.is_finite() else cell(value)


def active_of(value: Any) -> str:
    """The cards of an order: `3/16` are active."""
    if not isinstance(value, dict) or "total" not in value:
        return cell(value)
    return f"{cell(value.get('active', 0))}/{cell(value['total'])}"


def provinces(value: Any) -> str:
    """The provinces of an order's allocations, each once."""
    return cell(
        list(dict.fromkeys(cell(mapping(one).get("province")) for one in value)) if isinstance(value, list) else value
    )


def province_zh(value: Any) -> str:
    """A province's Chinese name; one that is not known here is shown as its id."""
    from cpctl.places import PROVINCES

    return next((one.short_zh for one in PROVINCES if one.id == value), cell(value))


def about(value: Any) -> str:
    """What an event is about: `order/train-7b`."""
    return f"{cell(mapping(value).get('kind')).lower()}/{cell(mapping(value).get('name'))}"


def ages(values: Values, now: datetime) -> list[str]:
    """How long ago, in kubectl's words; a stamp that is no time, or has no zone, is `<unknown>`."""
    stamps = [value if isinstance(value, str) else "" for value in values]
    shown = {stamp: _age(stamp, now) for stamp in set(stamps)}
    return [shown[stamp] for stamp in stamps]


def _age(stamp: str, now: datetime) -> str:
    try:
        return age((now - datetime.fromisoformat(stamp)) // SECOND)
    except (ValueError, TypeError, OverflowError):
        return UNKNOWN


def plain(values: Values, _now: datetime) -> list[str]:
    """Values as they are."""
    kinds = set(map(type, values))
    if kinds <= {int}:
        return list(map(str, values))
    if kinds <= {str} and "" not in values:
        return values
    return [cell(value) for value in values]


def _each(show: Callable[[Any], str]) -> Show:
    """A way to show a column from a way to show one value."""
    return lambda values, _now: [show(value) for value in values]


def mapping(value: Any) -> dict[str, Any]:
    """A mapping as it is; nothing in place of anything else a server may have sent."""
    return value if isinstance(value, dict) else {}


SHOWS: dict[str | None, Show] = {
    None: plain,
    "list": plain,
    "labels": _each(labels),
    "age": ages,
    "ratio": _each(ratio),
    "cards": _each(active_of),
    "provinces": _each(provinces),
    "province-zh": _each(province_zh),
    "about": _each(about),
}
