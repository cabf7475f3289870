"""What `audit --resolve` does about a demand that an earlier run was publishing.

finish → it is there: that settles it; else the same bytes again, if they are young and in the limits of now
cancel → it is there and ours: it is closed, and an order that it was matched by is given back; else never sent again
"""

from __future__ import annotations

from cpctl.broker import purchase
from cpctl.broker.audit import spec_of
from cpctl.broker.demanded import FoundDemand, find, named_demand, withdraw
from cpctl.broker.exactly_once import send, settles
from cpctl.broker.journal import Record, is_sendable
from cpctl.broker.market import Found, Market
from cpctl.broker.settled import Settled, never_sent, noted, outside, wider_than_now
from cpctl.errors import CpctlError
from cpctl.resources.demand import DemandPhase, same_need
from cpctl.resources.order import same_spec
from cpctl.resources.placed import ENDING


def publishing_finished(market: Market, record: Record, _order: Found | None) -> Settled:
    """The demand as the earlier run asked for it; the limits of now hold for it too."""
    found = find(market, record.name)
    if found is not None:
        return _known_by_name(market, record, found)
    if record.state == "placed":
        return noted(market, record, "done", "it was published, and is there no more")
    if not is_sendable(record, market.clock.now()):
        words = "there is no such demand and it is too old to be sent: nothing is published"
        return noted(market, record, "outdated", words)
    refusal = wider_than_now(market, record) or (None if _keeps_to_residency(market, record) else outside(market))
    if refusal:
        return Settled(False, f"not sent: {refusal}")
    try:
        found = send(market, record, named_demand(record.name), again=True)
    except CpctlError as error:
        if not settles(error):
            raise
        return Settled(True, f"the platform refused it, nothing was published: {error.message}")
    return noted(market, record, "done", f"finished: the demand is {found.demand.phase}")


def publishing_cancelled(market: Market, record: Record, order: Found | None) -> Settled:
    """Nothing is looked for or bought by it: a demand that is ours is closed, its order is given back."""
    found = find(market, record.name)
    if found is None and order is None:
        return never_sent(market, record, "there is no such demand")
    is_open = found is not None and found.demand.phase is DemandPhase.OPEN
    if found is not None and is_open and _is_ours(market, record, found):
        withdraw(market, found)
        order = market.find(record.name)  # it may have been matched in this moment
    if order is None:
        words = "the demand is closed" if is_open else "the demand is over"
        return noted(market, record, "cancelled", f"{words}, and holds no cards")
    if not _matches(market, record, order):
        return noted(market, record, "cancelled", "the name stands for another order, which is left alone")
    if order.order.phase in ENDING:
        return noted(market, record, "cancelled", f"the order that matched it is {order.order.phase}")
    after = purchase.release(market, order)
    return noted(market, record, "cancelled", f"released: the order that matched it is {after.order.phase}")


def _known_by_name(market: Market, record: Record, found: FoundDemand) -> Settled:
    if not _is_ours(market, record, found):
        return noted(market, record, "refused", "the name stands for another demand: this one was not published")
    return noted(market, record, "done", f"the demand is there: {found.demand.phase}")


def _is_ours(market: Market, record: Record, found: FoundDemand) -> bool:
    """Whether a demand is what the record asked for: of this account, and the same need."""
    is_same = same_need(found.demand.spec, spec_of(record))
    return found.demand.status.created_by == market.account and is_same


def _matches(market: Market, record: Record, order: Found) -> bool:
    """Whether an order is the one that the record's demand was matched by."""
    wanted = {field: value for field, value in spec_of(record).items() if field != "until"}
    return order.order.status.created_by == market.account and same_spec(order.order.spec, wanted)


def _keeps_to_residency(market: Market, record: Record) -> bool:
    """Whether all that the platform may choose from is where the residency allows."""
    placement = spec_of(record).get("placement")
    provinces = placement.get("provinces") if isinstance(placement, dict) else None
    named = set(provinces) if isinstance(provinces, list) and all(isinstance(one, str) for one in provinces) else set()
    return not market.residency or (bool(named) and named <= market.residency)
