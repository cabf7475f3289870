"""The cheapest way to make a number of cards out of the lots of at most so many groups (providers), exact to the fen.

A set of groups costs no less than its lots bought in parts, the cheapest first; and at any price λ of a card, no less
than λ for every card and what its groups sell below λ. So sets are searched best first, and one that cannot save a fen
on the best choice so far is left out with all that are made from it. Where very many sets are about as good, groups are
added one by one to a table of cards made by groups used instead.

Of sets that cost the same, the one met first is taken: groups are ordered by what they sell below λ, then by the least
`tie` of their lots, never by name.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple

from cpctl.broker.cover import PER_FEN, WHOLE, Lot, makeable

UNIT = PER_FEN * WHOLE  # costs in parts are whole numbers of a fen over this
PRICES = 40  # values of λ that sets are measured with
SETS_LIMIT = 400  # sets that are solved one by one
STEPS_LIMIT = 60_000
NEVER = 1 << 200


class Solved(NamedTuple):
    """The best choice among some lots.

    Attributes:
        fen: What it costs.
        chosen: Cards by lot.
    """

    fen: int
    chosen: dict[int, int]


Solve = Callable[[Sequence[int]], Solved | None]


class View(NamedTuple):
    """One way to count costs, which no choice undercuts.

    Attributes:
        nets: Whether what a voucher takes off is left out.
        less: Fen taken off a whole choice.
    """

    nets: bool
    less: int


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


class _Measure(NamedTuple):
    """A view's supplies by group, the values of λ, and what rounding may save in any choice."""

    supplies: list[Supply]
    prices: list[int]
    less: int


def cheapest_of(
    lots: Sequence[Lot],
    groups: Sequence[Hashable],
    among: Sequence[int],
    cards: int,
    seconds: int,
    most: int,
    solve: Solve,
    views: Sequence[View],
) -> Solved | None:
    """The best choice among lots of at most so many groups; None when there is none.

    Args:
        groups: The group of each lot.
        among: The lots that are chosen from.
        most: How many groups.
        solve: The best choice among some lots; groups themselves are no concern of it.
        views: Costs that `solve` never undercuts.
    """
    members = _members(lots, groups, among, cards)
    if not _can_make(lots, members, cards, most):
        return None
    of_any = solve([i for one in members for i in one])
    if of_any is not None and len({groups[i] for i in of_any.chosen}) <= most:
        return of_any
    return _Search(lots, members, cards, seconds, most, solve, views).best()


def can_make_of(lots: Sequence[Lot], groups: Sequence[Hashable], cards: int, most: int) -> bool:
    """Whether lots of at most so many groups make exactly so many cards."""
    return _can_make(lots, _members(lots, groups, range(len(lots)), cards), cards, most)


def _members(lots: Sequence[Lot], groups: Sequence[Hashable], among: Iterable[int], cards: int) -> list[list[int]]:
    """The lots of each group that can serve."""
    found: dict[Hashable, list[int]] = {}
    for i in among:
        if lots[i].least <= min(lots[i].free, cards):
            found.setdefault(groups[i], []).append(i)
    return list(found.values())


def _can_make(lots: Sequence[Lot], members: Sequence[Sequence[int]], cards: int, most: int) -> bool:
    """Whether any set of groups makes the number; `reached[k]` has bit n set when k groups make n."""
    mask = (1 << cards + 1) - 1
    reached = [1] + [0] * most
    for one in members:
        alone = makeable((lots[i] for i in one), cards)
        amounts = [n for n in range(1, cards + 1) if alone >> n & 1]
        for k in range(most, 0, -1):
            for n in amounts:
                reached[k] |= reached[k - 1] << n & mask
    return any(sums >> cards & 1 for sums in reached)


class _Search:
    """The search for one request."""

    def __init__(
        self,
        lots: Sequence[Lot],
        members: list[list[int]],
        cards: int,
        seconds: int,
        most: int,
        solve: Solve,
        views: Sequence[View],
    ) -> None:
        self.cards, self.most, self.solve = cards, most, solve
        measures = [_measured(lots, members, cards, seconds, view) for view in views]
        order = _order(lots, members, measures[0], cards, most)
        self.members = [members[p] for p in order]
        self.measures = [one._replace(supplies=[one.supplies[p] for p in order]) for one in measures]
        self.tables = [_Table.of(one, cards, most) for one in self.measures]
        self.found: Solved | None = None

    def best(self) -> Solved | None:
        for chosen in self._sets((), 0, [table.nothing for table in self.tables]):
            if self._may_save(self._least_in_parts(chosen)):
                self._take(self.solve(sorted(i for p in chosen for i in self.members[p])))
        return self.found

    def _take(self, solved: Solved | None) -> None:
        if solved is not None and (self.found is None or solved.fen < self.found.fen):
            self.found = solved

    def _may_save(self, bound: int) -> bool:
        """Whether a choice that costs no less than the bound might cost a fen less than the best one."""
        limit = NEVER if self.found is None else (self.found.fen - 1) * UNIT
        return bound <= limit

    def _sets(self, chosen: tuple[int, ...], start: int, sums: list[list[int]]) -> Iterator[tuple[int, ...]]:
        """Sets of as many groups as there may be, the promising first; what cannot save a fen is not walked into."""
        left = self.most - len(chosen)
        if left == 0:
            yield chosen
            return
        for p in range(start, len(self.members) - left + 1):
            longer = [
                [a + b for a, b in zip(before, table.below[p], strict=True)]
                for before, table in zip(sums, self.tables, strict=True)
            ]
            pairs = zip(self.tables, longer, strict=True)
            if self._may_save(max(table.bound(added, p + 1, left - 1) for table, added in pairs)):
                yield from self._sets((*chosen, p), p + 1, longer)

    def _least_in_parts(self, chosen: Sequence[int]) -> int:
        return max(_in_parts(one, [one.supplies[p] for p in chosen], self.cards) for one in self.measures)


class _Table(NamedTuple):
    """What groups sell below each λ.

    Attributes:
        below: By group and λ.
        most: By first group, number of groups and λ: the most that so many groups from the first on can bring.
        base: What all cards cost at each λ.
    """

    below: list[list[int]]
    most: list[list[list[int]]]
    base: list[int]

    @property
    def nothing(self) -> list[int]:
        return [0] * len(self.base)

    @staticmethod
    def of(measure: _Measure, cards: int, most: int) -> _Table:
        below = [[supply.below(price) for price in measure.prices] for supply in measure.supplies]
        none = [0] * len(measure.prices)
        best = [[none] * most]
        tops: list[list[int]] = [[] for _ in measure.prices]
        for row in reversed(below):
            for top, value in zip(tops, row, strict=True):
                top.append(value)
                top.sort()
                del top[most - 1 :]
            sums = [[sum(top[:k]) for top in tops] for k in range(most)]
            best.append(sums)
        base = [price * cards - measure.less for price in measure.prices]
        return _Table(below, best[::-1], base)

    def bound(self, sums: Sequence[int], start: int, left: int) -> int:
        """What no set costs less than that has these groups and `left` more from `start` on."""
        return max(a + b + c for a, b, c in zip(self.base, sums, self.most[start][left], strict=True))


def _measured(lots: Sequence[Lot], members: Sequence[Sequence[int]], cards: int, seconds: int, view: View) -> _Measure:
    """The supplies of all groups as this view counts them, and the values of λ: prices of lots, from all ranks."""
    supplies = [supply_of([lots[i] for i in one], cards, seconds, view) for one in members]
    prices = sorted({price for supply in supplies for price in supply.prices})
    ranks = sorted({rank * (len(prices) - 1) // PRICES for rank in range(PRICES + 1)})
    every = [lots[i] for one in members for i in one]
    less = view.less * UNIT + rounding_of(every, cards, seconds, view)
    far = prices[-1] * cards * 4 + UNIT  # so dear that only cards count
    return _Measure(supplies, [*(prices[rank] for rank in ranks), far], less)


def supply_of(lots: Sequence[Lot], cards: int, seconds: int, view: View) -> Supply:
    sold = sorted((lot.price * seconds * (WHOLE - (lot.off if view.nets else 0)), most_of(lot, cards)) for lot in lots)
    supply = Supply([price for price, _ in sold], [0], [0])
    for price, n in sold:
        supply.cards.append(supply.cards[-1] + n)
        supply.costs.append(supply.costs[-1] + price * n)
    return supply


def most_of(lot: Lot, cards: int) -> int:
    """The largest quantity it is sold in."""
    return lot.least + (min(lot.free, cards) - lot.least) // lot.step * lot.step


def rounding_of(lots: Sequence[Lot], cards: int, seconds: int, view: View) -> int:
    """What rounding may take off any choice: half a fen a lot, and half a fen for what the voucher takes off."""
    lines = min(len(lots), cards // min(lot.least for lot in lots))
    is_exact = all(lot.price * seconds % PER_FEN == 0 for lot in lots)
    if not view.nets or not any(lot.off for lot in lots):
        return 0 if is_exact else lines * UNIT // 2
    is_exact = is_exact and all(lot.price * seconds // PER_FEN * lot.off % WHOLE == 0 for lot in lots)
    return 0 if is_exact else lines * UNIT


def _in_parts(measure: _Measure, supplies: Sequence[Supply], cards: int) -> int:
    """What the cards cost when parts of lots are bought, the cheapest first; NEVER when there are too few."""
    prices = sorted(price for supply in supplies for price in supply.prices)
    if sum(supply.cards[-1] for supply in supplies) < cards:
        return NEVER + 1
    low, high = 0, len(prices) - 1
    while low < high:
        middle = (low + high) // 2
        if sum(supply.sold(prices[middle]) for supply in supplies) >= cards:
            high = middle
        else:
            low = middle + 1
    price = prices[low]
    return price * cards + sum(supply.below(price) for supply in supplies) - measure.less


def in_parts_fen(lots: Sequence[Lot], cards: int, seconds: int, view: View) -> int:
    """What no choice among the lots costs less than, whatever the groups."""
    if sum(most_of(lot, cards) for lot in lots) < cards:
        return NEVER
    cost = (
        supply_of(lots, cards, seconds, view).cost(cards) - view.less * UNIT - rounding_of(lots, cards, seconds, view)
    )
    return -(-cost // UNIT)


def _order(
    lots: Sequence[Lot], members: Sequence[Sequence[int]], measure: _Measure, cards: int, most: int
) -> list[int]:
    """Groups by what they sell below the λ at which the bound of all sets is greatest, then by chance."""

    def bound(price: int) -> int:
        return price * cards + sum(sorted(supply.below(price) for supply in measure.supplies)[:most])

    price = max(measure.prices[:-1], key=bound)
    draws = [min(lots[i].tie for i in one) for one in members]
    return sorted(range(len(members)), key=lambda p: (measure.supplies[p].below(price), draws[p]))
