"""The cheapest way to make a number of cards out of lots, exact to the fen.

A lot is sold as `least + k × step` cards up to what is free, and n of its cards cost round(price × n × seconds / 3600),
less what a voucher takes off, rounded half up too.
This is a multiple-choice knapsack. Its linear relaxation prices a card at λ; measured against λ every quantity of every
lot has an excess, never negative, and the excess of a whole choice is what it costs above the bound. So quantities
whose excess alone is beyond the gap belong to no optimum; a sparse dynamic program over the few that are left is exact.

Costs are whole numbers that order choices by fen first, then by lots used, then by the lots' `tie`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

FEN = 1 << 64
USED = 1 << 40  # one more lot outweighs every `tie`, a hundred thousand lots do not outweigh a fen
TIE_LIMIT = 1 << 20
WHOLE = 10_000  # what `off` is a part of
PER_FEN = 3_600 * 100  # price × 10⁴ × seconds over this is fen
FIRST_GAP = TIE_LIMIT << 8
WIDENING = 16
POINTS_LIMIT = 50_000


class Lot(NamedTuple):
    """Attributes:
    price: CNY per card-hour × 10⁴.
    tie: Below TIE_LIMIT; of lots that are alike, those with the least are taken.
    off: The part of the amount that a voucher takes off, × 10⁴.
    """

    price: int
    least: int
    step: int
    free: int
    tie: int = 0
    off: int = 0


class _Line(NamedTuple):
    """One lot in a solution's reckoning: its quantities and what each exceeds the bound by, the least first."""

    lot: int
    options: list[tuple[int, int]]


class _Reckoning(NamedTuple):
    """Attributes:
    slope: λ, the cost of a card at the margin.
    bound: No choice among these lots costs less.
    """

    slope: int
    bound: int
    lines: list[_Line]


def amount_fen(price: int, cards: int, seconds: int) -> int:
    """What the platform asks for cards of one offer, half a fen rounded up."""
    return (2 * price * cards * seconds + PER_FEN) // (2 * PER_FEN)


def discount_fen(amount: int, off: int) -> int:
    """What a voucher takes off an amount, half a fen rounded up."""
    return (2 * amount * off + WHOLE) // (2 * WHOLE)


def cost_fen(lot: Lot, cards: int, seconds: int) -> int:
    """What cards of a lot cost, less the voucher's part."""
    amount = amount_fen(lot.price, cards, seconds)
    return amount - discount_fen(amount, lot.off) if lot.off else amount


def cheapest(lots: Sequence[Lot], cards: int, seconds: int, below: int | None = None) -> dict[int, int] | None:
    """Cards by lot (its index), of the least cost; None when no choice makes the number.

    Args:
        seconds: How long the cards are paid for.
        below: Only a choice that costs less is sought, in fen.
    """
    usable = _usable(lots, cards)
    if not can_make((lots[i] for i in usable), cards):
        return None
    usable.sort(key=lambda i: (lots[i].price * (WHOLE - lots[i].off), -min(lots[i].free, cards), lots[i].tie, i))
    chosen = usable[: _enough([lots[i] for i in usable], cards)]
    while True:
        reckoning = _reckoning(lots, chosen, cards, seconds)
        limit = None if below is None else below * FEN - 1 - reckoning.bound
        best, excess = _least(reckoning, cards, limit)
        could_save = excess if best is None else excess - (reckoning.bound + excess) % FEN - 1
        wider = _wider(lots, usable, chosen, reckoning.slope, (excess, could_save), cards, seconds)
        if len(wider) == len(chosen):
            return best
        chosen = wider


def can_make(lots: Iterable[Lot], cards: int) -> bool:
    """Whether some choice of quantities makes exactly so many cards."""
    return bool(makeable(lots, cards) >> cards & 1)


def makeable(lots: Iterable[Lot], cards: int) -> int:
    """Bit n is set when n cards can be made, for n up to `cards`."""
    mask = (1 << cards + 1) - 1
    sums = 1
    for lot in lots:
        more = sums << lot.least
        count = (min(lot.free, cards) - lot.least) // lot.step + 1
        done = 1
        while done < count:  # doubling: the quantities of one lot in logarithmic time
            shift = min(done, count - done)
            more |= more << shift * lot.step
            done += shift
        if count > 0:
            sums = (sums | more) & mask
    return sums


def _usable(lots: Sequence[Lot], cards: int) -> list[int]:
    """Lots that can serve; of those alike in all but stock no more than could be used at once, the largest."""
    alike: dict[tuple[int, int, int, int], list[int]] = {}
    for i, lot in enumerate(lots):
        if lot.least <= min(lot.free, cards):
            alike.setdefault((lot.least, lot.price, lot.step, lot.off), []).append(i)
    found: list[int] = []
    for (least, *_), same in alike.items():
        same.sort(key=lambda i: (-min(lots[i].free, cards), lots[i].tie, i))
        found += same[: cards // least]
    return found


def _enough(lots: Sequence[Lot], cards: int) -> int:
    """How many of the first lots make the number of cards; all of them do."""
    low, high = 1, len(lots)
    while low < high:
        middle = (low + high) // 2
        if can_make(lots[:middle], cards):
            high = middle
        else:
            low = middle + 1
    return low


def _points(lot: Lot, cards: int, seconds: int) -> Iterator[tuple[int, int]]:
    """Every quantity with its cost, none at all first."""
    yield 0, 0
    for n in range(lot.least, min(lot.free, cards) + 1, lot.step):
        yield n, cost_fen(lot, n, seconds) * FEN + USED + lot.tie * n


def _reckoning(lots: Sequence[Lot], chosen: Sequence[int], cards: int, seconds: int) -> _Reckoning:
    points = [(i, list(_points(lots[i], cards, seconds))) for i in chosen]
    slope = _slope((segment for _, line in points for segment in hull(line)), cards)
    lines, bound = [], slope * cards
    for i, line in points:
        excesses = [(cost - slope * n, n) for n, cost in line]
        least = min(excesses)[0]
        bound += least
        lines.append(_Line(i, sorted((excess - least, n) for excess, n in excesses)))
    return _Reckoning(slope, bound, lines)


def hull(points: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The lower convex hull as (cost of a card, cards), dearer and dearer."""
    corners: list[tuple[int, int]] = []
    for n, cost in points:
        while len(corners) > 1 and _bends_up(corners[-2], corners[-1], (n, cost)):
            corners.pop()
        corners.append((n, cost))
    for (n, cost), (m, more) in pairwise(corners):
        yield (more - cost) // (m - n), m - n


def _bends_up(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> bool:
    """Whether b is on or above the line from a to c."""
    return (b[1] - a[1]) * (c[0] - a[0]) >= (c[1] - a[1]) * (b[0] - a[0])


def _slope(segments: Iterable[tuple[int, int]], cards: int) -> int:
    """What the last card costs when parts of lots are bought, the cheapest first; any value would be a valid bound."""
    made = 0
    dearest = 0
    for cost, n in sorted(segments):
        made, dearest = made + n, cost
        if made >= cards:
            break
    return dearest


def _least(reckoning: _Reckoning, cards: int, limit: int | None) -> tuple[dict[int, int] | None, int]:
    """The best choice and its excess; the gap is widened until there is one, or to the limit, where there is none."""
    gap = FIRST_GAP
    while limit is None or gap < limit:
        found = _within(reckoning.lines, cards, gap)
        if found is not None:
            return found
        gap *= WIDENING
    return (limit >= 0 and _within(reckoning.lines, cards, limit)) or (None, limit)


def _within(lines: Sequence[_Line], cards: int, gap: int) -> tuple[dict[int, int], int] | None:
    """The choice of the least excess, if it is within the gap.

    States are cards made so far, each with its least excess and the chain of quantities that led there.
    """
    kept = [(line.lot, [(excess, n) for excess, n in line.options if excess <= gap]) for line in lines]
    kept.sort(key=lambda line: len(line[1]))
    still = sum(max(n for _, n in options) for _, options in kept)
    states: dict[int, tuple[int, Any]] = {0: (0, None)}
    for lot, options in kept:
        still -= max(n for _, n in options)
        states = _extended(states, lot, options, (cards - still, cards), gap)
    if cards not in states:
        return None
    excess, chain = states[cards]
    return unchained(chain), excess


def _extended(
    states: Mapping[int, tuple[int, Any]],
    lot: int,
    options: Sequence[tuple[int, int]],
    bounds: tuple[int, int],
    gap: int,
) -> dict[int, tuple[int, Any]]:
    """The states after one more lot; outside the bounds nothing can come of them any more."""
    low, high = bounds
    longer: dict[int, tuple[int, Any]] = {}
    for made, (before, chain) in states.items():
        room = gap - before
        for excess, n in options:
            if excess > room:
                break
            total = made + n
            if low <= total <= high and (total not in longer or before + excess < longer[total][0]):
                longer[total] = (before + excess, (chain, lot, n) if n else chain)
    return longer


def unchained(chain: Any) -> dict[int, int]:
    """Cards by lot, from links of (what was before, lot, cards)."""
    found = {}
    while chain is not None:
        chain, lot, n = chain
        found[lot] = n
    return found


def _wider(
    lots: Sequence[Lot],
    usable: Sequence[int],
    chosen: Sequence[int],
    slope: int,
    gaps: tuple[int, int],
    cards: int,
    seconds: int,
) -> list[int]:
    """The chosen lots and all others that could better the best choice.

    Where those are very many, only those that could save a fen: fewer lots are then sought among the chosen alone.

    Args:
        gaps: What may be added to the bound at all, and to save a fen.
    """
    alike: dict[Lot, int] = {}
    for gap in gaps:
        found = set(chosen)
        found.update(i for i in usable if _could_matter(lots[i], slope, gap, seconds, alike))
        if sum((min(lots[i].free, cards) - lots[i].least) // lots[i].step for i in found) <= POINTS_LIMIT:
            break
    return [i for i in usable if i in found]


def _could_matter(lot: Lot, slope: int, gap: int, seconds: int, alike: dict[Lot, int]) -> bool:
    """Whether using the lot might exceed the bound by no more than the gap.

    Args:
        alike: The least excess of lots but for their `tie`, found so far.
    """
    per_card = lot.price * (WHOLE - lot.off) * seconds * FEN // (PER_FEN * WHOLE) - slope
    if per_card >= 0 and per_card * lot.least + USED - FEN > gap:
        return False
    tieless = lot._replace(tie=0)
    if tieless not in alike:
        alike[tieless] = min(cost - slope * n for n, cost in _points(tieless, lot.free, seconds) if n)
    return alike[tieless] + lot.tie * lot.least <= gap
