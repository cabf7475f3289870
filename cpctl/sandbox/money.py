"""Exact money: whole fen inside, decimal strings on the wire; totals round half up."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final

SECONDS_PER_HOUR: Final = 3600
DAY_S: Final = 86_400
MONTH_S: Final = 30 * DAY_S
PRICE_PLACES: Final = 4
RATIO_PLACES: Final = 4
PERIOD_S: Final = {"daily": DAY_S, "monthly": MONTH_S}
"""Billing modes that are prepaid in whole periods, with the period's length."""


def yuan(fen: int) -> str:
    """`123456` fen as `1234.56`."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def fen(text: str) -> int:
    """`1234.56` as 123456 fen. Raises ValueError when it is no amount of at most two places."""
    return scaled(text, 2)


def scaled(text: str, places: int) -> int:
    """A decimal string as a whole number of its last place. Raises ValueError."""
    try:
        value = Decimal(text).scaleb(places)
    except InvalidOperation as error:
        raise ValueError(text) from error
    if not value.is_finite() or value != value.to_integral_value():
        raise ValueError(text)
    return int(value)


def amount_fen(price: str, cards: int, seconds: int) -> int:
    """round(price × cards × seconds / 3600) to the fen, half up; `price` is CNY per card-hour with four places."""
    return rounded(scaled(price, PRICE_PLACES) * cards * seconds, SECONDS_PER_HOUR * 10 ** (PRICE_PLACES - 2))


def discount_fen(gross: int, ratio: str) -> int:
    """What a voucher takes off an amount: round(gross × ratio) to the fen, half up."""
    return rounded(gross * scaled(ratio, RATIO_PLACES), 10**RATIO_PLACES)


def rounded(numerator: int, denominator: int) -> int:
    """A non-negative fraction to the nearest whole number, half up."""
    return (2 * numerator + denominator) // (2 * denominator)


def paid_seconds(billing: str, duration_s: int) -> int:
    """How long the cards are paid for: the duration itself, or the whole days or 30-day months that cover it."""
    period = PERIOD_S.get(billing)
    return duration_s if period is None else -(-duration_s // period) * period
