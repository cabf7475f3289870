"""An account's money and cards in one project."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field

from cpctl import units
from cpctl.resources import words
from cpctl.resources.answers import Answered, Count, answered


def _signed(text: str) -> Decimal:
    """CNY; below nothing where a project owes."""
    return -units.money(text[1:]) if text.startswith("-") else units.money(text)


SignedMoney = Annotated[Decimal, BeforeValidator(words.parsed(_signed))]


class Quota(Answered):
    """How many cards may be held at once, and how many are."""

    cards: Count
    cards_used: Count = Field(alias="cardsUsed")


class Account(Answered):
    """Attributes:
    available: What is neither spent nor reserved.
    """

    available: SignedMoney
    quota: Quota
    spent_today: SignedMoney = Field(alias="spentToday")
    reserved_today: SignedMoney = Field(alias="reservedToday")


def account_of(value: object) -> Account:
    """The account an answer is.

    Raises:
        BadAnswer: It is none.
    """
    return answered(Account, value, "an account")
