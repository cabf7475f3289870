"""Manifests as people and enemies write them."""

from __future__ import annotations

import json
import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpctl.errors import BadManifest
from cpctl.resources.manifest import documents

NESTED = "".join(
    f"{'abcdefgh'[i]}: &{'abcdefgh'[i]} [{','.join(['*' + 'abcdefgh'[i - 1] if i else 'x'] * 9)}]\n" for i in range(8)
)

HOSTILE = {
    "deep.yaml": b"[" * 100_000,
    "deep-map.yaml": b"\n".join(b" " * i + b"a:" for i in range(1_400)),
    "deep.json": b"[" * 100_000,
    "deep-object.json": b'{"a":' * 100_000,
    "deep.toml": b"a=" + b"[" * 60_000,
    "dots.toml": b".".join([b"a"] * 30_000) + b"=1",
    "long-int.json": b'{"a":' + b"9" * 5_000 + b"}",
    "long-int.yaml": b"a: " + b"9" * 5_000,
    "long-int.toml": b"a=" + b"9" * 5_000,
    "exponent.json": b'{"a":1e999999}',
    "exponent.yaml": b"a: 1e999999",
    "nan.json": b'{"a":NaN}',
    "infinity.json": b'{"a":-Infinity}',
    "nan.yaml": b"a: .nan",
    "nan.toml": b"a = nan",
    "surrogate.json": b'{"a":"\\ud800"}',
    "surrogate-key.json": b'{"\\ud800":1}',
    "surrogate.yaml": b'a: "\\ud800"',
    "twice.json": b'{"a":1,"a":2}',
    "twice.yaml": b"a: 1\na: 2",
    "twice.toml": b"a=1\na=2",
    "twice-among-many.json": b"{" + b",".join(b'"k%d":1' % i for i in range(60_000)) + b',"k1":2}',
    "tag.yaml": b'a: !!python/object/apply:os.system ["id"]',
    "own-tag.yaml": b"a: !x 1",
    "tag-directives.yaml": b"".join(b"%%TAG !a%d! tag:x,2000:\n" % i for i in range(20_000)) + b"---\na: 1",
    "cycle.yaml": b"a: &a [*a]",
    "cycle-map.yaml": b"a: &a {b: *a}",
    "bomb.yaml": NESTED.encode(),
    "documents.yaml": b"a: 1\n---\n" * 100_000,
    "keys.yaml": b"".join(b"k%d: 1\n" % i for i in range(80_000)),
    "keys.json": json.dumps({f"k{i}": 1 for i in range(60_000)}).encode(),
    "latin1.yaml": "name: Müller".encode("latin-1"),
    "utf16.yaml": "a: 1".encode("utf-16"),
    "large.yaml": b"#" * (1 << 20) + b"\na: 1",
    "empty.yaml": b"",
    "comment.yaml": b"# nothing\n",
    "text.yaml": b"hello",
    "list.yaml": b"- a",
    "half.json": b'{"a": 1',
    "list-without-items.yaml": b"kind: List",
    "list-of-text.yaml": b"kind: List\nitems: [a]",
    "complex-key.yaml": b"? [a]\n: b",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_are_refused_at_once(name: str) -> None:
    began = time.process_time()
    with pytest.raises(BadManifest) as refused:
        documents(HOSTILE[name], name, "." + name.partition(".")[2])
    assert refused.value.exit_code == 2
    assert str(refused.value).startswith(name)
    assert "\n" not in str(refused.value)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        (".yaml", "metadata: {name: 训练}\nspec: {price: 13.50, cards: 8, whole: 1e2}\n"),
        (".json", '{"metadata": {"name": "训练"}, "spec": {"price": 13.50, "cards": 8, "whole": 1e2}}'),
        (".toml", '[metadata]\nname = "训练"\n[spec]\nprice = 13.50\ncards = 8\nwhole = 1e2\n'),
    ],
)
@pytest.mark.parametrize("guessed", [False, True])
def test_three_formats_say_the_same_and_numbers_stay_exact(suffix: str, content: str, guessed: bool) -> None:
    (only,) = documents(content.encode(), "o", "" if guessed else suffix)
    assert only.source == "o"
    assert only.value["metadata"] == {"name": "训练"}
    assert only.value["spec"]["cards"] == 8
    assert str(only.value["spec"]["price"]) == "13.50"
    assert only.value["spec"]["whole"] == Decimal(100)


def test_many_documents_are_numbered_and_empty_ones_left_out() -> None:
    found = documents(b"a: 1\n---\n---\nb: 2\n", "o.yaml", ".yaml")
    assert [(d.source, d.value) for d in found] == [("o.yaml#1", {"a": 1}), ("o.yaml#2", {"b": 2})]
    assert [d.value for d in documents(b'{"a":1}\n{"b":2}', "o", ".json")] == [{"a": 1}, {"b": 2}]
    assert [d.value for d in documents(b"kind: List\nitems: [{a: 1}, {b: 2}]", "o", ".yaml")] == [{"a": 1}, {"b": 2}]


def test_yaml_scalars_follow_the_core_schema() -> None:
    content = b"a: yes\nb: 010\nc: 0x10\nd: 2026-01-01\ne: ~\nf: 'true'\ng: true\nh: \"13.5\"\ni: NO\nj: 1:30"
    (only,) = documents(content, "o.yaml", ".yaml")
    expected = {"a": "yes", "b": "010", "c": "0x10", "d": "2026-01-01", "e": None, "f": "true", "g": True}
    assert only.value == expected | {"h": "13.5", "i": "NO", "j": "1:30"}


def test_aliases_and_merges_work_within_bounds() -> None:
    (only,) = documents(b"x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}\nz: *x", "o.yaml", ".yaml")
    assert only.value == {"x": {"a": 1, "b": 2}, "y": {"a": 1, "b": 3}, "z": {"a": 1, "b": 2}}


@given(st.binary(max_size=300), st.sampled_from([".yaml", ".json", ".toml", ""]))
def test_any_bytes_are_read_or_refused(content: bytes, suffix: str) -> None:
    try:
        found = documents(content, "o", suffix)
    except BadManifest:
        return
    assert all(isinstance(document.value, dict) for document in found)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(st.characters(codec="utf-8"), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=9), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=9), PLAIN, min_size=1, max_size=5))
def test_what_json_says_is_what_is_read(value: dict[str, object]) -> None:
    if value.get("kind") == "List":
        return
    (only,) = documents(json.dumps(value).encode(), "o.json", ".json")
    assert only.value == value
