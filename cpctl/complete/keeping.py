"""How a list becomes the file that `cpctl.complete.kept` reads; apart from it, since a Tab has no use for this.

Columns are looked at whole: a list of thousands passes by while somebody waits for it.
"""

from __future__ import annotations

from collections import Counter

from cpctl.complete.kept import (
    BLANK,
    COLUMNS,
    GROUPED,
    MOST_BESIDE,
    MOST_BYTES,
    NAME_CHARACTERS,
    NOTHING,
    PLAIN,
    Kept,
    is_safe,
    parsed,
    shown,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    Group = tuple[str, ...]  # what its rows have in common

SOLD_BY = {
    "providers": "spec.province",
    "products": "spec.provider",
    "offers": "spec.provider",
    "sources": "spec.provider",
}
"""Kinds whose rows come from the sub-platforms: what tells of one of which nothing came that it is away."""
FREE = "status.free"


MOST_ROWS = 100_000
"""Of which the names are kept: 5 MB, from which a Tab takes what it needs in 5 ms. Of more, what narrows them is."""
MOST_GROUPS = 20_000


class Gathering:
    """A list of a kind that passes by, page by page, on its way to a file."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._lines: dict[Group, list[str]] = {}
        self._rows: Counter[Group] = Counter()
        self._cards: dict[Group, int] = {}
        self._came = 0

    def add(self, columns: Sequence[Sequence[Any]]) -> None:
        """Takes rows, from columns as `COLUMNS` names them; those whose name is not safe are left out."""
        names = columns[0]
        if not _are_all_safe(names):
            keeps = [isinstance(name, str) and is_safe(name) for name in names]
            columns = [[cell for cell, kept in zip(column, keeps, strict=True) if kept] for column in columns]
        cells = {path: _cells(column) for path, column in zip(COLUMNS[self._kind], columns, strict=True)}
        own = [cells[path] for path in GROUPED.get(self._kind, ())]
        keys: list[Group] = list(zip(*own, strict=True)) if own else [()] * len(columns[0])
        self._came += len(keys)
        self._rows.update(keys)
        if FREE in cells:
            for key, count in zip(keys, cells[FREE], strict=True):
                self._cards[key] = self._cards.get(key, 0) + (int(count) if count.isdecimal() else 0)
        if self._came > MOST_ROWS:
            self._lines.clear()
            return
        page: dict[Group, list[str]] = {}
        lines = map("\t".join, zip(columns[0], _beside(self._kind, cells), strict=True))
        for key, line in zip(keys, lines, strict=True):
            if key in page:
                page[key].append(line)
            else:
                page[key] = [line]
        for key, found in page.items():  # as one text, which takes half of the memory
            self._lines.setdefault(key, []).append("\n".join(found))

    def file(self) -> bytes:
        """The file of all that came, as much of it as a Tab would read; this is at the end of it."""
        cards = self._cards or self._rows
        if self._came <= MOST_ROWS and len(self._rows) <= MOST_GROUPS:
            whole = _file((key, cards[key], self._rows[key], self._body(key)) for key in sorted(self._rows))
            if len(whole) <= MOST_BYTES:
                return whole
        if len(self._rows) <= MOST_GROUPS:
            facts = _file((key, cards[key], self._rows[key], b"") for key in sorted(self._rows))
            if len(facts) <= MOST_BYTES:
                return facts
        return _file([([""] * len(GROUPED.get(self._kind, ())), sum(cards.values()), self._came, b"")])

    def _body(self, key: Group) -> bytes:
        """The lines of a group, which are not kept any longer: the file of a long list is as large again."""
        return "\n".join([*sorted("\n".join(self._lines.pop(key)).split("\n")), ""]).encode()


def written(kind: str, columns: Sequence[Sequence[Any]]) -> bytes:
    """The file of a kind, from the columns of all its rows."""
    gathering = Gathering(kind)
    gathering.add(columns)
    return gathering.file()


def with_absent(fresh: bytes, old: Kept, kind: str, refusing: set[str]) -> bytes:
    """A file, and from an older one what was known of those of whom nothing came now; not of those who refuse us."""
    new = parsed(kind, fresh.partition(BLANK)) or NOTHING
    column = GROUPED[kind].index(SOLD_BY[kind])
    came = new.values(column)
    absent = old.where(lambda values: values[column] not in came and refusing.isdisjoint(values))
    both = _file([*new.parts(), *absent.parts()])
    return both if len(both) <= MOST_BYTES else fresh


def _file(groups: Iterable[tuple[Sequence[str], int, int, bytes]]) -> bytes:
    """From each group's values, cards or rows, rows, and lines."""
    heads, bodies = [], []
    for values, count, rows, body in groups:
        heads.append("\t".join([*values, str(count), str(rows), str(len(body))]))
        bodies.append(body)
    return b"".join(["\n".join(heads).encode(), BLANK, *bodies]) if heads else b""


def _beside(kind: str, cells: dict[str, Sequence[str]]) -> Sequence[str]:
    if kind == "offers":
        _, accelerators, free, least, steps, prices, billing, provinces, _ = cells.values()
        rows = zip(accelerators, free, map(_sold, least, steps), prices, billing, provinces, strict=True)
        return [f"{name} x {n} free in {sold}, {price} CNY {how}, {at}" for name, n, sold, price, how, at in rows]
    _, *beside = cells.values()
    return (
        [" ".join(filter(None, row)) for row in zip(*beside, strict=True)]
        if beside
        else [""] * len(cells["metadata.name"])
    )


def _sold(least: str, step: str) -> str:
    """`8s`: by eights; `2s-from-4`; one word always, so that all lines have one shape."""
    return f"{step}s" if least == step else f"{step}s-from-{least}"


def _are_all_safe(names: Sequence[Any]) -> bool:
    """Whether all of them are, looked at together: a list of thousands passes by while somebody waits for it."""
    joined = "\n".join(["", *names, ""]) if {str}.issuperset(map(type, names)) else ""
    is_plain = joined.isascii() and not joined.encode().translate(None, NAME_CHARACTERS + b"\n")
    is_whole = joined.count("\n") == len(names) + 1 and "\n\n" not in joined
    return is_plain and is_whole and "\n-" not in joined and "\n@" not in joined


def _cells(column: Sequence[Any]) -> Sequence[str]:
    if {str}.issuperset(map(type, column)):
        if (
            not "".join(column).encode("utf-8", "replace").translate(None, PLAIN)
            and max(map(len, column), default=0) <= MOST_BESIDE
        ):
            return column
        seen = {text: shown(text) for text in set(column)}
        return [seen[text] for text in column]
    if {int}.issuperset(map(type, column)):
        return list(map(str, column))
    return [_cell(cell) for cell in column]


def _cell(cell: Any) -> str:
    if isinstance(cell, dict):
        pairs = [f"{key}={value}" for key, value in cell.items()]
        return ",".join(pair for pair in pairs if is_safe(pair.replace("=", "", 1)))
    if isinstance(cell, list):
        return ",".join(shown(str(one)) for one in cell)
    return "" if cell is None else shown(str(cell))
