"""A byte-recording HTTP proxy on loopback that can cut an answer after the platform has acted on the request."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

END_OF_HEAD = b"\r\n\r\n"


@dataclass
class Exchange:
    """One request and what the platform answered, byte for byte; `relayed` is what the client got of it."""

    request: bytes
    answer: bytes = b""
    relayed: bytes = b""

    @property
    def line(self) -> str:
        return self.request.split(b"\r\n", 1)[0].decode("latin-1")

    @property
    def body(self) -> bytes:
        return self.request.partition(END_OF_HEAD)[2]

    def header(self, name: str) -> str | None:
        for line in self.request.partition(END_OF_HEAD)[0].decode("latin-1").split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.strip().lower() == name.lower():
                return value.strip()
        return None


@dataclass
class RecordingProxy:
    """Forwards to one upstream; `cut` answers how many bytes of an answer the client gets (None: all).

    `before` is told a request before the platform gets it; `instead` may put other bytes in an answer's place.
    The whole answer is always read from the platform first when it is to be cut, so that the platform has acted.
    """

    upstream: str
    cut: Callable[[Exchange], int | None] = lambda exchange: None
    exchanges: list[Exchange] = field(default_factory=list)
    before: Callable[[Exchange], None] = lambda exchange: None
    instead: Callable[[Exchange], bytes | None] | None = None

    def __enter__(self) -> RecordingProxy:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._stopping = False
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Wakes the thread before the socket goes: a later one of the same number would be its prey."""
        self._stopping = True
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._thread.join(30)
        self._server.close()

    def sent(self, method: str, path: str) -> list[Exchange]:
        """The exchanges of one method whose path begins so."""
        return [e for e in self.exchanges if e.line.startswith(f"{method} {path}")]

    def _accept(self) -> None:
        while not self._stopping:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            client.settimeout(30)
            request = _whole_request(client)
            if request:
                exchange = Exchange(request)
                self.exchanges.append(exchange)
                self._forward(exchange, client)

    def _forward(self, exchange: Exchange, client: socket.socket) -> None:
        """One exchange a connection; the client is told to close, and keeps nothing alive."""
        target = urlsplit(self.upstream)
        self.before(exchange)
        with socket.create_connection((target.hostname, target.port), timeout=30) as platform:
            platform.sendall(_with_header(exchange.request, b"Connection: close"))
            limit = self.cut(exchange)
            while piece := platform.recv(65536):
                exchange.answer += piece
                if limit is None and self.instead is None:
                    client.sendall(piece)
                    exchange.relayed += piece
            if self.instead is not None:
                other = self.instead(exchange)
                exchange.relayed = exchange.answer if other is None else other
                client.sendall(exchange.relayed)
            elif limit is not None:
                exchange.relayed = exchange.answer[:limit]
                client.sendall(exchange.relayed)


def _whole_request(client: socket.socket) -> bytes:
    data = b""
    while END_OF_HEAD not in data:
        piece = client.recv(65536)
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(END_OF_HEAD)
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
    )
    while len(body) < length:
        piece = client.recv(65536)
        if not piece:
            return b""
        body += piece
    return head + END_OF_HEAD + body


def _with_header(request: bytes, line: bytes) -> bytes:
    head, _, body = request.partition(END_OF_HEAD)
    kept = [one for one in head.split(b"\r\n") if not one.lower().startswith(b"connection:")]
    return b"\r\n".join([*kept, line]) + END_OF_HEAD + body
