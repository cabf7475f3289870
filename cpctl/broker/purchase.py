"""Buying: an order's name is its identity, so that whatever dies in between, the same command finishes the same order.

obtain → unfinished record? → the same bytes again
       → the name exists?   → the same spec: go on from there; another: Conflict
       → buy                → choose, quote, limits, confirm, journal, place
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal

from cpctl.broker.choosing import choose
from cpctl.broker.exactly_once import send_again, send_new, send_stopping, unfinished
from cpctl.broker.journal import Record
from cpctl.broker.labels import labelled, missing
from cpctl.broker.limits import Limits, named
from cpctl.broker.market import Found, Market
from cpctl.errors import BadAnswer, Conflict, CpctlError, LimitExceeded, NoCapacity, NoPlan, NotFound
from cpctl.resources.order import OrderWanted, same_spec
from cpctl.resources.placed import ENDED_UNCHARGED, ENDING, SWITCHED_ON, Phase
from cpctl.resources.quote import Quote

Outcome = Literal["created", "resumed", "configured", "unchanged"]
TRIES = 4  # quotes that a moving price or a quicker buyer may cost before we say so


@dataclass(frozen=True)
class Intent:
    """What somebody wants bought.

    Attributes:
        limits: The market's with the order's own.
        is_new: The name must be new, unless an earlier run of this very command did not get to its end.
        adopt: An order that somebody else in the project made will do.
        recreate: Buy again although the order of that name has ended and was charged.
        confirm: Is shown the quote before anything is bought; raises to say no.
    """

    wanted: OrderWanted
    limits: Limits
    confirm: Callable[[Quote], None]
    is_new: bool = False
    adopt: bool = False
    recreate: bool = False


@dataclass(frozen=True)
class Obtained:
    """The order, and how this run came by it."""

    found: Found
    outcome: Outcome


def obtain(market: Market, intent: Intent) -> Obtained:
    """The order of that name and spec, bought if it is not there.

    Raises:
        Conflict: The name stands for another spec, another account's order, or one that has ended.
        NoCapacity: The cards are not there; nothing was bought.
        LimitExceeded: A limit, the balance or the quota says no; nothing was bought.
        OutcomeUnknown: A request left and no definite answer came.
    """
    name = intent.wanted.name
    begun = unfinished(market, "place", name)
    resumed = begun is not None and _is_still_wanted(market, intent, begun) and _finished(market, begun)
    found = market.find(name)  # the answer to bytes sent again is as old as the order
    if found is None:
        return _bought(market, intent, None)
    obtained = _existing(market, intent, found)
    return replace(obtained, outcome="resumed") if resumed and obtained.outcome == "unchanged" else obtained


def check(market: Market, intent: Intent) -> None:
    """Refuse what `obtain` would refuse, as far as that is known without buying; raises as it does."""
    found = market.find(intent.wanted.name)
    if found is None:
        choose(market, intent.wanted.spec, intent.limits)
    else:
        _check_same(intent, found)


def activate(market: Market, found: Found) -> Found:
    """Switch an order on: the one that was looked up, never a later one of the same name.

    Raises:
        Conflict: It has ended, or is another one by now.
        LimitExceeded: It costs more than is allowed by now, whoever placed it; it stays as it is.
    """
    if found.order.phase in ENDING:
        raise found.end
    if found.order.phase not in SWITCHED_ON:
        check_price(market.limits, found)
    return _acted(market, "activate", found, done=SWITCHED_ON)


def check_price(limits: Limits, found: Found) -> None:
    """Refuse to switch on what costs more than is allowed by now. Raises LimitExceeded."""
    status = found.order.status
    for line in status.allocations:
        limits.check("max-price", line.price, f"offer {line.offer}", "switched on")
    limits.check("max-order", status.total, f'order "{found.order.name}"', "switched on")


def release(market: Market, found: Found) -> Found:
    """Stop billing and give the cards back; nothing to do for an order that has ended or is ending."""
    return _acted(market, "release", found, done=ENDING)


def _acted(market: Market, verb: str, found: Found, *, done: frozenset[Phase]) -> Found:
    """activate or release, unless it is done."""
    after = found if found.order.phase in done else _sent(market, verb, found)
    market.close(verb, found.order.name)
    return after


def _sent(market: Market, verb: str, found: Found) -> Found:
    """By uid; the bytes of an earlier run when it did not hear their answer."""
    name, uid = found.order.name, found.order.uid
    begun = unfinished(market, verb, name)
    if begun is not None and uid in begun.body:
        return send_again(market, begun)
    send = send_stopping if verb == "release" else send_new
    return send(market, market.record(verb, name, market.order_path(name, verb), {"uid": uid}))


# an order that is there already, or may be


def _is_still_wanted(market: Market, intent: Intent, begun: Record) -> bool:
    """Whether the record asks for what is wanted now; else it is closed, and its order is looked up by name."""
    same = asks_for(begun, intent)
    if not same:
        market.journal.settle(begun, "outdated", "another spec or other limits are wanted by now; looked up by name")
    return same


def asks_for(begun: Record, intent: Intent) -> bool:
    """Whether the bytes of an earlier run ask for what is wanted now, within the limits of now."""
    try:
        body = json.loads(begun.body)
        return same_spec(body["spec"], intent.wanted.spec.wire()) and body.get("limits", {}) == intent.limits.wire()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False


def _finished(market: Market, begun: Record) -> bool:
    """Send what an earlier run began; whether there is an order of it, or it bought nothing."""
    market.say(f'order "{begun.name}": finishing what an earlier run began')
    try:
        send_again(market, begun)
    except (NoCapacity, LimitExceeded):
        return False
    except Conflict as refusal:
        if refusal.reason in ("AlreadyExists", "PriceChanged"):
            return False
        raise
    return True


def _existing(market: Market, intent: Intent, found: Found) -> Obtained:
    """An order of that name: gone on with, labelled as wanted, replaced when it ended uncharged, or a conflict."""
    if is_bought_anew(market, intent, found):
        return _bought(market, intent, found.order.uid)
    if missing(found, intent.wanted.labels):
        return Obtained(labelled(market, found, intent.wanted.labels), "configured")
    return Obtained(found, "unchanged")


def is_bought_anew(market: Market, intent: Intent, found: Found) -> bool:
    """Whether an order that ended makes room for another one of its name; else it is gone on with.

    Raises:
        Conflict: Neither: the name stands for another spec, somebody else's order, or one that was charged.
    """
    order = found.order
    _check_same(intent, found)
    if order.status.created_by != market.account and not intent.adopt:
        raise Conflict(
            reason="AlreadyExists",
            detail=f'order "{order.name}" was made by {order.status.created_by}, you are {market.account}',
            hint="--adopt goes on with it",
        )
    if intent.is_new and not _is_ours_to_finish(market, order.name):
        raise Conflict(
            reason="AlreadyExists",
            detail=f'order "{order.name}" exists ({order.phase}); nothing was bought',
            hint="another name, or cpctl apply -f for what is safe to run again",
        )
    if order.phase in ENDED_UNCHARGED or (order.has_ended and intent.recreate):
        return True
    if order.phase in ENDING:
        raise Conflict(
            reason="Ended",
            detail=f'order "{order.name}" is {order.phase} and its name is taken; nothing was bought',
            hint="another name, or --recreate to buy again under this one, once it is Released",
        )
    return False


def _is_ours_to_finish(market: Market, name: str) -> bool:
    """Whether a run on this machine placed the order and did not get to its end."""
    record = market.journal.open("place", market.project, name)
    return record is not None and (record.account, record.endpoint) == (market.account, market.endpoint)


def _check_same(intent: Intent, found: Found) -> None:
    if not same_spec(found.order.spec, intent.wanted.spec.wire()):
        raise Conflict(
            reason="AlreadyExists",
            detail=f'order "{found.order.name}" exists ({found.order.phase}) with another spec; nothing was bought',
            hint=f"cpctl describe order/{found.order.name}; another spec needs another name",
        )


# an order that is to be bought


def _bought(market: Market, intent: Intent, replaces: str | None) -> Obtained:
    """Quote and place; again when the price moved or somebody was quicker, and the platform says nothing was bought."""
    confirmed: Decimal | None = None
    for tries in range(1, TRIES + 1):
        try:
            quote = choose(market, intent.wanted.spec, intent.limits)
            if confirmed is None or quote.status.total > confirmed:
                intent.confirm(quote)
                confirmed = quote.status.total
            found = send_new(market, _place_record(market, intent, quote, replaces))
            _check_held(found, quote)
        except LimitExceeded as refusal:
            raise named(refusal, intent.limits) from refusal
        except (Conflict, NoCapacity) as refusal:
            if refusal.reason == "AlreadyExists":
                return _raced(market, intent, refusal, replaces)
            if not _may_choose_again(intent, refusal) or tries == TRIES:
                raise
            market.say(f"{refusal.message}; nothing was bought, choosing again")
            continue
        return Obtained(found, "created")
    raise AssertionError("the last try returns or raises")


def _check_held(found: Found, quote: Quote) -> None:
    """A platform that holds an order at more than it was asked for is not gone on with."""
    held, shown = found.order.status.total, quote.status.total
    if held > shown:
        raise BadAnswer(
            detail=f'order "{found.order.name}" is held at {held} CNY, {shown} CNY were agreed; it was not switched on',
            hint=f"cpctl release order/{found.order.name}",
        )


def _place_record(market: Market, intent: Intent, quote: Quote, replaces: str | None) -> Record:
    body = place_body(intent, quote.status.lines, quote.status.total, replaces)
    return market.record("place", intent.wanted.name, market.order_path(), body)


def place_body(intent: Intent, lines: Iterable[Any], total: Decimal, replaces: str | None) -> dict[str, Any]:
    """The request: the spec as written, the allocations chosen at the prices shown, their total, the limits.

    Args:
        lines: Each with an offer, its cards and their price.
    """
    wanted = intent.wanted
    body: dict[str, Any] = {
        "metadata": {"name": wanted.name, **({"labels": wanted.labels} if wanted.labels else {})},
        "spec": wanted.spec.wire(),
        "allocations": [{"offer": line.offer, "cards": line.cards, "price": str(line.price)} for line in lines],
        "total": str(total),
    }
    limits: Mapping[str, str] = intent.limits.wire()
    return body | {key: value for key, value in (("limits", limits), ("replaces", replaces)) if value}


def _may_choose_again(intent: Intent, refusal: CpctlError) -> bool:
    """A price that moved is quoted anew; sold-out cards only when the cards are ours to choose, and others may do."""
    may_plan = intent.wanted.spec.allocations is None and not isinstance(refusal, NoPlan)
    return refusal.reason == "PriceChanged" or (refusal.reason in ("NoCapacity", "OfferGone") and may_plan)


def _raced(market: Market, intent: Intent, refusal: CpctlError, replaced: str | None) -> Obtained:
    """Somebody made the order since it was looked up, another process of this job most likely; or it was deleted."""
    found = market.find(intent.wanted.name)
    if found is not None:
        return _existing(market, intent, found)
    former = refusal.values.get("uid")
    may_replace = intent.recreate and former != replaced
    if not may_replace or not isinstance(former, str):  # hidden by `delete`, and its name taken for ever
        raise Conflict(
            reason="AlreadyExists",
            detail=f'the name "{intent.wanted.name}" stands for a demand or a deleted order; nothing was bought',
            hint="another name, or --recreate to buy again under this one",
        ) from refusal
    return _bought(market, intent, former)


def hide(market: Market, found: Found) -> None:
    """Take an ended order out of the lists; its name stays taken, its bills stay. Done already is done."""
    from cpctl.resources.exchange import Request

    name = found.order.name
    path = f"{market.order_path(name)}&uid={found.order.uid}"
    with suppress(NotFound):
        market.platform.send(Request("DELETE", path))
    market.forget("place", name)
