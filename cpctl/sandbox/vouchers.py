"""Voucher records in the database; the object that lists show is written with them, in the same transaction.

What an order may use of its voucher is taken off `left` as the order is placed; what its bills did not use comes back
when it ends, or when its billing is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from cpctl.sandbox.billing import priced
from cpctl.sandbox.order import NO_DISCOUNT, Discount, Line, Order
from cpctl.sandbox.problems import Problem, invalid
from cpctl.sandbox.stock import offer_named
from cpctl.sandbox.store import Change, Store
from cpctl.sandbox.voucher import Voucher, decoded, shown

FIELD: Final = "spec.voucher"
WHY_NOT: Final = {"NotYet": "is not valid yet", "Lapsed": "is no longer valid", "Spent": "has nothing left"}


class Price(NamedTuple):
    """What lines cost, in fen: `total` is left to pay once `discount.left`, all that the voucher takes, is off."""

    total: int
    discount: Discount


def save(change: Change, voucher: Voucher, now_s: float) -> None:
    """Write a voucher, and what lists show of it now."""
    change.db.execute(
        "INSERT INTO vouchers VALUES (?, ?, ?, ?) ON CONFLICT (project, name) "
        "DO UPDATE SET due = excluded.due, record = excluded.record",
        (voucher.project, voucher.name, voucher.due_s(now_s), voucher.encoded()),
    )
    change.put("vouchers", voucher.project, shown(voucher, now_s))


def of_name(reader: Change | Store, project: str, name: str) -> Voucher | None:
    """The project's voucher of that name."""
    sql = "SELECT record FROM vouchers WHERE project = ? AND name = ?"
    row = reader.db.execute(sql, (project, name)).fetchone()
    return None if row is None else decoded(row[0])


def first_due_s(reader: Change | Store) -> float | None:
    """When the next voucher begins or ends."""
    row = reader.db.execute("SELECT min(due) FROM vouchers WHERE due IS NOT NULL").fetchone()
    return None if row is None else row[0]


def settle(change: Change, now_s: float) -> None:
    """Show of every voucher whose time has begun or ended what it is now."""
    for (record,) in change.db.execute("SELECT record FROM vouchers WHERE due <= ?", (now_s,)).fetchall():
        save(change, decoded(record), now_s)
        change.eased = True


def priced_with(
    reader: Change | Store, project: str, name: str | None, lines: Sequence[Line], paid_s: int, now_s: float
) -> Price:
    """What lines cost for so long, less what the voucher takes off. Raises Problem: it cannot be used for them now."""
    if name is None:
        return price(reader, None, lines, paid_s)
    voucher = check_named(reader, project, name)
    state = voucher.state(now_s)
    if state != "Valid":
        raise refused(voucher, WHY_NOT[state])
    found = price(reader, voucher, lines, paid_s)
    if not found.discount.covered:
        raise refused(voucher, "covers none of these offers")
    return found


def price(reader: Change | Store, voucher: Voucher | None, lines: Sequence[Line], paid_s: int) -> Price:
    """What lines cost for so long, less what a voucher that is valid takes off."""
    most = NO_DISCOUNT
    if voucher is not None:
        covered = tuple(line.offer for line in lines if voucher.covers(offer_named(reader, line.offer)["spec"]))
        most = Discount(voucher.ratio, covered, voucher.left)
    rows = list(priced(lines, paid_s, most))
    taken = sum(row.discount for row in rows)
    return Price(sum(row.amount for row in rows), most._replace(left=taken))


def check_named(reader: Change | Store, project: str, name: str) -> Voucher:
    """The project's voucher of that name. Raises Problem: there is none."""
    voucher = of_name(reader, project, name)
    if voucher is None:
        raise invalid(FIELD, f'"{name}" is no voucher of project {project}')
    return voucher


def usable(reader: Change | Store, project: str, name: str | None, now_s: float) -> Voucher | None:
    """The voucher of that name, if it can take something off now."""
    voucher = None if name is None else of_name(reader, project, name)
    return voucher if voucher is not None and voucher.state(now_s) == "Valid" else None


def refused(voucher: Voucher, why: str) -> Problem:
    """The refusal of a voucher that is there and cannot be used; nothing was bought."""
    return Problem("VoucherRefused", f"voucher {voucher.name} {why}", field=FIELD)


def take(change: Change, order: Order, now_s: float) -> None:
    """Reserve what the order may use."""
    move(change, order, -order.discount.left, now_s)


def give_back(change: Change, order: Order, now_s: float) -> None:
    """Return what the order will not use any more."""
    move(change, order, order.reserved_discount, now_s)


def move(change: Change, order: Order, fen: int, now_s: float) -> None:
    """Change what is left of an order's voucher."""
    if order.voucher is None or not fen:
        return
    voucher = of_name(change, order.project, order.voucher)
    assert voucher is not None, f"order {order.name} names voucher {order.voucher}, which is not there"
    after = replace(voucher, left=voucher.left + fen)
    assert 0 <= after.left <= voucher.cap, f"voucher {voucher.name} would have {after.left} fen left"
    change.eased = change.eased or fen > 0
    save(change, after, now_s)
