"""Servers that misbehave byte by byte, on loopback, and end by themselves."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from datetime import UTC, datetime

import pytest

from cpctl.api.transport import Transport
from cpctl.errors import CpctlError
from cpctl.resources.endpoint import endpoint
from cpctl.resources.exchange import Request

QUICK: ContextVar[bool] = ContextVar("QUICK", default=True)
"""Whether plain reads may do without httpx; the fixture `both_lines` runs a test either way."""

Script = Callable[[socket.socket, bytes], None]


class FakeClock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.sleeps: list[float] = []

    def now(self) -> datetime:
        return datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.passed += seconds


class WallClock(FakeClock):
    def monotonic(self) -> float:
        import time

        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        import time

        self.sleeps.append(seconds)
        time.sleep(seconds)


class Wire:
    """Answers each request by the next script (the last one repeats); keeps what it was sent."""

    def __init__(self, *scripts: Script) -> None:
        self.scripts = list(scripts)
        self.requests: list[bytes] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.received = b""
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(20)
        with connection, contextlib.suppress(OSError):
            while request := self._request(connection):
                self.requests.append(request)
                script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
                script(connection, request)

    def _request(self, connection: socket.socket) -> bytes:
        whole = b""
        while b"\r\n\r\n" not in whole:
            part = connection.recv(65_536)
            self.received += part
            if not part:
                return b""
            whole += part
        head, _, body = whole.partition(b"\r\n\r\n")
        sizes = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
        while sizes and len(body) < sizes[0]:
            part = connection.recv(65_536)
            self.received += part
            body += part
        return head + b"\r\n\r\n" + body


def answer(
    body: bytes | str = b"{}",
    status: str = "200 OK",
    kind: str = "application/json",
    headers: tuple[str, ...] = (),
    length: int | None = None,
    close: bool = False,
) -> Script:
    """A whole answer; `length` lies about its size."""
    content = body.encode() if isinstance(body, str) else body
    head = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(content) if length is None else length}",
    ]
    raw = "\r\n".join([*head, *headers, "", ""]).encode("latin-1") + content

    def script(connection: socket.socket, request: bytes) -> None:
        connection.sendall(raw)
        if close or length is not None:
            connection.shutdown(socket.SHUT_RDWR)

    return script


def raw(content: bytes) -> Script:
    def script(connection: socket.socket, request: bytes) -> None:
        connection.sendall(content)
        connection.shutdown(socket.SHUT_RDWR)

    return script


def problem(status: int, reason: str, headers: tuple[str, ...] = (), **extra: object) -> Script:
    import json

    document = {"type": f"urn:ccpp:problem:{reason}", "title": reason, "status": status, "detail": f"{reason} it is"}
    document |= {"instance": "/", "reason": reason, "requestId": "r-1", "retryable": False} | extra
    return answer(json.dumps(document), f"{status} X", "application/problem+json", ("X-Request-Id: r-1", *headers))


def silence(connection: socket.socket, request: bytes) -> None:
    """Never a byte."""
    with contextlib.suppress(OSError):
        connection.recv(1)


def drip(content: bytes, every_s: float) -> Script:
    """A byte at a time."""
    import time

    def script(connection: socket.socket, request: bytes) -> None:
        for byte in content:
            connection.sendall(bytes([byte]))
            time.sleep(every_s)

    return script


class Token:
    """A `Bearer` whose token never changes unless another is given."""

    login_hint = "cpctl auth login"

    def __init__(self, token: str | None = "canary-7f3a91", fresh: str | None = None) -> None:
        self._token = token
        self.fresh = fresh
        self.renewals = 0

    def token(self) -> str | None:
        return self._token

    def renewed(self, refused: str) -> str | None:
        self.renewals += 1
        return self.fresh


@contextlib.contextmanager
def talking_to(
    wire: Wire, bearer: Token | None = None, clock: FakeClock | None = None, **more: object
) -> Iterator[Transport]:
    transport = Transport(
        endpoint(wire.url),
        bearer,
        clock=clock or FakeClock(),
        jitter=lambda: 0.0,
        quick=QUICK.get(),
        **more,  # type: ignore[arg-type]
    )
    with wire:
        yield transport
        transport.close()


READ = Request("GET", "/v1/offers")
SPEND = Request("POST", "/v1/orders?project=p", b'{"a": 1}', {"Idempotency-Key": "key-12345"}, spending=True)
THRICE = Request(SPEND.method, SPEND.path, SPEND.body, SPEND.headers, spending=True, most_tries=3)
UNKEYED = Request("POST", "/openai/v1/chat/completions", b"{}", spending=True)
CUT = raw(b"")


def sent(wire: Wire, request: Request, bearer: Token | None = None, clock: FakeClock | None = None, **more: object):
    with talking_to(wire, bearer, clock, **more) as transport:
        return transport.send(request)


def refused(wire: Wire, request: Request, bearer: Token | None = None, clock: FakeClock | None = None) -> CpctlError:
    with pytest.raises(CpctlError) as caught:
        sent(wire, request, bearer, clock)
    return caught.value
