"""Plans are the optimum: a solver finds no cheaper one under the same constraints, in hundreds of random markets."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import product
from typing import Any

import highspy
import pytest

from cpctl.broker import discount
from cpctl.broker.beside import alternative
from cpctl.broker.constraints import Offer, PlanRequest, VoucherTerms, fitting, is_good
from cpctl.broker.cover import amount_fen, discount_fen
from cpctl.broker.planner import bound_fen, is_feasible, lot_of, paid_seconds, plan, planned_of
from cpctl.errors import NoPlan

BATCHES, BATCH = 26, 20
PROVINCES = ("shanxi", "ningxia", "qinghai")


def by_solver(request: PlanRequest, offers: Sequence[Offer]) -> int | None:
    """The least total in fen, by a mixed-integer program with one binary for each quantity of each offer."""
    solver = highspy.Highs()
    solver.silent()
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.setOptionValue("mip_abs_gap", 0.5)
    solver.setOptionValue("mip_feasibility_tolerance", 1e-9)
    seconds = paid_seconds(request.billing, request.seconds)
    columns = [
        column for offer in fitting(request, filter(is_good, offers)) for column in _columns(request, offer, seconds)
    ]
    if not columns:
        return None
    picks = [solver.addBinary() for _ in columns]
    pairs = list(zip(columns, picks, strict=True))
    solver.addConstr(sum(n * pick for (_, n, _, _), pick in pairs) == request.cards)
    for offer in offers:
        if mine := [pick for (one, *_), pick in pairs if one.name == offer.name]:
            solver.addConstr(sum(mine) <= 1)
    for field, most in _bounds(request):
        used = {word: solver.addBinary() for word in {getattr(one, field) for (one, *_), _ in pairs}}
        for (one, *_), pick in pairs:
            solver.addConstr(pick <= used[getattr(one, field)])
        solver.addConstr(sum(used.values()) <= most)
    left = int(request.voucher.left * 100) if request.voucher else 0
    total = solver.addVariable(lb=-1e9, obj=1.0)
    solver.addConstr(total >= sum(gross * pick for (_, _, gross, _), pick in pairs) - left)
    solver.addConstr(total >= sum((gross - off) * pick for (_, _, gross, off), pick in pairs))
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        assert solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible
        return None
    chosen = [column for column, value in zip(columns, solver.getSolution().col_value, strict=False) if value > 0.5]
    return total_of(chosen, left)


def _columns(request: PlanRequest, offer: Offer, seconds: int) -> list[tuple[Offer, int, int, int]]:
    """Every quantity: the offer, cards, gross and discount in fen."""
    lot = lot_of(request, offer)
    numbers = range(lot.least, min(lot.free, request.cards) + 1, lot.step)
    amounts = [(n, amount_fen(lot.price, n, seconds)) for n in numbers]
    return [(offer, n, gross, discount_fen(gross, lot.off)) for n, gross in amounts]


def _bounds(request: PlanRequest) -> list[tuple[str, int]]:
    rows = [(request.colocate, 1)] if request.colocate != "none" else []
    return rows + ([("provider", request.max_providers)] if request.max_providers else [])


def total_of(chosen: Sequence[tuple[Offer, int, int, int]], left: int) -> int:
    gross, off = sum(one[2] for one in chosen), sum(one[3] for one in chosen)
    return gross - min(left, off)


def market(chance: random.Random) -> list[Offer]:
    """Offers of some providers; prices far apart, close, or equal; minimum and step alike or not."""
    spread = chance.choice([0, 30, 3_000, 90_000])
    sizes = chance.choice([(1,), (1, 2, 4, 8), (1, 2, 3, 5, 7)])
    homes = {f"pv-{i}": chance.choice(PROVINCES) for i in range(chance.randint(1, 7))}
    return [
        Offer(
            name=f"of-{i}",
            product=f"pd-{chance.randrange(3)}",
            provider=(provider := chance.choice(list(homes))),
            province=homes[provider],
            accelerator=chance.choice(["H800", "H800", "A30"]),
            vendor="NVIDIA",
            memory_gib=chance.choice([24, 80]),
            interconnect="NVLink",
            billing="on-demand",
            price=Decimal(100_000 + chance.randint(0, spread)) / 10_000,
            min_cards=chance.choice(sizes),
            step_cards=chance.choice(sizes),
            pue=Decimal(chance.choice(["1.20", "1.40"])),
            green=Decimal(chance.choice(["0.3", "0.9"])),
            latency_class="metro",
            state=chance.choice(["ok"] * 9 + ["sold-out"]),
            free=chance.randint(0, 40),
        )
        for i in range(chance.randint(1, 24))
    ]


def wish(chance: random.Random) -> PlanRequest:
    """A request with some of the constraints."""
    voucher = VoucherTerms(
        ratio=Decimal(chance.choice(["0.1", "0.25", "0.3333", "1"])),
        left=Decimal(chance.randint(0, 2_000_000)) / 100,
        province=chance.choice([None, "shanxi"]),
        products=chance.choice([(), ("pd-0", "pd-1")]),
    )
    return PlanRequest(
        accelerators=chance.choice([(), ("H800",)]),
        cards=chance.choice([1, 3, 8, 16, 30, 64]),
        seconds=chance.choice([60, 3_600, 86_400, 90_061]),
        exclude_provinces=chance.choice([(), (), ("qinghai",)]),
        max_pue=chance.choice([None, None, Decimal("1.3")]),
        colocate=chance.choice(["none", "none", "province", "provider"]),
        max_providers=chance.choice([None, 1, 2, 3]),
        budget=chance.choice([None, Decimal(chance.randint(1, 3_000_000)) / 100]),
        voucher=chance.choice([None, voucher]),
    )


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_solver_finds_nothing_cheaper(batch: int) -> None:
    planned = 0
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        chance = random.Random(seed)
        offers, request = market(chance), wish(chance)
        while (best := by_solver(request, offers)) is None and request.cards > 1:
            request = replace(request, cards=request.cards // 2)
        planned += check(request, offers, best)
    assert planned > BATCH // 3, "the cases of this batch have no answers"


def check(request: PlanRequest, offers: Sequence[Offer], best: int | None) -> bool:
    """Whether there is a plan; it costs what the solver's does, and keeps every constraint."""
    fits = fitting(request, filter(is_good, offers))
    assert is_feasible(request, fits) == (best is not None)
    is_too_dear = best is not None and request.budget is not None and best > request.budget * 100
    if best is None or is_too_dear:
        with pytest.raises(NoPlan) as refused:
            plan(request, offers)
        assert ("budget" in refused.value.without) == is_too_dear
        return False
    found = plan(request, offers)
    assert int(found.total * 100) == best
    assert bound_fen(request, fits) <= best
    keeps(request, offers, found)
    return True


def keeps(request: PlanRequest, offers: Sequence[Offer], found: Any) -> None:
    by_name = {offer.name: offer for offer in offers}
    chosen = [(by_name[one.offer], one.cards) for one in found.allocations]
    assert sum(cards for _, cards in chosen) == request.cards
    assert all(cards in range(o.min_cards, o.free + 1, o.step_cards) for o, cards in chosen)
    assert all(is_good(offer) for offer, _ in chosen) and len(fitting(request, [o for o, _ in chosen])) == len(chosen)
    for field, most in _bounds(request):
        assert len({getattr(offer, field) for offer, _ in chosen}) <= most
    assert found.total == sum(one.amount for one in found.allocations)
    if request.voucher:
        assert sum(one.discount for one in found.allocations) <= request.voucher.left


@pytest.mark.parametrize("seed", range(40))
def test_the_next_best_plan_is_the_cheapest_without_one_of_the_providers(seed: int) -> None:
    chance = random.Random(seed)
    offers = market(chance)
    request = replace(wish(chance), cards=chance.randint(1, 12), budget=None)
    try:
        found = plan(request, offers)
    except NoPlan:
        return
    fits = fitting(request, filter(is_good, offers))
    others = [planned_of(request, [o for o in fits if o.provider != name]) for name in found.providers]
    totals = [other.total for other in others if other]
    next_best = alternative(found, offers)
    if totals:
        assert next_best is not None and next_best.plan.total == min(totals)
        assert next_best.without not in next_best.plan.providers
        assert next_best.extra == min(totals) - found.total
    elif next_best is not None:
        assert next_best.without in {one.offer for one in found.allocations}


def test_a_voucher_that_ends_amid_the_rounding_is_used_to_the_fen() -> None:
    """The least gross and the least net are then of different choices, and the best may be a third."""
    tried = 0
    for seed in range(400):
        chance = random.Random(seed)
        lots = [
            discount.Lot(
                chance.randint(1, 60), chance.randint(1, 3), chance.randint(1, 3), chance.randint(1, 9), 0, off
            )
            for off in [chance.choice([500, 2_500, 3_333, 9_999])] * chance.randint(1, 4)
        ]
        cards, seconds = chance.randint(1, 14), chance.choice([3_600, 86_400])
        ends = every_end(lots, cards, seconds)
        for left in range(max((off for _, off in ends), default=0) + 1):
            best = min((max(gross - left, gross - off) for gross, off in ends), default=None)
            found = discount.between(lots, cards, seconds, left, 1 << 40)
            assert (found.fen if found else None) == best
            tried += 1
    assert tried > 1_000


def every_end(lots: Sequence[Any], cards: int, seconds: int) -> list[tuple[int, int]]:
    """Gross and discounts of every choice."""
    numbers = [[0, *range(lot.least, min(lot.free, cards) + 1, lot.step)] for lot in lots]
    return [
        (
            discount.gross_fen(lots, dict(enumerate(chosen)), seconds),
            discount.discounts_fen(lots, dict(enumerate(chosen)), seconds),
        )
        for chosen in product(*numbers)
        if sum(chosen) == cards
    ]


@pytest.mark.parametrize("most", [1, 2, 3])
@pytest.mark.parametrize("providers", [12, 40])
def test_512_cards_of_few_providers_of_one_province_take_less_than_two_seconds(providers: int, most: int) -> None:
    chance = random.Random(7)
    offers = [
        Offer(
            name=f"of-{i}",
            product="pd",
            provider=f"pv-{chance.randrange(providers)}",
            province="shanxi" if i < 3_000 else "qinghai",
            accelerator="H800",
            vendor="NVIDIA",
            memory_gib=80,
            interconnect="NVLink",
            billing="on-demand",
            price=Decimal(chance.randint(90_000, 180_000)) / 10_000,
            min_cards=(size := chance.choice([1, 1, 2, 4, 8])),
            step_cards=size,
            pue=Decimal("1.2"),
            green=Decimal("0.5"),
            latency_class="metro",
            state="ok",
            free=chance.randint(0, 64),
        )
        for i in range(10_000)
    ]
    request = PlanRequest(("H800",), 512, 86_400, provinces=("shanxi",), colocate="province", max_providers=most)
    for cards in (512, 509):
        began = time.process_time()
        found = plan(replace(request, cards=cards), offers)
        assert time.process_time() - began < 2
        assert len(found.providers) <= most
