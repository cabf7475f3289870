"""overview: the national view, by sub-platform and by accelerator."""

from __future__ import annotations

from cpctl.errors import BadAnswer, ExitCode, Incomplete
from cpctl.lazy import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
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
    if form in ("json", "yaml"):
        from cpctl.output.values import VALUE_PRINTERS

        yield VALUE_PRINTERS[form](answer)
    else:
        yield _text(answer)
    return _verdict(rt, answer, required=require_complete)


def _text(answer: Mapping[str, Any]) -> str:
    try:
        status = answer["status"]
        total = status["total"]
        counted = ", ".join(f"{total[word]} {word}" for word in COUNTED)
        places = _table("SUB-PLATFORM", "STATE", "state", status["subplatforms"], total)
        kinds = _table("ACCELERATOR", "VENDOR", "vendor", status["accelerators"], None)
    except (KeyError, TypeError, AttributeError) as error:
        raise BadAnswer(detail="the platform's overview is not as the contract says") from error
    return f"{counted}\n\n{places}\n{kinds}"


def _table(title: str, second: str, key: str, rows: list[Mapping[str, Any]], total: Mapping[str, Any] | None) -> str:
    from cpctl.output.tables import table

    named = [[str(row["name"]), str(row[key]), *_figures(row)] for row in rows]
    if total:
        named.append(["total", "", *_figures(total)])
    titles = [title, second, *(word for word, _ in FIGURES)]
    return table(titles, named, aligns=["left", "left", *("right" for _ in FIGURES)])


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


def _verdict(rt: Runtime, answer: Mapping[str, Any], *, required: bool) -> ExitCode:
    from cpctl.commands.get import absence, absent_of

    metadata = answer.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("complete") is not False:
        return ExitCode.DONE
    rt.say(f"warning: incomplete: {absence(absent_of(metadata), rt)}")
    if required:
        raise Incomplete(detail="a sub-platform did not answer and --require-complete was given", hint="cpctl get sp")
    return ExitCode.DONE
