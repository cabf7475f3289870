"""How many streams the sandbox serves at once: watches that are told of a change, and models' answers to their end."""

from __future__ import annotations

import json
import resource
import selectors
import socket
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from bench import table
from bench.load import Platform, purchases
from bench.table import Row

STREAMS = 1_000
SPARE_FILES = 100
LIMIT_S = 30.0
SIZE = 65_536
OPENED, DONE = b"event: BOOKMARK", b"data: [DONE]"


class Streams(NamedTuple):
    """What became of streams that were open at the same time.

    Attributes:
        begun: How many sent a first byte of their body, and `begun_s` when the last of them did.
        ended: How many sent what was waited for, and `ended_s` when the last of them did.
        refused: The first answer that was another than 200, if there was one.
    """

    begun: int
    begun_s: float
    ended: int
    ended_s: float
    refused: str = ""


class Line:
    """One connection with a request on it, and what came back that has not been looked at."""

    def __init__(self, address: tuple[str, int], request: bytes) -> None:
        self.socket = socket.create_connection(address, LIMIT_S)
        self.socket.sendall(request)
        self.socket.setblocking(False)
        self.came = b""

    def read(self) -> bool:
        """Whether it goes on."""
        try:
            piece = self.socket.recv(SIZE)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self.came += piece
        return bool(piece)


class Lines:
    """All connections of a measurement, read by one thread."""

    def __init__(self, address: tuple[str, int], requests: list[bytes]) -> None:
        self._selector = selectors.DefaultSelector()
        self.began = time.perf_counter()
        self.all = [Line(address, request) for request in requests]
        for line in self.all:
            self._selector.register(line.socket, selectors.EVENT_READ, line)

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()
        for line in self.all:
            line.socket.close()

    def until(self, arrived: Callable[[bytes], bool], limit_s: float = LIMIT_S) -> tuple[int, float]:
        """How many lines what is waited for arrived on, and the moment it had on the last of them."""
        waiting = {line for line in self.all if not arrived(line.came)}
        deadline = time.perf_counter() + limit_s
        last = time.perf_counter()
        while waiting and (left_s := deadline - time.perf_counter()) > 0:
            for key, _ in self._selector.select(left_s):
                line: Line = key.data
                if not line.read():
                    self._selector.unregister(line.socket)
                    waiting.discard(line)
                if line in waiting and arrived(line.came):
                    waiting.discard(line)
                    last = time.perf_counter()
        return sum(arrived(line.came) for line in self.all), last

    @property
    def refused(self) -> str:
        heads = [line.came for line in self.all if not line.came.startswith(b"HTTP/1.1 200 ")]
        return (heads[0][:300].decode(errors="replace") or "no answer") if heads else ""


def allow(count: int) -> None:
    """Let this process hold so many connections. Raises RuntimeError: it must not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + SPARE_FILES
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise RuntimeError(f"a process may hold {hard} files here, and {count:,} streams need {wanted}")
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def watches(platform: Platform, count: int) -> Streams:
    """Watches of orders, opened at once, and one order that each of them is told of."""
    url, token = platform.given
    address, host = _address(url)
    name = f"watched-{time.time_ns()}"
    order = next(purchases(platform, name))
    head = f"GET /v1/orders?watch=true HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n"
    with Lines(address, [head.encode()] * count) as lines:
        begun, when = lines.until(lambda came: OPENED in came)
        begun_s, placed = when - lines.began, time.perf_counter()
        platform.ask(order)
        told, last = lines.until(lambda came: name.encode() in came)
        return Streams(begun, begun_s, told, last - placed, lines.refused)


def answers(platform: Platform, count: int) -> Streams:
    """Calls of a model, sent at once and answered in streams, each to its end."""
    url, token = platform.given
    address, host = _address(url)
    items = platform.json("/v1/sources?limit=500")["items"]
    model = next(item["spec"]["model"] for item in items if "stream" in item["spec"]["capabilities"])
    body = json.dumps({"model": model, "stream": True, "messages": [{"role": "user", "content": "hello"}]}).encode()
    head = f"POST /openai/v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with Lines(address, [head.encode() + body] * count) as lines:
        begun, when = lines.until(lambda came: b"data: {" in came)
        ended, last = lines.until(lambda came: DONE in came)
        return Streams(begun, when - lines.began, ended, last - lines.began, lines.refused)


def _address(url: str) -> tuple[tuple[str, int], str]:
    parts = urlsplit(url)
    return (str(parts.hostname), int(parts.port or 80)), parts.netloc


def rows(platform: Platform, count: int = STREAMS) -> Iterator[Row]:
    allow(count)
    watched = watches(platform, count)
    yield table.at_least(f"{count:,} watches at once, told of an order", watched.ended, "told", count)
    yield table.told("… all opened after, the last told after", _both(watched.begun_s, watched.ended_s))
    answered = answers(platform, count)
    yield table.at_least(f"{count:,} streams of a model at once, to their end", answered.ended, "ended", count)
    yield table.told("… all begun after, the last ended after", _both(answered.begun_s, answered.ended_s))
    for refused in filter(None, (watched.refused, answered.refused)):
        yield table.told(f"… refused: {refused.splitlines()[0]}", "")


def _both(begun_s: float, ended_s: float) -> str:
    return f"{begun_s:.2f}, {ended_s:.2f} s"
