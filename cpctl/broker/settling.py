"""What `audit --resolve` does about one finding: finish what an earlier run began, or make sure that nothing is bought.

finish → the order is there: that settles it; else the same bytes again, if they are young and in the limits of now
cancel → the order is there and ours: it is released; else the bytes are never sent again

A cancelled request may still come, when a process that sent it was frozen: no look-up can show that. So a record is
not cancelled while a request of its age may be on its way, and an order that comes all the same is found by the next
audit (`unexpected`), which cancels it then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cpctl.broker import purchase
from cpctl.broker.audit import CANCEL, FINISH, UNEXPECTED, Finding, body_of, is_placing, key_of, spec_of
from cpctl.broker.demanded import demand_path
from cpctl.broker.demanding import VERB as PUBLISH
from cpctl.broker.exactly_once import send_again, send_raw_again, settles
from cpctl.broker.extending import extend, extension, is_paid_until
from cpctl.broker.journal import OPEN, Record, is_sendable
from cpctl.broker.market import Found, Market
from cpctl.broker.settled import Settled, never_sent, noted, outside, wider_than_now
from cpctl.broker.settling_demands import publishing_cancelled, publishing_finished
from cpctl.errors import BadValue, Conflict, CpctlError, LimitExceeded
from cpctl.resources.order import same_spec
from cpctl.resources.placed import ENDING, SWITCHED_ON
from cpctl.units import instant

Act = Callable[[Market, Record, Found | None], Settled]


def settle(market: Market, finding: Finding, way: str) -> Settled:
    """End a finding in one of its ways.

    Raises:
        OutcomeUnknown: A request left and no definite answer came; the record stays.
        LocalFailure: A release could not be journalled; nothing was sent.
    """
    kept = finding.kept
    record = market.journal.reread(kept.path) if kept else None
    if record is not None and record.state not in OPEN and finding.finding != UNEXPECTED:
        return Settled(True, f"{record.state} meanwhile")
    if record is None or record != finding.record:
        return Settled(False, "its record was changed meanwhile; nothing was done")
    if record.verb != "api" and record.path != _path(market, record):
        return Settled(False, f"its path is not that of its intent: {record.path}; nothing was done")
    _, name = key_of(record)
    found = market.find(name) if name else None
    if finding.finding == UNEXPECTED and record.verb != PUBLISH:
        return _placing_cancelled(market, record, found)
    placing = "place" if is_placing(record) else record.verb
    return ACTS[way].get(placing, ACTS[way]["api"])(market, record, found)


# finishing


def _placing_finished(market: Market, record: Record, found: Found | None) -> Settled:
    """The order as the earlier run asked for it; the limits of now hold for it too."""
    if found is not None:
        return _known_by_name(market, record, found)
    if record.state == "placed":
        return noted(market, record, "done", "it was placed, and is there no more")
    if not is_sendable(record, market.clock.now()):
        return noted(
            market, record, "outdated", "there is no such order and it is too old to be sent: nothing is bought"
        )
    refusal = _refused_now(market, record)
    if refusal:
        return Settled(False, f"not sent: {refusal}")
    try:
        _sent_again(market, record)
    except CpctlError as error:
        if not settles(error):
            raise
        return Settled(True, f"the platform refused it, nothing was bought: {error.message}")
    found = market.find(key_of(record)[1])
    phase = found.order.phase if found else "gone by now"
    return noted(market, record, "done", f"finished: the order is {phase}")


def _sent_again(market: Market, record: Record) -> None:
    if record.verb == "api":
        send_raw_again(market, record)
    else:
        send_again(market, record)


def _known_by_name(market: Market, record: Record, found: Found) -> Settled:
    if not _is_ours(market, record, found):
        return noted(market, record, "refused", "the name stands for another order: this one bought nothing")
    return noted(market, record, "done", f"the order is there: {found.order.phase}")


def _action_finished(market: Market, record: Record, found: Found | None) -> Settled:
    """activate and release; the same bytes again unless the order's phase says that it is done."""
    if found is None or not _is_meant(record, found):
        return noted(market, record, "outdated", "its order is there no more")
    is_on = record.verb == "activate"
    if found.order.phase in (SWITCHED_ON | ENDING if is_on else ENDING):
        return noted(market, record, "done", f"the order is {found.order.phase}")
    if is_on and not is_sendable(record, market.clock.now()):
        return noted(market, record, "outdated", f"too old to be sent again: cpctl activate order/{record.name}")
    try:
        after = (purchase.activate if is_on else purchase.release)(market, found)
    except LimitExceeded as refusal:
        return Settled(False, f"not sent: {refusal.message}")
    return Settled(True, f"finished: the order is {after.order.phase}")


def _extension_finished(market: Market, record: Record, found: Found | None) -> Settled:
    if found is None or not _is_meant(record, found):
        return noted(market, record, "outdated", "its order is there no more")
    try:
        wanted = extension(found, instant(str(body_of(record).get("endsAt"))))
    except (Conflict, BadValue) as error:  # it has ended, or goes on for longer by now
        return noted(market, record, "outdated", error.message)
    if wanted is None:
        return noted(market, record, "done", "it ends then already")
    if not is_sendable(record, market.clock.now()):
        return noted(market, record, "outdated", f"too old to be sent again: cpctl extend order/{record.name}")
    try:
        extend(market, found, wanted, market.limits)
    except LimitExceeded as refusal:
        return Settled(False, f"not sent: {refusal.message}")
    return Settled(True, f"finished: it ends at {wanted.stamp}")


def _raw_finished(market: Market, record: Record, _found: Found | None) -> Settled:
    if record.state == "placed":
        return noted(market, record, "done", "it was answered")
    if not is_sendable(record, market.clock.now()):
        return noted(market, record, "outdated", "too old to be sent again; what came of it is not known")
    if market.residency:
        return Settled(False, "not sent: a raw request cannot be held to this profile's residency")
    try:
        answer = send_raw_again(market, record)
    except CpctlError as error:
        if not settles(error):
            raise
        return Settled(True, f"the platform refused it: {error.message}")
    return noted(market, record, "done", f"finished: {answer.status}")


def _refused_now(market: Market, record: Record) -> str | None:
    """Why the bytes of then must not be sent now."""
    refusal = wider_than_now(market, record)
    if refusal is None and market.residency and not _keeps_to(market, record):
        return outside(market)
    return refusal


def _keeps_to(market: Market, record: Record) -> bool:
    """Whether all its cards are where the residency allows."""
    lines = body_of(record).get("allocations")
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        return False
    chosen: list[dict[str, Any]] = [{"offer": line.get("offer"), "cards": line.get("cards")} for line in lines]
    try:
        quote = market.quote(spec_of(record), chosen)
    except CpctlError as error:
        if not settles(error):
            raise
        return False
    return all(line.province in market.residency for line in quote.status.lines)


# cancelling


def _placing_cancelled(market: Market, record: Record, found: Found | None) -> Settled:
    """Nothing of it is bought: an order that is ours is released, and the bytes are never sent again."""
    if found is None:
        return never_sent(market, record, "there is no such order")
    if not _is_ours(market, record, found):
        return noted(market, record, "cancelled", "the name stands for another order, which is left alone")
    return _given_back(market, record, found)


def _activation_cancelled(market: Market, record: Record, found: Found | None) -> Settled:
    if found is None or not _is_meant(record, found):
        return noted(market, record, "cancelled", "its order is there no more")
    if found.order.status.created_by != market.account and found.order.phase not in ENDING:
        maker = found.order.status.created_by
        return Settled(False, f"the order is {maker}'s: cpctl release order/{record.name}, if it is to end")
    return _given_back(market, record, found)


def _extension_cancelled(market: Market, record: Record, found: Found | None) -> Settled:
    """What was extended cannot be taken back; what was not, is not by this record any more."""
    if found is None or not _is_meant(record, found) or found.order.phase in ENDING:
        return noted(market, record, "cancelled", "its order goes on no more")
    try:
        asked, ends = instant(str(body_of(record).get("endsAt"))), found.order.status.ends_at
    except BadValue:
        asked, ends = None, None
    if asked is not None and ends is not None and (ends >= asked or is_paid_until(found, asked)):
        return noted(
            market, record, "done", f"it was extended, until {ends:%Y-%m-%dT%H:%M:%SZ}; that is not taken back"
        )
    return never_sent(market, record, "it was not extended")


def _raw_cancelled(market: Market, record: Record, _found: Found | None) -> Settled:
    return never_sent(market, record, "what came of it is not known")


def _given_back(market: Market, record: Record, found: Found) -> Settled:
    if found.order.phase in ENDING:
        return noted(market, record, "cancelled", f"the order is {found.order.phase}")
    after = purchase.release(market, found)
    return noted(market, record, "cancelled", f"released: the order is {after.order.phase}")


# what both need


def _is_ours(market: Market, record: Record, found: Found) -> bool:
    """Whether an order is what the record asked for: of this account, and of that spec."""
    return found.order.status.created_by == market.account and same_spec(found.order.spec, spec_of(record))


def _path(market: Market, record: Record) -> str:
    paths = {"place": market.order_path(), PUBLISH: demand_path(market)}
    return paths.get(record.verb) or market.order_path(record.name, record.verb)


def _is_meant(record: Record, found: Found) -> bool:
    return body_of(record).get("uid") == found.order.uid


ACTS: dict[str, dict[str, Act]] = {
    FINISH: {
        "place": _placing_finished,
        "activate": _action_finished,
        "release": _action_finished,
        "extend": _extension_finished,
        "api": _raw_finished,
        PUBLISH: publishing_finished,
    },
    CANCEL: {
        "place": _placing_cancelled,
        "activate": _activation_cancelled,
        "release": _action_finished,  # what ends the billing is finished either way
        "extend": _extension_cancelled,
        "api": _raw_cancelled,
        PUBLISH: publishing_cancelled,
    },
}
