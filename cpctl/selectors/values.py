"""How values compare, in selectors and in sorting: numbers and decimal strings as numbers, all else as words."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

DECIMALS_KEPT = 50_000  # prices come again and again


def number(value: Any) -> Decimal | None:
    """A number, or a string that is one; None for anything else."""
    if isinstance(value, str):
        return _decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return _decimal(str(value))


def word(value: Any) -> str:
    """A value as people write it in a selector."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def rank(value: Any) -> tuple[int, Any]:
    """Where a value stands among others: numbers by size, then words by code point, then what is missing."""
    if value is None:
        return (2, 0)
    figure = number(value)
    return (0, figure) if figure is not None else (1, word(value))


@lru_cache(maxsize=DECIMALS_KEPT)
def _decimal(text: str) -> Decimal | None:
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
