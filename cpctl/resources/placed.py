"""An order as the platform answers it, and the phases of its life."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from cpctl.resources import words
from cpctl.resources.answers import Answered, Count, Name, ShortText, Text, Time, answered


class Phase(StrEnum):
    """Where an order is in its life; UNKNOWN stands for any word a newer platform may say."""

    PENDING = "Pending"
    HELD = "Held"
    ACTIVATING = "Activating"
    ACTIVE = "Active"
    RELEASING = "Releasing"
    RELEASED = "Released"
    EXPIRED = "Expired"
    FAILED = "Failed"
    RECLAIMED = "Reclaimed"
    UNKNOWN = "Unknown"


ENDED = frozenset({Phase.RELEASED, Phase.EXPIRED, Phase.FAILED, Phase.RECLAIMED})
ENDED_UNCHARGED = frozenset({Phase.EXPIRED, Phase.FAILED})
ENDING = ENDED | {Phase.RELEASING}
BEFORE_ACTIVATION = frozenset({Phase.PENDING, Phase.HELD})
SWITCHED_ON = frozenset({Phase.ACTIVATING, Phase.ACTIVE})


def phase_of(word: object) -> Phase:
    """The phase a word names."""
    try:
        return Phase(str(word))
    except ValueError:
        return Phase.UNKNOWN


class Condition(Answered):
    type: ShortText
    status: ShortText


class Allocation(Answered):
    offer: Name
    cards: words.Cards
    price: words.Price
    province: ShortText
    provider: ShortText


class CardCount(Answered):
    total: Count
    active: Count


class _Metadata(Answered):
    name: Name
    uid: ShortText
    labels: dict[str, str] = Field(default_factory=dict)


class _Status(Answered):
    phase: Annotated[Phase, BeforeValidator(phase_of)]
    reason: Text | None = None
    message: Text | None = None
    created_by: ShortText = Field(alias="createdBy")
    conditions: list[Condition] = Field(default_factory=list)
    allocations: list[Allocation] = Field(default_factory=list)
    price_per_hour: words.Price = Field(alias="pricePerHour")
    total: words.Money
    discount: words.Money = Decimal("0.00")
    charged: words.Money
    cards: CardCount
    held_until: Time | None = Field(default=None, alias="heldUntil")
    started_at: Time | None = Field(default=None, alias="startedAt")
    ends_at: Time | None = Field(default=None, alias="endsAt")


class Order(Answered):
    """An order; `spec` is as it was sent, unread."""

    metadata: _Metadata
    spec: dict[str, Any]
    status: _Status

    @property
    def name(self) -> str:
        return self.metadata.name

    @property
    def uid(self) -> str:
        return self.metadata.uid

    @property
    def phase(self) -> Phase:
        return self.status.phase

    @property
    def has_ended(self) -> bool:
        return self.phase in ENDED

    def holds(self, condition: str) -> bool:
        """Whether the platform says that the condition is so."""
        return any(one.type == condition and one.status == "True" for one in self.status.conditions)


def order_of(value: object) -> Order:
    """The order an answer is.

    Raises:
        BadAnswer: It is none.
    """
    return answered(Order, value, "an order")
