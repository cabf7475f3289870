"""The lines of the table, and how they are made from what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from bench.starts import Timing

WIDTHS = (58, 12, 10, 13, 4)


class Row(NamedTuple):
    """A line of the table.

    Attributes:
        ratio: To `python -c pass`; "" where that says nothing.
        kept: Whether the figure is within its budget; None where there is none.
    """

    what: str
    figure: str
    ratio: str = ""
    budget: str = ""
    kept: bool | None = None


HEAD = ("WHAT", "MEDIAN", "PASS", "BUDGET", "KEPT")
KEPT = {None: "", True: "yes", False: "NO"}


def line(row: Row) -> str:
    return _line((*row[:4], KEPT[row.kept]))


def head() -> str:
    return _line(HEAD)


def _line(cells: Sequence[str]) -> str:
    return "   ".join(text.ljust(width) for text, width in zip(cells, WIDTHS, strict=True)).rstrip()


def told(what: str, figure: str, ratio: str = "") -> Row:
    """A figure without a budget."""
    return Row(what, figure, ratio)


def start(what: str, timing: Timing, budget: float | None = None) -> Row:
    """A time, whose budget is a multiple of `pass`."""
    within = None if budget is None else timing.ratio <= budget
    return Row(what, ms(timing.seconds), times(timing.ratio), f"≤ {budget:g}×" if budget else "", within)


def share(what: str, ratio: float, budget: float) -> Row:
    """A ratio to something else than `pass`."""
    return Row(what, times(ratio) if ratio >= 0.1 else f"{ratio:.1g}×", "", f"≤ {budget:g}×", ratio <= budget)


def at_most(what: str, figure: float, unit: str, budget: float, digits: int = 0, ratio: str = "") -> Row:
    return Row(what, f"{figure:.{digits}f} {unit}", ratio, f"≤ {budget:g} {unit}", figure <= budget)


def at_least(what: str, figure: float, unit: str, budget: float, ratio: str = "") -> Row:
    return Row(what, f"{figure:.0f} {unit}", ratio, f"≥ {budget:g} {unit}", figure >= budget)


def paired(pairs: Sequence[tuple[float, float]]) -> Timing:
    """(its seconds, those of `pass` right beside it) of each round."""
    return Timing(median(own for own, _ in pairs), median(own / bare for own, bare in pairs))


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def times(ratio: float) -> str:
    return f"{ratio:.3f}×" if ratio < 0.1 else f"{ratio:.2f}×"
