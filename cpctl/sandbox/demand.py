"""A demand as the platform keeps it, and as the contract shows it. Times are sandbox epoch seconds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from cpctl.sandbox.times import next_midnight, rfc3339


@dataclass(frozen=True)
class Demand:
    """One demand; every change is a new value."""

    uid: str
    project: str
    name: str
    account: str
    spec: Mapping[str, Any]
    labels: Mapping[str, str]
    limits: Mapping[str, str]
    published_s: int
    until_s: int
    looked_s: float  # when it was last looked at in its own time
    phase: str = "Open"
    reason: str | None = None
    message: str | None = None
    match: str | None = None  # the order's name
    matched_s: int | None = None
    closed_s: int | None = None
    hidden: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it may still be matched."""
        return self.phase == "Open"

    @property
    def due_s(self) -> float | None:
        """When it is next looked at by itself: as the money day begins, and at its end."""
        return min(self.until_s, next_midnight(self.looked_s)) if self.is_open else None

    @property
    def order_spec(self) -> dict[str, Any]:
        """The spec of the order that matches it."""
        return {key: value for key, value in self.spec.items() if key != "until"}

    def encoded(self) -> str:
        """For the database."""
        return json.dumps(asdict(self), ensure_ascii=False)


def decoded(text: str) -> Demand:
    """From the database."""
    known = {each.name for each in fields(Demand)}
    return Demand(**{key: value for key, value in json.loads(text).items() if key in known})


def shown(demand: Demand) -> dict[str, Any]:
    """The demand as the contract shows it, but for its resourceVersion."""
    return {
        "apiVersion": "ccpp/v1",
        "kind": "Demand",
        "metadata": {
            "name": demand.name,
            "uid": demand.uid,
            "labels": dict(demand.labels),
            "createdAt": rfc3339(demand.published_s),
            "project": demand.project,
        },
        "spec": demand.spec,
        "status": {
            "phase": demand.phase,
            "reason": demand.reason,
            "message": demand.message,
            "createdBy": demand.account,
            "conditions": [matched(demand)],
            "limits": dict(demand.limits),
            "match": demand.match,
            "matchedAt": None if demand.matched_s is None else rfc3339(demand.matched_s),
            "closedAt": None if demand.closed_s is None else rfc3339(demand.closed_s),
        },
    }


def matched(demand: Demand) -> dict[str, str]:
    """The condition Matched, with when it last changed."""
    is_so = demand.phase == "Matched"
    return {
        "type": "Matched",
        "status": "True" if is_so else "False",
        "reason": "Matched" if is_so else demand.reason or demand.phase,
        "message": demand.message or "",
        "lastTransitionTime": rfc3339(demand.matched_s or demand.closed_s or demand.published_s),
    }
