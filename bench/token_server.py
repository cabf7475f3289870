"""`python -m bench.token_server`: a model that answers at once, a token at a time, while `call` is measured.

The first token of an answer is the moment it was sent, in nanoseconds of the clock that all processes of this machine
share. The prompt says how many tokens come after it. It speaks as an OpenAI-compatible endpoint, and as a platform that
lists one source of the model. It prints its port, and ends with its stdin.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

MODEL = "bench-1"
BETWEEN_TOKENS_S = 0.0005  # far more than a token takes, so that each comes alone
SOURCE = {
    "apiVersion": "ccpp/v1",
    "kind": "Source",
    "metadata": {"name": f"{MODEL}.sbx-sx-01", "labels": {}, "resourceVersion": "1"},
    "spec": {
        "model": MODEL,
        "provider": "sbx-sx-01",
        "subplatform": "shanxi",
        "province": "shanxi",
        "upstreamId": MODEL,
        "capabilities": ["stream"],
        "priceIn": "1.000000",
        "priceOut": "2.000000",
        "priceUnit": "1M-tokens",
    },
    "status": {"state": "ok", "latencyMs": 1, "tokensPerSecond": 1000},
}


def _event(delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    head = {"id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1_767_225_600, "model": MODEL}
    return b"data: " + json.dumps({**head, "choices": [choice]}).encode() + b"\n\n"


class Handler(BaseHTTPRequestHandler):
    """Two requests: the sources, and a call."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # a head in one piece; tokens are flushed

    def do_GET(self) -> None:
        listed = {"resourceVersion": "1", "complete": True, "subplatforms": []}
        self._answer({"apiVersion": "ccpp/v1", "kind": "List", "items": [SOURCE], "metadata": listed})

    def _answer(self, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self._head("application/json", ("Content-Length", str(len(body))))
        self.wfile.write(body)

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        count = int(asked["messages"][-1]["content"])
        self._head("text/event-stream", ("Transfer-Encoding", "chunked"))
        self._chunk(_event({"role": "assistant", "content": ""}))
        token = _event({"content": " token"})
        self._chunk(_event({"content": str(time.monotonic_ns())}))
        for _ in range(count):
            time.sleep(BETWEEN_TOKENS_S)
            self._chunk(token)
        self._chunk(_event({}, "stop"))
        self._chunk(b"data: [DONE]\n\n")
        self._chunk(b"")

    def _head(self, kind: str, length: tuple[str, str]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header(*length)
        self.end_headers()

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Quiet."""


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


@contextmanager
def token_server() -> Iterator[str]:
    """Such a server in a process of its own: its URL."""
    pipe, command = subprocess.PIPE, (sys.executable, "-m", "bench.token_server")
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=Path(__file__).parents[1]) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()


if __name__ == "__main__":
    main()
