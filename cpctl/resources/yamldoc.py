"""YAML documents as plain values: every scalar exact, nothing that a tag, an alias or a size could turn into work.

Scalars follow the core schema of YAML 1.2: `yes` is a text, `010` is a text, `13.50` is a Decimal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from cpctl.resources.exact import DEPTH_LIMIT, NODE_LIMIT, Refused, number

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DECIMAL = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def yaml_documents(text: str) -> Iterator[Any]:
    """One value a document; an empty document is None.

    Raises:
        Refused: No YAML, or YAML with tags, cycles, repeated keys, too much depth or too many nodes.
    """
    if "\n%TAG" in f"\n{text}":  # the parser compares each with all others
        raise Refused("tags are not allowed")
    try:
        yield from _Reader(text).documents()
    except yaml.MarkedYAMLError as error:
        raise Refused(_marked(error)) from error
    except yaml.YAMLError as error:
        raise Refused(f"not YAML: {str(error).splitlines()[0]}") from error


class _Reader:
    """Builds values from the parser's events; recursion is as deep as DEPTH_LIMIT allows."""

    def __init__(self, text: str) -> None:
        self._events = yaml.parse(text, Loader=LOADER)
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._nodes = 0

    def documents(self) -> Iterator[Any]:
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                self._anchors.clear()
                yield self._node(next(self._events), 1)

    def _node(self, event: Any, depth: int) -> Any:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        before = self._nodes
        self._count(1, event)
        if depth > DEPTH_LIMIT:
            raise Refused(f"{_line(event)}nested deeper than {DEPTH_LIMIT}")
        if event.tag is not None and not (event.tag == "!" and isinstance(event, yaml.ScalarEvent)):
            raise Refused(f"{_line(event)}the tag {event.tag[:40]} is not allowed")
        value = self._value(event, depth)
        if event.anchor:
            self._anchors[event.anchor] = (value, self._nodes - before)
        return value

    def _value(self, event: Any, depth: int) -> Any:
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return [self._node(child, depth + 1) for child in self._until(yaml.SequenceEndEvent)]
        return self._mapping(depth)

    def _mapping(self, depth: int) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        merged: list[dict[str, Any]] = []
        for event in self._until(yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent) or event.tag is not None:
                raise Refused(f"{_line(event)}a key must be a plain word")
            value = self._node(next(self._events), depth + 1)
            if event.value == "<<" and event.implicit[0]:
                merged = _merged(value, event)
            elif event.value in mapping:
                raise Refused(f'{_line(event)}the key "{event.value[:60]}" stands there twice')
            else:
                mapping[event.value] = value
        for other in reversed(merged):
            mapping = {**other, **mapping}
        return mapping

    def _until(self, end: type) -> Iterator[Any]:
        while not isinstance(event := next(self._events), end):
            yield event

    def _alias(self, event: Any) -> Any:
        """What the anchor stands for; an anchor is not yet known inside its own value, so no cycle can be built."""
        if event.anchor not in self._anchors:
            raise Refused(f"{_line(event)}the alias *{event.anchor[:40]} stands for nothing or for itself")
        value, size = self._anchors[event.anchor]
        self._count(size, event)
        return value

    def _count(self, nodes: int, event: Any) -> None:
        self._nodes += nodes
        if self._nodes > NODE_LIMIT:
            raise Refused(f"{_line(event)}more than {NODE_LIMIT} values, aliases counted in full")


def _scalar(event: Any) -> Any:
    """A quoted scalar is a text; a plain one is what the core schema says."""
    text: str = event.value
    if not event.implicit[0]:
        return text
    if text in WORDS:
        return WORDS[text]
    if NOT_FINITE.fullmatch(text):
        raise Refused(f"{_line(event)}{text} is not a number")
    try:
        return number(text) if DECIMAL.fullmatch(text) else text
    except Refused as error:
        raise Refused(f"{_line(event)}{error}") from error


def _merged(value: Any, event: Any) -> list[dict[str, Any]]:
    parts = value if isinstance(value, list) else [value]
    if not all(isinstance(part, dict) for part in parts):
        raise Refused(f"{_line(event)}<< takes a mapping")
    return parts


def _line(event: Any) -> str:
    return f"line {event.start_mark.line + 1}: "


def _marked(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    where = f"line {mark.line + 1}: " if mark else ""
    return f"{where}{error.problem or error.context or 'not YAML'}"
