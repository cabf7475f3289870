"""Bytes of a stream → events (the Server-Sent Events of WHATWG), as they come, wherever the bytes are cut.

Lines end at CR, LF or CRLF in the bytes and nowhere else: U+2028 and U+0085 inside a JSON string are no line ends. Text
is decoded when an event is whole. Kinder than the standard in two ways: an event needs no blank line behind it at the
very end, and a bare line of JSON, as some servers write their errors, is an event too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cpctl.errors import BadAnswer

BOM = b"\xef\xbb\xbf"
DATA, EVENT, ID = b"data", b"event", b"id"


class Event(NamedTuple):
    """One event; `name` and `id` are empty unless the server gave them to this one."""

    data: str
    name: str = ""
    id: str = ""


def events(chunks: Iterable[bytes]) -> Iterator[Event]:
    """The events of a body, each as soon as its last byte is there."""
    parser = Parser()
    for chunk in chunks:
        yield from parser.feed(chunk)
    yield from parser.close()


class Parser:
    """What of a stream was read and is not an event yet.

    Args:
        limit: Most bytes of one event; None for a body that is bounded as a whole.
    """

    def __init__(self, limit: int | None = None) -> None:
        self._limit = limit
        self._held = 0  # bytes of the event that is not whole yet
        self._line: list[bytes] = []  # pieces of the line that is not whole yet
        self._data: list[bytes] = []
        self._name = b""
        self._id = b""
        self._after_cr = False  # an LF that comes now belongs to the CR before it
        self._begun = False

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that these bytes complete. Raises BadAnswer: an event is larger than it may be."""
        if self._after_cr and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._after_cr = False
        if b"\r" in chunk:
            self._after_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        first, *others = chunk.split(b"\n")
        self._line.append(first)
        self._grow(len(chunk))
        if not others:
            return []
        lines = [b"".join(self._line), *others[:-1]]
        self._line = [others[-1]]
        return [event for line in lines for event in self._take(line)]

    def close(self) -> list[Event]:
        """The events that the end completes."""
        last, self._line = b"".join(self._line), []
        return [*self._take(last), *self._dispatch()]

    def _grow(self, size: int) -> None:
        self._held += size
        if self._limit is not None and self._held > self._limit:
            raise BadAnswer(reason="TooLarge", detail=f"an event of the server is larger than {self._limit >> 20} MiB")

    def _take(self, line: bytes) -> list[Event]:
        if not self._begun:
            line, self._begun = line.removeprefix(BOM), True
        if not line:
            return self._dispatch()
        if line[:1] == b"{":
            return [*self._dispatch(), Event(line.decode(errors="replace"))]
        field, _, value = line.partition(b":")
        if field == DATA:
            self._data.append(value.removeprefix(b" "))
        elif field == EVENT:
            self._name = value.removeprefix(b" ")
        elif field == ID and b"\0" not in value:
            self._id = value.removeprefix(b" ")
        return []

    def _dispatch(self) -> list[Event]:
        data, name, id_ = self._data, self._name, self._id
        self._data, self._name, self._id, self._held = [], b"", b"", 0
        if not data:
            return []
        text, *words = (part.decode(errors="replace") for part in (b"\n".join(data), name, id_))
        return [Event(text, *words)]
