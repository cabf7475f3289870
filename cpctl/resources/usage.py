"""A usage report as a platform answers it: what a time cost, summed. Read without models, by a verb that only looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from cpctl import units
from cpctl.errors import BadAnswer, UsageError

ROWS_LIMIT = 1_000_000
WORD_LIMIT = 256


class Row(NamedTuple):
    """What the bills of one key come to; amounts are CNY, discounts taken off."""

    key: tuple[str | None, ...]
    orders: int
    card_seconds: int
    amount: Decimal
    discount: Decimal


class Usage(NamedTuple):
    """Attributes:
    since, until: What time it is about, as the platform wrote it.
    rows: In the platform's order.
    total: All of it; it has no key.
    """

    since: str
    until: str
    rows: Sequence[Row]
    total: Row


def usage_of(value: Any, by: Sequence[str]) -> Usage:
    """The report an answer is.

    Args:
        by: What was asked for, in this order.

    Raises:
        BadAnswer: It is none, or its rows do not come to its total.
    """
    try:
        spec, items = value["spec"], value["items"]
        if len(items) > ROWS_LIMIT or [str(word) for word in spec["by"]] != list(by):
            raise ValueError
        rows = [_row(item, tuple(_word(item["key"][key]) for key in by)) for item in items]
        found = Usage(_instant(spec["from"]), _instant(spec["to"]), rows, _row(value["total"], ()))
    except (KeyError, TypeError, ValueError, UsageError) as error:
        raise BadAnswer(detail="the server's answer is no report of usage as it was asked for") from error
    if (sum(row.amount for row in rows), sum(row.discount for row in rows)) != (
        found.total.amount,
        found.total.discount,
    ):
        raise BadAnswer(detail="the server's answer is no report of usage: its rows do not come to its total")
    return found


def _row(item: Mapping[str, Any], key: tuple[str | None, ...]) -> Row:
    orders, seconds = item["orders"], item["cardSeconds"]
    if type(orders) is not int or type(seconds) is not int or min(orders, seconds) < 0:
        raise ValueError
    return Row(key, orders, seconds, units.money(item["amount"]), units.money(item["discount"]))


def _word(value: Any) -> str | None:
    if value is not None and (not isinstance(value, str) or len(value) > WORD_LIMIT):
        raise ValueError
    return value


def _instant(text: Any) -> str:
    return f"{units.instant(text):%Y-%m-%dT%H:%M:%SZ}"
