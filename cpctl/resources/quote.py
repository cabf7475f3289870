"""A quote: what allocations cost now."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from cpctl.resources import words
from cpctl.resources.answers import Answered, Name, ShortText, Time, answered


class QuoteLine(Answered):
    """So many cards of one offer; `amount` is what they cost, the voucher's discount taken off."""

    offer: Name
    cards: words.Cards
    price: words.Price
    amount: words.Money
    discount: words.Money = Decimal("0.00")
    province: ShortText
    provider: ShortText


class _Status(Answered):
    lines: list[QuoteLine] = Field(min_length=1, max_length=1_000)
    total: words.Money
    per_hour: words.Price = Field(alias="perHour")
    valid_until: Time = Field(alias="validUntil")


class Quote(Answered):
    status: _Status


def quote_of(value: object) -> Quote:
    """The quote an answer is.

    Raises:
        BadAnswer: It is none, or its total is not the sum of its lines.
    """
    quote = answered(Quote, value, "a quote")
    if sum(line.amount for line in quote.status.lines) != quote.status.total:
        answered(Quote, None, "a quote whose total is the sum of its lines")
    return quote
