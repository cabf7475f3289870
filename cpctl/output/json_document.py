"""JSON as the server sent it: four spaces, its order of keys, Chinese readable, nothing raw that acts on a terminal."""

from __future__ import annotations

from json.encoder import encode_basestring as quoted
from math import isfinite

from cpctl.output.documents import document
from cpctl.output.safe import UNSEEN, is_hidden

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from cpctl.output.view import View
    from cpctl.resources.page import AnyPage

STEP = "    "


def json_document(view: View) -> Iterator[str]:
    """One object, or one `List` whose items stream."""
    return document(view, JsonForm())


class JsonForm:
    """A list whose items are printed a page at a time."""

    def single(self, item: Any) -> str:
        return json_text(item) + "\n"

    def begin(self) -> str:
        return f'{{\n{STEP}"apiVersion": "ccpp/v1",\n{STEP}"kind": "List",\n{STEP}"items": ['

    def items(self, page: AnyPage, *, first: bool) -> str:
        line = "\n" + STEP * 2
        text = ",".join([line + _value(item, line) for item in page.items])
        return text if first else "," + text

    def end(self, metadata: Mapping[str, Any], *, empty: bool) -> str:
        close = "]" if empty else f"\n{STEP}]"
        line = "\n" + STEP
        return f'{close},\n{STEP}"metadata": {_value(metadata, line)}\n}}\n'


def json_text(value: Any) -> str:
    """One value as JSON text, without a line end behind it."""
    return _value(value, "\n")


def json_line(value: Any) -> str:
    """One value as a line of JSON."""
    return _value(value, "") + "\n"


def json_string(text: str) -> str:
    """A JSON string that reads back as exactly this text; what is hidden stands as `\\uXXXX`."""
    string: str = quoted(text)
    if string.isprintable() and (string.isascii() or UNSEEN.isdisjoint(string)):
        return string
    return "".join([_escaped(char) if is_hidden(char) else char for char in string])


def _escaped(char: str) -> str:
    code = ord(char)
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def _value(value: Any, line: str) -> str:
    """`line` is the line end and indent of the line the value begins on, or nothing for all on one line.

    Three times as fast as the standard library's indented form, which is written in Python too.
    """
    if isinstance(value, str):
        return json_string(value)
    inner = line and line + STEP
    comma = "," if line else ", "
    if isinstance(value, dict) and value:
        members = comma.join([f"{inner}{json_string(str(key))}: {_value(one, inner)}" for key, one in value.items()])
        return f"{{{members}{line}}}"
    if isinstance(value, list) and value:
        return f"[{comma.join([inner + _value(one, inner) for one in value])}{line}]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    """Also the empty ones; a figure JSON has no word for (NaN, infinity) is null."""
    if isinstance(value, dict | list):
        return "{}" if isinstance(value, dict) else "[]"
    if value is None or (isinstance(value, float) and not isfinite(value)):
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)
