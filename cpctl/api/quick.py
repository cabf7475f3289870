"""One connection to one origin for plain reads, without httpx, whose import costs more than a small list.

It speaks the HTTP/1.1 that servers speak every day. Whatever is unusual before the body (`Unusual`: another version, an
interim answer, odd framing, a certificate that is not believed) is left to `Line`, which is the truth; a read may be
sent twice. Deadlines, sizes, redirects and repetitions are the transport's, as for every line.
"""

from __future__ import annotations

import re
import socket
from time import monotonic

from cpctl.api.line import Cut, Late, NotSent, words_of
from cpctl.api.policy import CONNECT_LIMIT_S

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from cpctl.resources.endpoint import Endpoint
    from cpctl.resources.exchange import Request

PORTS = {"http": 80, "https": 443}
PLAIN_PATH = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*")  # what httpx would send as it is
STATUS = re.compile(rb"HTTP/1\.1 ([2-5][0-9]{2})(?: [\t\x20-\x7e]*)?")
HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?[ \t]*")
SIZE = re.compile(rb"([0-9A-Fa-f]{1,20})[ \t]*(?:;[\t\x20-\x7e]*)?")
LENGTH = re.compile(r"[0-9]{1,15}")
ONCE = frozenset({"content-length", "transfer-encoding", "content-type", "content-encoding", "location"})
HEAD_LIMIT = 65_536
STEP = 65_536
UNFINISHED = "peer closed connection without sending complete message body (incomplete chunked read)"
IDLE_LIMIT_S = 15.0


class Unusual(Exception):
    """Nothing was done but a read that may be repeated; httpx is to do it."""


class QuickLine:
    """At most one connection, one request at a time: what `Line` is, for reads.

    Args:
        tls: `openssl_trust()`, kept for several connections; None for plain http to this machine.
    """

    def __init__(self, endpoint: Endpoint, tls: Callable[[], Any] | None) -> None:
        self.healthy = True
        self._endpoint = endpoint
        self._tls = tls
        self._socket: Any = None
        self._due = self._used = 0.0
        self._came = b""  # read from the socket and not yet used
        self._left: int | None = 0  # bytes of the body to come; None until the connection ends
        self._is_chunked = self._is_last = False

    @staticmethod
    def takes(request: Request) -> bool:
        """Whether such a request may go over a line of this kind."""
        is_read = request.method == "GET" and request.body is None and not request.spending
        return is_read and PLAIN_PATH.fullmatch(request.path) is not None

    def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None, limit_s: float
    ) -> tuple[int, dict[str, str]]:
        """Send a request and read the answer's head; header names come back in lower case.

        Raises:
            Unusual, NotSent, Cut, Late: As their names say.
        """
        self._due = monotonic() + limit_s
        self._connect(limit_s)
        host = self._endpoint.origin.partition("://")[2]
        lines = [f"{method} {self._endpoint.base}{path} HTTP/1.1", f"host: {host}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        try:
            self._in_time()
            self._socket.sendall("\r\n".join([*lines, "", ""]).encode("ascii"))
        except OSError as error:
            raise self._failed(error) from error
        status, found = _understood(self._head())
        self._frame(status, found)
        return status, found

    def chunks(self, limit_s: float | Callable[[], float]) -> Iterator[bytes]:
        """The body's bytes as they come off the wire.

        Args:
            limit_s: For the whole body; or asked before each piece, for that piece.

        Raises:
            Cut, Late: It ended before its end.
        """
        each_s = limit_s if callable(limit_s) else None
        self._due = monotonic() + (limit_s() if callable(limit_s) else limit_s)
        for piece in self._chunked() if self._is_chunked else self._plain():
            yield piece
            if each_s:
                self._due = monotonic() + each_s()

    def finish(self) -> None:
        """Give up what was not read; the connection stays only when the body was read to its end."""
        if self._left != 0 or self._is_chunked or self._is_last or self._came:
            self.close()
        self._used = monotonic()

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    # the connection

    def _connect(self, limit_s: float) -> None:
        if self._socket is not None and self._is_idle():
            return
        self.close()
        self._came, self._left, self._is_chunked, self._is_last = b"", 0, False, False
        scheme, _, place = self._endpoint.origin.partition("://")
        port = place.rpartition(":")[2] if place[-1:] != "]" else ""
        address = (self._endpoint.host.encode("ascii"), int(port) if port.isdigit() else PORTS[scheme])
        try:
            plain = socket.create_connection(address, min(CONNECT_LIMIT_S, limit_s))  # type: ignore[arg-type]
        except TimeoutError as error:
            raise NotSent("no connection in time") from error
        except OSError as error:
            raise Unusual from error
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = self._secured(plain) if self._tls else plain

    def _secured(self, plain: socket.socket) -> Any:
        assert self._tls is not None
        try:
            return self._tls().wrap_socket(plain, server_hostname=self._endpoint.host)
        except OSError as error:  # ssl's errors are such
            plain.close()
            raise Unusual from error

    def _is_idle(self) -> bool:
        """Whether the connection is as it was left: neither old, nor closed at its other end."""
        if monotonic() - self._used > IDLE_LIMIT_S:
            return False
        import select

        try:
            return not select.select([self._socket], [], [], 0)[0]
        except (ValueError, OSError):  # more files are open than select can look at
            return False

    def _in_time(self) -> None:
        left_s = self._due - monotonic()
        if left_s <= 0:
            raise TimeoutError
        self._socket.settimeout(left_s)

    def _more(self) -> bytes:
        """What comes next; nothing when the other end has closed."""
        try:
            self._in_time()
            came: bytes = self._socket.recv(STEP)
        except OSError as error:
            raise self._failed(error) from error
        return came

    def _failed(self, error: OSError) -> Cut:
        self.healthy = False
        return Late("it took too long") if isinstance(error, TimeoutError) else Cut(words_of(error))

    def _cut(self, text: str) -> Cut:
        self.healthy = False
        return Cut(text)

    # framing

    def _until(self, mark: bytes) -> bytes | None:
        """The bytes before the next mark; None when it does not come, or is too far off."""
        while mark not in self._came:
            came = self._more() if len(self._came) <= HEAD_LIMIT else b""
            if not came:
                return None
            self._came += came
        found, _, self._came = self._came.partition(mark)
        return found

    def _head(self) -> bytes:
        head = self._until(b"\r\n\r\n")
        if head is None and not self._came:
            raise self._cut("Server disconnected without sending a response.")
        if head is None:
            raise Unusual
        return head

    def _frame(self, status: int, headers: Mapping[str, str]) -> None:
        """How the body's end is told."""
        length, coding = headers.get("content-length"), headers.get("transfer-encoding")
        if coding is not None and (length is not None or coding.lower() != "chunked"):
            raise Unusual
        if length is not None and not LENGTH.fullmatch(length):
            raise Unusual
        self._is_last = headers.get("connection", "keep-alive").lower() != "keep-alive"
        is_empty = status in (204, 304)
        self._is_chunked = bool(coding) and not is_empty
        self._left = 0 if is_empty or coding else int(length) if length else None

    def _plain(self) -> Iterator[bytes]:
        """A body of known length, or one that ends with the connection."""
        received, whole = 0, self._left
        while self._left != 0:
            self._came = self._came or self._more()
            if not self._came and whole is None:
                self._left, self._is_last = 0, True
                return
            if not self._came:
                told = f"received {received} bytes, expected {whole}"
                raise self._cut(f"peer closed connection without sending complete message body ({told})")
            piece, self._came = self._came[: self._left], self._came[len(self._came[: self._left]) :]
            received += len(piece)
            self._left = None if self._left is None else self._left - len(piece)
            yield piece

    def _chunked(self) -> Iterator[bytes]:
        while size := self._size():
            while size:
                self._came = self._came or self._more()
                if not self._came:
                    raise self._cut(UNFINISHED)
                piece, self._came = self._came[:size], self._came[size:]
                size -= len(piece)
                yield piece
            if self._line():
                raise self._cut("a chunk is longer than it said")
        room = HEAD_LIMIT
        while line := self._line():  # a trailer, of which nothing is believed
            room -= len(line)
            if room < 0 or not HEADER.fullmatch(line):
                raise self._cut("illegal trailer")
        self._is_chunked = False

    def _size(self) -> int:
        found = SIZE.fullmatch(self._line())
        if not found:
            raise self._cut("illegal chunk header")
        return int(found[1], 16)

    def _line(self) -> bytes:
        line = self._until(b"\r\n")
        if line is None:
            raise self._cut(UNFINISHED)
        return line


def openssl_trust() -> Any:
    """A context that verifies by the certificates OpenSSL looks up by itself, one at a time.

    It trusts no one whom `line.tls_context` does not, which reads them all and is asked when this one refuses. Where
    the operating system has a trust of its own, only that one counts.
    """
    import ssl
    import sys

    if sys.platform != "linux":
        raise Unusual
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_default_verify_paths()
    return context


def _understood(head: bytes) -> tuple[int, dict[str, str]]:
    """Status and headers, of a head in which nothing is doubtful."""
    first, *lines = head.split(b"\r\n")
    status = STATUS.fullmatch(first)
    if not status:
        raise Unusual
    headers: dict[str, str] = {}
    for line in lines:
        found = HEADER.fullmatch(line)
        if not found:
            raise Unusual
        name, value = found[1].decode("ascii").lower(), (found[2] or b"").decode("ascii")
        if name in headers and name in ONCE:
            raise Unusual
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return int(status[1]), headers
