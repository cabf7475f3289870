"""What orders cost: totals, bill lines a Beijing day, and when the platform releases so as not to pass the total."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from cpctl.sandbox import ledger
from cpctl.sandbox.money import amount_fen, discount_fen, yuan
from cpctl.sandbox.order import Discount, Line, Order
from cpctl.sandbox.store import Change
from cpctl.sandbox.times import beijing_day, days, rfc3339


class Priced(NamedTuple):
    """A line for some time, in fen: what is to be paid, and what the voucher has taken off that."""

    line: Line
    amount: int
    discount: int


class Bill(NamedTuple):
    """One line: an offer's cards over a stretch of one Beijing day, or over all that was prepaid."""

    line: Line
    from_s: int
    to_s: int
    amount: int
    discount: int

    @property
    def seconds(self) -> int:
        """Its length."""
        return self.to_s - self.from_s


def gross_fen(lines: Iterable[Line], paid_s: int) -> int:
    """What lines cost for so long, without a voucher."""
    return sum(amount_fen(line.price, line.cards, paid_s) for line in lines)


def priced(lines: Iterable[Line], seconds: int, discount: Discount) -> Iterator[Priced]:
    """Lines for so long; the voucher is used for the first ones first, until nothing is left of it."""
    left = discount.left
    for line in lines:
        gross = amount_fen(line.price, line.cards, seconds)
        taken = min(left, discount_fen(gross, discount.ratio)) if line.offer in discount.covered else 0
        left -= taken
        yield Priced(line, gross - taken, taken)


def bills(order: Order, from_s: int, to_s: int, discounted: int) -> Iterator[Bill]:
    """The lines of a stretch of an order's running time, once `discounted` fen of its voucher are used."""
    stretches = [(from_s, to_s)] if order.is_prepaid else days(from_s, to_s)
    left = order.discount.left - discounted
    for start, end in stretches:
        if end > start:
            for row in priced(order.lines, end - start, order.discount._replace(left=left)):
                left -= row.discount
                yield Bill(row.line, start, end, row.amount, row.discount)


def end_within_total(order: Order, started_s: int) -> int:
    """When to release: the paid time, or the last second before rounding day by day would pass the total."""
    end = started_s + order.paid_s

    def fits(at_s: int) -> bool:
        return sum(bill.amount for bill in bills(order, started_s, at_s, 0)) <= order.total

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
    charged, discounted = order.charged, order.discounted
    for bill in bills(order, order.billed_s, to_s, order.discounted):
        item = change.put("bills", order.project, shown(order, bill, "final"))
        day = beijing_day(bill.from_s)
        ref, amount = item.name, -bill.amount
        ledger.post(change, "charge", order.project, order.account, ref, to_s, amount=amount, reserved=amount, day=day)
        charged += bill.amount
        discounted += bill.discount
    return replace(order, charged=charged, discounted=discounted, billed_s=to_s)


def open_bills(order: Order, now_s: int) -> list[dict[str, Any]]:
    """The lines of a running order that are still growing."""
    if order.phase != "Active" or order.billed_s is None:
        return []
    until_s = max(now_s, order.billed_s)
    return [shown(order, bill, "open") for bill in bills(order, order.billed_s, until_s, order.discounted)]


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
            "voucher": order.voucher if bill.discount else None,
        },
        "status": {"amount": yuan(bill.amount), "discount": yuan(bill.discount), "state": state},
    }
