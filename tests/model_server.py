"""A server that answers every POST with bytes told beforehand: what no sandbox would say. Loopback, ephemeral port."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

STREAM = "text/event-stream"


@dataclass
class ModelServer:
    """Attributes:
    body: Bytes to send; `cut` closes the line in the middle of a longer answer that was promised.
    seen: (path, headers, JSON) of each request.
    """

    url: str = ""
    status: int = 200
    body: bytes = b""
    content_type: str = STREAM
    cut: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    seen: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)


@contextmanager
def serving(**told: Any) -> Iterator[ModelServer]:
    server = ModelServer(**told)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            server.seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}, json.loads(sent)))
            self.send_response(server.status)
            self.send_header("Content-Type", server.content_type)
            self.send_header("Content-Length", str(len(server.body) + (100 if server.cut else 0)))
            for name, value in server.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(server.body)
            self.close_connection = server.cut

        def log_message(self, *_: object) -> None:
            """Quiet."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{http.server_address[1]}/v1"
    thread = threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join(5)
