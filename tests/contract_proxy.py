"""A proxy on loopback that breaks answers on purpose: a liar between a tester and a platform."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import httpx

HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "content-encoding", "keep-alive"}


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


Breaking = Callable[[Reply], Reply]


@contextmanager
def lying(upstream: str, breaking: Breaking, extra: dict[str, str] | None = None) -> Iterator[str]:
    """The proxy's URL; every answer passes `breaking`, every request gets the `extra` headers."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {
                k: v for k, v in self.headers.items() if k.lower() not in {*HOP_BY_HOP, "host", "accept-encoding"}
            }
            with httpx.Client(base_url=upstream, trust_env=False, timeout=60) as client:
                got = client.request(self.command, self.path, content=body or None, headers=headers | (extra or {}))
            kept = {k: v for k, v in got.headers.items() if k.lower() not in HOP_BY_HOP}
            self.reply(breaking(Reply(got.status_code, kept, got.content)))

        def reply(self, reply: Reply) -> None:
            head = f"HTTP/1.1 {reply.status} X\r\n" + "".join(f"{k}: {v}\r\n" for k, v in reply.headers.items())
            body = b"" if self.command == "HEAD" or reply.status in (204, 304) else reply.body
            self.wfile.write(f"{head}content-length: {len(body)}\r\n\r\n".encode("latin-1") + body)
            self.wfile.flush()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
