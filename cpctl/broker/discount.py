"""The cheapest way to make a number of cards when a voucher takes off part of some lots' amounts, up to an end.

Of a choice with gross G and discounts D the voucher takes min(left, D), so it costs max(G - left, G - D). Where the
choice of the least G has used the voucher up, or the one of the least G - D has not, that one is the best. Otherwise
the cards are divided between lots that the voucher covers and the others. Both parts cost convexly more with more cards
when lots are bought in parts; divisions are tried by what they cost in parts, until none can save a fen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cpctl.broker.cover import WHOLE, Lot, amount_fen, cheapest, discount_fen, makeable, unchained
from cpctl.broker.groups import Solved
from cpctl.broker.parts import NEVER, SHARES, UNIT, View, most_of, supply_of

Pick = dict[int, int]


def gross_fen(lots: Sequence[Lot], chosen: Pick, seconds: int) -> int:
    return sum(amount_fen(lots[i].price, n, seconds) for i, n in chosen.items())


def discounts_fen(lots: Sequence[Lot], chosen: Pick, seconds: int) -> int:
    """What a voucher would take off if it had no end."""
    return sum(discount_fen(amount_fen(lots[i].price, n, seconds), lots[i].off) for i, n in chosen.items())


def views_of(lots: Sequence[Lot], cards: int, seconds: int, left: int) -> tuple[View, ...]:
    """Ways to count that no choice undercuts: gross, net, and first the mean at which it does not matter, at the best
    division in parts, whether one more card is of a lot that the voucher covers.
    """
    ends = View(0, left), View(SHARES, left)
    inside, outside = ([lots[i] for i in some] for some in _parted(lots, cards))
    divisions = _divisions(inside, outside, cards, seconds, left)[:1]
    if not inside or not outside or not divisions:
        return ends
    n = divisions[0][1]
    price, other = (supply_of(some, cards, seconds, View()).at(m) for some, m in ((inside, n), (outside, cards - n)))
    part = (price - other) * WHOLE * SHARES // (price * inside[0].off) if price else 0
    return (View(part, left), *ends) if 0 < part < SHARES else ends


def cheapest_after(lots: Sequence[Lot], cards: int, seconds: int, left: int, below: int | None = None) -> Solved | None:
    """The best choice, what the voucher takes off taken off; None when no choice makes the number.

    Args:
        lots: `off` is the part that the voucher takes off each.
        left: What it takes off all together at most, in fen.
        below: One that costs no less, in fen, need not be found.
    """
    if below is not None and not _may_cost_less(lots, cards, seconds, left, below):
        return None
    plain = [lot._replace(off=0) for lot in lots]

    def cost(chosen: Pick) -> int:
        return gross_fen(lots, chosen, seconds) - min(left, discounts_fen(lots, chosen, seconds))

    gross, net = cheapest(plain, cards, seconds), cheapest(lots, cards, seconds)
    if gross is None or net is None:
        return None
    best = min((Solved(cost(one), one) for one in (net, gross)), key=lambda solved: solved.fen)
    if discounts_fen(lots, gross, seconds) >= left or discounts_fen(lots, net, seconds) <= left:
        return best
    return _divided(lots, cards, seconds, left, best)


def _parted(lots: Sequence[Lot], cards: int) -> tuple[list[int], list[int]]:
    """The lots that can serve: those that the voucher covers, and the others."""
    able = [i for i, lot in enumerate(lots) if lot.least <= min(lot.free, cards)]
    return [i for i in able if lots[i].off], [i for i in able if not lots[i].off]


def _may_cost_less(lots: Sequence[Lot], cards: int, seconds: int, left: int, below: int) -> bool:
    """Whether some division, in parts, costs less; over divisions the cost in parts falls and then rises."""
    inside, outside = ([lots[i] for i in some] for some in _parted(lots, cards))
    bound = _bound(inside, outside, cards, seconds, left)
    low = max(0, cards - sum(most_of(lot, cards) for lot in outside))
    high = min(cards, sum(most_of(lot, cards) for lot in inside))
    if low > high:
        return False
    while low < high:
        middle = (low + high) // 2
        if bound(middle) <= bound(middle + 1):
            high = middle
        else:
            low = middle + 1
    return bound(low) <= (below - 1) * UNIT


def _divided(lots: Sequence[Lot], cards: int, seconds: int, left: int, best: Solved) -> Solved:
    """The best of all divisions, or the best that is known when none is better."""
    covered, others = _parted(lots, cards)
    inside, outside = [lots[i] for i in covered], [lots[i] for i in others]
    for bound, n in _divisions(inside, outside, cards, seconds, left):
        if bound > (best.fen - 1) * UNIT:
            break
        rest = cheapest(outside, cards - n, seconds) or {}
        spent = gross_fen(outside, rest, seconds)
        found = _least_of_both(inside, n, seconds, left, best.fen - spent)
        if found is not None:
            chosen = {covered[i]: k for i, k in found.chosen.items()} | {others[i]: k for i, k in rest.items()}
            best = Solved(spent + found.fen, chosen)
    return best


def _divisions(
    inside: Sequence[Lot], outside: Sequence[Lot], cards: int, seconds: int, left: int
) -> list[tuple[int, int]]:
    """Cards of lots that the voucher covers, with what no choice so divided costs less than; the least first."""
    bound = _bound(inside, outside, cards, seconds, left)
    able, others_able = makeable(inside, cards), makeable(outside, cards)
    numbers = (n for n in range(cards + 1) if able >> n & 1 and others_able >> cards - n & 1)
    return sorted((bound(n), n) for n in numbers)


def _bound(inside: Sequence[Lot], outside: Sequence[Lot], cards: int, seconds: int, left: int) -> Callable[[int], int]:
    """What no choice costs less than that has so many cards of lots that the voucher covers."""
    gross, net = _parts(inside, cards, seconds, left), _parts(inside, cards, seconds)
    rest = _parts(outside, cards, seconds)
    return lambda n: max(gross(n), net(n)) + rest(cards - n)


def _parts(lots: Sequence[Lot], cards: int, seconds: int, less: int | None = None) -> Callable[[int], int]:
    """What so many cards of the lots cost in parts: gross less `less`, or net."""
    if not lots:
        return lambda n: NEVER if n else -(less or 0) * UNIT
    view = View(SHARES) if less is None else View(0, less)
    supply = supply_of(lots, cards, seconds, view)
    return lambda n: supply.cost(n) - view.less


def _least_of_both(lots: Sequence[Lot], cards: int, seconds: int, left: int, limit: int) -> Solved | None:
    """The choice of the least max(gross - left, net), if that is below the limit; all lots are covered."""
    if not cards:
        return Solved(0, {}) if limit > 0 else None
    gross, net = cheapest([lot._replace(off=0) for lot in lots], cards, seconds), cheapest(lots, cards, seconds)
    if gross is None or net is None:
        return None
    least = max(gross_fen(lots, gross, seconds) - left, _net_fen(lots, net, seconds))
    if least >= limit:
        return None
    best: Solved | None = None
    for chosen in (net, gross):
        fen = max(gross_fen(lots, chosen, seconds) - left, _net_fen(lots, chosen, seconds))
        if fen < limit:
            best, limit = Solved(fen, chosen), fen
    if best is not None and best.fen == least:
        return best
    return between(lots, cards, seconds, left, limit) or best


def _net_fen(lots: Sequence[Lot], chosen: Pick, seconds: int) -> int:
    return gross_fen(lots, chosen, seconds) - discounts_fen(lots, chosen, seconds)


def between(lots: Sequence[Lot], cards: int, seconds: int, left: int, limit: int) -> Solved | None:
    """The same by states of cards made and discounts, each with its least sum of gross and net.

    A choice below the limit has a gross below limit + left and a net below the limit, so that their sum has a bound;
    measured against a price of a card, few quantities keep within it.
    """
    usable = [i for i, lot in enumerate(lots) if lot.least <= min(lot.free, cards)]
    if not usable:
        return None
    supply = supply_of([lots[i] for i in usable], cards, seconds, View())
    slope = 2 * supply.at(cards) - supply.at(cards) * lots[usable[0]].off // WHOLE
    lines = [(i, _options(lots[i], cards, seconds, slope)) for i in usable]
    floor = slope * cards + sum(options[0][0] for _, options in lines)
    gap = (2 * (limit - 1) + left) * UNIT - floor
    states: dict[tuple[int, int], tuple[int, Any]] = {(0, 0): (0, None)}
    for i, options in lines:
        least = options[0][0]
        near = [(excess - least, n, off) for excess, n, off in options if excess - least <= gap]
        longer: dict[tuple[int, int], tuple[int, Any]] = {}
        for (made, taken), (before, chain) in states.items():
            for excess, n, off in near:
                key = made + n, taken + off
                if before + excess > gap:
                    break
                if key[0] <= cards and (key not in longer or before + excess < longer[key][0]):
                    longer[key] = before + excess, ((chain, i, n) if n else chain)
        states = longer
    ends = [
        (max((total + off) // 2 - left, (total - off) // 2), off, chain)
        for (made, off), (excess, chain) in states.items()
        if made == cards
        for total in [(floor + excess) // UNIT]
    ]
    fen, _, chain = min(ends, default=(limit, 0, None), key=lambda end: end[:2])
    return Solved(fen, unchained(chain)) if fen < limit else None


def _options(lot: Lot, cards: int, seconds: int, slope: int) -> list[tuple[int, int, int]]:
    """Every quantity: what gross and net together exceed the slope by, cards, discount; the least excess first."""
    found = [(0, 0, 0)]
    for n in range(lot.least, min(lot.free, cards) + 1, lot.step):
        amount = amount_fen(lot.price, n, seconds)
        off = discount_fen(amount, lot.off)
        found.append(((2 * amount - off) * UNIT - slope * n, n, off))
    return sorted(found)
