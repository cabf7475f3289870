"""What a time cost: bills, final and still open, cut to it, and summed by what is asked for.

Of a bill that reaches beyond the time, the part is counted that its seconds within are of all: what two times that
follow one another come to is what both together come to, to the fen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final, NamedTuple

from cpctl.sandbox import billing, records
from cpctl.sandbox.agreement import instant_s
from cpctl.sandbox.answers import Answer
from cpctl.sandbox.bodies import INSTANT, LABEL_KEY
from cpctl.sandbox.call import Call, answer
from cpctl.sandbox.filters import values_of
from cpctl.sandbox.money import fen, rounded, yuan
from cpctl.sandbox.order import Order
from cpctl.sandbox.problems import Problem, invalid
from cpctl.sandbox.shapes import Text
from cpctl.sandbox.stock import PLATFORM
from cpctl.sandbox.store import Store
from cpctl.sandbox.times import DAY_S, rfc3339

DEFAULT_S: Final = 7 * DAY_S
MOST_KEYS: Final = 8
LABEL: Final = "label:"
BY: Final = Text(most=1_000)


class Used(NamedTuple):
    """A bill's part within the time, with the order it is of."""

    order: Order
    offer: Mapping[str, Any]
    seconds: int
    cards: int
    amount: int
    discount: int


@dataclass
class Sum:
    """What some of them come to."""

    orders: set[str] = field(default_factory=set)
    card_seconds: int = 0
    amount: int = 0
    discount: int = 0

    def add(self, used: Used) -> None:
        """One more."""
        self.orders.add(used.order.uid)
        self.card_seconds += used.cards * used.seconds
        self.amount += used.amount
        self.discount += used.discount

    def shown(self) -> dict[str, Any]:
        """As the contract shows it."""
        return {
            "orders": len(self.orders),
            "cardSeconds": self.card_seconds,
            "amount": yuan(self.amount),
            "discount": yuan(self.discount),
        }


KEYS: Final[dict[str, Callable[[Used], str | None]]] = {
    "project": lambda used: used.order.project,
    "order": lambda used: used.order.name,
    "account": lambda used: used.order.account,
    "billing": lambda used: used.order.billing,
    "voucher": lambda used: used.order.voucher,
    "offer": lambda used: str(used.offer["metadata"]["name"]),
    "product": lambda used: str(used.offer["spec"]["product"]),
    "accelerator": lambda used: str(used.offer["spec"]["accelerator"]),
    "province": lambda used: str(used.offer["spec"]["province"]),
    "provider": lambda used: str(used.offer["spec"]["provider"]),
}
"""What usage is summed by, beside `label:KEY`."""


def usage(call: Call) -> Answer:
    """What the projects used. Raises Problem: a parameter is not allowed."""
    now_s, store = int(call.now_s), call.platform.store
    until_s = instant(call, "to", now_s)
    from_s = instant(call, "from", until_s - DEFAULT_S)
    if not 0 <= from_s < until_s:
        raise invalid("from", "must be before `to`, and not before 1970")
    keys = keys_of(call.query.get("by", ""))
    sums: dict[tuple[str | None, ...], Sum] = {}
    total = Sum()
    for project in call.projects:
        for used in parts(store, project, from_s, until_s, now_s):
            total.add(used)
            sums.setdefault(tuple(value(used, key) for key in keys), Sum()).add(used)
    rows = sorted(sums.items(), key=lambda row: [(word is None, word or "") for word in row[0]])
    return answer(
        {
            "apiVersion": "ccpp/v1",
            "kind": "Usage",
            "spec": {"from": rfc3339(from_s), "to": rfc3339(until_s), "by": keys},
            "items": [{"key": dict(zip(keys, words, strict=True)), **each.shown()} for words, each in rows],
            "total": total.shown(),
            "metadata": {"resourceVersion": str(store.version), "asOf": rfc3339(now_s)},
        }
    )


def instant(call: Call, name: str, default_s: int) -> int:
    """A time of the query. Raises Problem."""
    text = call.query.get(name)
    if text is None:
        return default_s
    INSTANT.check(text, name)
    return instant_s(text, name)


def keys_of(text: str) -> list[str]:
    """The keys of `by`, each once. Raises Problem."""
    BY.check(text, "by")
    keys = values_of(text)
    if len(keys) > MOST_KEYS or len(set(keys)) < len(keys):
        raise invalid("by", f"must be at most {MOST_KEYS} words, each once")
    for key in keys:
        if key.startswith(LABEL):
            LABEL_KEY.check(key.removeprefix(LABEL), "by")
        elif key not in KEYS:
            allowed = [*KEYS, f"{LABEL}KEY"]
            raise Problem("UnknownValue", f'by "{key}" is unknown', field="by", allowed=allowed)
    return keys


def value(used: Used, key: str) -> str | None:
    """What a part is summed under; None without such a label or voucher."""
    if key.startswith(LABEL):
        return used.order.labels.get(key.removeprefix(LABEL))
    return KEYS[key](used)


def parts(store: Store, project: str, from_s: int, until_s: int, now_s: int) -> Iterator[Used]:
    """The parts of a project's bills that lie within the time."""
    orders = records.started(store, project)
    final = (item.obj for item in store.items("bills", project))
    still = (bill for order in records.running(store, project) for bill in billing.open_bills(order, now_s))
    for bill in chain(final, still):
        spec, status = bill["spec"], bill["status"]
        start_s, end_s = instant_s(spec["from"], "from"), instant_s(spec["to"], "to")
        first_s, last_s = max(start_s, from_s) - start_s, min(end_s, until_s) - start_s
        if first_s >= last_s:
            continue
        order = next(each for started_s, each in orders[spec["order"]] if started_s <= start_s)
        offer = store.find("offers", PLATFORM, spec["offer"])
        assert offer is not None, f"a bill names offer {spec['offer']}, which is not in the catalogue"
        amount, discount = (
            share(fen(status[name]), last_s, end_s - start_s) - share(fen(status[name]), first_s, end_s - start_s)
            for name in ("amount", "discount")
        )
        yield Used(order, offer.obj, last_s - first_s, spec["cards"], amount, discount)


def share(whole: int, seconds: int, of: int) -> int:
    """What so many of a bill's seconds are of it, in fen."""
    return rounded(whole * seconds, of)
