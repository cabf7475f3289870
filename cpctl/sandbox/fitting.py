"""The cheapest cards on sale that add up to what is asked for; pure, and the same for the same stock.

Offers are taken from the cheapest on, as many cards of each as leave a rest that the dearer ones can make up; minimum
and step of every offer are kept. What is found first is then bettered, as long as a bound says that something cheaper
may be left and the search has not looked at too much. Equal prices go by the offers' names, which favour nobody.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, combinations, islice
from typing import Final, NamedTuple

LOOKS: Final = 20_000
"""Choices that are looked at before what was found so far is taken."""
SETS: Final = 5_000
"""Sets of providers that are looked at, the cheapest first."""


class Stock(NamedTuple):
    """What an offer can sell now: `least` + k × `step` cards, `free` at most; `price` in 1/10000 CNY."""

    price: int
    name: str
    least: int
    step: int
    free: int
    province: str
    provider: str


class Choice(NamedTuple):
    """Cards by offer, and what an hour of all of them costs in 1/10000 CNY."""

    price: int
    cards: dict[str, int]


def cheapest(stocks: Iterable[Stock], cards: int, together: str, providers: int | None) -> Choice | None:
    """The cheapest choice of exactly so many cards, or None.

    Args:
        stocks: Offers that would do.
        cards: How many.
        together: `none`, or what all cards share: `province`, `provider`.
        providers: Of so many at most.
    """
    best: Choice | None = None
    for group in _groups(sorted(stocks), together):
        for chosen in _provider_sets(group, cards, providers):
            best = _filled(chosen, cards, best) or best
    return best


def _groups(stocks: Sequence[Stock], together: str) -> Iterator[list[Stock]]:
    """The offers by what their cards must share, the group with the cheapest card first."""
    if together == "none":
        yield list(stocks)
        return
    groups: dict[str, list[Stock]] = {}
    for stock in stocks:
        groups.setdefault(getattr(stock, together), []).append(stock)
    yield from groups.values()


def _provider_sets(stocks: list[Stock], cards: int, most: int | None) -> Iterator[list[Stock]]:
    """The offers of each set of providers that may be enough; sets of cheap ones first."""
    free: dict[str, int] = {}
    for stock in stocks:
        free[stock.provider] = free.get(stock.provider, 0) + stock.free
    if most is None or most >= len(free):
        yield stocks
        return
    enough = (names for names in combinations(free, most) if sum(free[name] for name in names) >= cards)
    for names in islice(enough, SETS):
        yield [stock for stock in stocks if stock.provider in names]


def _filled(stocks: Sequence[Stock], cards: int, best: Choice | None) -> Choice | None:
    """The cheapest choice among these, if it is cheaper than the best so far."""
    bound = _Bound(stocks)
    if best is not None and bound(0, cards) >= best.price:
        return None
    sums = _sums(stocks, cards)
    if not sums[0] >> cards & 1:
        return None
    found, limit = None, best.price if best else None
    open_, taken = [(0, cards, 0, _quantities(stocks[0], cards))], [0]
    looks = 0
    while open_ and (looks < LOOKS or limit is None):
        index, rest, spent, quantities = open_[-1]
        quantity = next(quantities, None)
        if quantity is not None:
            looks += 1
            left, price = rest - quantity, spent + quantity * stocks[index].price
            if not sums[index + 1] >> left & 1:
                continue
            if limit is None or price + bound(index + 1, left) < limit:
                taken[-1] = quantity
                if left:
                    open_.append((index + 1, left, price, _quantities(stocks[index + 1], left)))
                    taken.append(0)
                    continue
                found, limit = list(taken), price
        open_.pop()  # fewer cards of this one, in place of dearer ones, would not be cheaper
        taken.pop()
    if found is None or limit is None:
        return None
    return Choice(limit, {stock.name: count for stock, count in zip(stocks, found, strict=False) if count})


def _quantities(stock: Stock, cards: int) -> Iterator[int]:
    """How many cards of an offer may be taken, the most first, at last none."""
    most = min(stock.free, cards)
    if most >= stock.least:
        yield from range(most - (most - stock.least) % stock.step, stock.least - 1, -stock.step)
    yield 0


class _Bound:
    """The least that cards can cost from an offer on, when minimum and step are forgotten."""

    def __init__(self, stocks: Sequence[Stock]) -> None:
        self._prices = [stock.price for stock in stocks]
        self._free = list(accumulate((stock.free for stock in stocks), initial=0))
        self._spent = list(accumulate((stock.free * stock.price for stock in stocks), initial=0))

    def __call__(self, index: int, cards: int) -> int:
        wanted = self._free[index] + cards
        last = min(bisect_left(self._free, wanted), len(self._prices))
        over = max(0, self._free[last] - wanted)
        return self._spent[last] - self._spent[index] - (over * self._prices[last - 1] if last else 0)


def _sums(stocks: Sequence[Stock], cards: int) -> list[int]:
    """For each offer, the numbers of cards that it and all dearer ones can make up, as the bits of a number."""
    mask = (1 << cards + 1) - 1
    sums = [1]
    for stock in reversed(stocks):
        most = min(stock.free, cards)
        with_it = sums[-1] << stock.least & mask if most >= stock.least else 0
        left, have = (most - stock.least) // stock.step, 1
        while left > 0 and with_it:  # doubles the quantities that are told: 1, 2, 4 …
            more = min(left, have)
            with_it |= with_it << more * stock.step & mask
            left, have = left - more, have + more
        sums.append(sums[-1] | with_it)
    return sums[::-1]
