"""Why there is no plan: which constraint leaves no offer, and which one alone stands in the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cpctl.broker.constraints import BOUGHT, FILTERS, NEVER_RELAXED, TOGETHER, Offer, PlanRequest, fitting
from cpctl.broker.cover import makeable
from cpctl.broker.planner import Plan, is_feasible, least, lot_of
from cpctl.errors import NoPlan


def relaxed(request: PlanRequest, usable: Sequence[Offer]) -> Iterator[tuple[str, PlanRequest, list[Offer]]]:
    """The request without one of its constraints each, and the offers that fit then."""
    for one in FILTERS:
        if one.name not in NEVER_RELAXED and one.asked(request):
            yield one.name, request, fitting(request, usable, one.name)
    fits = fitting(request, usable)
    for whole in TOGETHER:
        if whole.asked(request):
            yield whole.name, whole.without(request), fits


def no_plan(request: PlanRequest, usable: Sequence[Offer], fits: Sequence[Offer], absent: Sequence[str]) -> NoPlan:
    """The reason, and the constraints that stand in the way alone."""
    without = tuple(name for name, other, more in relaxed(request, usable) if is_feasible(other, more))
    detail = f"no offers make {request.cards} cards of {_wanted(request)}: {_reason(request, usable, fits)}"
    if without:
        detail += f"; without {' or '.join(without)} there are enough"
    if absent:
        detail += f"; not answering: {', '.join(sorted(absent))}"
    return NoPlan(detail=detail, hint="cpctl get offers", without=without)


def over_budget(found: Plan, usable: Sequence[Offer]) -> NoPlan:
    """The least total, and the constraints without one of which the budget would do."""
    budget = found.request.budget or 0
    others = [
        name
        for name, other, more in relaxed(found.request, usable)
        if name not in BOUGHT and least(other, more, int(budget * 100) + 1) is not None
    ]
    detail = f"the cheapest plan costs {found.total} CNY, the budget is {budget}"
    if others:
        detail += f"; without {' or '.join(others)} there is one within it"
    return NoPlan(detail=detail, without=("budget", *others), least=found.total)


def _wanted(request: PlanRequest) -> str:
    return " or ".join(request.accelerators) or "any accelerator"


def _reason(request: PlanRequest, usable: Sequence[Offer], fits: Sequence[Offer]) -> str:
    if not fits:
        return f"no offer passes {_emptied_by(request, usable)}"
    free = sum(offer.free for offer in fits)
    if free < request.cards:
        return f"{free} are free in the {len(fits)} offers that fit"
    made = makeable([lot_of(request, offer) for offer in fits], request.cards).bit_length() - 1
    if made < request.cards:
        return f"they are sold in minimum and step quantities, which make {made or 'none'} below that"
    return f"there are enough, but not {_together(request)}"


def _together(request: PlanRequest) -> str:
    """What the cards as a whole must be."""
    words = [] if request.colocate == "none" else [f"in one {request.colocate}"]
    if request.colocate == "provider":
        words = ["of one provider"]
    if request.max_providers is not None:
        words.append(f"of at most {request.max_providers} providers")
    return " and ".join(words)


def _emptied_by(request: PlanRequest, usable: Sequence[Offer]) -> str:
    """The constraints, in order, up to the one after which no offer is left."""
    left: Sequence[Offer] = usable
    named = []
    for one in FILTERS:
        if one.asked(request):
            left = [offer for offer in left if one.passes(request, offer)]
            named.append(one.name)
        if not left:
            break
    return " and ".join(named)
