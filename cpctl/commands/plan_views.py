"""A plan as people and programs see it: a table, a document, and the manifest of the order it is for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from cpctl.output.tables import table
from cpctl.units import card_hour, duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cpctl.broker.beside import Alternative, Rejected, Saving
    from cpctl.broker.planner import Allocation, Plan
    from cpctl.resources.order import OrderSpec

TITLES = ("OFFER", "ACCELERATOR", "PROVINCE", "PROVIDER", "CARDS", "CNY/CARD-HOUR", "CNY")
ALIGNS = ("left", "left", "left", "left", "right", "right", "right")
GENERATED = "plan-"


class Shown(NamedTuple):
    """Everything that is said of one plan.

    Attributes:
        title: The profile and its endpoint.
    """

    spec: OrderSpec
    plan: Plan
    alternative: Alternative | None
    rejected: Sequence[Rejected]
    savings: Sequence[Saving]
    title: str
    project: str


def manifest(spec: OrderSpec, name: str | None) -> dict[str, Any]:
    """The order as it was asked for, for `apply`; without a name, --run-id completes it there."""
    metadata = {"name": name} if name else {"generateName": GENERATED}
    return {"apiVersion": "ccpp/v1", "kind": "Order", "metadata": metadata, "spec": spec.wire()}


def _table(shown: Shown) -> str:
    left_out = Counter(one.reason for one in shown.rejected)
    more = [f"left out though cheaper: {_counted(left_out)} (-o wide lists them)"] if left_out else []
    return _lines(shown.plan) + "".join(f"{line}\n" for line in [*_said(shown), *more])


def _wide(shown: Shown) -> str:
    """The same with every offer that was left out."""
    rows = [(one.offer, card_hour(one.price), one.reason, one.detail) for one in shown.rejected]
    titles = ("LEFT OUT THOUGH CHEAPER", "CNY/CARD-HOUR", "REASON", "DETAIL")
    left_out = "\n" + table(titles, rows, aligns=("left", "right", "left", "left")) if rows else ""
    return _lines(shown.plan) + "".join(f"{line}\n" for line in _said(shown)) + left_out


def _lines(plan: Plan) -> str:
    rows = [
        (one.offer, one.accelerator, one.province, one.provider, str(one.cards), card_hour(one.price), str(one.amount))
        for one in plan.allocations
    ]
    return table(TITLES, rows, aligns=ALIGNS)


def _said(shown: Shown) -> Iterator[str]:
    """What stands below the lines of the plan."""
    plan = shown.plan
    time = duration(plan.paid_s)
    if plan.paid_s != plan.request.seconds:
        time += f" ({duration(plan.request.seconds)} rounded up: {plan.request.billing} is paid by whole periods)"
    yield (
        f"total {plan.total} CNY for {plan.request.cards} cards over {time}, {card_hour(plan.per_hour)} CNY/hour;"
        f" at {shown.title}, project {shown.project}"
    )
    if discount := sum(one.discount for one in plan.allocations):
        yield f"the voucher takes off {discount} CNY"
    if shown.alternative:
        without, other, extra = shown.alternative
        offers = ", ".join(f"{one.offer}={one.cards}" for one in other.allocations)
        yield f"next best: {other.total} CNY, {extra} more, without {without}: {offers}"
    else:
        yield "next best: there is none"
    for one in shown.savings:
        yield f"without {one.without}: {one.total} CNY, {one.saved} less"
    if plan.absent:
        yield f"not answering, and not planned with: {', '.join(plan.absent)}"


def _counted(reasons: Counter[str]) -> str:
    return ", ".join(f"{count} for {reason}" for reason, count in reasons.most_common())


def _json(shown: Shown) -> str:
    from cpctl.output.values import VALUE_PRINTERS

    return VALUE_PRINTERS["json"](_document(shown))


def _document(shown: Shown) -> dict[str, Any]:
    """A `kind: Plan`; its spec is that of the order."""
    plan = shown.plan
    return {
        "apiVersion": "ccpp/v1",
        "kind": "Plan",
        "spec": shown.spec.wire(),
        "status": {
            **_sums(plan),
            "alternatives": [_alternative(shown.alternative)] if shown.alternative else [],
            "rejected": [
                {"offer": one.offer, "price": card_hour(one.price), "reason": one.reason, "detail": one.detail}
                for one in shown.rejected
            ],
            "savings": [
                {"without": one.without, "total": str(one.total), "saved": str(one.saved)} for one in shown.savings
            ],
            "absent": list(plan.absent),
        },
        "metadata": {"platform": shown.title, "project": shown.project, "complete": not plan.absent},
    }


def _sums(plan: Plan) -> dict[str, Any]:
    return {
        "lines": [_line(one) for one in plan.allocations],
        "total": str(plan.total),
        "perHour": card_hour(plan.per_hour),
        "seconds": plan.paid_s,
    }


def _line(one: Allocation) -> dict[str, Any]:
    return {
        "offer": one.offer,
        "cards": one.cards,
        "price": card_hour(one.price),
        "amount": str(one.amount),
        **({"discount": str(one.discount)} if one.discount else {}),
        "accelerator": one.accelerator,
        "province": one.province,
        "provider": one.provider,
    }


def _alternative(found: Alternative) -> dict[str, Any]:
    return {"without": found.without, "extra": str(found.extra), **_sums(found.plan)}


VIEWS: dict[str, Callable[[Shown], str]] = {"table": _table, "wide": _wide, "json": _json}
