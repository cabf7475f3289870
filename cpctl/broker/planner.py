"""The cheapest allocation of cards over offers: pure, exact to the fen the platform will ask for.

Of allocations that cost the same, the one over fewer offers is taken; of those, chance decides, not a name: each offer
draws a number from the hash of its name and the request, so that the same request is planned the same way, and over
many requests no provider is favoured. Where cards must be together, or of few providers, that holds within the province
or the providers chosen, and among those that cost the same the draws of their offers decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from cpctl.broker.constraints import Offer, PlanRequest, fitting, is_good
from cpctl.broker.cover import TIE_LIMIT, WHOLE, Lot, amount_fen, cheapest, discount_fen
from cpctl.broker.discount import cheapest_after, gross_fen, views_of
from cpctl.broker.groups import Solved, can_make_of, cheapest_of
from cpctl.broker.parts import View, in_parts_fen

PERIOD_S = {"daily": 86_400, "monthly": 30 * 86_400}


class Allocation(NamedTuple):
    """Cards of one offer; `amount` is what they cost for the whole time, the `discount` taken off."""

    offer: str
    cards: int
    price: Decimal
    amount: Decimal
    discount: Decimal
    accelerator: str
    province: str
    provider: str


@dataclass(frozen=True)
class Plan:
    """What to buy.

    Attributes:
        allocations: By offer name.
        total: Sum of the amounts, CNY.
        per_hour: CNY an hour while all cards run, before a voucher.
        paid_s: Seconds that are paid for: whole days and months where the billing mode has them.
        absent: Provinces that did not answer when the offers were read.
    """

    request: PlanRequest
    allocations: tuple[Allocation, ...]
    total: Decimal
    per_hour: Decimal
    paid_s: int
    absent: tuple[str, ...] = ()

    @property
    def providers(self) -> tuple[str, ...]:
        return tuple(sorted({one.provider for one in self.allocations}))


def plan(request: PlanRequest, offers: Iterable[Offer], absent: Sequence[str] = ()) -> Plan:
    """The allocation of the least total.

    Args:
        offers: As read just now; only those in a state known to be good are used.
        absent: Provinces that did not answer; their offers must not be among the offers.

    Raises:
        NoPlan: No allocation does.
    """
    from cpctl.broker.unplanned import no_plan, over_budget

    usable = [offer for offer in offers if is_good(offer)]
    fits = fitting(request, usable)
    found = planned_of(request, fits, absent)
    if found is None:
        raise no_plan(request, usable, fits, absent)
    if request.budget is not None and found.total > request.budget:
        raise over_budget(found, usable)
    return found


def planned_of(
    request: PlanRequest, fits: Sequence[Offer], absent: Sequence[str] = (), below: int | None = None
) -> Plan | None:
    """The cheapest plan among offers that pass every filter, whatever the budget; None when there is none.

    Args:
        below: Only a plan that costs less is sought, in fen.
    """
    solved = least(request, fits, below)
    return None if solved is None else _plan(request, fits, solved, absent)


def bound_fen(request: PlanRequest, fits: Sequence[Offer]) -> int:
    """What no plan among these offers costs less than, from cards bought in parts; more than any when too few."""
    return _bound_of(request, [lot_of(request, offer) for offer in fits])


def _bound_of(request: PlanRequest, lots: Iterable[Lot]) -> int:
    seconds = paid_seconds(request.billing, request.seconds)
    able = [lot for lot in lots if lot.least <= min(lot.free, request.cards)]
    return max(in_parts_fen(able, request.cards, seconds, view) for view in _views(request, able, seconds))


def _views(request: PlanRequest, lots: Sequence[Lot], seconds: int) -> tuple[View, ...]:
    """What no choice costs less than, counted one way or another."""
    if request.voucher is None:
        return (View(),)
    return views_of(lots, request.cards, seconds, int(request.voucher.left * 100))


def least(request: PlanRequest, fits: Sequence[Offer], below: int | None = None) -> Solved | None:
    """The cheapest choice among offers that pass every filter; None when no choice makes the number of cards."""
    lots = [lot_of(request, offer) for offer in fits]
    places: dict[str, list[int]] = {}
    for i, offer in enumerate(fits):
        places.setdefault(offer.province if request.colocate == "province" else "", []).append(i)
    best = None
    for bound, _, place in sorted(
        (_bound_of(request, [lots[i] for i in place]), min(lots[i].tie for i in place), place)
        for place in places.values()
    ):
        if below is not None and bound >= below:
            break
        found = _least_of(request, fits, lots, place, below)
        if found is not None:
            best, below = found, found.fen
    return best


def most_providers(request: PlanRequest) -> int | None:
    """Of how many providers the cards may be."""
    return 1 if request.colocate == "provider" else request.max_providers


def is_feasible(request: PlanRequest, fits: Sequence[Offer]) -> bool:
    """Whether some choice makes the number of cards, whatever it costs."""
    most = most_providers(request)
    places: dict[str, list[Offer]] = {}
    for offer in fits:
        places.setdefault(offer.province if request.colocate == "province" else "", []).append(offer)
    return any(
        can_make_of(
            [lot_of(request, offer) for offer in one],
            [offer.provider if most is not None else "" for offer in one],
            request.cards,
            most or 1,
        )
        for one in places.values()
    )


def _least_of(
    request: PlanRequest, fits: Sequence[Offer], lots: Sequence[Lot], among: Sequence[int], below: int | None
) -> Solved | None:
    """The same among some of the offers, of as many providers as there may be; None when none costs less."""
    seconds = paid_seconds(request.billing, request.seconds)
    left = int(request.voucher.left * 100) if request.voucher else None

    def solve(some: Sequence[int], under: int | None) -> Solved | None:
        mine = [lots[i] for i in some]
        if left is not None:
            solved = cheapest_after(mine, request.cards, seconds, left, under)
        else:
            chosen = cheapest(mine, request.cards, seconds, under)
            solved = None if chosen is None else Solved(gross_fen(mine, chosen, seconds), chosen)
        return solved and Solved(solved.fen, {some[i]: cards for i, cards in solved.chosen.items()})

    most = most_providers(request)
    if most is None:
        found = solve(among, below)
        return found if found and (below is None or found.fen < below) else None
    groups = [offer.provider for offer in fits]
    views = _views(request, [lots[i] for i in among], seconds)
    return cheapest_of(lots, groups, among, request.cards, seconds, most, solve, views, below)


def paid_seconds(billing: str, seconds: int) -> int:
    """How long cards are paid for: the time itself, or the whole periods that cover it."""
    period = PERIOD_S.get(billing, 1)
    return -(-seconds // period) * period


def lot_of(request: PlanRequest, offer: Offer) -> Lot:
    """An offer as a quantity and a price."""
    off = int(request.voucher.ratio * WHOLE) if request.voucher and request.voucher.covers(offer) else 0
    draw = _draw(f"{','.join(request.accelerators)} {request.cards} {request.seconds} {request.billing}", offer.name)
    return Lot(int(offer.price * 10_000), offer.min_cards, offer.step_cards, offer.free, draw, off)


@lru_cache(maxsize=1 << 15)  # one plan draws for the same offers again and again
def _draw(request: str, name: str) -> int:
    """The number by which chance decides among equals."""
    from hashlib import sha256

    return int.from_bytes(sha256(f"{request} {name}".encode()).digest()[:4], "big") % TIE_LIMIT


def _plan(request: PlanRequest, fits: Sequence[Offer], solved: Solved, absent: Sequence[str]) -> Plan:
    taken = sorted(((fits[i], cards) for i, cards in solved.chosen.items()), key=lambda pair: pair[0].name)
    allocations = allocated(request, taken)
    return Plan(
        request=request,
        allocations=allocations,
        total=sum((one.amount for one in allocations), Decimal("0.00")),
        per_hour=sum((one.price * one.cards for one in allocations), Decimal("0.0000")),
        paid_s=paid_seconds(request.billing, request.seconds),
        absent=tuple(sorted(absent)),
    )


def allocated(request: PlanRequest, taken: Iterable[tuple[Offer, int]]) -> tuple[Allocation, ...]:
    """So many cards of each offer at the prices of now; the voucher is used for the first ones first."""
    paid_s = paid_seconds(request.billing, request.seconds)
    left = int(request.voucher.left * 100) if request.voucher else 0
    allocations = []
    for offer, cards in taken:
        one, off = _allocation(request, offer, cards, paid_s, left)
        left -= off
        allocations.append(one)
    return tuple(allocations)


def _allocation(request: PlanRequest, offer: Offer, cards: int, paid_s: int, left: int) -> tuple[Allocation, int]:
    """The line, and the fen that the voucher takes off it: no more than is left of it."""
    lot = lot_of(request, offer)
    gross = amount_fen(lot.price, cards, paid_s)
    off = min(left, discount_fen(gross, lot.off))
    amount, discount = (Decimal(fen).scaleb(-2) for fen in (gross - off, off))
    return Allocation(
        offer.name, cards, offer.price, amount, discount, offer.accelerator, offer.province, offer.provider
    ), off
