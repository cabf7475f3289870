"""What Tab knows of the contract, as a module of plain tables: sort keys and requests; for the generator alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cpctl.fields import Field, in_short
from cpctl.registry import KINDS, Kind
from cpctl.schemas import contract, fields_of_kinds

METHODS = ("GET", "POST", "PATCH", "DELETE")
PLAIN_WORD = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


def contract_module() -> str:
    """The text of `cpctl/complete/_contract.py`."""
    return "".join(_lines())


def _lines() -> Iterator[str]:
    yield '"""Generated from api/openapi.yaml and the registry by `make generate`; see `contract`."""\n\n'
    yield "# ruff: noqa: E501\n# fmt: off\n"
    yield "SORTED: dict[str, dict[str, str]] = {\n"
    fields = fields_of_kinds({kind.plural: kind.kind for kind in KINDS})
    for kind in KINDS:
        yield f"    {kind.plural!r}: {_sorted(kind, {row.path: Field(*row) for row in fields[kind.plural]})!r},\n"
    yield "}\nPATHS: dict[str, dict[str, str]] = {\n"
    for method in METHODS:
        yield f"    {method!r}: {{\n"
        yield from (f"        {path!r}: {beside!r},\n" for path, beside in _requests(method))
        yield "    },\n"
    yield "}\n"


def _sorted(kind: Kind, known: Mapping[str, Field]) -> dict[str, str]:
    """The fields that a list of the kind can be sorted by, and how each is spelled in short; "" where it is not.

    Left out: what is the same in every object, and in a catalogue what no object need have, unless it is shown.
    """
    shown = {column.path for column in kind.columns}
    return {
        path: _short(kind, path, known)
        for path, one in known.items()
        if one.is_scalar
        and len(one.enum) != 1
        and path not in ("apiVersion", "kind")
        and (one.required or path in shown or "project" in kind.filters)
    }


def _short(kind: Kind, path: str, known: Mapping[str, Field]) -> str:
    """The title of its column, or its last step, where that means this field alone."""
    last = path.rpartition(".")[2]
    for word in [*(column.title.lower() for column in kind.columns if column.path == path), last]:
        if word not in known and PLAIN_WORD.issuperset(word.lower()) and in_short(kind, word.lower(), known) == path:
            return word
    return ""


def _requests(method: str) -> Iterator[tuple[str, str]]:
    """Paths that one may type: whole ones, and collections of which a name follows."""
    for path, operations in contract()["paths"].items():
        if path.startswith("/v1") and method.lower() in operations:
            whole, brace, rest = path.partition("{")
            if not brace or rest.endswith("}"):
                yield whole, str(operations[method.lower()].get("summary", ""))
