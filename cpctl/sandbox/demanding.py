"""What a demand goes through: published, matched once by one held order of its name, or closed, or over at its end.

Open ──stock fits within all limits──▶ Matched      (and the order is Held, in the same transaction)
  ├──deleted──▶ Closed
  └──its end──▶ Expired

The order is placed as any other, by the account that published, under the limits that came with the demand; nobody but
its owner switches it on.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from cpctl.sandbox import demands, placing, records, vouchers
from cpctl.sandbox.agreement import allows, asked, asked_seconds, instant_s
from cpctl.sandbox.demand import Demand
from cpctl.sandbox.events import tell
from cpctl.sandbox.fitting import Choice, Stock, cheapest
from cpctl.sandbox.money import paid_seconds, yuan
from cpctl.sandbox.order import Line, Order
from cpctl.sandbox.problems import Problem, invalid
from cpctl.sandbox.stock import PLATFORM, offer_named
from cpctl.sandbox.store import Change
from cpctl.sandbox.times import rfc3339
from cpctl.sandbox.voucher import Voucher

Body = Mapping[str, Any]
KNOWN: Final = (
    (("accelerator",), "products", ("spec", "accelerator")),
    (("placement", "provinces"), "subplatforms", ("spec", "province")),
    (("placement", "providers"), "providers", ("metadata", "name")),
)
"""Words of a spec of which one must be known, or the demand would wait in vain; with where the known ones stand."""


def publish(change: Change, body: Body, project: str, account: str, now_s: float, shut: frozenset[str]) -> Demand:
    """Keep a demand, and match it at once if it can be.

    Args:
        change: The transaction.
        body: A checked DemandRequest.
        project: The payer.
        account: Who publishes it, and will own the order.
        now_s: Sandbox time.
        shut: Provinces where no orders can be placed now.

    Raises:
        Problem: Any refusal; nothing has happened then.
    """
    spec, name = body["spec"], body["metadata"]["name"]
    check_name(change, project, name, spec)
    check_known(change, spec)
    if spec.get("voucher") is not None:
        vouchers.check_named(change, project, spec["voucher"])
    asked_seconds(spec)
    until_s = instant_s(spec["until"], "spec.until")
    if until_s <= now_s:
        raise invalid("spec.until", f"is over: it is {rfc3339(now_s)}")
    demand = Demand(
        uid=str(uuid.uuid4()),
        project=project,
        name=name,
        account=account,
        spec=spec,
        labels=body["metadata"].get("labels", {}),
        limits=body.get("limits") or {},
        published_s=int(now_s),
        until_s=until_s,
        looked_s=now_s,
    )
    tell(change, demand, "Published", f"{spec['cards']} cards are wanted until {rfc3339(until_s)}", now_s)
    return look(change, demand, now_s, shut)


def check_name(change: Change, project: str, name: str, spec: Body) -> None:
    """Refuse a name that stands for a demand or an order. Raises Problem."""
    demand = demands.of_name(change, project, name)
    if demand is not None:
        raise demands.taken(demand, spec)
    order = records.of_name(change, project, name)
    if order is not None:
        raise placing.taken(order, None)


def check_known(change: Change, spec: Body) -> None:
    """Refuse words none of which anything in the catalogue bears. Raises Problem."""
    for path, plural, where in KNOWN:
        wanted = asked(spec, *path) or ()
        allowed = {asked(item.obj, *where) for item in change.items(plural, PLATFORM)} if wanted else set()
        if wanted and allowed.isdisjoint(wanted):
            field, words = f"spec.{'.'.join(path)}", ", ".join(wanted)
            raise Problem("UnknownValue", f'{field} "{words}" is unknown', field=field, allowed=sorted(allowed))


def close(change: Change, demand: Demand, now_s: float) -> Demand:
    """End an open demand; one that has been matched, or is over, stays as it is."""
    if not demand.is_open:
        return demand
    return over(change, demand, "Closed", "Deleted", "it was deleted before it was matched", now_s)


def over(change: Change, demand: Demand, phase: str, reason: str, message: str, at_s: float) -> Demand:
    """The end of a demand that was not matched."""
    ended = replace(demand, phase=phase, reason=reason, message=message, closed_s=int(at_s))
    tell(change, ended, phase, message, at_s, severity="Normal" if phase == "Closed" else "Warning")
    return demands.save(change, ended)


def come_due(change: Change, demand: Demand, due_s: float, shut: frozenset[str]) -> None:
    """Its end is there, or a new money day has begun."""
    if due_s < demand.until_s:
        look(change, replace(demand, looked_s=due_s), due_s, shut)
        return
    last = f"; at last: {demand.message}" if demand.message else ""
    over(change, demand, "Expired", demand.reason or "NoCapacity", f"its end came before a match{last}", due_s)


def look_at_all(change: Change, now_s: float, shut: frozenset[str]) -> None:
    """Look at every open demand, the earliest first, when the transaction has freed cards or money or moved a price."""
    if not change.eased:
        return
    for demand in demands.open_ones(change):
        look(change, demand, now_s, shut)
    change.eased = False


def look(change: Change, demand: Demand, now_s: float, shut: frozenset[str]) -> Demand:
    """Match a demand if cards fit within all limits; else say why not yet."""
    choice = cheapest_choice(change, demand, now_s, shut)
    if choice is None:
        detail = f"offers that fit do not have {demand.spec['cards']} free cards together"
        return demands.save(change, replace(demand, reason="NoCapacity", message=detail))
    try:
        with change.part():
            return matched(change, demand, choice, now_s)
    except Problem as problem:
        return demands.save(change, replace(demand, reason=problem.reason, message=problem.detail))


def cheapest_choice(change: Change, demand: Demand, now_s: float, shut: frozenset[str]) -> Choice | None:
    """The cheapest cards; with a voucher, those that leave the least to pay."""
    plain = cheapest(stocks(change, demand, shut, None), *wanted(demand))
    voucher = vouchers.usable(change, demand.project, demand.spec.get("voucher"), now_s)
    covered = cheapest(stocks(change, demand, shut, voucher), *wanted(demand)) if voucher else None
    if plain is None or voucher is None or covered is None:
        return plain

    def left_to_pay(choice: Choice) -> int:
        lines = [sold_line(change, *each) for each in choice.cards.items()]
        seconds = paid_seconds(demand.spec.get("billing", ""), asked_seconds(demand.spec))
        return vouchers.price(change, voucher, lines, seconds).total

    return min(plain, covered, key=left_to_pay)


def wanted(demand: Demand) -> tuple[int, str, int | None]:
    """How many cards a demand asks for, what they must share, and of how many providers they may be."""
    together = asked(demand.spec, "placement", "colocate") or "none"
    return demand.spec["cards"], together, asked(demand.spec, "placement", "maxProviders")


def matched(change: Change, demand: Demand, choice: Choice, now_s: float) -> Demand:
    """The demand with its order. Raises Problem: a limit, the balance, the quota or the voucher says no."""
    body = {
        "metadata": {"name": demand.name, "labels": demand.labels},
        "spec": demand.order_spec,
        "allocations": [
            {"offer": name, "cards": cards, "price": offer_named(change, name)["spec"]["price"]}
            for name, cards in choice.cards.items()
        ],
        "limits": demand.limits,
    }
    order: Order = placing.place(change, body, demand.project, demand.account, now_s, is_match=True)
    until = rfc3339(order.held_until_s)
    message = f"order {order.name} holds {order.cards} cards for {yuan(order.total)} CNY at most, until {until}"
    done = replace(
        demand, phase="Matched", reason=None, message=message, match=order.name, matched_s=int(now_s), looked_s=now_s
    )
    tell(change, done, "Matched", message, now_s)
    return demands.save(change, done)


def stocks(change: Change, demand: Demand, shut: frozenset[str], voucher: Voucher | None) -> Iterator[Stock]:
    """What the offers that fit can sell now, at their prices less the voucher's ratio, in units of 1/10^8 CNY."""
    most = min(map(Decimal, prices)) if (prices := list(price_limits(demand))) else None
    for item in change.items("offers", PLATFORM):
        sold, status = item.obj["spec"], item.obj["status"]
        if status["state"] == "withdrawn" or not status["free"] or sold["province"] in shut:
            continue
        if not allows(demand.spec, sold) or (most is not None and Decimal(sold["price"]) > most):
            continue
        kept = 1 - Decimal(voucher.ratio) if voucher and voucher.covers(sold) else Decimal(1)
        price = int((Decimal(sold["price"]) * kept).scaleb(8))
        places = (sold["province"], sold["provider"])
        yield Stock(price, item.name, sold["minCards"], sold["stepCards"], status["free"], *places)


def sold_line(change: Change, offer: str, cards: int) -> Line:
    """Cards of an offer at its present price."""
    sold = offer_named(change, offer)["spec"]
    return Line(offer, cards, sold["price"], sold["province"], sold["provider"])


def price_limits(demand: Demand) -> Iterator[str]:
    """What a card-hour may cost, by the demand's own limits and those that came with it."""
    for limits in (demand.limits, demand.spec.get("limits") or {}):
        if limits.get("maxPrice") is not None:
            yield limits["maxPrice"]
