"""More time for an order that runs, at the prices it was held at; reserved and limited as placing is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cpctl.sandbox import billing, ledger, records
from cpctl.sandbox.agreement import instant_s
from cpctl.sandbox.events import tell
from cpctl.sandbox.lifecycle import wrong_phase
from cpctl.sandbox.money import amount_fen, paid_seconds, yuan
from cpctl.sandbox.order import Order
from cpctl.sandbox.placing import check_funds, check_limits
from cpctl.sandbox.problems import invalid
from cpctl.sandbox.store import Change
from cpctl.sandbox.times import LONGEST_S, rfc3339


def extend(change: Change, order: Order, body: Mapping[str, Any], now_s: float) -> Order:
    """Move the end of an order that runs; a no-op for the end it has, or was asked to have.

    Args:
        body: A checked OrderExtension.

    Raises:
        Problem: Any refusal; nothing has happened then.
    """
    end_s = instant_s(body["endsAt"], "endsAt")
    if order.phase != "Active":
        raise wrong_phase(order)
    assert order.started_s is not None and order.ends_s is not None, "an order that runs has begun and will end"
    if end_s == order.ends_s:
        return order
    if end_s <= order.started_s:
        raise invalid("endsAt", f"is before the order's end, {rfc3339(order.ends_s)}")
    paid_s = paid_seconds(order.billing, end_s - order.started_s)
    if paid_s == order.paid_s:
        return order
    if end_s < order.ends_s:
        raise invalid("endsAt", f"is before the order's end, {rfc3339(order.ends_s)}")
    if paid_s > LONGEST_S:
        raise invalid("endsAt", "is more than ten years after the order's start")
    return longer(change, order, paid_s, body.get("limits") or {}, now_s)


def longer(change: Change, order: Order, paid_s: int, limits: Mapping[str, Any], now_s: float) -> Order:
    """Reserve what the further time costs and move the end. Raises Problem."""
    assert order.started_s is not None
    extra = extra_fen(order, paid_s)
    wanted = replace(order, paid_s=paid_s, total=order.total + extra)
    check_limits(change, wanted, limits, extra, now_s)
    check_funds(change, wanted, extra, 0)
    ledger.post(change, "reserve", order.project, order.account, order.name, now_s, reserved=extra)
    if wanted.is_prepaid:
        ends_s = order.started_s + paid_s
        on = replace(billing.charge(change, wanted, ends_s), ends_s=ends_s)
    else:
        on = replace(wanted, ends_s=billing.end_within_total(wanted, order.started_s))
    assert on.ends_s is not None
    tell(change, on, "Extended", f"it runs until {rfc3339(on.ends_s)}, for {yuan(on.total)} CNY at most", now_s)
    return records.save(change, on)


def extra_fen(order: Order, paid_s: int) -> int:
    """What the further time costs: prepaid periods by themselves, other time as if it had been placed whole.

    A voucher takes off what it took off at placing, and nothing more.
    """
    if order.is_prepaid:
        return sum(amount_fen(line.price, line.cards, paid_s - order.paid_s) for line in order.lines)
    return billing.gross_fen(order.lines, paid_s) - order.discount.left - order.total
