"""The cheapest cover is the cheapest: against every choice, and against a solver."""

from __future__ import annotations

import random
import time

import highspy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpctl.broker.cover import Lot, can_make, cheapest, cost_fen, makeable


def quantities(lot: Lot, cards: int) -> range:
    return range(lot.least, min(lot.free, cards) + 1, lot.step)


def by_trying_all(lots: list[Lot], cards: int, seconds: int) -> int | None:
    """The least cost, by the plainest dynamic program there is."""
    best = {0: 0}
    for lot in lots:
        longer = dict(best)
        for made, cost in best.items():
            for n in quantities(lot, cards - made):
                total = cost + cost_fen(lot, n, seconds)
                longer[made + n] = min(total, longer.get(made + n, total))
        best = longer
    return best.get(cards)


def by_solver(lots: list[Lot], cards: int, seconds: int) -> int | None:
    """The least cost, by a mixed-integer program: one binary for each quantity of each lot."""
    solver = highspy.Highs()
    solver.silent()
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.setOptionValue("mip_abs_gap", 0.5)
    columns = [(lot, n, cost_fen(lot, n, seconds)) for lot in lots for n in quantities(lot, cards)]
    picks = [solver.addBinary(obj=float(cost)) for _, _, cost in columns]
    if not picks:
        return None
    solver.addConstr(sum(n * pick for (_, n, _), pick in zip(columns, picks, strict=True)) == cards)
    for lot in lots:
        mine = [pick for (one, _, _), pick in zip(columns, picks, strict=True) if one is lot]
        if mine:
            solver.addConstr(sum(mine) <= 1)
    solver.run()
    if solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
        return None
    assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    chosen = solver.getSolution().col_value
    return sum(cost for (_, _, cost), value in zip(columns, chosen, strict=True) if value > 0.5)


def cost(lots: list[Lot], chosen: dict[int, int], seconds: int) -> int:
    return sum(cost_fen(lots[i], n, seconds) for i, n in chosen.items())


def check(lots: list[Lot], cards: int, seconds: int, least: int | None) -> None:
    chosen = cheapest(lots, cards, seconds)
    assert (chosen is None) == (least is None) == (not can_make(lots, cards))
    if chosen is not None:
        assert sum(chosen.values()) == cards
        assert all(n in quantities(lots[i], cards) for i, n in chosen.items())
        assert cost(lots, chosen, seconds) == least


LOTS = st.lists(
    st.builds(
        Lot,
        price=st.integers(0, 40) | st.integers(100_000, 130_000) | st.just(120_000),
        least=st.integers(1, 9),
        step=st.integers(1, 9),
        free=st.integers(0, 30),
        tie=st.integers(0, 1 << 19),
        off=st.just(0) | st.integers(0, 10_000),
    ),
    max_size=8,
)


@settings(max_examples=400, deadline=None)
@given(LOTS, st.integers(1, 40), st.sampled_from([1, 7, 3_600, 86_400, 90_061, 30 * 86_400]))
def test_no_choice_is_cheaper(lots: list[Lot], cards: int, seconds: int) -> None:
    check(lots, cards, seconds, by_trying_all(lots, cards, seconds))


@pytest.mark.parametrize("seed", range(60))
def test_a_solver_finds_the_same_cost(seed: int) -> None:
    chance = random.Random(seed)
    cards = chance.randint(1, 96)
    spread = chance.choice([40, 400, 20_000])
    lots = [
        Lot(
            chance.randint(90_000, 90_000 + spread),
            size := chance.choice([1, 1, 2, 4, 8, 3]),
            size,
            chance.randint(0, 40),
            i,
        )
        for i in range(chance.randint(1, 60))
    ]
    seconds = chance.choice([60, 3_600, 86_400, 123_456])
    check(lots, cards, seconds, by_solver(lots, cards, seconds))


@settings(max_examples=300, deadline=None)
@given(LOTS, st.integers(1, 40), st.sampled_from([7, 3_600, 86_400]), st.integers(-3, 40_000))
def test_only_what_costs_less_is_found_when_that_is_asked(lots: list[Lot], cards: int, seconds: int, more: int) -> None:
    least = by_trying_all(lots, cards, seconds)
    below = (least or 0) + more
    chosen = cheapest(lots, cards, seconds, below)
    assert (chosen is None) == (least is None or least >= below)
    assert chosen is None or cost(lots, chosen, seconds) == least


def test_fewer_lots_are_taken_at_the_same_cost() -> None:
    lots = [Lot(120_000, 1, 1, 4, tie=i) for i in range(8)] + [Lot(120_000, 1, 1, 16, tie=99)]
    assert cheapest(lots, 16, 3_600) == {8: 16}


def test_among_equals_the_tie_decides_whatever_their_order() -> None:
    lots = [Lot(120_000, 1, 1, 8, tie) for tie in (5, 3, 9)]
    assert cheapest(lots, 8, 3_600) == {1: 8}
    assert cheapest(lots[::-1], 8, 3_600) == {1: 8}


def test_rounding_belongs_to_the_cost() -> None:
    lots = [
        Lot(1, 1, 1, 30),
        *(Lot(1, 1, 1, 10) for _ in range(3)),
    ]  # 0.0001 an hour: ten cards for four hours are free
    chosen = cheapest(lots, 30, 14_400) or {}
    assert len(chosen) == 3 and cost(lots, chosen, 14_400) == 0


def test_what_can_be_made() -> None:
    assert bin(makeable([Lot(1, 3, 5, 13)], 20)) == bin(1 | 1 << 3 | 1 << 8 | 1 << 13)
    assert not can_make([Lot(1, 8, 8, 64)], 12)
    assert not can_make([], 1)


def spread(count: int, low: int, high: int, grain: int = 1) -> list[Lot]:
    chance = random.Random(5)
    sizes = [chance.choice([1, 1, 2, 4, 8]) for _ in range(count)]
    return [
        Lot(chance.randint(low, high) * grain, size, size, chance.randint(0, 64), chance.randrange(1 << 20))
        for size in sizes
    ]


@pytest.mark.parametrize(
    ("name", "lots"),
    [
        ("a catalogue", spread(10_000, 3_000, 300_000)),
        ("prices close together", spread(10_000, 120_000, 120_300)),
        ("prices in whole fen", spread(10_000, 1_190, 1_200, 100)),
        ("one price", [Lot(125_000, 1, 1, 1 + i % 8, i) for i in range(10_000)]),
        ("one price that does not divide", [Lot(100_001, 1, 1, 512, i) for i in range(10_000)]),
    ],
)
def test_512_cards_over_10_000_lots_take_less_than_two_seconds(name: str, lots: list[Lot]) -> None:
    for cards in (512, 509):
        began = time.process_time()
        assert cheapest(lots, cards, 86_400) is not None
        assert time.process_time() - began < 2
