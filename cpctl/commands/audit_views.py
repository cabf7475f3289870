"""The findings of an audit, in each of its forms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from cpctl.output.cells import NONE
from cpctl.units import age

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from cpctl.broker.audit import Finding
    from cpctl.broker.settled import Settled

TITLES = ("FINDING", "PROJECT", "NAME", "INTENT", "AGE", "DETAIL")
RESULT = "RESULT"

Settlings = Mapping[int, "Settled"]  # by the place of the finding
View = Callable[[Sequence["Finding"], Settlings, "datetime"], Iterator[str]]


def _table(found: Sequence[Finding], settled: Settlings, now: datetime) -> Iterator[str]:
    from cpctl.output.tables import table

    if not found:
        return
    titles = (*TITLES, RESULT) if settled else TITLES
    yield table(titles, [_row(one, settled, i, now)[: len(titles)] for i, one in enumerate(found)])


def _row(one: Finding, settled: Settlings, place: int, now: datetime) -> list[str]:
    record = one.record
    since = age(int((now - record.created_at).total_seconds())) if record else NONE
    result = settled[place].words if place in settled else NONE
    return [
        one.finding,
        one.project or NONE,
        one.name or NONE,
        record.verb if record else NONE,
        since,
        one.detail,
        result,
    ]


def _names(found: Sequence[Finding], _settled: Settlings, _now: datetime) -> Iterator[str]:
    """Each order once; what is about none has no name to give."""
    from cpctl.output.safe import safe

    yield from (f"order/{safe(name)}\n" for name in dict.fromkeys(one.name for one in found if one.name))


def _document(form: str) -> View:
    def view(found: Sequence[Finding], settled: Settlings, _now: datetime) -> Iterator[str]:
        from cpctl.output.values import VALUE_PRINTERS

        items = [_item(one, settled.get(i)) for i, one in enumerate(found)]
        document = {"apiVersion": "ccpp/v1", "kind": "List", "items": items, "metadata": {"complete": True}}
        yield VALUE_PRINTERS[form](document)

    return view


def _item(one: Finding, settled: Settled | None) -> dict[str, Any]:
    record, order = one.record, one.found.order if one.found else None
    return {
        "apiVersion": "ccpp/v1",
        "kind": "Finding",
        "finding": one.finding,
        "project": one.project or None,
        "order": one.name or None,
        "uid": order.uid if order else None,
        "phase": str(order.phase) if order else None,
        "intent": record.verb if record else None,
        "state": record.state if record else None,
        "account": record.account if record else None,
        "endpoint": record.endpoint if record else None,
        "createdAt": f"{record.created_at:%Y-%m-%dT%H:%M:%SZ}" if record else None,
        "file": str(one.kept.path) if one.kept else None,
        "detail": one.detail,
        "resolve": sorted(one.ways),
        "resolved": settled.done if settled else False,
        "result": settled.words if settled else None,
    }


VIEWS: dict[str, View] = {"table": _table, "name": _names, "json": _document("json"), "yaml": _document("yaml")}
