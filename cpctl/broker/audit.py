"""The journal held against the platform: what this machine began, and what is billed, and where the two do not agree.

Pure: from the files of the journal and the orders of the platform to findings. `settling` acts on them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from cpctl.broker.demanded import FoundDemand
from cpctl.broker.demanding import VERB as PUBLISH
from cpctl.broker.exactly_once import WORDS
from cpctl.broker.journal import KEY_WINDOW, OPEN, Kept, Record
from cpctl.broker.market import Found
from cpctl.resources.demand import DemandPhase, same_need
from cpctl.resources.order import bought_key
from cpctl.resources.placed import ENDING, SWITCHED_ON, Phase

UNFINISHED, ORPHANED, UNSWITCHED, DUPLICATE = "unfinished", "orphaned", "unswitched", "duplicate"
UNEXPECTED, FOREIGN, DAMAGED = "unexpected", "foreign", "damaged"
FINISH, CANCEL = "finish", "cancel"
ORDERS = "/v1/orders"
DISOWNED = frozenset({"cancelled", "refused"})  # states of a record that stands for no order

MAKING = frozenset({"place", PUBLISH})  # verbs whose record stands for an order, or for a demand, that is then there

Key = tuple[str, str]  # project and name


@dataclass(frozen=True)
class Scope:
    """Whose intents are looked at.

    Attributes:
        project: None is every project.
        now: By this machine's clock, as the records are.
    """

    account: str
    endpoint: str
    project: str | None
    now: datetime

    def is_ours(self, record: Record) -> bool:
        return (record.account, record.endpoint) == (self.account, self.endpoint)

    def holds(self, record: Record) -> bool:
        return self.is_ours(record) and self.project in (None, record.project)


@dataclass(frozen=True)
class Finding:
    """One thing that does not agree.

    Attributes:
        detail: What is so, and what to do, a phrase for people.
        project, name: Of the order it is about; empty when it is about none.
        ways: How `--resolve` may end it.
    """

    finding: str
    detail: str
    project: str = ""
    name: str = ""
    kept: Kept | None = None
    found: Found | None = None
    ways: frozenset[str] = frozenset()

    @property
    def record(self) -> Record | None:
        return self.kept.record if self.kept else None


@dataclass(frozen=True)
class Books:
    """Both sides: the files of the journal, and what the platform lists in these projects."""

    kept: Sequence[Kept]
    orders: Mapping[Key, Found]
    scope: Scope
    demands: Mapping[Key, FoundDemand] = field(default_factory=dict)

    @cached_property
    def ours(self) -> list[tuple[Kept, Record]]:
        """The records of this account, at this platform, in these projects."""
        return [(one, one.record) for one in self.kept if one.record and self.scope.holds(one.record)]

    @cached_property
    def by_order(self) -> Mapping[Key, list[tuple[Kept, Record]]]:
        """Our records by the order that they are about."""
        found = defaultdict(list)
        for kept, record in self.ours:
            found[key_of(record)].append((kept, record))
        return found

    def order_of(self, record: Record) -> Found | None:
        return self.orders.get(key_of(record))

    def demand_of(self, record: Record) -> FoundDemand | None:
        return self.demands.get(key_of(record)) if record.verb == PUBLISH else None

    def is_there(self, record: Record) -> bool:
        """Whether the platform knows what the record asked for."""
        return (self.demand_of(record) if record.verb == PUBLISH else self.order_of(record)) is not None


def findings(books: Books) -> list[Finding]:
    """All of them, the most urgent kind first; one record or order may show in two."""
    return [finding for rule in RULES for finding in rule(books)]


def prunable(books: Books) -> list[Kept]:
    """Closed records that nothing needs any more: older than the key window, and of no order that goes on."""
    return [kept for kept, record in books.ours if _is_done_with(books, record)]


def key_of(record: Record) -> Key:
    """The order a record is about; a raw request is about one when it places it."""
    return record.project, record.name if record.verb != "api" else _placed_raw(record)


def is_placing(record: Record) -> bool:
    """Whether it asks for a new order."""
    return record.verb == "place" or (record.verb == "api" and _placed_raw(record) != "")


def body_of(record: Record) -> Mapping[str, Any]:
    """What was sent, as a mapping; empty when it is none."""
    try:
        body = json.loads(record.body)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def spec_of(record: Record) -> Mapping[str, Any]:
    """The spec that a placing record asks for."""
    spec = body_of(record).get("spec")
    return spec if isinstance(spec, dict) else {}


# the rules, each from the books to its findings


def _unfinished(books: Books) -> Iterator[Finding]:
    for kept, record in books.ours:
        found = books.order_of(record)
        is_lost = record.verb in MAKING and record.state == "placed" and not books.is_there(record)
        if record.state not in OPEN or is_lost:
            continue
        project, name = key_of(record)
        detail = f"{_heard(books, record)}; {_there(books, record)}"
        yield Finding(UNFINISHED, detail, project, name, kept, found, frozenset({FINISH, CANCEL}))


def _orphaned(books: Books) -> Iterator[Finding]:
    for kept, record in books.ours:
        if record.verb in MAKING and record.state in ("placed", "done") and not books.is_there(record):
            detail = f"the platform said yes ({record.outcome or 'no more is known'}) and does not know it now"
            yield Finding(ORPHANED, f"{detail}: deleted elsewhere, or lost there", record.project, record.name, kept)


def _unswitched(books: Books) -> Iterator[Finding]:
    for kept, record in books.ours:
        found = books.order_of(record)
        if found is None or found.order.phase is not Phase.HELD or record.verb != "activate":
            continue
        if record.state in ("placed", "done") and body_of(record).get("uid") == found.order.uid:
            detail = f"switching it on was answered with yes, and it is Held: cpctl activate order/{record.name}"
            yield Finding(UNSWITCHED, detail, record.project, record.name, kept, found)


def _duplicate(books: Books) -> Iterator[Finding]:
    """Orders of this journal that buy the same and are all switched on: two runs of one job, or meant so."""
    same: dict[tuple[str, str], dict[str, Found]] = defaultdict(dict)
    for _, record in books.ours:
        found = books.order_of(record)
        is_billed = found is not None and found.order.phase in SWITCHED_ON and _is_own(books, found)
        is_made = is_placing(record) or record.verb == PUBLISH
        if found is not None and is_billed and is_made and record.state not in DISOWNED:
            same[record.project, bought_key(found.order.spec)][found.order.name] = found
    for (project, _), orders in same.items():
        for name, found in orders.items() if len(orders) > 1 else ():
            others = ", ".join(f"order/{one}" for one in orders if one != name)
            yield Finding(DUPLICATE, f"the same spec is switched on as {others} too", project, name, found=found)


def _unexpected(books: Books) -> Iterator[Finding]:
    for (project, name), found in books.orders.items():
        about = books.by_order.get((project, name), [])
        if not _is_own(books, found) or any(record.state not in DISOWNED for _, record in about):
            continue
        cancelled = [kept for kept, one in about if one.state == "cancelled" and _asked_for(one, found)]
        if cancelled and found.order.phase not in ENDING:
            detail = f"cancelled here, and there all the same ({found.order.phase}): its request was still on its way"
            yield Finding(UNEXPECTED, detail, project, name, cancelled[-1], found, frozenset({CANCEL}))
        elif found.order.phase in SWITCHED_ON:
            detail = f"billed ({found.order.phase}) and not bought from here: another machine's, or its record is gone"
            yield Finding(UNEXPECTED, detail, project, name, found=found)


def _unexpected_demand(books: Books) -> Iterator[Finding]:
    for kept, record in books.ours:
        found = books.demand_of(record)
        if found is None or record.state != "cancelled" or found.demand.phase is not DemandPhase.OPEN:
            continue
        if found.demand.status.created_by == books.scope.account and same_need(found.demand.spec, spec_of(record)):
            detail = "cancelled here, and looked for all the same (Open): its request was still on its way"
            yield Finding(UNEXPECTED, detail, *key_of(record), kept, ways=frozenset({CANCEL}))


def _foreign(books: Books) -> Iterator[Finding]:
    for kept in books.kept:
        record = kept.record
        if record and record.state in OPEN and not books.scope.is_ours(record):
            detail = f"begun by {record.account} at {record.endpoint}, and not finished: audit it there"
            yield Finding(FOREIGN, detail, *key_of(record), kept)


def _damaged(books: Books) -> Iterator[Finding]:
    for kept in books.kept:
        if kept.record is None:
            detail = f"{kept.path} is no record ({kept.fault}); its order is found by its name all the same"
            yield Finding(DAMAGED, detail, kept=kept)


RULES: tuple[Callable[[Books], Iterator[Finding]], ...] = (
    _unfinished,
    _orphaned,
    _unswitched,
    _duplicate,
    _unexpected,
    _unexpected_demand,
    _foreign,
    _damaged,
)


# what they are made of


def _heard(books: Books, record: Record) -> str:
    deed = WORDS.get(record.verb) or f"POST {record.path}"
    if record.state == "placed":
        return f"{deed}: the platform said yes, the run did not come to its end"
    is_old = books.scope.now - record.created_at >= KEY_WINDOW
    return f"{deed}: no answer was heard" + (", and it is too old to be sent again" if is_old else "")


def _there(books: Books, record: Record) -> str:
    found, demand = books.order_of(record), books.demand_of(record)
    if demand is not None:
        return f"the demand is {demand.demand.phase}" + (f", its order {found.order.phase}" if found else "")
    if record.verb == PUBLISH:
        return "there is no such demand"
    if found is None:
        return "there is no such order" if key_of(record)[1] else "what came of it cannot be looked up"
    return f"the order is {found.order.phase}"


def _is_own(books: Books, found: Found) -> bool:
    return found.order.status.created_by == books.scope.account


def _asked_for(record: Record, found: Found) -> bool:
    """Whether an order is the one that a record asked for; its name alone does not say so."""
    return is_placing(record) and bought_key(spec_of(record)) == bought_key(found.order.spec)


def _is_done_with(books: Books, record: Record) -> bool:
    found = books.order_of(record)
    demand = books.demand_of(record)
    is_old = books.scope.now - record.created_at >= KEY_WINDOW
    goes_on = (found is not None and not found.order.has_ended) or (
        demand is not None and demand.demand.phase is DemandPhase.OPEN
    )
    return is_old and record.state not in OPEN and not goes_on


def _placed_raw(record: Record) -> str:
    """The name of the order that a raw request places; empty when it places none."""
    path, metadata = record.path.partition("?")[0], body_of(record).get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return name if path == ORDERS and isinstance(name, str) else ""
