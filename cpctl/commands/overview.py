"""overview: the national view, by sub-platform and by accelerator."""

from __future__ import annotations

from cpctl.commands.completeness import Completeness
from cpctl.errors import BadAnswer
from cpctl.lazy import flags
from cpctl.output.bars import FigureColumn, laid_out, with_bars
from cpctl.output.cells import SHOWS, mapping
from cpctl.output.safe import safe
from cpctl.resources.partial import WITHOUT_ROWS, earlier, subplatforms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal
    from typing import Any

    from cpctl.output.bars import Screen
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

    Prices are CNY per card-hour; PFLOPS are FP16, dense. A terminal is shown bars beside the figures.
    """
    rt.is_reading = True
    form = rt.output(output, ("table", "json", "yaml"))
    answer = rt.platform.one("/v1/overview")
    heard = Completeness(rt)
    answer["metadata"] = heard.hear(mapping(answer.get("metadata")))
    if form in ("json", "yaml"):
        from cpctl.output.values import VALUE_PRINTERS

        yield VALUE_PRINTERS[form](answer)
    else:
        yield _text(answer, rt.platform.now() if heard.shows_old("offers") else None, rt.screen)
    return heard.verdict(required=require_complete)


def _text(answer: Mapping[str, Any], now: datetime | None, screen: Screen | None) -> str:
    """Both tables; with a time, some figures are not of now, and all say of when they are; with a screen, with bars."""
    told = {one.name: one.as_of for one in subplatforms(answer["metadata"])}
    try:
        status = answer["status"]
        total = status["total"]
        counted = ", ".join(f"{total[word]} {word}" for word in COUNTED)
        aged = [_since(row, told, now) for row in status["subplatforms"]] if now else []
        places = _table("SUB-PLATFORM", "STATE", "state", status["subplatforms"], total, aged, screen)
        kinds = _table("ACCELERATOR", "VENDOR", "vendor", status["accelerators"], screen=screen)
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
    screen: Screen | None = None,
) -> str:
    """Rows of figures, with bars on a screen; `aged` is how long ago they were so, or nothing where all are of now."""
    ends = [""] if total else []
    columns = [
        FigureColumn(title, [*(str(row["name"]) for row in rows), *(["total"] if total else [])], "left"),
        FigureColumn(second, [*(str(row[key]) for row in rows), *ends], "left"),
        *([FigureColumn("AS-OF", [*aged, *ends], "left")] if aged else []),
    ]
    every = [*rows, *([total] if total else [])]
    figures = [_figures(row) for row in every]
    columns += [FigureColumn(word, [row[i] for row in figures]) for i, (word, _) in enumerate(FIGURES)]
    if screen is None:
        return laid_out(columns)
    shares = [_decimal(row.get("utilisation")) if _answers(row) else None for row in every]
    free = [_count(row.get("freeCards")) if _answers(row) else None for row in rows]
    return with_bars(
        columns, shares=shares, share_title="UTILISATION", counts=[*free, *([None] if total else [])], screen=screen
    )


def _since(row: Mapping[str, Any], told: Mapping[str, str | None], now: datetime) -> str:
    """How long ago a sub-platform's figures were so."""
    stamp = earlier(row.get("asOf"), told.get(str(row["name"])))
    return SHOWS["age"]([stamp], now)[0] if _answers(row) else "<unknown>"


def _figures(row: Mapping[str, Any]) -> list[str]:
    """What a sub-platform that does not answer has is not known, and neither nothing nor perfect."""
    if not _answers(row):
        return ["<unknown>"] * len(FIGURES)
    return [
        _share(row.get(key)) if key in SHARES else "<none>" if row.get(key) is None else str(row[key])
        for _, key in FIGURES
    ]


def _answers(row: Mapping[str, Any]) -> bool:
    return row.get("state", "ok") in ANSWERING


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def _decimal(value: Any) -> Decimal | None:
    """A share; None for what is none: a figure far above 1 is never written out."""
    from decimal import Decimal, InvalidOperation

    try:
        share = Decimal(str(value))
    except InvalidOperation:
        return None
    return share if share.is_finite() and 0 <= share <= 1 else None


def _share(value: Any) -> str:
    """0.8231 as 82%."""
    share = _decimal(value)
    return "<unknown>" if share is None else f"{share:.0%}"
