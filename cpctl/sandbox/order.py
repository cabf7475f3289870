"""An order as the platform keeps it, and as the contract shows it. Times are sandbox epoch seconds, money is fen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from decimal import Decimal
from typing import Any, Final, NamedTuple

from cpctl.sandbox.money import yuan
from cpctl.sandbox.times import rfc3339

ENDED: Final = ("Released", "Expired", "Failed")
RESERVING: Final = ("Held", "Activating", "Active")


class Line(NamedTuple):
    """So many cards of one offer at the price they were held at."""

    offer: str
    cards: int
    price: str
    province: str
    provider: str


class Discount(NamedTuple):
    """What a voucher takes off the lines of these offers: a share of each, `left` fen of all together at most."""

    ratio: str = "0"
    covered: tuple[str, ...] = ()
    left: int = 0


NO_DISCOUNT: Final = Discount()


@dataclass(frozen=True)
class Order:
    """One order; every change is a new value."""

    uid: str
    project: str
    name: str
    account: str
    spec: Mapping[str, Any]
    labels: Mapping[str, str]
    lines: tuple[Line, ...]
    billing: str
    paid_s: int  # how long the reserved funds last: the duration, or the whole periods that are prepaid
    total: int  # the most that is ever charged, what the voucher takes off taken off
    placed_s: int
    held_until_s: int
    phase: str = "Held"
    reason: str | None = None
    message: str | None = None
    step_s: float = 0.0  # how long one card takes to come up
    failing: bool = False  # this activation is to fail half-way
    passed: int = 0  # steps of the activation that are behind it, three a card
    activated_s: float | None = None
    started_s: int | None = None
    ends_s: int | None = None
    billed_s: int | None = None  # billed up to here
    stopped_s: int | None = None  # release accepted, billing over
    ended_s: int | None = None
    charged: int = 0
    voucher: str | None = None
    discount: Discount = NO_DISCOUNT  # as reserved at placing
    discounted: int = 0  # what bills have used of it
    hidden: bool = False
    history: Mapping[str, float] = field(default_factory=dict)  # phase → when it was entered

    @property
    def cards(self) -> int:
        """All its cards."""
        return sum(line.cards for line in self.lines)

    @property
    def is_ended(self) -> bool:
        """Whether it can no longer change by itself or by request."""
        return self.phase in ENDED

    @property
    def is_prepaid(self) -> bool:
        """Whether it is paid in whole periods at its start."""
        return self.billing in ("daily", "monthly")

    @property
    def reserved(self) -> int:
        """What is still set aside for it."""
        return self.total - self.charged if self.phase in RESERVING else 0

    @property
    def reserved_discount(self) -> int:
        """What of its voucher is still set aside for it."""
        return self.discount.left - self.discounted if self.phase in RESERVING else 0

    def encoded(self) -> str:
        """For the database."""
        return json.dumps(asdict(self), ensure_ascii=False)


def decoded(text: str) -> Order:
    """From the database."""
    known = {each.name for each in fields(Order)}
    kept = {key: value for key, value in json.loads(text).items() if key in known}
    ratio, covered, left = kept.get("discount") or NO_DISCOUNT
    discount = Discount(ratio, tuple(covered), left)
    return Order(**kept | {"lines": tuple(Line(*line) for line in kept["lines"]), "discount": discount})


def per_hour(lines: tuple[Line, ...]) -> str:
    """CNY an hour, four places."""
    return f"{sum((Decimal(line.price) * line.cards for line in lines), Decimal(0)):.4f}"


def shown(order: Order) -> dict[str, Any]:
    """The order as the contract shows it, but for its resourceVersion."""
    return {
        "apiVersion": "ccpp/v1",
        "kind": "Order",
        "metadata": {
            "name": order.name,
            "uid": order.uid,
            "labels": dict(order.labels),
            "createdAt": rfc3339(order.placed_s),
            "project": order.project,
        },
        "spec": order.spec,
        "status": {
            "phase": order.phase,
            "reason": order.reason,
            "message": order.message,
            "createdBy": order.account,
            "conditions": conditions(order),
            "allocations": [line._asdict() for line in order.lines],
            "pricePerHour": per_hour(order.lines),
            "total": yuan(order.total),
            "discount": yuan(order.discount.left),
            "reserved": yuan(order.reserved),
            "heldUntil": instant(order.held_until_s if order.phase == "Held" else None),
            "startedAt": instant(order.started_s),
            "endsAt": instant(order.ends_s),
            "endedAt": instant(order.ended_s),
            "charged": yuan(order.charged),
            "cards": {"total": order.cards, "active": active_cards(order)},
        },
    }


def instant(epoch_s: float | None) -> str | None:
    """A time on the wire, or null."""
    return None if epoch_s is None else rfc3339(epoch_s)


def active_cards(order: Order) -> int:
    """Cards that are usable now."""
    if order.phase == "Activating":
        return order.passed // 3
    return order.cards if order.phase == "Active" else 0


def conditions(order: Order) -> list[dict[str, str]]:
    """Placed, Held, Active and Released, each with when it last changed."""
    left_hold_s = next((at for phase, at in order.history.items() if phase != "Held"), order.placed_s)
    is_held, is_active, is_released = order.phase == "Held", order.phase == "Active", order.phase == "Released"
    active_s = (
        (order.stopped_s or order.started_s or order.ended_s or order.placed_s) if not is_active else order.started_s
    )
    rows = (
        ("Placed", True, order.placed_s),
        ("Held", is_held, left_hold_s),
        ("Active", is_active, active_s or order.placed_s),
        ("Released", is_released, order.ended_s if is_released and order.ended_s else order.placed_s),
    )
    return [
        {
            "type": name,
            "status": "True" if true else "False",
            "reason": name if true else order.reason or order.phase,
            "message": "" if true else order.message or "",
            "lastTransitionTime": rfc3339(at),
        }
        for name, true, at in rows
    ]
