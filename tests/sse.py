"""Server-Sent Events as tests read them: strictly, and not with the client's own parser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx

from sandbox_server import Sandbox


class Told(NamedTuple):
    """One event; `version` is its id, empty without one."""

    event: str
    version: str
    data: Any

    @property
    def name(self) -> str:
        return str(self.data["metadata"].get("name", ""))

    @property
    def phase(self) -> str:
        return str(self.data["status"]["phase"])


def told(lines: Iterator[str]) -> Iterator[Told]:
    """The events of a stream of lines; anything but comments, whole events and blank lines fails."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, colon, value = line.partition(":")
            assert colon and name in ("event", "id", "data", "") and (not name or name not in fields), line
            fields |= {name: value.removeprefix(" ")} if name else {}
        elif fields:
            assert {"event", "data"} <= fields.keys(), fields
            yield Told(fields["event"], fields.get("id", ""), json.loads(fields["data"]))
            fields = {}
    assert not fields, f"cut in the middle of {fields}"


@contextmanager
def watching(
    sandbox: Sandbox, plural: str, since: str | None, account: str = "dev", token: str | None = None, **query: Any
) -> Iterator[Iterator[Told]]:
    """The events of a watch, as they come."""
    headers = {"Authorization": f"Bearer {token or sandbox.token_of(account)}"}
    if since is not None:
        headers["Last-Event-ID"] = since
    asked = {"watch": "true", "timeoutSeconds": 15, **query}  # no test hangs
    with (
        httpx.Client(base_url=sandbox.url, headers=headers, trust_env=False, timeout=20) as client,
        client.stream("GET", f"/v1/{plural}", params=asked) as answer,
    ):
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield told(answer.iter_lines())


def until_now(sandbox: Sandbox, plural: str, since: str | None, account: str = "dev", **query: Any) -> list[Told]:
    """What a watch tells that does not wait."""
    with watching(sandbox, plural, since, account, timeoutSeconds=0, **query) as events:
        return list(events)


def version(sandbox: Sandbox, plural: str, account: str = "dev", **query: Any) -> str:
    """The list's version now."""
    answer = sandbox.get(f"/v1/{plural}", account, limit=1, **query)
    return str(answer.json()["metadata"]["resourceVersion"])
