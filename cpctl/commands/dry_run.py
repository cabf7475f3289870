"""`--dry-run`: what a run would send, and what it would buy for how much; nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from cpctl.broker.purse import Purse
from cpctl.broker.rehearsing import Rehearsed, Sent, rehearse_demand, rehearse_order
from cpctl.commands.buying import market_of, priced_lines
from cpctl.commands.demanding import need_of
from cpctl.commands.ordering import Wish, intent_of, told_where, waiting_s
from cpctl.errors import UnknownName
from cpctl.resources.demand import DemandWanted
from cpctl.units import card_hour

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cpctl.broker.manifests import Wanted
    from cpctl.runtime import Runtime

WAYS = {"none": "", "client": "dry run", "server": "server dry run"}
"""Each way, and how kubectl names it behind an outcome."""


def is_dry(way: str) -> bool:
    """Whether nothing is to be written. Raises UnknownName."""
    if way not in WAYS:
        raise UnknownName("dry run", way, WAYS)
    return way != "none"


def rehearsed(rt: Runtime, wanted: Sequence[Wanted], wish: Wish, way: str, form: str | None) -> Iterator[str]:
    """What would become of each; text as it is found out, or one document."""
    waiting_s(wanted, wish)
    found = _found(rt, wanted, wish, quoted=way == "server")
    if form in ("json", "yaml"):
        from cpctl.output.values import VALUE_PRINTERS

        documents = [_document(one) for one in found]
        yield VALUE_PRINTERS[form](documents[0] if len(wanted) == 1 else _list(documents))
        return
    for one in found:
        yield f"{one.spelled}\n" if form == "name" else _text(one, way)


def _found(rt: Runtime, wanted: Sequence[Wanted], wish: Wish, *, quoted: bool) -> Iterator[Rehearsed]:
    market_at = cache(lambda project: market_of(rt, project))
    purse_at = cache(lambda project: Purse(market_at(project)))
    for one in wanted:
        with told_where(rt, one, alone=len(wanted) == 1):
            market = market_at(one.project)
            purse = purse_at(market.project)
            if isinstance(one, DemandWanted):
                yield rehearse_demand(market, purse, need_of(rt, market, one, wish, yes=True), quoted=quoted)
            else:
                intent = intent_of(rt, market, one, wish, yes=True)
                yield rehearse_order(market, purse, intent, quoted=quoted, activate=wish.activate)


def _text(one: Rehearsed, way: str) -> str:
    """The outcome; by `client` the requests, by `server` what would be bought."""
    from cpctl.output.values import VALUE_PRINTERS

    head = f"{one.spelled} {one.outcome} ({WAYS[way]})\n"
    if way == "client":
        return head + "".join(f"{sent.method} {sent.path}\n{VALUE_PRINTERS['json'](sent.body)}" for sent in one.sent)
    if one.why_not:
        return f"{head}not matched now: {one.why_not}\n"
    return head + (f"{priced_lines(one.lines, one.total)}\n" if one.total is not None else "")


def _document(one: Rehearsed) -> dict[str, Any]:
    bought = {} if one.total is None else {"total": str(one.total), "lines": [_line(line) for line in one.lines]}
    why_not = {"whyNotMatched": one.why_not} if one.why_not else {}
    return {
        "apiVersion": "ccpp/v1",
        "kind": "DryRun",
        "metadata": {"object": one.spelled},
        "spec": {"requests": [_request(sent) for sent in one.sent]},
        "status": {"outcome": one.outcome, **bought, **why_not},
    }


def _request(sent: Sent) -> dict[str, Any]:
    key = {"idempotencyKey": sent.key} if sent.key else {}
    return {"method": sent.method, "path": sent.path, **key, "body": sent.body}


def _line(line: Any) -> dict[str, Any]:
    off = {"discount": str(line.discount)} if line.discount else {}
    places = {"province": line.province, "provider": line.provider}
    return {
        "offer": line.offer,
        "cards": line.cards,
        "price": card_hour(line.price),
        "amount": str(line.amount),
        **off,
        **places,
    }


def _list(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"apiVersion": "ccpp/v1", "kind": "List", "items": items, "metadata": {"complete": True}}
