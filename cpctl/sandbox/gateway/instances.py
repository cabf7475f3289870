"""A JSON value made to fit a JSON Schema: the same for the same schema and seed, or a refusal that says why not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any, Final

from cpctl.sandbox.gateway import scalars
from cpctl.sandbox.gateway.conforming import Root, Schema, Unsatisfiable, conforms
from cpctl.sandbox.gateway.scalars import bounded

SHALLOW: Final = 4  # below it only what is required is made
FEW: Final = 400  # values after which only what is required is made
DEEPEST: Final = 24
MOST_VALUES: Final = 5_000
TRIES: Final = 100  # to make an entry that differs from the others


class Maker:
    """Makes one value; counts what it makes, so that no schema can ask for too much."""

    def __init__(self, schema: Schema, seed: str) -> None:
        self.root = Root(schema)
        self.rng = Random(seed)  # noqa: S311 - the same answer again, not a secret
        self.made = 0

    def value(self, schema: Schema, depth: int, name: str) -> Any:
        """A value that conforms. Raises Unsatisfiable."""
        self.made += 1
        if depth > DEEPEST or self.made > MOST_VALUES:
            raise Unsatisfiable("the schema asks for too large a value")
        made = self._value({} if schema is True else schema, depth, name)
        if not conforms(made, schema, self.root):
            raise Unsatisfiable(f"the sandbox cannot make a value for {name!r}")
        return made

    def is_spare(self, depth: int) -> bool:
        """Whether there is room for what is not required."""
        return depth < SHALLOW and self.made < FEW

    def _value(self, schema: Any, depth: int, name: str) -> Any:
        if not isinstance(schema, Mapping):
            raise Unsatisfiable(f"nothing can be a value for {name!r}")
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._first([{**schema, "const": word} for word in self._shuffled(schema["enum"])], depth, name)
        for word, spread in SPREADS.items():
            if word in schema:
                return self._first(list(spread(self, schema, word)), depth, name)
        return self._first_type(schema, depth, name)

    def _shuffled(self, words: list[Any]) -> list[Any]:
        return self.rng.sample(words, len(words))

    def _first(self, alternatives: list[Schema], depth: int, name: str) -> Any:
        """A value for the first alternative that has one; the plain ones first when there is little room."""
        order = alternatives if self.is_spare(depth) else sorted(alternatives, key=_weight)
        reason = f"nothing can be a value for {name!r}"
        for one in order:
            try:
                return self.value(one, depth + 1, name)
            except Unsatisfiable as error:
                reason = str(error)
        raise Unsatisfiable(reason)

    def _first_type(self, schema: Mapping[str, Any], depth: int, name: str) -> Any:
        types = schema.get("type") or _implied(schema)
        wanted = [types] if isinstance(types, str) else [*types]
        if len(wanted) > 1:
            return self._first([{**schema, "type": one} for one in wanted], depth, name)
        make = MAKERS.get(wanted[0]) if wanted else None
        if make is None:
            raise Unsatisfiable(f"{wanted!r} is no type")
        return make(self, schema, depth, name)

    def object_of(self, schema: Mapping[str, Any], depth: int, _name: str) -> dict[str, Any]:
        """The required properties, the others where there is room, and as many as `minProperties` wants."""
        known, required = schema.get("properties", {}), schema.get("required", [])
        made: dict[str, Any] = {}
        for name in [*known, *(one for one in required if one not in known)]:
            if name in required or self.is_spare(depth):
                made |= self._property(
                    known.get(name, schema.get("additionalProperties", True)), depth, name, name in required
                )
        rest = schema.get("additionalProperties", True)
        while len(made) < bounded(schema.get("minProperties", 0)) and rest is not False:
            made[f"key{len(made) + 1}"] = self.value(rest, depth + 1, "value")
        return made

    def _property(self, schema: Schema, depth: int, name: str, is_required: bool) -> dict[str, Any]:
        try:
            return {name: self.value(schema, depth + 1, name)}
        except Unsatisfiable:
            if is_required:
                raise
            return {}

    def array_of(self, schema: Mapping[str, Any], depth: int, name: str) -> list[Any]:
        """`minItems` entries, or two where there is room; each another one when they must differ."""
        least = bounded(schema.get("minItems", 0))
        count = max(least, min(2, schema.get("maxItems", 2))) if self.is_spare(depth) else least
        first = schema.get("prefixItems", [])
        made: list[Any] = []
        for place in range(max(count, len(first)) if self.is_spare(depth) or least else 0):
            item = first[place] if place < len(first) else schema.get("items", {"type": "string"})
            try:
                made.append(self._another(item, made, bool(schema.get("uniqueItems")), depth, name))
            except Unsatisfiable:
                if len(made) < least:
                    raise
                break
        return made[: bounded(schema.get("maxItems", len(made)))]

    def _another(self, item: Schema, made: list[Any], is_unique: bool, depth: int, name: str) -> Any:
        """An entry, and when they must differ one that is not there yet."""
        if not is_unique:
            return self.value(item, depth + 1, name)
        differing = {"allOf": [item, {"not": {"enum": list(made)}}]} if made else item
        for _ in range(TRIES):
            value = self.value(item, depth + 1, f"{name}{len(made) + 1}")
            if conforms(value, differing, self.root):
                return value
        raise Unsatisfiable(f"the entries of {name!r} cannot all differ")


Make = Callable[[Maker, Mapping[str, Any], int, str], Any]
MAKERS: Final[dict[str, Make]] = {
    "string": lambda _, schema, _depth, name: scalars.text(schema, name),
    "object": Maker.object_of,
    "array": Maker.array_of,
    "integer": lambda maker, schema, *_: scalars.whole(schema, maker.rng),
    "number": lambda maker, schema, *_: scalars.number(schema, maker.rng),
    "boolean": lambda maker, *_: maker.rng.choice((True, False)),
    "null": lambda *_: None,
}
IMPLIES: Final = {
    "object": ("properties", "required", "additionalProperties", "minProperties"),
    "array": ("items", "prefixItems", "minItems", "uniqueItems"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}


def _implied(schema: Mapping[str, Any]) -> str:
    """The type a schema without one speaks of."""
    return next((kind for kind, words in IMPLIES.items() if any(word in schema for word in words)), "string")


def _without(schema: Mapping[str, Any], *words: str) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key not in words}


def _alternatives(_maker: Maker, schema: Mapping[str, Any], word: str) -> Iterator[Schema]:
    for part in schema[word]:
        if part is not False:
            yield merged(_without(schema, word), part)


def _referred(maker: Maker, schema: Mapping[str, Any], word: str) -> Iterator[Schema]:
    yield merged(_without(schema, word), maker.root.at(schema[word]))


def _joined(_maker: Maker, schema: Mapping[str, Any], word: str) -> Iterator[Schema]:
    whole: Schema = _without(schema, word)
    for part in schema[word]:
        whole = merged(whole, part)
    yield whole


SPREADS: Final[dict[str, Callable[[Maker, Mapping[str, Any], str], Iterator[Schema]]]] = {
    "$ref": _referred,
    "allOf": _joined,
    "anyOf": _alternatives,
    "oneOf": _alternatives,
}


def merged(left: Schema, right: Schema) -> Schema:
    """One schema for two; what both say of a property holds together, for bounds the tighter one."""
    if isinstance(left, bool) or isinstance(right, bool):
        return False if left is False or right is False else right if isinstance(left, bool) else left
    both = left.keys() & right.keys()
    whole = {**left, **right}
    for word in both:
        whole[word] = _JOIN.get(word, lambda old, new: new)(left[word], right[word])
    return whole


def _each(left: Mapping[str, Any], right: Mapping[str, Any]) -> dict[str, Any]:
    return {**left, **right, **{name: merged(left[name], right[name]) for name in left.keys() & right.keys()}}


_JOIN: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "properties": _each,
    "required": lambda old, new: [*old, *(name for name in new if name not in old)],
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), min),
    "enum": lambda old, new: [word for word in old if word in new],
    "items": merged,
    "additionalProperties": merged,
    "allOf": lambda old, new: [*old, *new],
}


def _weight(schema: Schema) -> int:
    """How much a schema is likely to make: nothing much for null and constants, most for what refers on."""
    if not isinstance(schema, Mapping):
        return 0
    heavy = {"$ref": 4, "anyOf": 3, "oneOf": 3, "allOf": 3, "properties": 2, "items": 2}
    return max((weight for word, weight in heavy.items() if word in schema), default=int(schema.get("type") != "null"))


def instance(schema: Schema, seed: str) -> Any:
    """A value that validates against the schema.

    Raises:
        Unsatisfiable: There is none, or the sandbox does not know how to make it.
    """
    try:
        return Maker(schema, seed).value(schema, 0, "answer")
    except (TypeError, AttributeError, ValueError, KeyError, OverflowError, RecursionError) as error:
        raise Unsatisfiable("the schema is malformed") from error
