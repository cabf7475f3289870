"""A gateway on loopback, in a thread of the test's process: the whole application over a real platform."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from cpctl.sandbox import ledger
from cpctl.sandbox.app import application
from cpctl.sandbox.edge import Line
from cpctl.sandbox.platform import Platform
from cpctl.sandbox.serve import Wish, bound, prepare

SPEED = 1_000.0  # streams come at once


@dataclass(frozen=True)
class Gateway:
    """A running gateway, and what stands behind it."""

    url: str
    token: str
    platform: Platform

    @property
    def base(self) -> str:
        return f"{self.url}/openai/v1"

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """One request with dev's token; `headers` have `_` for `-`."""
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"} | named
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        return httpx.request(method, self.base + path, content=content, headers=sent, timeout=30)

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return self.call("POST", path, body, **headers)

    def spent(self) -> Decimal:
        """What model calls have cost, in CNY, before it is rounded to the fen."""
        row = self.platform.store.db.execute("SELECT coalesce(sum(micro), 0) FROM calls").fetchone()
        return Decimal(row[0]) / 1_000_000

    def posted(self) -> Decimal:
        """What the ledger says they have cost."""
        lines, _ = ledger.lines(self.platform.store, "default", 0, 1_000)
        return -sum((Decimal(line["amount"]) for line in lines if line["kind"] == "call"), Decimal(0))

    def source(self, name: str) -> dict[str, Any]:
        """A source by name."""
        return next(one for one in self.platform.objects("sources") if one["metadata"]["name"] == name)  # type: ignore[return-value]


@contextmanager
def gateway(folder: Path, scale: int = 60) -> Iterator[Gateway]:
    """Serve until the block ends."""
    listener = bound(0)
    platform, _ = prepare(folder, Wish(0, 1, scale, SPEED))
    config = uvicorn.Config(application(platform, "admin"), http=Line, ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    token = (folder / "token").read_text().strip()
    try:
        yield Gateway(f"http://127.0.0.1:{listener.getsockname()[1]}", token, platform)
    finally:
        server.should_exit = True
        thread.join(10)
        platform.store.close()
