"""The cheapest way to make a number of cards out of the lots of at most so many groups (providers), exact to the fen.

A set of groups costs no less than its lots bought in parts, the cheapest first; and at any price λ of a card, no less
than λ for every card and what its groups sell below λ. So sets are searched best first, and one that cannot save a fen
on the best choice so far is left out with all that are made from it. Where very many sets are about as good, groups are
added one by one to a table of cards made by groups used instead.

Of sets that cost the same, the one met first is taken: groups are ordered by what they sell below λ, then by the least
`tie` of their lots, never by name.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple

from cpctl.broker.cover import Lot, makeable
from cpctl.broker.parts import NEVER, UNIT, Supply, View, supply_of

PRICES = 40  # values of λ that sets are measured with


class Solved(NamedTuple):
    """The best choice among some lots.

    Attributes:
        fen: What it costs.
        chosen: Cards by lot.
    """

    fen: int
    chosen: dict[int, int]


Solve = Callable[[Sequence[int], int | None], Solved | None]
"""The best choice among some lots; given fen, it may answer None for one that costs no less."""


class _Measure(NamedTuple):
    """A view's supplies by group, the values of λ, and what is taken off every choice."""

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
    below: int | None = None,
) -> Solved | None:
    """The best choice among lots of at most so many groups; None when there is none.

    Args:
        groups: The group of each lot.
        among: The lots that are chosen from.
        most: How many groups.
        solve: Groups themselves are no concern of it.
        views: Costs that `solve` never undercuts.
        below: Only a choice that costs less is sought, in fen.
    """
    members = _members(lots, groups, among, cards)
    if not _can_make(lots, members, cards, most):
        return None
    of_any = solve([i for one in members for i in one], below)
    if of_any is None or (below is not None and of_any.fen >= below):
        return None
    if len({groups[i] for i in of_any.chosen}) <= most:
        return of_any
    return _Search(lots, members, cards, seconds, most, solve, views, below).best()


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
        below: int | None,
    ) -> None:
        self.cards, self.most, self.solve, self.below = cards, most, solve, below
        measures = [_measured(lots, members, cards, seconds, most, view) for view in views]
        order = _order(lots, members, measures[0])
        self.members = [members[p] for p in order]
        self.measures = [one._replace(supplies=[one.supplies[p] for p in order]) for one in measures]
        self.tables = [_Table.of(one, cards, most) for one in self.measures]
        self.found: Solved | None = None

    def best(self) -> Solved | None:
        self._try(self._promising())
        for chosen in self._sets((), 0, [table.nothing for table in self.tables]):
            self._try(chosen)
        return self.found

    def _promising(self) -> tuple[int, ...]:
        """A set that is good in parts, from the best at the first λ by exchanging one group after the other."""
        chosen = tuple(range(self.most))
        least, better = self._least_in_parts(chosen), True
        while better:
            better = False
            others = [p for p in range(len(self.members)) if p not in chosen]
            for out in chosen:
                rest = tuple(p for p in chosen if p != out)
                cost, into = min((self._least_in_parts((*rest, p)), p) for p in others)
                if cost < least:
                    least, chosen, better = cost, (*rest, into), True
                    break
        return chosen

    def _try(self, chosen: Sequence[int]) -> None:
        if self._may_save(self._least_in_parts(chosen)):
            self._take(self.solve(sorted(i for p in chosen for i in self.members[p]), self.below))

    def _take(self, solved: Solved | None) -> None:
        if solved is not None and (self.below is None or solved.fen < self.below):
            self.found, self.below = solved, solved.fen

    def _may_save(self, bound: int) -> bool:
        """Whether a choice that costs no less than the bound might cost a fen less than the best one."""
        return bound <= (NEVER if self.below is None else (self.below - 1) * UNIT)

    def _sets(self, chosen: tuple[int, ...], start: int, sums: list[list[int]]) -> Iterator[tuple[int, ...]]:
        """Sets of as many groups as there may be, the promising first; what cannot save a fen is not walked into."""
        left = self.most - len(chosen)
        if left == 0:
            yield chosen
            return
        for p in range(start, len(self.members) - left + 1):
            if not self._may_save(self.tables[0].first(sums[0], p, left)):
                return  # later groups bring less at the first λ
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

    def first(self, sums: Sequence[int], p: int, left: int) -> int:
        """The bound at the first λ alone, with group p and so many groups in all from p on."""
        return self.base[0] + sums[0] + self.below[p][0] + self.most[p + 1][left - 1][0]

    def bound(self, sums: Sequence[int], start: int, left: int) -> int:
        """What no set costs less than that has these groups and `left` more from `start` on."""
        return max(a + b + c for a, b, c in zip(self.base, sums, self.most[start][left], strict=True))


def _measured(
    lots: Sequence[Lot], members: Sequence[Sequence[int]], cards: int, seconds: int, most: int, view: View
) -> _Measure:
    """The supplies of all groups as this view counts them, and the values of λ: the best, those near it, and others."""
    supplies = [supply_of([lots[i] for i in one], cards, seconds, view) for one in members]
    prices = sorted({price for supply in supplies for price in supply.prices})
    best = _dearest(supplies, prices, cards, most)
    last = len(prices) - 1
    ranks = {rank * last // PRICES for rank in range(PRICES + 1)}
    ranks |= {min(last, max(0, best + step * max(1, last // 400))) for step in range(-PRICES // 2, PRICES // 2)}
    far = prices[-1] * cards * 4 + UNIT  # so dear that only cards count
    return _Measure(supplies, [prices[best], *(prices[rank] for rank in sorted(ranks - {best})), far], view.less)


def _dearest(supplies: Sequence[Supply], prices: Sequence[int], cards: int, most: int) -> int:
    """The rank of the λ at which the bound of all sets is greatest; over λ it rises and then falls."""

    def bound(rank: int) -> int:
        price = prices[rank]
        return price * cards + sum(sorted(supply.below(price) for supply in supplies)[:most])

    low, high = 0, len(prices) - 1
    while low < high:
        middle = (low + high) // 2
        if bound(middle) < bound(middle + 1):
            low = middle + 1
        else:
            high = middle
    return low


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


def _order(lots: Sequence[Lot], members: Sequence[Sequence[int]], measure: _Measure) -> list[int]:
    """Groups by what they sell below the first λ, then by chance."""
    price = measure.prices[0]
    draws = [min(lots[i].tie for i in one) for one in members]
    return sorted(range(len(members)), key=lambda p: (measure.supplies[p].below(price), draws[p]))
