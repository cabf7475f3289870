"""YAML as the server sent it, in kubectl's layout; written here, for PyYAML takes ten times as long for a long list.

What is written is the part of YAML that every reader reads alike: block lists and mappings, and strings either plain,
where nobody could take them for something else, or in double quotes.
"""

from __future__ import annotations

from functools import lru_cache
from math import isfinite

from cpctl.output.documents import document
from cpctl.output.safe import UNSEEN, escape, is_hidden

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from cpctl.output.view import View
    from cpctl.resources.page import AnyPage

# Words that one YAML reader or another takes for a boolean, for nothing, or for a merge.
WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nan", "inf"))
KEY_LIMIT = 1000  # readers look no further than 1,024 characters for the colon behind a key
QUOTES = {'"': '\\"', "\\": "\\\\"}
INDENT = "  "


def yaml_document(view: View) -> Iterator[str]:
    """One object, or one `List` whose items stream."""
    return document(view, YamlForm())


class YamlForm:
    """A list whose items are printed a page at a time."""

    def single(self, item: Any) -> str:
        return yaml_text(item)

    def begin(self) -> str:
        return "apiVersion: ccpp/v1\nkind: List\nitems:"

    def items(self, page: AnyPage, *, first: bool) -> str:
        return ("\n" if first else "") + yaml_text(list(page.items))

    def end(self, metadata: Mapping[str, Any], *, empty: bool) -> str:
        return (" []\n" if empty else "") + yaml_text({"metadata": dict(metadata)})


def yaml_text(value: Any) -> str:
    """One value as a YAML document, line end included."""
    lines: list[str] = []
    _block(value, "", "", lines)
    return "\n".join([*lines, ""])


@lru_cache(maxsize=4096)  # keys, and most values, come again in every object
def yaml_string(text: str) -> str:
    """A YAML string that reads back as this text; lone surrogates, which YAML has not, as U+FFFD."""
    if _is_plain(text):
        return text
    if text.isprintable() and UNSEEN.isdisjoint(text) and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return '"' + "".join([_escaped(char) for char in text]) + '"'


def _is_plain(text: str) -> bool:
    """Whether every YAML reader reads it as this string: it begins with a letter and has no mark of YAML's."""
    if not text.isascii() and not UNSEEN.isdisjoint(text):
        return False
    marks = "".join(text.split(" ")) if text[-1:] != " " else ""
    for mark in "-_./@+()":
        marks = marks.replace(mark, "")
    return marks.isalnum() and text[:1].isalpha() and text.lower() not in WORDS and text.isprintable()


def _escaped(char: str) -> str:
    if "\ud800" <= char <= "\udfff":
        return "\ufffd"
    return QUOTES.get(char) or (escape(char) if is_hidden(char) else char)


def _block(value: Any, first: str, rest: str, lines: list[str]) -> None:
    """Append a value's lines; `first` stands before the first of them, `rest` before the others."""
    if isinstance(value, dict) and value:
        for key, one in value.items():
            _member(first + _key(str(key), rest), one, rest, lines)
            first = rest
    elif isinstance(value, list) and value:
        for one in value:
            _block(one, f"{first}- ", f"{rest}  ", lines)
            first = rest
    else:
        lines.append(first + _scalar(value))


def _key(key: str, rest: str) -> str:
    text = yaml_string(key)
    return f"{text}:" if len(text) <= KEY_LIMIT else f"? {text}\n{rest}:"


def _member(head: str, value: Any, rest: str, lines: list[str]) -> None:
    """A key and its value: beside it, or below it; lists stand no deeper than their key, as kubectl has them."""
    if isinstance(value, dict | list) and value:
        lines.append(head)
        inner = rest + INDENT if isinstance(value, dict) else rest
        _block(value, inner, inner, lines)
    else:
        lines.append(f"{head} {_scalar(value)}")


def _scalar(value: Any) -> str:
    """Also the empty ones; a figure that is none (NaN, infinity) is null."""
    if isinstance(value, str):
        return yaml_string(value)
    if isinstance(value, dict | list):
        return "{}" if isinstance(value, dict) else "[]"
    if value is None or (isinstance(value, float) and not isfinite(value)):
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    figure = repr(value)
    return figure.replace("e", ".0e") if "e" in figure and "." not in figure else figure
