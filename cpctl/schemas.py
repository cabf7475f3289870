"""The contract's schemas as plain facts: every field of every kind, in the schema's order; for the generator alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

CONTRACT: Final = Path(__file__).parent / "api" / "openapi.yaml"
REFERENCE: Final = "#/components/schemas/"
MEANINGS: Final = {
    "Time": "time",
    "Duration": "duration",
    "Money": "money",
    "Price": "price",
    "TokenPrice": "price",
    "Ratio": "ratio",
    "Pue": "pue",
    "ProvinceId": "province",
    "Accelerator": "accelerator",
}
"""What a value of these schemas is, where the type alone does not say."""


class Unknown(Exception):
    """A schema has a form that these facts do not hold; the build stops rather than leave a field out."""


class Described(NamedTuple):
    """One field, as `cpctl.fields.Field` has it."""

    path: str
    type: str
    description: str
    enum: tuple[str, ...]
    example: str
    required: bool
    meaning: str


@cache
def contract() -> Mapping[str, Any]:
    """The contract."""
    import yaml

    document: Mapping[str, Any] = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))
    return document


def meaning_of_schema(name: str, document: Mapping[str, Any]) -> str:
    """What the objects of a schema are.

    Raises:
        Unknown: The contract does not say.
    """
    text = " ".join(str(document["components"]["schemas"][name].get("description", "")).split())
    if not text:
        raise Unknown(f"{name}: the contract does not say what it means")
    return text


def meanings_of_kinds(kinds: Mapping[str, str]) -> dict[str, str]:
    """What the objects of each kind are, by its plural; `kinds` says which schema a kind's is."""
    document = contract()
    return {plural: meaning_of_schema(name, document) for plural, name in kinds.items()}


def fields_of_kinds(kinds: Mapping[str, str]) -> dict[str, tuple[Described, ...]]:
    """The fields of each kind, by its plural."""
    document = contract()
    return {plural: fields_of_schema(name, document) for plural, name in kinds.items()}


def fields_of_schema(name: str, document: Mapping[str, Any]) -> tuple[Described, ...]:
    """Every field below a schema.

    Raises:
        Unknown: One has a form that is not known here, or nobody says what it means.
    """
    schemas = document["components"]["schemas"]
    return tuple(_members(_resolved({"$ref": REFERENCE + name}, schemas), "", schemas))


def _members(schema: Mapping[str, Any], above: str, schemas: Mapping[str, Any]) -> Iterator[Described]:
    required = schema.get("required", [])
    for key, written in schema.get("properties", {}).items():
        path = f"{above}{key}"
        whole = _resolved(written, schemas)
        inner = _resolved(whole["items"], schemas) if "items" in whole else whole
        yield _field(path, whole, inner, required=key in required)
        yield from _members(inner, f"{path}[]." if inner is not whole else f"{path}.", schemas)


def _resolved(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with what it refers to; what stands beside a reference goes before it; null is left aside."""
    merged = dict(schema)
    for key in ("allOf", "anyOf"):
        for part in merged.pop(key, []):
            if part.get("type") != "null":
                merged = {**_resolved(part, schemas), **merged}
    reference = merged.pop("$ref", None)
    if reference is None:
        return merged
    name = reference.removeprefix(REFERENCE)
    return {"meaning": MEANINGS.get(name, ""), **_resolved(schemas[name], schemas), **merged}


def _field(path: str, whole: Mapping[str, Any], inner: Mapping[str, Any], *, required: bool) -> Described:
    description = " ".join(str(whole.get("description") or inner.get("description") or "").split())
    if not description:
        raise Unknown(f"{path}: the contract does not say what it means")
    examples = whole.get("examples") or inner.get("examples") or [""]
    words = inner.get("enum") or ([inner["const"]] if "const" in inner else [])
    kind = f"[]{_type(path, inner)}" if inner is not whole else _type(path, whole)
    meaning = str(inner.get("meaning", ""))
    return Described(path, kind, description, tuple(map(str, words)), _shown(examples[0]), required, meaning)


def _type(path: str, schema: Mapping[str, Any]) -> str:
    written = schema.get("type", "string" if "const" in schema or "enum" in schema else None)
    kinds = [one for one in (written if isinstance(written, list) else [written]) if one != "null"]
    if len(kinds) != 1 or kinds[0] is None:
        raise Unknown(f"{path}: of type {written}")
    if kinds[0] == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"map[string]{_type(path, schema['additionalProperties'])}"
    return str(kinds[0])


def _shown(example: Any) -> str:
    """An example as people write it."""
    import json

    return example if isinstance(example, str) else json.dumps(example, ensure_ascii=False)
