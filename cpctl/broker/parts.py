"""Cards bought in parts of lots, the cheapest first: what no real choice costs less than.

A lot's quantities cost no less than the lower convex hull of them and of nothing, which is sold here in parts.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from cpctl.broker.cover import PER_FEN, WHOLE, Lot, amount_fen, discount_fen, hull

UNIT = PER_FEN * WHOLE  # costs in parts are whole numbers of a fen over this
SHARES = 1 << 10
NEVER = 1 << 200


class View(NamedTuple):
    """One way to count costs, which no choice undercuts: net by so many shares, for the rest gross less what is left.

    What a voucher takes off has an end, so that a choice costs the greater of both and no less than any mean of them.

    Attributes:
        part: How many SHARES count as net.
        left: What the voucher takes off at most, in fen; 0 where there is none.
    """

    part: int = 0
    left: int = 0

    @property
    def less(self) -> int:
        """What is taken off a whole choice."""
        return self.left * (UNIT // SHARES) * (SHARES - self.part)


class Supply(NamedTuple):
    """What a group sells in parts, the cheapest first: cards and cost of the first so many lots."""

    prices: list[int]
    cards: list[int]
    costs: list[int]

    def below(self, price: int) -> int:
        """What its lots cost below the price more than that price: nothing, or less than nothing."""
        i = bisect_right(self.prices, price)
        return self.costs[i] - price * self.cards[i]

    def sold(self, price: int) -> int:
        return self.cards[bisect_right(self.prices, price)]

    def at(self, cards: int) -> int:
        """The price of the last of so many cards, or of the last it has."""
        return self.prices[min(bisect_left(self.cards, cards), len(self.prices)) - 1]

    def cost(self, cards: int) -> int:
        """What so many cards cost; NEVER when it has not so many."""
        if cards > self.cards[-1]:
            return NEVER
        i = bisect_left(self.cards, cards)
        return self.costs[i] - self.prices[i - 1] * (self.cards[i] - cards) if i else 0


def supply_of(lots: Iterable[Lot], cards: int, seconds: int, view: View) -> Supply:
    """What lots sell in parts; none of them less than nothing."""
    sold: list[tuple[int, int]] = []
    for lot in lots:
        off = lot.off if view.part else 0
        alike = Lot(lot.price, lot.least, lot.step, most_of(lot, cards), off=off)
        sold += _segments(alike, seconds, view.part if off else 0)
    sold.sort()
    supply = Supply([price for price, _ in sold], [0], [0])
    for price, n in sold:
        supply.cards.append(supply.cards[-1] + n)
        supply.costs.append(supply.costs[-1] + price * n)
    return supply


@lru_cache(maxsize=1 << 15)  # one plan measures the same lots again and again
def _segments(lot: Lot, seconds: int, part: int) -> Sequence[tuple[int, int]]:
    """The price of a card and cards, dearer and dearer, of a lot without `tie`; one price where nothing is rounded."""
    a_card = lot.price * seconds
    if a_card % PER_FEN == 0 and a_card // PER_FEN * lot.off % WHOLE == 0:
        return [(a_card * WHOLE - a_card * lot.off // SHARES * part, lot.free)]
    costs = [(0, 0)]
    for n in range(lot.least, lot.free + 1, lot.step):
        amount = amount_fen(lot.price, n, seconds)
        costs.append((n, amount * UNIT - discount_fen(amount, lot.off) * (UNIT // SHARES) * part))
    return list(hull(costs))


def most_of(lot: Lot, cards: int) -> int:
    """The largest quantity it is sold in."""
    return lot.least + (min(lot.free, cards) - lot.least) // lot.step * lot.step


def in_parts_fen(lots: Sequence[Lot], cards: int, seconds: int, view: View) -> int:
    """What no choice among the lots costs less than."""
    if sum(most_of(lot, cards) for lot in lots) < cards:
        return NEVER
    return -((view.less - supply_of(lots, cards, seconds, view).cost(cards)) // UNIT)
