"""A stand-in for the way to a server: bytes as told, time as told, and what was sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from cpctl.resources.exchange import Answer, Request

STREAM = {"content-type": "text/event-stream"}
JSON = {"content-type": "application/json"}


@dataclass
class FakeClock:
    time: float = 0.0

    def now(self):
        raise AssertionError("nothing here asks the wall")

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


@dataclass
class Reply:
    headers: dict[str, str]
    body: list[bytes | float | Exception]
    clock: FakeClock
    status: int = 200

    def chunks(self) -> Iterator[bytes]:
        """Bytes; a number is so many seconds of silence, an exception is the line failing."""
        for part in self.body:
            if isinstance(part, Exception):
                raise part
            if isinstance(part, float):
                self.clock.sleep(part)
            else:
                yield part


@dataclass
class FakeSender:
    """A Sender whose answer is known beforehand."""

    body: list[bytes | float | Exception]
    headers: dict[str, str] = field(default_factory=lambda: dict(STREAM))
    clock: FakeClock = field(default_factory=FakeClock)
    sent: list[Request] = field(default_factory=list)
    origin: str = "http://127.0.0.1:1"
    closed: bool = False

    @contextmanager
    def stream(self, request: Request):
        self.sent.append(request)
        try:
            if self.body and isinstance(self.body[0], Exception):
                raise self.body[0]
            yield Reply(self.headers, self.body, self.clock)
        finally:
            self.closed = True

    def send(self, request: Request) -> Answer:
        self.sent.append(request)
        return Answer(200, self.headers, b"".join(part for part in self.body if isinstance(part, bytes)))


def chunk(content=None, *, finish=None, usage=None, **delta) -> dict:
    """One chunk of a chat stream."""
    said = {"content": content, **delta} if content is not None or delta else {}
    made = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": []}
    made["choices"] = [{"index": 0, "delta": said, "finish_reason": finish}]
    return made | ({"usage": usage} if usage else {})


def sse(*payloads) -> bytes:
    """Events as most servers write them."""
    lines = (one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in payloads)
    return b"".join(f"data: {line}\n\n".encode() for line in lines)
