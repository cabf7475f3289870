"""What `apply` would do, found out by reading alone: nothing is sent but reads, nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cpctl.broker.demanded import FoundDemand, find
from cpctl.broker.demanding import VERB, Need, check_same, name_of_an_order, request_body
from cpctl.broker.journal import Record, check_owner, is_sendable
from cpctl.broker.labels import missing
from cpctl.broker.market import Found, Market
from cpctl.broker.purchase import Intent, asks_for, is_bought_anew
from cpctl.errors import Conflict, UsageError
from cpctl.resources.demand import canonical
from cpctl.resources.order import order_spec

Outcome = Literal["created", "resumed", "configured", "unchanged", "conflict"]


@dataclass(frozen=True)
class Foreseen:
    """What `apply` would say of one order.

    Attributes:
        found: The order that is there and would be gone on with, or stands in the way; None when one would be bought.
        why: Of a conflict: what it is, and the way on.
        begun: What an earlier run sent, or was about to, and would be sent again.
        replaces: The uid of the ended order that the one to be bought takes the place of.
    """

    intent: Intent
    found: Found | None
    outcome: Outcome
    why: str = ""
    begun: Record | None = None
    replaces: str | None = None

    @property
    def spelled(self) -> str:
        """As other verbs take it."""
        return f"order/{self.intent.wanted.name}"

    @property
    def differs(self) -> bool:
        """Whether something is not as the manifest wants it. Limits bound what is paid, and are no part of that."""
        return self.found is None or self.outcome in ("configured", "conflict")

    @property
    def live(self) -> Mapping[str, Any] | None:
        """What is there: labels, and the spec in the form in which manifests are compared."""
        if self.found is None:
            return None
        order = self.found.order
        try:
            spec = order_spec(order.spec, "order").wire()
        except UsageError:  # of a newer form than ours
            spec = order.spec
        return _document(order.metadata.labels, spec)

    @property
    def wanted(self) -> Mapping[str, Any]:
        """What would be there: labels that the manifest does not name stay."""
        there = self.found.order.metadata.labels if self.found else {}
        return _document({**there, **self.intent.wanted.labels}, self.intent.wanted.spec.wire())


def foreseen(market: Market, intent: Intent) -> Foreseen:
    """What `obtain` would do; what only buying can show (stock, prices, limits) is not foreseen."""
    found = market.find(intent.wanted.name)
    try:
        return _expected(market, intent, found)
    except Conflict as refusal:
        return Foreseen(intent, found, "conflict", _said(refusal))


def expected(market: Market, intent: Intent) -> Foreseen:
    """The same; raises Conflict where `obtain` would."""
    return _expected(market, intent, market.find(intent.wanted.name))


def _expected(market: Market, intent: Intent, found: Found | None) -> Foreseen:
    begun = _begun(market, "place", intent.wanted.name)
    if begun is not None and not asks_for(begun, intent):
        begun = None
    if found is None:
        return Foreseen(intent, None, "resumed" if begun else "created", begun=begun)
    if is_bought_anew(market, intent, found):
        return Foreseen(intent, None, "created", replaces=found.order.uid)
    if missing(found, intent.wanted.labels):
        return Foreseen(intent, found, "configured")
    return Foreseen(intent, found, "resumed" if begun else "unchanged")


def _begun(market: Market, verb: str, name: str) -> Record | None:
    """The record of an earlier run whose bytes may be sent again.

    Raises:
        Conflict: It is another account's, or was for another platform.
    """
    record = market.journal.open(verb, market.project, name)
    if record is None or record.state != "prepared":
        return None
    check_owner(record, market.account, market.endpoint)
    return record if is_sendable(record, market.clock.now()) else None


@dataclass(frozen=True)
class ForeseenDemand:
    """What `apply` would say of one demand; as Foreseen."""

    need: Need
    spec: Mapping[str, Any]
    found: FoundDemand | None
    outcome: Outcome
    why: str = ""
    begun: Record | None = None

    @property
    def spelled(self) -> str:
        """As other verbs take it."""
        return f"demand/{self.need.wanted.name}"

    @property
    def differs(self) -> bool:
        """Whether something is not as the manifest wants it; labels are those it was published with."""
        return self.found is None or self.outcome == "conflict"

    @property
    def live(self) -> Mapping[str, Any] | None:
        """What is there."""
        if self.found is None:
            return None
        return _document(self.found.demand.metadata.labels, canonical(self.found.demand.spec))

    @property
    def wanted(self) -> Mapping[str, Any]:
        """What would be there."""
        labels = self.found.demand.metadata.labels if self.found else self.need.wanted.labels
        return _document(labels, self.spec)


def foreseen_demand(market: Market, need: Need) -> ForeseenDemand:
    """What `publish` would do."""
    found = find(market, need.wanted.name)
    try:
        return _expected_demand(market, need, found)
    except Conflict as refusal:
        return ForeseenDemand(need, request_body(market, need)["spec"], found, "conflict", _said(refusal))


def expected_demand(market: Market, need: Need) -> ForeseenDemand:
    """The same; raises Conflict where `publish` would."""
    return _expected_demand(market, need, find(market, need.wanted.name))


def _expected_demand(market: Market, need: Need, found: FoundDemand | None) -> ForeseenDemand:
    name, spec = need.wanted.name, request_body(market, need)["spec"]
    begun = _begun(market, VERB, name)
    if found is not None:
        check_same(market, need, found)
    elif (order := market.find(name)) is not None:
        raise name_of_an_order(name, order.order.phase)
    return ForeseenDemand(need, spec, found, "resumed" if begun else "unchanged" if found else "created", begun=begun)


def _said(refusal: Conflict) -> str:
    return "; ".join(text for text in (refusal.message, refusal.advice) if text)


def _document(labels: Mapping[str, str], spec: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"metadata": {"labels": dict(sorted(labels.items()))}} if labels else {}
    return {**metadata, "spec": dict(spec)}
