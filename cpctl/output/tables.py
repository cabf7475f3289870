"""Columns of text by terminal cells: three spaces between them, no value ever cut, nothing behind the last."""

from __future__ import annotations

from cpctl.output.safe import UNSEEN, safe
from cpctl.output.width import cells, left, right

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

GAP = "   "


class Grid:
    """The columns of one table; widths are those of the first rows and only grow with later ones."""

    def __init__(
        self, titles: Sequence[str], aligns: Sequence[str] = (), *, headers: bool = True, least: int = 0
    ) -> None:
        """aligns: "left" or "right" for each title; all left when none are given. least: cells of every column."""
        self._titles = titles
        self._aligns = list(aligns) or ["left"] * len(titles)
        self._widths = [least] * len(titles)
        self._owes_titles = headers

    def text(self, columns: Sequence[Sequence[str]]) -> str:
        """Lines for some rows, given column by column; the titles stand before the first ones."""
        if self._owes_titles:
            columns = [[title, *column] for title, column in zip(self._titles, columns, strict=True)]
            self._owes_titles = False
        last = len(columns) - 1
        laid = [self._column(i, column, ends_line=i == last) for i, column in enumerate(columns)]
        return "\n".join([*map(GAP.join, zip(*laid, strict=True)), ""])

    def _column(self, i: int, column: Sequence[str], *, ends_line: bool) -> Sequence[str]:
        """One column made safe and padded."""
        joined = "".join(column)
        is_plain = joined.isascii() and joined.isprintable()
        if not is_plain and not (joined.isprintable() and UNSEEN.isdisjoint(joined)):
            column = [safe(cell) for cell in column]
        wide = {} if is_plain else {cell: cells(cell) for cell in set(column)}
        self._widths[i] = width = max(self._widths[i], max(wide.values() if wide else map(len, column), default=0))
        if self._aligns[i] == "right":
            return [right(cell, width) for cell in column] if wide else [cell.rjust(width) for cell in column]
        if ends_line:
            return column
        return [left(cell, width) for cell in column] if wide else [cell.ljust(width) for cell in column]


def table(
    titles: Sequence[str], rows: Iterable[Sequence[str]], *, aligns: Sequence[str] = (), headers: bool = True
) -> str:
    """A table of rows of text, for the verbs that show something else than objects; without rows, the titles alone."""
    columns = list(map(list, zip(*rows, strict=True))) or [[] for _ in titles]
    return Grid(titles, aligns, headers=headers).text(columns)
