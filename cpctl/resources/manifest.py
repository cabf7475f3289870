"""Manifests as plain values: YAML, JSON or TOML, one or many documents, of a size and shape that people write.

Numbers stay exact: an int, or a Decimal for one with a point. What a document must be made of is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from cpctl.errors import BadManifest
from cpctl.resources.exact import DEPTH_LIMIT, DIGITS_LIMIT, NODE_LIMIT, Refused, number

SIZE_LIMIT = 1 << 20
TOML_SIZE_LIMIT = 64 << 10  # its parser is plain Python: a mebibyte would take seconds
DOTS_LIMIT = 64
DOCUMENT_LIMIT = 1_000

TOML_LINE = re.compile(r"\s*(\[\[?[\w.\"' -]+\]\]?\s*(#.*)?|[\w.\"'-]+\s*=.*)")
JSON_SPACE = " \t\r\n"


class Document(NamedTuple):
    """One manifest.

    Attributes:
        source: Where it stands, for messages: `orders.yaml`, `orders.yaml#2`, `stdin`.
    """

    source: str
    value: dict[str, Any]


def documents(content: bytes, source: str, suffix: str = "") -> list[Document]:
    """Every document in the content; empty ones and the frame of a `kind: List` are left out.

    Args:
        source: What messages call it.
        suffix: `.yaml`, `.yml`, `.json` or `.toml`; the content is looked at for any other.

    Raises:
        BadManifest: Not such a text, or one of hostile size or shape.
    """
    try:
        text = _text(content)
        values = _objects(PARSERS.get(suffix.lower(), _guessed)(text))
    except Refused as error:
        raise BadManifest(source=source, detail=str(error)) from error
    if not values:
        raise BadManifest(source=source, detail="there is no document in it")
    names = [source] if len(values) == 1 else [f"{source}#{number}" for number in range(1, len(values) + 1)]
    return [Document(name, value) for name, value in zip(names, values, strict=True)]


def _text(content: bytes) -> str:
    if len(content) > SIZE_LIMIT:
        raise Refused(f"larger than {SIZE_LIMIT >> 10} KiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(f"not UTF-8 (byte {error.start})") from error


def _objects(values: Iterable[Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for value in values:
        if value is None:
            continue
        if not isinstance(value, dict):
            raise Refused("a document must be a mapping with apiVersion, kind, metadata and spec")
        found.extend(_members(value))
        if len(found) > DOCUMENT_LIMIT:
            raise Refused(f"more than {DOCUMENT_LIMIT} documents")
    return found


def _members(value: dict[str, Any]) -> list[dict[str, Any]]:
    """The items of a `kind: List`, or the document itself."""
    if value.get("kind") != "List":
        return [value]
    items = value.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Refused("a List must have items, each a mapping")
    return items


# ---- formats


def _yaml(text: str) -> list[Any]:
    from cpctl.resources.yamldoc import yaml_documents

    return list(yaml_documents(text))


def _json(text: str) -> list[Any]:
    """One value, or several one after the other."""
    import json

    decoder = json.JSONDecoder(
        object_pairs_hook=_unique, parse_int=_number, parse_float=_number, parse_constant=_not_a_number
    )
    values, place = [], _after_space(text, 0)
    try:
        while place < len(text):
            value, place = decoder.raw_decode(text, place)
            values.append(value)
            place = _after_space(text, place)
    except json.JSONDecodeError as error:
        raise Refused(f"line {error.lineno}: not JSON: {error.msg}") from error
    except RecursionError as error:
        raise Refused(f"nested deeper than {DEPTH_LIMIT}") from error
    _bound(values)
    return values


def _toml(text: str) -> list[Any]:
    import tomllib

    if len(text) > TOML_SIZE_LIMIT:
        raise Refused(f"larger than {TOML_SIZE_LIMIT >> 10} KiB")
    if any(line.count(".") > DOTS_LIMIT for line in text.splitlines()):  # a key of n parts costs n²
        raise Refused(f"a line with more than {DOTS_LIMIT} dots")
    try:
        value = tomllib.loads(text, parse_float=_number)
    except RecursionError as error:
        raise Refused(f"nested deeper than {DEPTH_LIMIT}") from error
    except tomllib.TOMLDecodeError as error:
        raise Refused(f"not TOML: {error}") from error
    except ValueError as error:  # an integer longer than Python reads
        raise Refused(f"a number of more than {DIGITS_LIMIT} digits") from error
    _bound([value])
    return [value]


def _guessed(text: str) -> list[Any]:
    """By the first line that says something: TOML has tables or `=`, JSON begins with a brace, all else is YAML."""
    first = next((line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")), "")
    if TOML_LINE.fullmatch(first):
        return _toml(text)
    if first.lstrip().startswith("{") and '"' in text[: text.find("}") + 1 or None]:
        return _json_or_yaml(text)
    return _yaml(text)


def _json_or_yaml(text: str) -> list[Any]:
    """YAML in flow style also begins with a brace; when it is neither, what JSON says is the better message."""
    try:
        return _json(text)
    except Refused as error:
        if "not JSON" not in str(error):
            raise
        try:
            return _yaml(text)
        except Refused:
            raise error from None


PARSERS: dict[str, Callable[[str], list[Any]]] = {".yaml": _yaml, ".yml": _yaml, ".json": _json, ".toml": _toml}


# ---- bounds


def _after_space(text: str, place: int) -> int:
    while place < len(text) and text[place] in JSON_SPACE:
        place += 1
    return place


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise Refused(f'the key "{key[:60]}" stands there twice')
        found[key] = value
    return found


def _number(text: str) -> Any:
    return number(text.replace("_", ""))


def _not_a_number(text: str) -> Any:
    raise Refused(f"{text} is not a number")


def _bound(values: list[Any]) -> None:
    """Refuse what is too deep, too many, too long a number, or not text."""
    count = 0
    level: list[Any] = values
    for _ in range(DEPTH_LIMIT + 1):
        count += len(level)
        if count > NODE_LIMIT:
            raise Refused(f"more than {NODE_LIMIT} values")
        level = [child for value in level for child in _children(value)]
        if not level:
            return
    raise Refused(f"nested deeper than {DEPTH_LIMIT}")


def _children(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from map(_checked_text, value)
        yield from value.values()
    elif isinstance(value, list):
        yield from value
    elif isinstance(value, str):
        _checked_text(value)
    elif isinstance(value, int) and abs(value) >= 10**DIGITS_LIMIT:
        raise Refused(f"a number of more than {DIGITS_LIMIT} digits")


def _checked_text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Refused("half of a character (a lone surrogate) in a text") from error
    return text
