"""More time for an order that runs: priced here to the fen, reserved and limited by the platform as placing is.

The end is a time, not a span: the same command again asks for the same end, which changes nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from cpctl.broker.cover import amount_fen
from cpctl.broker.exactly_once import send_again, send_new, unfinished
from cpctl.broker.limits import Limits, named
from cpctl.broker.market import Found, Market
from cpctl.broker.planner import PERIOD_S, paid_seconds
from cpctl.errors import BadAnswer, BadValue, Conflict, LimitExceeded
from cpctl.resources.placed import Phase

VERB = "extend"


@dataclass(frozen=True)
class Extension:
    """A later end.

    Attributes:
        until: As asked for.
        last: As it will be: with billing by days and months, that of the whole period.
        total: CNY, the most that the order is ever charged with it.
        extra: CNY, what of that comes on top.
    """

    until: datetime
    last: datetime
    total: Decimal
    extra: Decimal

    @property
    def stamp(self) -> str:
        """The end on the wire."""
        return self.until.strftime("%Y-%m-%dT%H:%M:%SZ")


def extension(found: Found, until: datetime) -> Extension | None:
    """What a later end comes to at the prices the order was held at; None when it ends then already.

    Raises:
        Conflict: It does not run.
        BadValue: That is before its end.
    """
    order, status = found.order, found.order.status
    if order.phase is not Phase.ACTIVE or status.ends_at is None or status.started_at is None:
        raise Conflict(
            reason="WrongPhase",
            detail=f'order "{order.name}" is {order.phase}; only one that is Active can be extended',
            hint=f"cpctl describe order/{order.name}",
        )
    paid_s, before_s = _paid_s(found, until), _paid_s(found, status.ends_at)
    if until == status.ends_at or (paid_s == before_s and paid_s > 0):
        return None
    if until < status.ends_at:
        end = status.ends_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        raise BadValue(what="--until", value=f"{until:%Y-%m-%dT%H:%M:%SZ}", expected=f"later than its end, {end}")
    if _is_prepaid(found):
        total = status.total + _amount(found, paid_s - before_s)
    else:
        total = _amount(found, paid_s) - status.discount
    last = status.started_at + timedelta(seconds=paid_s)
    return Extension(until, last, total, max(Decimal("0.00"), total - status.total))


def is_paid_until(found: Found, until: datetime) -> bool:
    """Whether the order's total is for all the time until then; its end may be some seconds before, where amounts that
    are rounded day by day would pass the total.
    """
    status = found.order.status
    return status.started_at is not None and status.total >= _amount(found, _paid_s(found, until)) - status.discount


def extend(market: Market, found: Found, wanted: Extension, limits: Limits) -> Found:
    """The order with its later end; sent exactly once, and only for the total that was shown.

    Raises:
        LimitExceeded: A limit, the balance, or the total that was shown says no; nothing was changed.
        OutcomeUnknown: The request left and no definite answer came.
    """
    for line in found.order.status.allocations:
        limits.check("max-price", line.price, f"offer {line.offer}", "extended")
    limits.check("max-order", wanted.total, "the order", "extended")
    bounds = limits.and_also("max-order", wanted.total, "the total that was shown")
    body = {"uid": found.order.uid, "endsAt": wanted.stamp, "limits": bounds.wire()}
    name = found.order.name
    begun = unfinished(market, VERB, name)
    if begun is not None and _asks_for(begun.body, body):
        after = send_again(market, begun)
    else:
        if begun is not None:
            market.journal.settle(begun, "outdated", "another end is wanted by now")
        record = market.record(VERB, name, market.order_path(name, VERB), body)
        try:
            after = send_new(market, record)
        except LimitExceeded as refusal:
            raise named(refusal, bounds, "extended") from refusal
    _check_answer(after, wanted)
    market.close(VERB, name)
    return after


def _is_prepaid(found: Found) -> bool:
    return found.order.spec.get("billing") in PERIOD_S


def _paid_s(found: Found, end: datetime) -> int:
    """How long the order is paid for when it ends then."""
    started_at = found.order.status.started_at
    assert started_at is not None, "an order that runs has started"
    return paid_seconds(str(found.order.spec.get("billing", "on-demand")), int((end - started_at).total_seconds()))


def _amount(found: Found, seconds: int) -> Decimal:
    """What the order's cards cost for so long, without a voucher."""
    lines = ((int(one.price * 10_000), one.cards) for one in found.order.status.allocations)
    return Decimal(sum(amount_fen(price, cards, seconds) for price, cards in lines)).scaleb(-2)


def _asks_for(begun: str, wanted: dict[str, Any]) -> bool:
    """Whether an earlier run's bytes ask for the same: they are sent again then."""
    try:
        return bool(json.loads(begun) == wanted)
    except ValueError:
        return False


def _check_answer(after: Found, wanted: Extension) -> None:
    """A platform that says yes to something else is not believed."""
    ends_at = after.order.status.ends_at
    if after.order.status.total > wanted.total or ends_at is None or ends_at.astimezone(UTC) > wanted.last:
        raise BadAnswer(
            detail=f'order "{after.order.name}" was extended otherwise than asked: until {ends_at},'
            f" {after.order.status.total} CNY at most instead of {wanted.total}",
            hint=f"cpctl describe order/{after.order.name}",
        )
