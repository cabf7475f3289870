"""Where a purchase happens: one account, one project, one platform, and this machine's journal."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from cpctl.broker.journal import Journal, Record
from cpctl.broker.limits import Limits
from cpctl.errors import BadAnswer, Conflict, NoCapacity, NotFound
from cpctl.resources.clock import Clock
from cpctl.resources.exchange import Answer, Request
from cpctl.resources.page import AnyPage
from cpctl.resources.placed import Order, order_of
from cpctl.resources.quote import Quote, quote_of

LACK_OF_CAPACITY = ("capacity", "soldout", "stock")


class Platform(Protocol):
    """What buying needs of a platform; `api.platform.Platform` is one."""

    def send(self, request: Request) -> Answer: ...

    def pages(self, path: str, query: Mapping[str, Any], *, chunk: int) -> Iterator[AnyPage]: ...

    def now(self) -> datetime: ...


@dataclass(frozen=True)
class Market:
    """Everything a purchase needs.

    Attributes:
        account: Who buys, as the platform names it.
        endpoint: Where, in one spelling.
        title: How confirmations and receipts name both: `sandbox (http://127.0.0.1:8790)`.
        limits: Of profile and environment; an order's own come on top.
        residency: Provinces orders may go to; empty is anywhere.
        say: One line for the user.
    """

    platform: Platform
    journal: Journal
    clock: Clock
    account: str
    endpoint: str
    project: str
    title: str
    limits: Limits
    residency: frozenset[str]
    say: Callable[[str], None]

    def order_path(self, name: str = "", action: str = "") -> str:
        """The path of the orders, of one, or of one's action; names are DNS labels."""
        steps = "/".join(step for step in ("/v1/orders", name, action) if step)
        return f"{steps}?project={self.project}"

    def find(self, name: str, limit_s: float = 30.0) -> Found | None:
        """The order of that name, or None."""
        try:
            return self.read(name, limit_s)
        except NotFound:
            return None

    def read(self, name: str, limit_s: float = 30.0) -> Found:
        """The order of that name; raises NotFound."""
        request = Request("GET", self.order_path(name), deadline_s=min(30.0, limit_s))
        return Found.of(self.platform.send(request), name)

    def quote(self, spec: Mapping[str, Any], allocations: list[dict[str, Any]]) -> Quote:
        """What the allocations cost now; nothing is reserved."""
        body = bytes_of({"spec": spec, "allocations": allocations})
        headers = {"Content-Type": "application/json"}
        path = f"/v1/quotes?project={self.project}"
        return quote_of(self.platform.send(Request("POST", path, body.encode(), headers)).json())

    def record(self, verb: str, name: str, path: str, body: Mapping[str, Any]) -> Record:
        """A new intent, with a key of its own; not kept yet."""
        return self.raw_record(verb, name, path, bytes_of(body))

    def raw_record(self, verb: str, name: str, path: str, body: str) -> Record:
        """The same for bytes of somebody's own making."""
        return Record(
            verb=verb,
            account=self.account,
            endpoint=self.endpoint,
            project=self.project,
            name=name,
            key=f"{verb}-{secrets.token_hex(16)}",
            path=path,
            body=body,
            created_at=self.clock.now(),
        )

    def close(self, verb: str, name: str) -> None:
        """The order is as the command wanted it: whatever we began for that is done."""
        for record in self.journal.opened(verb, self.project, name):
            if (record.account, record.endpoint) == (self.account, self.endpoint):
                self.journal.settle(record, "done", record.outcome)

    def forget(self, verb: str, name: str) -> None:
        """It was deleted by our own doing: `audit` is not to look for it."""
        for record in self.journal.records(verb, self.project, name):
            if record.state == "done" and (record.account, record.endpoint) == (self.account, self.endpoint):
                self.journal.settle(record, "deleted", record.outcome)


@dataclass(frozen=True)
class Found:
    """An order as the platform sent it, and as we compute on it."""

    order: Order
    raw: Mapping[str, Any]

    @staticmethod
    def of(answer: Answer, name: str) -> Found:
        """Raises BadAnswer when the answer is no order, or another one."""
        raw = answer.json()
        order = order_of(raw)
        if order.name != name:
            raise BadAnswer(detail=f'the server answers with order "{order.name}" where "{name}" is meant')
        return Found(order, raw)

    @property
    def spelled(self) -> str:
        """As other verbs take it."""
        return f"order/{self.order.name}"

    @property
    def version(self) -> str:
        """Its resourceVersion, as a change of it must name it."""
        return str(self.raw["metadata"].get("resourceVersion", ""))

    @property
    def end(self) -> Conflict | NoCapacity:
        """The error for an order that will not be Active any more, with the platform's reason."""
        status = self.order.status
        why = ": ".join(text for text in (status.reason, status.message) if text)
        detail = f'order "{self.order.name}" is {self.order.phase}' + (f" ({why})" if why else "")
        if any(word in (status.reason or "").lower().replace(" ", "") for word in LACK_OF_CAPACITY):
            return NoCapacity(detail=detail, hint="cpctl get offers")
        return Conflict(reason="Ended", detail=detail, hint=f"cpctl describe order/{self.order.name}")


def bytes_of(document: Mapping[str, Any]) -> str:
    """JSON in one form: the same document is the same bytes."""
    return json.dumps(document, separators=(",", ":"), sort_keys=True)
