"""Placing an order and quoting one: every check and every change in one transaction, all allocations or none."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from cpctl.sandbox import agreement, cards, demands, ledger, records, vouchers
from cpctl.sandbox.billing import priced
from cpctl.sandbox.events import tell
from cpctl.sandbox.money import fen, paid_seconds, yuan
from cpctl.sandbox.order import Line, Order, per_hour
from cpctl.sandbox.problems import Problem
from cpctl.sandbox.stock import move, no_capacity, offer_named
from cpctl.sandbox.store import Change, Store
from cpctl.sandbox.times import beijing_day, rfc3339

HOLD_S: Final = 15 * 60
QUOTE_S: Final = 5 * 60

Body = Mapping[str, Any]


def place(change: Change, body: Body, project: str, account: str, now_s: float, *, is_match: bool = False) -> Order:
    """Hold cards and funds for an order.

    Args:
        change: The transaction.
        body: A checked OrderRequest.
        project: The payer.
        account: Who places it.
        now_s: Sandbox time.
        is_match: It matches the open demand of its name, for which the name is kept.

    Raises:
        Problem: Any refusal; nothing has happened then.
    """
    spec, name = body["spec"], body["metadata"]["name"]
    former = None if is_match else name_holder(change, project, name, body)
    lines = tuple(chosen_lines(change, spec, body["allocations"]))
    check_prices(change, body["allocations"])
    billing, paid_s = (
        spec.get("billing", "on-demand"),
        paid_seconds(spec.get("billing", ""), agreement.asked_seconds(spec)),
    )
    price = vouchers.priced_with(change, project, spec.get("voucher"), lines, paid_s, now_s)
    order = Order(
        uid=str(uuid.uuid4()),
        project=project,
        name=name,
        account=account,
        spec=spec,
        labels=body["metadata"].get("labels", {}),
        lines=lines,
        billing=billing,
        paid_s=paid_s,
        total=price.total,
        voucher=spec.get("voucher"),
        discount=price.discount,
        placed_s=int(now_s),
        held_until_s=int(now_s) + HOLD_S,
        history={"Held": int(now_s)},
    )
    check_total(body.get("total"), price.total)
    check_limits(change, order, body.get("limits") or {}, order.total, now_s)
    check_funds(change, order, order.total, order.cards)
    hold(change, order, now_s)
    if former is not None:
        cards.remove(change, former)
        records.save(change, former, current=False)
    tell(change, order, "Held", f"{order.cards} cards held for {yuan(order.total)} CNY at most", now_s)
    return records.save(change, order)


def name_holder(change: Change, project: str, name: str, body: Body) -> Order | None:
    """The ended order that this one replaces; None when the name is new. Raises Problem: the name is taken."""
    former, replaces = records.of_name(change, project, name), body.get("replaces")
    demand = demands.of_name(change, project, name)
    if former is None and demand is not None:
        raise demands.taken(demand, None)
    if former is None:
        if replaces is not None:
            raise Problem("NotFound", f'orders "{name}" not found, so there is none to replace')
        return None
    if replaces == former.uid and former.is_ended:
        return former
    if replaces == former.uid:
        raise Problem("WrongPhase", f'orders "{name}" is {former.phase} and cannot be replaced', phase=former.phase)
    raise taken(former, body["spec"])


def taken(order: Order, spec: Body | None) -> Problem:
    """The refusal of a name that stands for an order; `spec` is that of another one, if it is one."""
    return Problem(
        "AlreadyExists",
        f'orders "{order.name}" already exists',
        uid=order.uid,
        specEqual=spec is not None and demands.without_limits(order.spec) == demands.without_limits(spec),
        phase=order.phase,
        createdBy=order.account,
    )


def chosen_lines(reader: Change | Store, spec: Body, allocations: Sequence[Body]) -> list[Line]:
    """The allocations with their offers' present prices, once they agree with the spec. Raises Problem."""
    agreement.check_sums(spec, allocations)
    lines = [chosen_line(reader, spec, each, f"allocations[{index}]") for index, each in enumerate(allocations)]
    agreement.check_together(spec, lines)
    return lines


def chosen_line(reader: Change | Store, spec: Body, allocation: Body, field: str) -> Line:
    """One of them."""
    offer = offer_named(reader, allocation["offer"])
    wanted = int(allocation["cards"])
    agreement.check_offer(spec, offer, f"{field}.offer")
    agreement.check_quantity(offer, wanted, f"{field}.cards")
    sold = offer["spec"]
    return Line(allocation["offer"], wanted, sold["price"], sold["province"], sold["provider"])


def check_prices(change: Change, allocations: Sequence[Body]) -> None:
    """Refuse when a price moved since it was read. Raises Problem."""
    for each in allocations:
        price = offer_named(change, each["offer"])["spec"]["price"]
        if Decimal(price) != Decimal(each["price"]):
            name = each["offer"]
            raise Problem("PriceChanged", f"offer {name} is {price} CNY per card-hour now", offer=name, price=price)


def check_total(shown: str | None, total: int) -> None:
    """Refuse more than the total that was shown: another order may have used the voucher. Raises Problem."""
    if shown is not None and total > fen(shown):
        raise Problem("PriceChanged", f"the total is {yuan(total)} CNY now, {shown} was shown", total=yuan(total))


def check_limits(change: Change, order: Order, limits: Body, extra: int, now_s: float) -> None:
    """Refuse what passes the request's limits or the spec's own; `extra` fen come on top of the day. Raises Problem."""
    dearest = max((line.price for line in order.lines), key=Decimal)
    own = order.spec.get("limits") or {}
    spent = ledger.spent_on(change, order.project, beijing_day(now_s))
    today = spent + ledger.funds(change, order.project).reserved
    rows: tuple[tuple[str, Any, str, Callable[[str], Any]], ...] = (
        ("maxPrice", limits.get("maxPrice"), dearest, Decimal),
        ("spec.limits.maxPrice", own.get("maxPrice"), dearest, Decimal),
        ("maxOrder", limits.get("maxOrder"), yuan(order.total), fen),
        ("spec.limits.budget", own.get("budget"), yuan(order.total), fen),
        ("maxDay", limits.get("maxDay"), yuan(today + extra), fen),
    )
    for name, set_by, figure, measure in rows:
        if set_by is not None and measure(figure) > measure(set_by):
            detail = f"{name} is {set_by}, this would make it {figure}"
            raise Problem("LimitExceeded", detail, limit=name, figure=figure, setBy=set_by)


def check_funds(change: Change, order: Order, extra: int, cards: int) -> None:
    """Refuse `extra` fen that the project cannot pay, or cards that it may not hold. Raises Problem."""
    funds = ledger.funds(change, order.project)
    if extra > funds.available:
        available = yuan(funds.available)
        detail = f"project {order.project} has {available} CNY available, the order needs {yuan(extra)}"
        raise Problem("InsufficientBalance", detail, available=available)
    if funds.cards + cards > funds.quota:
        figure, most = str(funds.cards + cards), str(funds.quota)
        detail = f"project {order.project} may hold {most} cards at once, this would make {figure}"
        raise Problem("LimitExceeded", detail, limit="quota.cards", figure=figure, setBy=most)


def hold(change: Change, order: Order, now_s: float) -> None:
    """Reserve the stock, the funds and the voucher's part. Raises Problem: the cards went first."""
    for line in order.lines:
        move(change, line.offer, line.cards, "free", "held", now_s)
    ledger.take_cards(change, order.project, order.cards)
    ledger.post(change, "reserve", order.project, order.account, order.name, now_s, reserved=order.total)
    vouchers.take(change, order, now_s)


def quote(reader: Store, body: Body, project: str, now_s: float) -> dict[str, Any]:
    """Price and stock for allocations; nothing is reserved. Raises Problem."""
    spec = body["spec"]
    lines = tuple(chosen_lines(reader, spec, body["allocations"]))
    for line in lines:
        free = offer_named(reader, line.offer)["status"]["free"]
        if free < line.cards:
            raise no_capacity(line.offer, free, line.cards)
    paid_s = paid_seconds(spec.get("billing", ""), agreement.asked_seconds(spec))
    price = vouchers.priced_with(reader, project, spec.get("voucher"), lines, paid_s, now_s)
    with_voucher = spec.get("voucher") is not None
    return {
        "apiVersion": "ccpp/v1",
        "kind": "Quote",
        "spec": dict(body),
        "status": {
            "lines": [
                row.line._asdict()
                | {"amount": yuan(row.amount)}
                | ({"discount": yuan(row.discount)} if with_voucher else {})
                for row in priced(lines, paid_s, price.discount)
            ],
            "total": yuan(price.total),
            "perHour": per_hour(lines),
            "validUntil": rfc3339(now_s + QUOTE_S),
        },
    }
