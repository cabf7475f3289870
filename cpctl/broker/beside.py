"""What stands beside a plan: the next best one, the cheaper-looking offers it leaves out, what each constraint costs.

The next best plan is the cheapest that does without one of the providers chosen; where none does, the cheapest that
does without one of the offers chosen. Both are exact: a plan without something costs no less than its cards in parts,
so that few of them need be made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from cpctl.broker.constraints import BOUGHT, FILTERS, Offer, PlanRequest, fitting, is_good
from cpctl.broker.planner import Plan, bound_fen, most_providers, planned_of
from cpctl.broker.unplanned import relaxed


class Alternative(NamedTuple):
    """Attributes:
    without: What it does without: a provider, or else an offer.
    plan: The plan.
    extra: What it costs more, CNY.
    """

    without: str
    plan: Plan
    extra: Decimal


class Rejected(NamedTuple):
    """An offer with a lower price than the dearest one chosen, of which nothing is taken.

    Attributes:
        reason: The constraint it fails, by the flag's name; or state, free, minimum, voucher, quantity.
        detail: What the offer has in its place.
    """

    offer: str
    price: Decimal
    reason: str
    detail: str


class Saving(NamedTuple):
    """Attributes:
    without: A constraint, by the flag's name.
    total: What the cheapest plan without it costs, CNY.
    saved: How much less that is.
    """

    without: str
    total: Decimal
    saved: Decimal


def alternative(plan: Plan, offers: Sequence[Offer]) -> Alternative | None:
    """The next best plan; None when there is none."""
    fits = fitting(plan.request, filter(is_good, offers))
    by_name = {offer.name: offer for offer in fits}
    taken = [by_name[one.offer] for one in plan.allocations]
    return _cheapest_without(plan, fits, {o.provider for o in taken}, lambda o: o.provider) or _cheapest_without(
        plan, fits, {o.name for o in taken}, lambda o: o.name
    )


def _cheapest_without(
    plan: Plan, fits: Sequence[Offer], words: Iterable[str], of: Callable[[Offer], str]
) -> Alternative | None:
    """The cheapest plan that does without one of the words; of equals, the first by name."""
    best: Alternative | None = None
    left = {word: [offer for offer in fits if of(offer) != word] for word in words}
    bounds = sorted((bound_fen(plan.request, some), word) for word, some in left.items())
    for bound, word in bounds:
        below = None if best is None else int(best.plan.total * 100)
        if below is not None and bound >= below:
            break
        found = planned_of(plan.request, left[word], plan.absent, below)
        if found is not None:
            best = Alternative(word, found, found.total - plan.total)
    return best


def savings(plan: Plan, offers: Sequence[Offer]) -> list[Saving]:
    """What the plan would cost without each of its constraints, the dearest constraint first; only what would save."""
    usable = [offer for offer in offers if is_good(offer)]
    found = []
    for name, request, fits in relaxed(plan.request, usable):
        other = None if name in BOUGHT else planned_of(request, fits, plan.absent, int(plan.total * 100))
        if other is not None:
            found.append(Saving(name, other.total, plan.total - other.total))
    return sorted(found, key=lambda one: (-one.saved, one.without))


def rejected(plan: Plan, offers: Iterable[Offer]) -> list[Rejected]:
    """Offers that look cheaper than the dearest one chosen, and why they were left out; the cheapest first."""
    chosen = {one.offer for one in plan.allocations}
    dearest = max(one.price for one in plan.allocations)
    found = (
        Rejected(offer.name, offer.price, *_reason(plan, offer))
        for offer in offers
        if offer.price < dearest and offer.name not in chosen
    )
    return sorted(found, key=lambda one: (one.price, one.offer))


def _reason(plan: Plan, offer: Offer) -> tuple[str, str]:
    return next(_reasons(plan, offer))


def _reasons(plan: Plan, offer: Offer) -> Iterator[tuple[str, str]]:
    """Every reason that holds, the plainest first."""
    request, some = plan.request, plan.allocations[0]
    for one in FILTERS:
        if one.asked(request) and not one.passes(request, offer):
            yield one.name, str(one.shows(offer))
    if not is_good(offer):
        yield "state", offer.state
    if offer.free < offer.min_cards:
        yield "free", f"{offer.free} free, sold from {offer.min_cards}"
    if offer.min_cards > request.cards:
        yield "minimum", f"sold from {offer.min_cards}"
    if request.colocate == "province" and offer.province != some.province:
        yield "colocate", f"in {offer.province}, the others in {some.province}"
    if request.colocate == "provider" and offer.provider != some.provider:
        yield "colocate", f"of {offer.provider}, the others of {some.provider}"
    if _is_one_too_many(request, plan, offer):
        yield "max-providers", f"of {offer.provider}, one more than {request.max_providers}"
    if request.voucher and not request.voucher.covers(offer):
        yield "voucher", "not covered by it, the others cost less with it"
    yield "quantity", f"sold from {offer.min_cards} in steps of {offer.step_cards}, which makes the whole no cheaper"


def _is_one_too_many(request: PlanRequest, plan: Plan, offer: Offer) -> bool:
    most = most_providers(request)
    return most is not None and len(plan.providers) >= most and offer.provider not in plan.providers
