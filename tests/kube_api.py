"""A Kubernetes API server on loopback that holds our objects as custom resources, and the installed kubectl beside it.

    with kubernetes({"offers": [...], "orders": [...]}) as kubectl:
        assert kubectl("get", "offers", "-o", "jsonpath={.items[*].metadata.name}").out == "…"

Objects are given in our form, by plural, and are shown as `ccpp.example/v1`; what is yours lies in the namespace of its
project. The server makes tables from our columns (`tables=True`), or leaves kubectl to make its own of NAME and AGE. A
watch is sent `changes`, then its line is cut. Where kubectl is not installed, the test is skipped, in CI as well.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import pytest
import yaml

from client import Result
from cpctl.registry import BY_SPELLING, KINDS, Kind
from kube_objects import GROUP_VERSION, discovery, listed, matching, not_found, openapi, resource, status, table

AS_TABLE = "as=Table"
CONTRACT = Path(__file__).parents[1] / "cpctl" / "api" / "openapi.yaml"
KUBECTL_LIMIT_S = 60
VERSION = "7"

Changes = Sequence[tuple[str, Mapping[str, Any]]]
"""`("MODIFIED", object)`, in our form; the object's kind says which watch is sent it."""


class Asked(NamedTuple):
    """A request for objects.

    Attributes:
        name: Of one object; empty for a list.
    """

    kind: Kind
    project: str
    name: str
    query: Mapping[str, str]
    as_table: bool


@dataclass
class Kubernetes:
    """What the server holds and was asked.

    Attributes:
        now: The server's moment, by which it reckons the ages in tables; None for this machine's.
        requests: Method and path of each request, in their order.
    """

    objects: Mapping[str, Sequence[Any]]
    changes: Changes = ()
    tables: bool = True
    now: datetime | None = None
    requests: list[str] = field(default_factory=list)

    def document(self, path: str) -> Any:
        """What a path that names no objects answers with; None where there is nothing."""
        if path == f"/openapi/v3/apis/{GROUP_VERSION}":
            return openapi(yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))["components"]["schemas"])
        return discovery().get(path)

    def answer(self, asked: Asked) -> tuple[int, Any]:
        """Status and document for a list or an object."""
        found = self._held(asked)
        if found is None:
            return 400, status(400, "BadRequest", f"field label not supported: {asked.query.get('fieldSelector')}")
        if asked.name and not found:
            return 404, not_found(asked.kind, asked.name)
        if asked.as_table and self.tables:
            page, cursor, left = paged(found, asked.query)
            return 200, self._table(asked.kind, page, cursor, left)
        if asked.name:
            return 200, found[0]
        return 200, listed(asked.kind, *_reordered(paged(found, asked.query)))

    def events(self, asked: Asked) -> Iterator[Any]:
        """What a watch is sent."""
        for change, item in self.changes:
            whole = resource(item, asked.kind)
            if item["kind"] == asked.kind.kind and matching([whole], *_selectors(asked.query)):
                shown = self._table(asked.kind, [whole]) if asked.as_table and self.tables else whole
                yield {"type": change, "object": shown}

    def _table(self, kind: Kind, items: Sequence[Any], cursor: str = "", left: int = 0) -> dict[str, Any]:
        return table(kind, items, self.now or datetime.now(UTC), VERSION, cursor, left)

    def _held(self, asked: Asked) -> list[Any] | None:
        items = [resource(item, asked.kind) for item in self.objects.get(asked.kind.plural, ())]
        if asked.project:
            items = [item for item in items if item["metadata"].get("namespace") == asked.project]
        if asked.name:
            return [item for item in items if item["metadata"]["name"] == asked.name]
        return matching(items, *_selectors(asked.query))


def _selectors(query: Mapping[str, str]) -> tuple[str, str]:
    return query.get("labelSelector", ""), query.get("fieldSelector", "")


def paged(items: Sequence[Any], query: Mapping[str, str]) -> tuple[Sequence[Any], str, int]:
    """A page, the cursor of the next one, and how many are left; the cursor is where it begins."""
    begin = int(query.get("continue") or 0)
    end = begin + int(query.get("limit") or 0) or len(items)
    return items[begin:end], str(end) if end < len(items) else "", max(0, len(items) - end)


def _reordered(page: tuple[Sequence[Any], str, int]) -> tuple[Sequence[Any], str, str, int]:
    items, cursor, left = page
    return items, VERSION, cursor, left


def asked(path: str, accept: str) -> Asked | None:
    """What a path under our group asks for; None when it is not ours."""
    parts = urlsplit(path)
    prefix = f"/apis/{GROUP_VERSION}/"
    if not parts.path.startswith(prefix):
        return None
    steps = parts.path.removeprefix(prefix).split("/")
    project, steps = (steps[1], steps[2:]) if steps[0] == "namespaces" else ("", steps)
    kind = BY_SPELLING.get(steps[0]) if steps else None
    if kind is None:
        return None
    return Asked(kind, project, "/".join(steps[1:]), dict(parse_qsl(parts.query)), AS_TABLE in accept)


def _handler(server: Kubernetes) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            server.requests.append(f"{self.command} {self.path}")
            wanted = asked(self.path, self.headers.get("accept", ""))
            if wanted is None:
                found = server.document(urlsplit(self.path).path)
                self._send(*((200, found) if found else (404, status(404, "NotFound", "no such path"))))
            elif wanted.query.get("watch") in ("true", "1"):
                self._stream(server.events(wanted))
            else:
                self._send(*server.answer(wanted))

        def _send(self, code: int, document: Any) -> None:
            body = json.dumps(document).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _stream(self, events: Iterator[Any]) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Connection", "close")
            self.end_headers()
            for event in events:
                self.wfile.write(json.dumps(event).encode() + b"\n")
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    return Handler


@dataclass(frozen=True)
class Kubectl:
    """The installed kubectl, in folders of its own, and the server it talks to."""

    path: str
    env: Mapping[str, str]
    server: Kubernetes

    def __call__(self, *argv: str) -> Result:
        """Run `kubectl ARGV`; it is given a minute."""
        done = subprocess.run(
            [self.path, *argv],
            env=dict(self.env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=KUBECTL_LIMIT_S,
            check=False,
        )
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


@contextmanager
def kubernetes(
    objects: Mapping[str, Sequence[Any]],
    *,
    changes: Changes = (),
    tables: bool = True,
    now: datetime | None = None,
) -> Iterator[Kubectl]:
    """kubectl beside a server that holds these objects; both end with the block."""
    path = shutil.which("kubectl") or pytest.skip("kubectl is not installed")
    assert set(objects) <= {kind.plural for kind in KINDS}
    held = Kubernetes(objects, changes, tables, now)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(held))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        with tempfile.TemporaryDirectory(prefix="kubectl-") as folder:
            yield Kubectl(path, environment(Path(folder), server.server_port), held)
    finally:
        server.shutdown()
        server.server_close()


def environment(folder: Path, port: int) -> dict[str, str]:
    """A kubectl user's machine that knows one cluster, on this port of loopback, and keeps its caches in the folder."""
    config = folder / "kubeconfig"
    config.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: fake\n"
        f"clusters: [{{name: fake, cluster: {{server: 'http://127.0.0.1:{port}'}}}}]\n"
        "contexts: [{name: fake, context: {cluster: fake, user: nobody}}]\nusers: [{name: nobody, user: {}}]\n"
    )
    return {
        "HOME": str(folder),
        "KUBECONFIG": str(config),
        "KUBECACHEDIR": str(folder / "cache"),
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
    }
