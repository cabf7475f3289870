"""`python -m bench.still_server ROWS`: a server of so many offers, while others are measured.

It costs next to nothing, and speaks as a platform and as a Kubernetes API server. Every answer is made when it is first
asked for, and sent from memory afterwards, `--answer-s` after it was asked for. It prints its port, and ends with its
stdin.

Whoever asks for gzip is sent it as the two do: a Kubernetes API server from 128 KiB on, the sandbox from 4 KiB on, both
at level 1.
"""

from __future__ import annotations

import argparse
import gzip
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from bench.offers import KUBERNETES_PATH, NOW, PATH, discovery, kubernetes_list, kubernetes_table, one, page

SIZE = 65_536
END_OF_HEAD = b"\r\n\r\n"
ZIPPED_FROM = (4 * 1024, 128 * 1024)  # bytes: our answers, those of a Kubernetes API server


class Asked(NamedTuple):
    """A request: what its answer depends on.

    Attributes:
        target: The path with its query.
        as_table: Whether a Kubernetes API server is asked for a table.
        zipped: Whether gzip is understood.
    """

    target: str
    as_table: bool
    zipped: bool


def _asked(head: bytes) -> Asked:
    lines = head.split(b"\r\n")
    fields = {name.lower(): value for name, _, value in (line.partition(b":") for line in lines[1:])}
    target = lines[0].split(b" ", 2)[1].decode()
    return Asked(target, b"as=Table" in fields.get(b"accept", b""), b"gzip" in fields.get(b"accept-encoding", b""))


class Answers:
    """Whole answers, heads included, by what was asked."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._discovery = dict(discovery())
        self._made: dict[Asked, bytes] = {}

    def to(self, asked: Asked) -> bytes:
        """The answer to a request."""
        if asked not in self._made:
            self._made[asked] = self._made_for(asked)
        return self._made[asked]

    def _made_for(self, asked: Asked) -> bytes:
        parts = urlsplit(asked.target)
        query = dict(parse_qsl(parts.query))
        if parts.path in self._discovery:
            return _framed(self._discovery[parts.path])
        ours, theirs = ZIPPED_FROM if asked.zipped else (sys.maxsize, sys.maxsize)
        if parts.path == PATH:
            return _framed(page(self._count, query), zipped_from=ours)
        if parts.path.startswith(f"{PATH}/"):
            return _framed(one(parts.path.removeprefix(f"{PATH}/")), zipped_from=ours)
        if parts.path == KUBERNETES_PATH:
            listed = kubernetes_table if asked.as_table else kubernetes_list
            return _framed(listed(self._count, query), zipped_from=theirs)
        return _framed(b"{}", "404 Not Found")


def _framed(body: bytes, status: str = "200 OK", zipped_from: int = sys.maxsize) -> bytes:
    coding = ["Content-Encoding: gzip"] if len(body) >= zipped_from else []
    body = gzip.compress(body, 1) if coding else body
    lines = (
        f"HTTP/1.1 {status}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *coding,
        f"X-Ccpp-Time: {NOW}",
        "X-Request-Id: r-bench",
    )
    return "\r\n".join(lines).encode() + END_OF_HEAD + body


def _serve(connection: socket.socket, answers: Answers, answer_s: float) -> None:
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
            answer = answers.to(_asked(head))
            if answer_s:
                time.sleep(answer_s)
            connection.sendall(answer)


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="still_server", description=__doc__)
    parser.add_argument("rows", type=int)
    parser.add_argument("--certificate", help="for https; the key is in the same file")
    parser.add_argument("--answer-s", type=float, default=0.0, help="seconds until an answer is sent")
    given = parser.parse_args(argv)
    answers = Answers(given.rows)
    listener = socket.create_server(("127.0.0.1", 0))
    context = _context(given.certificate) if given.certificate else None
    print(listener.getsockname()[1], flush=True)
    serving = (listener, answers, context, given.answer_s)
    threading.Thread(target=_accept, args=serving, daemon=True).start()
    sys.stdin.read()


def _context(certificate: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def _accept(listener: socket.socket, answers: Answers, context: ssl.SSLContext | None, answer_s: float) -> None:
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_secured, args=(connection, answers, context, answer_s), daemon=True).start()


def _secured(connection: socket.socket, answers: Answers, context: ssl.SSLContext | None, answer_s: float) -> None:
    with suppress(OSError):  # whoever asked went away
        _serve(context.wrap_socket(connection, server_side=True) if context else connection, answers, answer_s)


@contextmanager
def still_server(rows: int, certificate: Path | None = None, answer_s: float = 0.0) -> Iterator[str]:
    """Such a server in a process of its own: its URL.

    Args:
        certificate: For https; the key is in the same file.
        answer_s: How long every answer takes.
    """
    secured = ("--certificate", str(certificate)) if certificate else ()
    command = (sys.executable, "-m", "bench.still_server", str(rows), *secured, "--answer-s", str(answer_s))
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=Path(__file__).parents[1]) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield f"{'https' if certificate else 'http'}://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()


if __name__ == "__main__":
    main(sys.argv[1:])
