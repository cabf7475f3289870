"""The fields of every kind, from the contract: what explain prints, what selectors, sort keys and columns name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cpctl.errors import UnknownName

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from cpctl.registry import Kind

LABELS = "metadata.labels"
SCALARS = frozenset({"string", "integer", "number", "boolean"})


class Field(NamedTuple):
    """One field of a kind.

    Attributes:
        path: Dotted, from the object's root; what stands in a list is `status.conditions[].type`.
        type: "string", "integer", "boolean", "object", "[]string", "[]object", "map[string]string" …
        enum: The legal values, where there are only so many.
        meaning: What a string stands for: "time", "duration", "money", "price", "ratio", "pue", "province",
            "accelerator"; nothing for any other.
    """

    path: str
    type: str
    description: str
    enum: tuple[str, ...] = ()
    example: str = ""
    required: bool = False
    meaning: str = ""

    @property
    def is_scalar(self) -> bool:
        """Whether it is one value, in every object at most once."""
        return self.type in SCALARS and "[]" not in self.path


def meaning(kind: Kind) -> str:
    """What the objects of a kind are, in a sentence of the contract's."""
    return _contract()[0][kind.plural]


def fields_of(kind: Kind) -> Mapping[str, Field]:
    """Every field of a kind by its path, in the contract's order."""
    return {row[0]: Field(*row) for row in _contract()[1][kind.plural]}


def _contract() -> tuple[Mapping[str, str], Mapping[str, Sequence[Any]]]:
    """What every kind means, and the rows of its fields."""
    try:
        from cpctl._fields import FIELDS, MEANINGS
    except ImportError:  # without the generated files everything works, more slowly
        from cpctl.registry import KINDS
        from cpctl.schemas import fields_of_kinds, meanings_of_kinds

        kinds = {kind.plural: kind.kind for kind in KINDS}
        return meanings_of_kinds(kinds), fields_of_kinds(kinds)
    return MEANINGS, FIELDS


def field(kind: Kind, path: str) -> Field:
    """The field at a path; any label is one.

    A word without a dot may be a column's title, or the last step of one field alone: `price`, `free`.

    Raises:
        UnknownName: The kind has none; the legal ones are named.
    """
    known = fields_of(kind)
    if path.startswith(f"{LABELS}.") and path != f"{LABELS}.":
        return Field(path, "string", known[LABELS].description)
    if path not in known and "." not in path:
        path = in_short(kind, path.lower(), known) or path
    if path not in known:
        raise UnknownName(f"field of {kind.plural}", path, known, hint=f"cpctl explain {kind.plural} --recursive")
    return known[path]


def in_short(kind: Kind, word: str, known: Mapping[str, Field]) -> str | None:
    """`price` for spec.price, `free` for status.free; None where it could be several."""
    titled = [column.path for column in kind.columns if column.title.lower() == word]
    ending = [path for path, one in known.items() if one.is_scalar and path.rpartition(".")[2].lower() == word]
    found = titled or ending
    return found[0] if len(found) == 1 else None
