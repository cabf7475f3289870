"""What fields mean, in the layout of kubectl explain."""

from __future__ import annotations

from typing import NamedTuple

from cpctl.fields import LABELS
from cpctl.output.safe import safe
from cpctl.output.width import cells

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from cpctl.fields import Field
    from cpctl.registry import Kind

API_VERSION = "ccpp/v1"
WIDTH = 80  # kubectl's, whatever the terminal: what is read in a pipe is what is read there
STEP = "  "
PROSE = "    "


class Explained(NamedTuple):
    """A kind, or one field of it.

    Attributes:
        field: None for the kind itself.
        description: What the kind or the field means.
        below: The fields below it, in the contract's order: the next level only, or all levels.
    """

    kind: Kind
    field: Field | None
    description: str
    below: Sequence[Field]


def plaintext(told: Explained, *, recursive: bool) -> Iterator[str]:
    """kubectl's text; `recursive` shows the tree of fields without what they mean."""
    yield f"KIND:       {told.kind.kind}\nVERSION:    {API_VERSION}\n\n"
    if told.field is not None:
        yield f"FIELD: {_typed(told.field, ' ')}\n"
        yield from _listed("ENUM", told.field.enum)
        yield "\n"
    yield "\n".join(["DESCRIPTION:", *wrapped(told.description, PROSE), "", ""])
    if told.field is not None:
        yield from _listed("EXAMPLE", (told.field.example,) if told.field.example else ())
        yield "\n" if told.field.example else ""
    if told.below:
        yield "FIELDS:\n"
        depth = _depth(told.below[0])
        yield from (_line(field, _depth(field) - depth, recursive=recursive) for field in told.below)


def document(told: Explained) -> dict[str, Any]:
    """The same facts for machines."""
    head = {"apiVersion": API_VERSION, "kind": told.kind.kind}
    own = _row(told.field) if told.field else {"path": "", "type": "object", "description": told.description}
    return {**head, **own, "fields": [_row(field) for field in told.below]}


def wrapped(text: str, indent: str) -> Iterator[str]:
    """Lines of at most 80 cells; a word longer than a line stands on one of its own, whole."""
    line = ""
    for word in safe(text).split(" "):
        longer = f"{line} {word}" if line else word
        if line and len(indent) + cells(longer) > WIDTH:
            yield indent + line
            longer = word
        line = longer
    yield indent + line


def _line(field: Field, depth: int, *, recursive: bool) -> str:
    indent = STEP * (depth + 1)
    lines = [indent + _typed(field, "\t"), *([f"{indent}enum: {safe(', '.join(field.enum))}"] if field.enum else [])]
    return "\n".join([*lines, ""] if recursive else [*lines, *wrapped(field.description, PROSE), "", ""])


def _typed(field: Field, gap: str) -> str:
    return f"{safe(_name(field))}{gap}<{field.type}>{' -required-' if field.required else ''}"


def _listed(title: str, values: Sequence[str]) -> Iterator[str]:
    if values:
        yield "\n".join([f"{title}:", *(PROSE + safe(value) for value in values), ""])


def _name(field: Field) -> str:
    """The last step; a label's name may hold dots of its own."""
    label = field.path.removeprefix(f"{LABELS}.")
    return label if label != field.path else field.path.rpartition(".")[2]


def _depth(field: Field) -> int:
    return field.path.count(".")


def _row(field: Field) -> dict[str, Any]:
    told = {"path": field.path, "type": field.type, "description": field.description, "enum": list(field.enum)}
    return {**told, "example": field.example, "required": field.required}
