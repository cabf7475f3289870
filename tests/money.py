"""What the tests of buying share: manifests, a line that misbehaves after the platform has acted, a clock."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from client import Client
from proxy import Exchange, RecordingProxy
from sandbox_server import Sandbox

PLACE = "/v1/orders?"
HELD = ("Held", "Activating", "Active")


def new_name() -> str:
    return f"t-{uuid.uuid4().hex[:10]}"


@dataclass
class Manifest:
    """One order as a file. Cheap: one small offer, an hour."""

    path: Path
    name: str
    document: dict[str, Any]

    def change(self, **spec: Any) -> None:
        self.document["spec"] |= spec
        self.path.write_text(json.dumps(self.document))

    def __str__(self) -> str:
        return str(self.path)


def manifest(folder: Path, name: str = "", *, project: str | None = None, **spec: Any) -> Manifest:
    """A manifest that wants one H800 for an hour, or what `spec` says."""
    name = name or new_name()
    wanted = spec if "allocations" in spec else {"accelerator": ["H800"], "cards": 8} | spec
    metadata = {"name": name} | ({"project": project} if project else {})
    document = {"apiVersion": "ccpp/v1", "kind": "Order", "metadata": metadata, "spec": {"duration": "1h"} | wanted}
    made = Manifest(folder / f"{name}.json", name, document)
    made.change()
    return made


def orders_of(sandbox: Sandbox, name: str) -> list[Any]:
    """Every order ever made under the name that still stands or is charged; two would be a double."""
    return [order for order in sandbox.orders() if order["metadata"]["name"] == name]


def reservations(sandbox: Sandbox, name: str) -> list[Any]:
    """The ledger's lines that set money aside for the name."""
    return [line for line in sandbox.ledger() if line["ref"] == name and line["kind"] == "reserve"]


def forget(cp: Client) -> None:
    """Another machine, or a wiped state folder."""
    shutil.rmtree(cp.state, ignore_errors=True)


def through(cp: Client, proxy: RecordingProxy) -> dict[str, str]:
    """The environment that sends the client through the proxy."""
    return {"CPCTL_SERVER": proxy.url}


@dataclass
class Trouble:
    """What becomes of the answers of one kind of POST; the platform has acted on every one of them.

    Attributes:
        bytes_of: From the answer to what the client gets.
        times: How often; then all is well.
    """

    path: str
    bytes_of: Callable[[bytes], bytes]
    times: int = 1

    def __call__(self, exchange: Exchange) -> bytes | None:
        if self.times and exchange.line.startswith("POST") and self.path in exchange.line:
            self.times -= 1
            return self.bytes_of(exchange.answer)
        return None


def cut_at(place: Callable[[bytes], int]) -> Callable[[bytes], bytes]:
    return lambda answer: answer[: place(answer)]


def answering(status: str, body: str, kind: str = "application/json") -> Callable[[bytes], bytes]:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body.encode())}\r\n\r\n"
    return lambda _: head.encode() + body.encode()


def problem(status: int, reason: str) -> Callable[[bytes], bytes]:
    document = {"type": f"urn:ccpp:problem:{reason}", "title": reason, "status": status, "reason": reason}
    return answering(f"{status} {reason}", json.dumps(document | {"detail": "?"}), "application/problem+json")


def _another_order(answer: bytes) -> bytes:
    _, _, body = answer.partition(b"\r\n\r\n")
    order = json.loads(body)
    order["metadata"]["name"] = "somebody-elses"
    return answering("201 Created", json.dumps(order))(b"")


LOST: dict[str, Callable[[bytes], bytes]] = {
    "lost": cut_at(lambda _: 0),
    "cut in head": cut_at(lambda answer: answer.index(b"\r\n\r\n") - 5),
    "cut in body": cut_at(lambda answer: len(answer) - 7),
    "500": problem(500, "Internal"),
    "503": problem(503, "Unavailable"),
    "504": problem(504, "GatewayTimeout"),
    "html": answering("200 OK", "<html>Welcome to the hotel</html>", "text/html"),
    "502 html": answering("502 Bad Gateway", "<html>Bad Gateway</html>", "text/html"),
    "no order": answering("201 Created", '{"ok": true}'),
    "no json": answering("201 Created", '{"apiVersion": "ccpp'),
    "another order": _another_order,
    "redirect": answering("302 Found\r\nLocation: http://127.0.0.1:1/", ""),
}
"""How an answer can be no definite one although the platform acted."""


@dataclass
class TestClock:
    """Time of the test's own: sleeping takes none."""

    __test__ = False

    ahead: timedelta = timedelta(0)
    slept_s: float = 0.0
    naps: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def monotonic(self) -> float:
        from time import monotonic

        return monotonic() + self.slept_s

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.slept_s += seconds


def record_files(cp: Client, verb: str = "place") -> list[Path]:
    return sorted((cp.state / "journal").glob(f"*.{verb}.*.toml"))


@contextmanager
def rolled_back(sandbox: Sandbox, name: str) -> Iterator[None]:
    """Give the cards back afterwards: the sandbox is shared."""
    try:
        yield
    finally:
        for order in orders_of(sandbox, name):
            if order["status"]["phase"] in HELD:
                sandbox.act(order, "release", order["status"]["createdBy"])
