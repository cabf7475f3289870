"""A platform that answers whatever a test wants, over real HTTP on loopback; it ends with its block."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, NamedTuple

from cpctl.registry import KINDS
from sandbox_server import Sandbox


class Reply(NamedTuple):
    """One answer; `length` is what it says of itself, when that is a lie."""

    status: int
    kind: str
    body: bytes
    length: int | None = None
    headers: Mapping[str, str] = MappingProxyType({})


Answerer = Callable[[str, str], Reply]
"""(method, path) → what is answered."""


def good(document: Any) -> Reply:
    """A JSON answer; lone surrogates go as escapes, as JSON allows."""
    return Reply(200, "application/json", json.dumps(document).encode())


def problem(status: int, reason: str, **more: Any) -> Reply:
    document = {"type": "urn:x", "title": reason, "status": status, "detail": "no", "reason": reason, **more}
    return Reply(status, "application/problem+json", json.dumps(document).encode())


def page(status: int, text: str) -> Reply:
    return Reply(status, "text/html; charset=utf-8", text.encode())


def listed(items: list[Any], **metadata: Any) -> Reply:
    known = {"resourceVersion": "7", "complete": True, "subplatforms": []}
    return good({"apiVersion": "ccpp/v1", "kind": "List", "items": items, "metadata": known | metadata})


def holding(objects: dict[str, list[Any]]) -> Answerer:
    """A platform that has these objects, by plural; any name finds the first one."""

    def answer(method: str, path: str) -> Reply:
        _, _, plural, *name = path.partition("?")[0].split("/")
        found = objects.get(plural, [])
        if not name:
            return listed(found)
        return good(found[0]) if found else problem(404, "NotFound")

    return answer


@contextmanager
def platform(answer: Answerer) -> Iterator[dict[str, str]]:
    """The environment of a client that talks to it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            reply = answer(self.command, self.path)
            self.send_response_only(reply.status)  # without a date, which no test could expect
            self.send_header("Content-Type", reply.kind)
            self.send_header("Content-Length", str(len(reply.body) if reply.length is None else reply.length))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)
            self.close_connection = reply.length is not None

        do_POST = do_PATCH = do_DELETE = do_GET

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield {"CPCTL_SERVER": f"http://127.0.0.1:{server.server_port}", "CPCTL_TOKEN": "t0k3n-of-a-test"}
    finally:
        server.shutdown()
        server.server_close()


ORDER = "read-everything"
DEMAND = "sample-demand"


def samples(sandbox: Sandbox) -> dict[str, list[Any]]:
    """One to three real objects of every kind, by plural; an order is bought and given back for those that want one."""
    if ORDER not in [order["metadata"]["name"] for order in sandbox.orders()]:
        sandbox.buy(ORDER, {sandbox.offer(3)["metadata"]["name"]: 3})
        sandbox.act(sandbox.get(f"/v1/orders/{ORDER}").json(), "activate")
        sandbox.wait(ORDER, "Active")
        while not sandbox.items("/v1/bills", order=ORDER):
            time.sleep(0.1)  # a bill begins with its first whole second
        time.sleep(1)
        sandbox.act(sandbox.get(f"/v1/orders/{ORDER}").json(), "release")
        sandbox.wait(ORDER, "Released")
    if DEMAND not in [demand["metadata"]["name"] for demand in sandbox.items("/v1/demands")]:
        sandbox.demand(DEMAND, cards=90_000)
    found = {kind.plural: sandbox.get(kind.path, limit=3).json()["items"] for kind in KINDS}
    assert all(found.values()), [plural for plural, items in found.items() if not items]
    return found
