"""openapi.yaml as tests read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

PATH = Path(__file__).parent.parent / "cpctl/api/openapi.yaml"
METHODS = ("get", "post", "put", "patch", "delete")
EVERY_LIST = {
    "limit",
    "continue",
    "fieldSelector",
    "labelSelector",
    "sortBy",
    "fields",
    "as",
    "watch",
    "timeoutSeconds",
}


class Operation(NamedTuple):
    path: str
    method: str
    body: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.body.get("operationId", ""))

    def parameters(self, place: str) -> dict[str, Mapping[str, Any]]:
        """Its parameters in a place (query, header, path), by name."""
        found = [resolved(p) for p in self.body.get("parameters", ())]
        return {p["name"]: p for p in found if p["in"] == place}


@cache
def document() -> Any:
    return yaml.safe_load(PATH.read_text(encoding="utf-8"))


def operations(contract: Mapping[str, Any] | None = None) -> list[Operation]:
    paths = (contract or document())["paths"]
    return [Operation(path, m, item[m]) for path, item in paths.items() for m in METHODS if m in item]


def resolved(node: Mapping[str, Any], contract: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    """The node, or what its $ref names."""
    while "$ref" in node:
        target: Any = contract or document()
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def schemas(node: Any, where: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every schema below `components.schemas` or inside a request, with where it stands."""
    if isinstance(node, Mapping):
        if any(word in node for word in ("type", "$ref", "anyOf", "allOf", "const", "enum")):
            yield where, node
        for key, value in node.items():
            below = f"{where}.{key}" if where else str(key)
            if key == "properties":
                for name, inner in value.items():
                    yield from schemas(inner, f"{below}.{name}")
            elif key not in ("example", "examples", "enum", "const", "required", "default"):
                yield from schemas(value, below)
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from schemas(value, f"{where}[{number}]")


def property_at(schema: Mapping[str, Any], path: str) -> Mapping[str, Any] | None:
    """What an object's schema says of a dotted path; None when it has no such property."""
    node = resolved(schema)
    for part in path.split("."):
        branches = [node, *(resolved(one) for word in ("allOf", "anyOf") for one in node.get(word, ()))]
        found = next((b["properties"][part] for b in branches if part in b.get("properties", {})), None)
        if found is None:
            return None
        node = resolved(found)
    return node
