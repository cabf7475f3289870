"""What orders cost: totals, bill lines a Beijing day, and when the platform releases so as not to pass the total."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from cpctl.sandbox import ledger
from cpctl.sandbox.money import amount_fen, yuan
from cpctl.sandbox.order import Line, Order
from cpctl.sandbox.store import Change
from cpctl.sandbox.times import beijing_day, days, rfc3339


class Bill(NamedTuple):
    """One line: an offer's cards over a stretch of one Beijing day, or over all that was prepaid."""

    line: Line
    from_s: int
    to_s: int

    @property
    def seconds(self) -> int:
        """Its length."""
        return self.to_s - self.from_s

    @property
    def amount(self) -> int:
        """In fen."""
        return amount_fen(self.line.price, self.line.cards, self.seconds)


def total_fen(lines: Iterable[Line], paid_s: int) -> int:
    """What is shown, reserved, and never passed."""
    return sum(amount_fen(line.price, line.cards, paid_s) for line in lines)


def bills(order: Order, from_s: int, to_s: int) -> Iterator[Bill]:
    """The lines of a stretch of an order's running time."""
    stretches = [(from_s, to_s)] if order.is_prepaid else days(from_s, to_s)
    for start, end in stretches:
        for line in order.lines:
            if end > start:
                yield Bill(line, start, end)


def end_within_total(order: Order, started_s: int) -> int:
    """When to release: the paid time, or the last second before rounding day by day would pass the total."""
    end = started_s + order.paid_s

    def fits(at_s: int) -> bool:
        return sum(bill.amount for bill in bills(order, started_s, at_s)) <= order.total

    if fits(end):
        return end
    low, high = started_s, end  # `low` fits, `high` does not: the sum never falls as time goes on
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def charge(change: Change, order: Order, to_s: int) -> Order:
    """Make final the lines up to `to_s`, and charge them to the project's reserve."""
    assert order.billed_s is not None, "only an order that has started is billed"
    charged = 0
    for bill in bills(order, order.billed_s, to_s):
        item = change.put("bills", order.project, shown(order, bill, "final"))
        day = beijing_day(bill.from_s)
        ref, amount = item.name, -bill.amount
        ledger.post(change, "charge", order.project, order.account, ref, to_s, amount=amount, reserved=amount, day=day)
        charged += bill.amount
    return replace(order, charged=order.charged + charged, billed_s=to_s)


def open_bills(order: Order, now_s: int) -> list[dict[str, Any]]:
    """The lines of a running order that are still growing."""
    if order.phase != "Active" or order.billed_s is None:
        return []
    return [shown(order, bill, "open") for bill in bills(order, order.billed_s, max(now_s, order.billed_s))]


def shown(order: Order, bill: Bill, state: str) -> dict[str, Any]:
    """A bill line as the contract shows it; its name follows from order, offer and day."""
    line = bill.line
    digest = hashlib.sha256(f"{order.uid} {line.offer} {beijing_day(bill.from_s)}".encode()).hexdigest()
    uid = f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"
    return {
        "apiVersion": "ccpp/v1",
        "kind": "Bill",
        "metadata": {
            "name": f"bl-{digest[:16]}",
            "uid": uid,
            "labels": {},
            "createdAt": rfc3339(bill.from_s),
            "project": order.project,
        },
        "spec": {
            "order": order.name,
            "offer": line.offer,
            "cards": line.cards,
            "from": rfc3339(bill.from_s),
            "to": rfc3339(bill.to_s),
            "seconds": bill.seconds,
            "price": line.price,
            "voucher": None,
        },
        "status": {"amount": yuan(bill.amount), "state": state},
    }
