"""What `apply` would do with an order, found out by reading alone: nothing is sent but reads, nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cpctl.broker.journal import check_owner, is_sendable
from cpctl.broker.labels import missing
from cpctl.broker.market import Found, Market
from cpctl.broker.purchase import Intent, asks_for, is_bought_anew
from cpctl.errors import Conflict, UsageError
from cpctl.resources.order import order_spec

Outcome = Literal["created", "resumed", "configured", "unchanged", "conflict"]


@dataclass(frozen=True)
class Foreseen:
    """What `apply` would say of one order.

    Attributes:
        found: The order that is there and would be gone on with, or stands in the way; None when one would be bought.
        why: Of a conflict: what it is, and the way on.
    """

    intent: Intent
    found: Found | None
    outcome: Outcome
    why: str = ""

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
        is_begun = _is_begun(market, intent)
        if found is None or is_bought_anew(market, intent, found):
            return Foreseen(intent, None, "resumed" if is_begun and found is None else "created")
    except Conflict as refusal:
        why = "; ".join(text for text in (refusal.message, refusal.advice) if text)
        return Foreseen(intent, found, "conflict", why)
    if missing(found, intent.wanted.labels):
        return Foreseen(intent, found, "configured")
    return Foreseen(intent, found, "resumed" if is_begun else "unchanged")


def _is_begun(market: Market, intent: Intent) -> bool:
    """Whether an earlier run's bytes would be sent again.

    Raises:
        Conflict: They are another account's, or were for another platform.
    """
    record = market.journal.open("place", market.project, intent.wanted.name)
    if record is None or record.state != "prepared":
        return False
    check_owner(record, market.account, market.endpoint)
    return is_sendable(record, market.clock.now()) and asks_for(record, intent)


def _document(labels: Mapping[str, str], spec: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"metadata": {"labels": dict(sorted(labels.items()))}} if labels else {}
    return {**metadata, "spec": dict(spec)}
