"""Values made to fit a schema validate, by another validator's judgement."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from cpctl.sandbox.gateway.conforming import Root, Unsatisfiable, conforms
from cpctl.sandbox.gateway.instances import instance

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 3, "maxLength": 20},
        "age": {"type": "integer", "minimum": 18, "exclusiveMaximum": 20},
        "email": {"type": "string", "format": "email"},
        "role": {"enum": ["buyer", "seller"]},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 3, "uniqueItems": True},
        "boss": {"anyOf": [{"$ref": "#/$defs/boss"}, {"type": "null"}]},
        "kind": {"const": "person"},
    },
    "required": ["name", "age", "email", "role", "tags", "boss", "kind"],
    "additionalProperties": False,
    "$defs": {
        "boss": {
            "type": "object",
            "properties": {"id": {"type": "string", "pattern": "^[0-9]{4}$"}},
            "required": ["id"],
        }
    },
}
TREE = {
    "type": "object",
    "properties": {"value": {"type": "number"}, "children": {"type": "array", "items": {"$ref": "#"}}},
    "required": ["value", "children"],
    "additionalProperties": False,
}
LINKED = {
    "$ref": "#/$defs/node",
    "$defs": {
        "node": {
            "type": "object",
            "properties": {"next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}},
            "required": ["next"],
        }
    },
}
SCHEMAS = [
    PERSON,
    TREE,
    LINKED,
    True,
    {},
    {"type": ["string", "null"]},
    {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "boolean"}], "minItems": 2, "items": False},
    {"type": "array", "items": {"enum": ["a", "b", "c", "d", "e"]}, "minItems": 5, "uniqueItems": True},
    {
        "allOf": [
            {"properties": {"a": {"type": "integer"}}},
            {"required": ["a", "b"]},
            {"type": "object", "minProperties": 4},
        ]
    },
    {"oneOf": [{"type": "integer"}, {"type": "string"}], "minimum": 10},
    {"type": "number", "multipleOf": 0.01, "minimum": 0.05, "maximum": 0.11},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.1},
    {"type": "integer", "multipleOf": 7, "minimum": 50},
    {"type": "number", "maximum": -3},
    {"type": "string", "pattern": "^CN-[A-Z]{2}$"},
    {"type": "string", "pattern": r"^(\d{1,3}\.){3}\d{1,3}$"},
    {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 2},
    {
        "type": "object",
        "properties": {"a": {"not": {"type": "string"}, "type": ["string", "integer"]}},
        "required": ["a"],
    },
    {
        "type": "object",
        "properties": {"x/y": {"type": "integer"}, "z": {"$ref": "#/properties/x~1y"}},
        "required": ["z"],
    },
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: str(schema)[:60])
def test_the_value_validates_and_is_the_same_again(schema):
    for seed in ("a", "b", "中文"):
        made = instance(schema, seed)
        Draft202012Validator(schema).validate(made)
        assert instance(schema, seed) == made


IMPOSSIBLE = [
    False,
    {"type": "integer", "minimum": 5, "maximum": 4},
    {"type": "string", "pattern": "^sandbox never heard of this$"},
    {"type": "string", "pattern": "("},
    {"$ref": "https://example.com/schema"},
    {"$ref": "#/$defs/none"},
    {"$ref": "#"},
    {"type": "array", "items": {"type": "boolean"}, "minItems": 3, "uniqueItems": True},
    {"type": "array", "minItems": 10**9},
    {"type": "string", "minLength": 10**12},
    {"type": "vector"},
    {"type": 5},
    {"enum": []},
    {"properties": 3},
    {"type": "object", "required": ["a"], "additionalProperties": False},
    {"const": 1, "type": "string"},
    "object",
    None,
    {"type": "number", "multipleOf": 0},
    {"type": "integer", "minimum": 1e308, "multipleOf": 1e-300},
]


@pytest.mark.parametrize("schema", IMPOSSIBLE, ids=lambda schema: str(schema)[:60])
def test_what_cannot_be_made_is_refused(schema):
    with pytest.raises(Unsatisfiable):
        instance(schema, "seed")


def test_a_schema_cannot_ask_for_too_much():
    wide = {"type": "object", "properties": {f"p{i}": {"$ref": "#"} for i in range(30)}}
    slow = {"type": "string", "pattern": "^(a+)+b$"}
    deep: dict[str, object] = {"type": "string"}
    for _ in range(500):
        deep = {"type": "array", "items": deep, "minItems": 1}
    begun = time.process_time()
    Draft202012Validator(wide).validate(instance(wide, "seed"))
    for schema in (slow, deep):
        with pytest.raises(Unsatisfiable):
            instance(schema, "seed")
    assert time.process_time() - begun < 10


LEAVES = st.one_of(
    st.builds(
        lambda low, more: {"type": "integer", "minimum": low, "maximum": low + more},
        st.integers(-99, 99),
        st.integers(0, 9),
    ),
    st.builds(
        lambda low, more: {"type": "string", "minLength": low, "maxLength": low + more},
        st.integers(0, 30),
        st.integers(0, 9),
    ),
    st.sampled_from(
        [{"type": "boolean"}, {"type": "null"}, {"type": "number"}, {"const": [1]}, {"enum": ["x", 2, None]}]
    ),
)
NESTED = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda item, low: {"type": "array", "items": item, "minItems": low}, inner, st.integers(0, 3)),
        st.builds(lambda parts: {"anyOf": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(
            lambda known, strict: {
                "type": "object",
                "properties": known,
                "required": sorted(known)[::2],
                "additionalProperties": not strict,
            },
            st.dictionaries(st.sampled_from("abcdef"), inner, max_size=4),
            st.booleans(),
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(NESTED)
def test_any_schema_of_common_constructs_is_satisfied(schema):
    made = instance(schema, "seed")
    Draft202012Validator(schema).validate(made)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-50, 120) | st.text(max_size=35) | st.floats(-99, 99),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcdef"), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(JSON, NESTED)
def test_the_gateways_own_judgement_is_the_validators(value, schema):
    assert conforms(value, schema, Root(schema)) == Draft202012Validator(schema).is_valid(value)
