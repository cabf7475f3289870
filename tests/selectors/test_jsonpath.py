"""JSONPath where cpctl differs from kubectl on purpose, and mistakes in it; for the rest: kubectl/test_templates.py."""

from __future__ import annotations

import pytest

from cpctl.errors import UsageError
from cpctl.output.go_text import go_json, go_text, go_words
from cpctl.selectors.jsonpath import parse, relaxed

OFFERS = {
    "items": [
        {"name": "a", "price": "12.5000", "n": 5, "why": None, "tags": ["x"]},
        {"name": "b", "price": "3.0000", "n": 7.5, "why": "late", "tags": []},
        {"name": "c", "price": "free", "n": 9, "tags": ["y", "z"]},
    ]
}


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        ("{.items[?(@.n > 5.5)].name}", ["b", "c"]),
        ('{.items[?(@.why == "late")].name}', ["b"]),
        ('{.items[?(@.why != "late")].name}', []),
        ("{.items[*].tags[*]}", ["x", "y", "z"]),
        ("{range .nothing[*]}{[0]}{end}", []),
        ("{.items[0].name.*}", []),
        ("text{.items[0].n}", [5]),
    ],
)
def test_what_is_reached(template, wanted):
    assert parse(template).values(OFFERS) == wanted


def test_a_price_is_compared_as_a_figure():
    whole = {"items": OFFERS["items"][:2]}
    assert parse("{.items[?(@.price > 3)].name}").values(whole) == ["a"]
    assert parse("{.items[?(12.5 == @.price)].name}").values(whole) == ["a"]
    with pytest.raises(UsageError, match="incompatible types for comparison"):
        parse("{.items[?(@.price > 3)].name}").values(OFFERS)


@pytest.mark.parametrize(
    ("template", "what", "place"),
    [
        ("{.a", "unclosed action", 4),
        ("x{.a[0}", "unterminated array", 5),
        ("{.a}{range .b}{.c}", "range without end", 5),
        ("{range .b}{range .c}{end}", "range without end", 1),
        ("{.a}{end}", "not in range, nothing to end", 5),
        ("{foo}", "unrecognized identifier foo", 2),
        ("{.a[?(@.b <> 1)]}", "unrecognized filter operator <>", 11),
        ("{.a[?(@.b == ~)]}", "unrecognized character in action: U+007E '~'", 14),
        ("{.a[0,x]}", "invalid array index x", 7),
        ("{'a", "unterminated quoted string", 2),
        ("{...." + "a}", "invalid multiple recursive descent", 4),
        ("{range range .a}{end}", "unrecognized identifier range", 8),
    ],
)
def test_a_mistake_is_told_with_its_place(template, what, place):
    with pytest.raises(UsageError) as caught:
        parse(template)
    assert str(caught.value) == f"error parsing jsonpath {template}, {what} at character {place}"


@pytest.mark.parametrize("path", ["a.b", ".a.b", "{a.b}", "{.a.b}"])
def test_relaxed_paths(path):
    assert parse(relaxed(path)).simple_path == "a.b"


@pytest.mark.parametrize("path", ["{.a}{.b}", "{a", "a}", "{}"])
def test_what_is_no_relaxed_path(path):
    with pytest.raises(UsageError, match="unexpected path string"):
        relaxed(path)


@pytest.mark.parametrize("template", ["{.a[0]}", "{..a}", "x{.a}", "{.a}{.b}", "{.a\\.b}", "{}", "{.*}", "{.}"])
def test_what_is_no_simple_path(template):
    assert parse(template).simple_path == ""


@pytest.mark.parametrize(
    ("value", "text", "json"),
    [
        (1.0, "1", "1"),
        (0.00001, "1e-05", "0.00001"),
        (1e-7, "1e-07", "1e-7"),
        (1e21, "1e+21", "1e+21"),
        (123456789.125, "123456789.125", "123456789.125"),
        (12345678901234567890, "12345678901234567890", "12345678901234567890"),
        (True, "true", "true"),
        (None, "null", "null"),
        ("<a&b>", "<a&b>", '"\\u003ca\\u0026b\\u003e"'),
        ("\x1b[31m\u202e", "\\x1b[31m\\u202e", '"\\u001b[31m\\u202e"'),
        ({"b": [1, None], "a": {}}, '{"a":{},"b":[1,null]}', '{"a":{},"b":[1,null]}'),
    ],
)
def test_values_as_go_writes_them(value, text, json):
    assert (go_text(value), go_json(value)) == (text, json)


def test_mappings_in_columns_are_as_go_prints_them():
    assert go_words({"b": [True, None, "x"], "a": {"c": 1.5}}) == "map[a:map[c:1.5] b:[true <nil> x]]"
