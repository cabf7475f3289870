"""`-o csv`: the wide table for programs (RFC 4180): values as the object has them, times for ages, nothing for null.

Spreadsheets take a cell that begins with `=`, `+`, `-`, `@` for a formula: such a cell, unless it is a negative figure,
begins with `'` here. Lines end with a line feed alone, as everywhere in cpctl's output; every reader takes that.
"""

from __future__ import annotations

import re

from cpctl.output.cells import SHOWS, plain
from cpctl.output.columns import column_values, shown_columns
from cpctl.output.safe import UNSEEN, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from cpctl.output.cells import Values
    from cpctl.output.view import View

FORMULA = frozenset("=+-@\t\r＝＋－＠")  # what a formula begins with, full-width signs too
NEGATIVE = re.compile(r"-\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
AS_SENT = ("age", "ratio")  # shows that are for people


def csv_table(view: View) -> Iterator[str]:
    """One text a page; nothing at all when there is nothing to show."""
    columns = shown_columns(view._replace(wide=True))
    head = ",".join([_quoted(column.title) for column in columns]) + "\n" if view.headers else ""
    for page in view.pages:
        if len(page):
            shown = [_column(column_values(column, page, view), column.show, view.now) for column in columns]
            yield head + "\n".join([*map(",".join, zip(*shown, strict=True)), ""])
            head = ""


def csv_rows(titles: Sequence[str], rows: Iterable[Sequence[str]], *, headers: bool = True) -> str:
    """The same for rows of text, for the verbs that show something else than objects."""
    lines = [titles, *rows] if headers else rows
    return "".join(",".join(_quoted(safe(neutral(cell))) for cell in cells) + "\n" for cells in lines)


def _column(values: Values, show: str | None, now: datetime) -> list[str]:
    shows = plain if show in AS_SENT else SHOWS[show]
    texts = shows(values, now)
    if None in values or any(value in ("", [], {}) for value in values):
        texts = ["" if value in (None, "", [], {}) else text for value, text in zip(values, texts, strict=True)]
    joined = "".join(texts)
    is_plain = joined.isprintable() and UNSEEN.isdisjoint(joined) and '"' not in joined and "," not in joined
    if is_plain and FORMULA.isdisjoint({text[:1] for text in texts}):
        return texts
    return [_quoted(safe(neutral(text))) for text in texts]


def neutral(text: str) -> str:
    """The text, so that no spreadsheet reckons it."""
    return f"'{text}" if text[:1] in FORMULA and text and not NEGATIVE.fullmatch(text) else text


def _quoted(text: str) -> str:
    if '"' in text or "," in text:
        return '"' + text.replace('"', '""') + '"'
    return text
