"""Bars of block characters, for figures that are easier to see than to read; pure text, coloured when laid out."""

from __future__ import annotations

import re
from typing import NamedTuple

from cpctl.output.tables import GAP, table
from cpctl.output.width import cells

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

FULL, EMPTY = "█", "·"
PARTS = " ▏▎▍▌▋▊▉"  # eighths of a cell
PLAIN_FULL = "#"
SHARE_CELLS = 6  # with a percentage as wide as the word UTILISATION, so that a bar makes no table wider
COUNT_CELLS = 24
COUNTS_TITLE = "FREE CARDS"
GREEN, PLAIN_AGAIN = "\x1b[32m", "\x1b[0m"
DRAWN = re.compile(f"[{FULL}{PARTS[1:]}]+")


class FigureColumn(NamedTuple):
    """A column of a table of figures, its cells from top to bottom."""

    title: str
    cells: list[str]
    align: str = "right"


class Screen(NamedTuple):
    """The terminal that bars are drawn on.

    Attributes:
        cells: Its width.
        blocks: Whether its encoding has block characters; else a bar is of #.
        color: Whether it takes colour.
    """

    cells: int
    blocks: bool
    color: bool


def has_blocks(encoding: str | None) -> bool:
    """Whether block characters can be written in an encoding; a stream without one takes every text."""
    try:
        (FULL + PARTS + EMPTY).encode(encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def bar(share: Decimal, width: int, *, blocks: bool = True) -> str:
    """A share of 0 to 1 as a bar of exactly `width` cells: nothing and all look like no other share."""
    steps = 8 if blocks else 1
    whole = width * steps
    least, most = int(share > 0), whole - int(share < 1)
    filled = min(max(round(share * whole), least), most)
    full, part = divmod(filled, steps)
    drawn = (FULL if blocks else PLAIN_FULL) * full + (PARTS[part] if part else "")
    return drawn + (EMPTY if blocks else ".") * (width - len(drawn))


def scaled(counts: Sequence[int | None], width: int, *, blocks: bool = True) -> list[str]:
    """Counts as bars beside one another, the largest over the whole width; None, which is not known, has none."""
    from decimal import Decimal

    largest = max((count for count in counts if count), default=0)
    return [
        "" if count is None else bar(Decimal(count) / largest if largest else Decimal(0), width, blocks=blocks)
        for count in counts
    ]


def laid_out(columns: Sequence[FigureColumn]) -> str:
    """The columns as a table."""
    rows = zip(*(column.cells for column in columns), strict=True)
    return table([column.title for column in columns], rows, aligns=[column.align for column in columns])


def with_bars(
    columns: Sequence[FigureColumn],
    *,
    share_title: str,
    shares: Sequence[Decimal | None],
    counts: Sequence[int | None],
    screen: Screen,
) -> str:
    """The columns as a table, the shares as bars within their own column, the counts as bars where there is room.

    Args:
        share_title: The column whose figures are `shares`; its title is as wide as a bar and a percentage.
        counts: What the last bars are of, row by row; None has none.
    """
    drawn = [
        column._replace(cells=_beside(column.cells, shares, screen)) if column.title == share_title else column
        for column in columns
    ]
    text = laid_out(drawn)
    room = screen.cells - max(map(cells, text.splitlines())) - len(GAP)
    if room >= len(COUNTS_TITLE):
        bars = scaled(counts, min(room, COUNT_CELLS), blocks=screen.blocks)
        text = laid_out([*drawn, FigureColumn(COUNTS_TITLE, bars, "left")])
    return painted(text) if screen.color else text


def _beside(figures: Sequence[str], shares: Sequence[Decimal | None], screen: Screen) -> list[str]:
    return [
        text if share is None else f"{bar(share, SHARE_CELLS, blocks=screen.blocks)} {text:>4}"
        for text, share in zip(figures, shares, strict=True)
    ]


def painted(text: str) -> str:
    """The text with its bars in colour; it is safe already, and nothing else in it changes."""
    return DRAWN.sub(lambda found: f"{GREEN}{found[0]}{PLAIN_AGAIN}", text)
