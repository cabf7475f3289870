"""Whether a JSON value is what a JSON Schema asks for: the constructs structured output uses, no others."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

Schema = Any  # an object or a boolean
Check = Callable[[Any, Any, Mapping[str, Any], "Root"], bool]

TYPES: Final[dict[str, Callable[[Any], bool]]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: is_number(value) and value == math.floor(value),
    "number": lambda value: is_number(value),
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}
DEEPEST: Final = 64


class Unsatisfiable(Exception):
    """The schema asks for what cannot be, or for what the sandbox does not know how to make."""


def is_number(value: Any) -> bool:
    """A JSON number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


class Root:
    """The whole schema, in which references are looked up."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def at(self, reference: Any) -> Schema:
        """What a local reference names. Raises Unsatisfiable: it names nothing."""
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise Unsatisfiable(f"only local references can be followed, not {reference!r}")
        place = self.schema
        for step in reference[1:].split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            try:
                place = place[int(key)] if isinstance(place, list) else place[key]
            except (KeyError, TypeError, ValueError, IndexError):
                raise Unsatisfiable(f"{reference} is not in the schema") from None
        return place


def equal(left: Any, right: Any) -> bool:
    """JSON equality: 1 is 1.0 and never true."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return bool(left == right)


def conforms(value: Any, schema: Schema, root: Root, depth: int = 0) -> bool:
    """Whether the value validates. Raises Unsatisfiable: references lead in circles or nowhere."""
    if depth > DEEPEST:
        raise Unsatisfiable("the schema is nested too deeply")
    if isinstance(schema, bool):
        return schema
    rules = [(check, schema[word]) for word, check in CHECKS.items() if word in schema]
    return all(check(value, figure, schema, root) for check, figure in rules) and all(
        check(value, schema[word], root, depth + 1) for word, check in DEEP_CHECKS.items() if word in schema
    )


def _type(value: Any, types: Any, _schema: Any, _root: Root) -> bool:
    return any(TYPES[one](value) for one in ([types] if isinstance(types, str) else types) if one in TYPES)


def _length(value: Any, low: float, high: float) -> bool:
    return not isinstance(value, str) or low <= len(value) <= high


def _unique(value: Any) -> bool:
    return not any(equal(one, other) for place, one in enumerate(value) for other in value[:place])


def _is_multiple(value: Any, step: float) -> bool:
    return not is_number(value) or bool(value / step == math.floor(value / step))


def _found(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error as error:
        raise Unsatisfiable(f"the pattern {pattern!r} is malformed") from error


CHECKS: Final[dict[str, Check]] = {
    "type": _type,
    "const": lambda value, wanted, *_: equal(value, wanted),
    "enum": lambda value, words, *_: any(equal(value, word) for word in words),
    "minimum": lambda value, low, *_: not is_number(value) or value >= low,
    "maximum": lambda value, high, *_: not is_number(value) or value <= high,
    "exclusiveMinimum": lambda value, low, *_: not is_number(value) or value > low,
    "exclusiveMaximum": lambda value, high, *_: not is_number(value) or value < high,
    "multipleOf": lambda value, step, *_: _is_multiple(value, step),
    "minLength": lambda value, low, *_: _length(value, low, math.inf),
    "maxLength": lambda value, high, *_: _length(value, 0, high),
    "pattern": lambda value, pattern, *_: not isinstance(value, str) or _found(pattern, value),
    "minItems": lambda value, low, *_: not isinstance(value, list) or len(value) >= low,
    "maxItems": lambda value, high, *_: not isinstance(value, list) or len(value) <= high,
    "uniqueItems": lambda value, wanted, *_: not wanted or not isinstance(value, list) or _unique(value),
    "required": lambda value, names, *_: not isinstance(value, dict) or all(name in value for name in names),
    "minProperties": lambda value, low, *_: not isinstance(value, dict) or len(value) >= low,
    "maxProperties": lambda value, high, *_: not isinstance(value, dict) or len(value) <= high,
    "items": lambda value, items, schema, root: _items(value, items, schema, root),
    "properties": lambda value, known, schema, root: _properties(value, known, root),
    "additionalProperties": lambda value, rest, schema, root: _rest(value, rest, schema, root),
}

DeepCheck = Callable[[Any, Any, Root, int], bool]
DEEP_CHECKS: Final[dict[str, DeepCheck]] = {
    "$ref": lambda value, reference, root, depth: conforms(value, root.at(reference), root, depth),
    "allOf": lambda value, parts, root, depth: all(conforms(value, part, root, depth) for part in parts),
    "anyOf": lambda value, parts, root, depth: any(conforms(value, part, root, depth) for part in parts),
    "oneOf": lambda value, parts, root, depth: sum(conforms(value, part, root, depth) for part in parts) == 1,
    "not": lambda value, part, root, depth: not conforms(value, part, root, depth),
    "prefixItems": lambda value, parts, root, depth: (
        not isinstance(value, list)
        or all(conforms(one, part, root, depth) for one, part in zip(value, parts, strict=False))
    ),
}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _items(value: Any, items: Any, schema: Mapping[str, Any], root: Root) -> bool:
    first = len(schema.get("prefixItems", ()))
    return all(conforms(one, items, root) for one in _list(value)[first:])


def _properties(value: Any, known: Mapping[str, Any], root: Root) -> bool:
    return not isinstance(value, dict) or all(
        conforms(value[name], known[name], root) for name in known if name in value
    )


def _rest(value: Any, rest: Any, schema: Mapping[str, Any], root: Root) -> bool:
    known = schema.get("properties", {})
    patterns = schema.get("patternProperties", {})
    names = [name for name in value if name not in known] if isinstance(value, dict) else []
    return all(any(_found(one, name) for one in patterns) or conforms(value[name], rest, root) for name in names)
