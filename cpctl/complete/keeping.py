"""How a list becomes the file that `cpctl.complete.kept` reads; apart from it, since a Tab has no use for this.

Columns are looked at whole: a list of thousands passes by while somebody waits for it.
"""

from __future__ import annotations

from cpctl.complete.kept import (
    COLUMNS,
    GROUPED,
    MOST_BESIDE,
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
    from collections.abc import Sequence
    from typing import Any

FREE = "status.free"
SOLD_BY = {
    "providers": "spec.province",
    "products": "spec.provider",
    "offers": "spec.provider",
    "sources": "spec.provider",
}
"""Kinds whose rows come from the sub-platforms: what tells of one of which nothing came that it is away."""
FREE = "status.free"


def written(kind: str, columns: Sequence[Sequence[Any]]) -> bytes:
    """The file of a kind, from its columns as `COLUMNS` names them; rows whose name is not safe are left out."""
    names = columns[0]
    if not _are_all_safe(names):
        keeps = [isinstance(name, str) and is_safe(name) for name in names]
        columns = [[cell for cell, kept in zip(column, keeps, strict=True) if kept] for column in columns]
    cells = {path: _cells(column) for path, column in zip(COLUMNS[kind], columns, strict=True)}
    own = [cells[path] for path in GROUPED.get(kind, ())]
    groups: dict[tuple[str, ...], list[str]] = {}
    keys = zip(*own, strict=True) if own else [()] * len(columns[0])
    for key, line in zip(keys, map("\t".join, zip(columns[0], _beside(kind, cells), strict=True)), strict=True):
        if key in groups:
            groups[key].append(line)
        else:
            groups[key] = [line]
    counts = _counts(own, cells[FREE]) if FREE in cells else {key: len(lines) for key, lines in groups.items()}
    return _file([(key, counts[key], "\n".join(["", *sorted(groups[key])])) for key in sorted(groups)])


def with_absent(fresh: bytes, old: Kept, kind: str, refusing: set[str]) -> bytes:
    """A file, and from an older one what was known of those of whom nothing came now; not of those who refuse us."""
    new = parsed(kind, fresh.decode()) or NOTHING
    column = GROUPED[kind].index(SOLD_BY[kind])
    came = new.values(column)
    absent = old.where(lambda values: values[column] not in came and refusing.isdisjoint(values))
    return _file([*new.parts(), *absent.parts()])


def _file(groups: Sequence[tuple[Sequence[str], int, str]]) -> bytes:
    """From each group's values, cards or rows, and lines."""
    heads = ["\t".join([*values, str(count), str(len(body))]) for values, count, body in groups]
    return ("\n".join([*heads, ""]) + "".join([*(body for *_, body in groups), "\n"])).encode() if groups else b""


def _beside(kind: str, cells: dict[str, Sequence[str]]) -> Sequence[str]:
    if kind == "offers":
        _, accelerators, free, prices, provinces, _ = cells.values()
        rows = zip(accelerators, free, prices, provinces, strict=True)
        return [f"{name} x {count} free, {price} CNY, {province}" for name, count, price, province in rows]
    _, *beside = cells.values()
    return list(map(" ".join, zip(*beside, strict=True))) if beside else [""] * len(cells["metadata.name"])


def _counts(own: Sequence[Sequence[str]], free: Sequence[str]) -> dict[tuple[str, ...], int]:
    counts: dict[tuple[str, ...], int] = {}
    for *key, count in zip(*own, free, strict=True):
        counts[tuple(key)] = counts.get(tuple(key), 0) + (int(count) if count.isdecimal() else 0)
    return counts


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
