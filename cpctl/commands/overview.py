"""overview: the national view, by sub-platform and by accelerator."""

from __future__ import annotations

from cpctl.commands.completeness import Completeness
from cpctl.errors import BadAnswer
from cpctl.lazy import flags
from cpctl.output.cells import SHOWS, mapping
from cpctl.output.safe import safe
from cpctl.resources.partial import WITHOUT_ROWS, earlier, subplatforms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from cpctl.runtime import Runtime, Verb

FIGURES = (
    ("CARDS", "capacityCards"),
    ("FREE", "freeCards"),
    ("FROM", "priceFrom"),
    ("TO", "priceTo"),
    ("UTILISATION", "utilisation"),
    ("PUE", "pue"),
    ("GREEN", "green"),
    ("PFLOPS", "petaflops"),
)
ANSWERING = ("ok", "slow")
SHARES = frozenset({"utilisation", "green"})
COUNTED = ("subplatforms", "providers", "products", "offers", "models", "sources", "scenarios")


def overview(rt: Runtime, *, output: flags.TableOutput = None, require_complete: flags.RequireComplete = False) -> Verb:
    """Show what the whole platform has: cards, free cards, price range, utilisation, PUE and green share.

    Prices are CNY per card-hour; PFLOPS are FP16, dense.
    """
    form = rt.output(output, ("table", "json", "yaml"))
    answer = rt.platform.one("/v1/overview")
    heard = Completeness(rt)
    answer["metadata"] = heard.hear(mapping(answer.get("metadata")))
    if form in ("json", "yaml"):
        from cpctl.output.values import VALUE_PRINTERS

        yield VALUE_PRINTERS[form](answer)
    else:
        yield _text(answer, rt.platform.now() if heard.shows_old("offers") else None)
    return heard.verdict(required=require_complete)


def _text(answer: Mapping[str, Any], now: datetime | None) -> str:
    """Both tables; with a time, some figures are not of now, and all say of when they are."""
    told = {one.name: one.as_of for one in subplatforms(answer["metadata"])}
    try:
        status = answer["status"]
        total = status["total"]
        counted = ", ".join(f"{total[word]} {word}" for word in COUNTED)
        aged = [_since(row, told, now) for row in status["subplatforms"]] if now else []
        places = _table("SUB-PLATFORM", "STATE", "state", status["subplatforms"], total, aged)
        kinds = _table("ACCELERATOR", "VENDOR", "vendor", status["accelerators"])
        left_out = [str(row["name"]) for row in status["subplatforms"] if row.get("state") in WITHOUT_ROWS]
    except (KeyError, TypeError, AttributeError) as error:
        raise BadAnswer(detail="the platform's overview is not as the contract says") from error
    absent = f"the total and the accelerators are without {safe(', '.join(left_out))}\n" if left_out else ""
    return f"{counted}\n\n{places}{absent}\n{kinds}"


def _table(
    title: str,
    second: str,
    key: str,
    rows: list[Mapping[str, Any]],
    total: Mapping[str, Any] | None = None,
    aged: Sequence[str] = (),
) -> str:
    """Rows of figures; `aged` is how long ago they were so, row by row, or nothing where all are of now."""
    from cpctl.output.tables import table

    named = [[str(row["name"]), str(row[key]), *_figures(row)] for row in rows]
    if total:
        named.append(["total", "", *_figures(total)])
    titles, aligns = [title, second, *(word for word, _ in FIGURES)], ["left", "left", *("right" for _ in FIGURES)]
    if not aged:
        return table(titles, named, aligns=aligns)
    columns = list(zip(titles, *named, strict=True))
    columns.insert(2, ("AS-OF", *aged, ""))
    titles, *named = map(list, zip(*columns, strict=True))
    return table(titles, named, aligns=["left", *aligns])


def _since(row: Mapping[str, Any], told: Mapping[str, str | None], now: datetime) -> str:
    """How long ago a sub-platform's figures were so."""
    stamp = earlier(row.get("asOf"), told.get(str(row["name"])))
    return SHOWS["age"]([stamp], now)[0] if row.get("state", "ok") in ANSWERING else "<unknown>"


def _figures(row: Mapping[str, Any]) -> list[str]:
    """What a sub-platform that does not answer has is not known, and neither nothing nor perfect."""
    if row.get("state", "ok") not in ANSWERING:
        return ["<unknown>"] * len(FIGURES)
    return [
        _share(row.get(key)) if key in SHARES else "<none>" if row.get(key) is None else str(row[key])
        for _, key in FIGURES
    ]


def _share(text: Any) -> str:
    """0.8231 as 82%."""
    from decimal import Decimal, InvalidOperation

    try:
        return f"{Decimal(str(text)):.0%}"
    except InvalidOperation:
        return "<unknown>"
