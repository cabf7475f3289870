"""What the ways of ending a finding share: how it came out, the limits of now, and a request that may be on its way."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from cpctl.broker.audit import body_of
from cpctl.broker.journal import Record, State
from cpctl.broker.limits import WIRE
from cpctl.broker.market import Market

ON_ITS_WAY = timedelta(seconds=60)  # twice as long as a request of a running process is ever waited for


class Settled(NamedTuple):
    """Attributes:
    done: Whether the finding is no more.
    words: What was done, or why nothing was.
    """

    done: bool
    words: str


def noted(market: Market, record: Record, state: State, words: str) -> Settled:
    """The record with its end."""
    if state == "cancelled":
        market.journal.cancel(record, words)
    else:
        market.journal.settle(record, state, words)
    return Settled(True, words)


def never_sent(market: Market, record: Record, found: str) -> Settled:
    """Close it, unless a request of its age may still be on its way."""
    age = market.clock.now() - record.created_at
    if timedelta(0) <= age < ON_ITS_WAY:
        return Settled(False, f"{found}, but the request may be on its way: again in {ON_ITS_WAY.seconds} s")
    return noted(market, record, "cancelled", f"{found}; its request is never sent again")


def wider_than_now(market: Market, record: Record) -> str | None:
    """Why the bytes of then must not be sent now: they carry the limits of then."""
    limits = body_of(record).get("limits")
    for name, limit in market.limits.items():
        then = _amount(limits.get(WIRE[name]) if isinstance(limits, dict) else None)
        if then is None or then > limit.amount:
            return (
                f"it was begun under a higher {name} than {limit.amount} of {limit.set_by}; cancel it, or apply again"
            )
    return None


def outside(market: Market) -> str:
    """The refusal of what is not known to keep to the profile's residency."""
    return f"it is not known to stay in {', '.join(sorted(market.residency))}; cancel it, or apply again"


def _amount(text: object) -> Decimal | None:
    try:
        amount = Decimal(str(text))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None
