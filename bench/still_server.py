"""`python -m bench.still_server ROWS [CERTIFICATE]`: a server of so many offers, while others are measured.

It costs next to nothing, and speaks as a platform and as a Kubernetes API server. Every answer is made when it is first
asked for, and sent from memory afterwards. It prints its port, and ends with its stdin.
"""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from bench.offers import KUBERNETES_PATH, NOW, PATH, discovery, kubernetes_table, one, page

SIZE = 65_536
END_OF_HEAD = b"\r\n\r\n"


class Answers:
    """Whole answers, heads included, by what was asked."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._made = {path: _framed(body) for path, body in discovery()}

    def to(self, target: str) -> bytes:
        """The answer to a path with its query."""
        if target not in self._made:
            self._made[target] = self._made_for(target)
        return self._made[target]

    def _made_for(self, target: str) -> bytes:
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query))
        if parts.path in self._made:
            return self._made[parts.path]  # discovery, whose query is a time-out
        if parts.path == PATH:
            return _framed(page(self._count, query))
        if parts.path.startswith(f"{PATH}/"):
            return _framed(one(parts.path.removeprefix(f"{PATH}/")))
        if parts.path == KUBERNETES_PATH:
            return _framed(kubernetes_table(self._count, query))
        return _framed(b"{}", "404 Not Found")


def _framed(body: bytes, status: str = "200 OK") -> bytes:
    lines = (
        f"HTTP/1.1 {status}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"X-Ccpp-Time: {NOW}",
        "X-Request-Id: r-bench",
    )
    return "\r\n".join(lines).encode() + END_OF_HEAD + body


def _serve(connection: socket.socket, answers: Answers) -> None:
    """GET after GET on one connection; a request has no body."""
    pending = b""
    with connection:
        while True:
            while END_OF_HEAD not in pending:
                came = connection.recv(SIZE)
                if not came:
                    return
                pending += came
            head, _, pending = pending.partition(END_OF_HEAD)
            connection.sendall(answers.to(head.split(b" ", 2)[1].decode()))


def main(argv: list[str]) -> None:
    answers = Answers(int(argv[0]))
    listener = socket.create_server(("127.0.0.1", 0))
    context = _context(argv[1]) if len(argv) > 1 else None
    print(listener.getsockname()[1], flush=True)
    threading.Thread(target=_accept, args=(listener, answers, context), daemon=True).start()
    sys.stdin.read()


def _context(certificate: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def _accept(listener: socket.socket, answers: Answers, context: ssl.SSLContext | None) -> None:
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_secured, args=(connection, answers, context), daemon=True).start()


def _secured(connection: socket.socket, answers: Answers, context: ssl.SSLContext | None) -> None:
    with suppress(OSError):  # whoever asked went away
        _serve(context.wrap_socket(connection, server_side=True) if context else connection, answers)


@contextmanager
def still_server(rows: int, certificate: Path | None = None) -> Iterator[str]:
    """Such a server in a process of its own: its URL.

    Args:
        certificate: For https; the key is in the same file.
    """
    command = (sys.executable, "-m", "bench.still_server", str(rows), *([str(certificate)] if certificate else []))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield f"{'https' if certificate else 'http'}://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()


if __name__ == "__main__":
    main(sys.argv[1:])
