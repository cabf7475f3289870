"""The outermost layer: names every exchange, lets in only loopback hosts, cuts or slows lines when a fault says so."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

from cpctl.sandbox.problems import CONTENT_TYPE, Problem
from cpctl.sandbox.store import dumps
from cpctl.sandbox.times import rfc3339
from cpctl.sandbox.weather import endure

if TYPE_CHECKING:
    from cpctl.sandbox.platform import Platform

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

LOG: Final = logging.getLogger("cpctl.sandbox")
HOSTS: Final = ("127.0.0.1", "localhost", "[::1]")
OWN_WEATHER: Final = ("/v1", "/sandbox/")
"""Paths that faults do not strike here: those that ask for themselves once more is known, and the controls."""
DRIPS: Final = 40
DRIP_S: Final = 0.1
CHUNKS_BEFORE_CUT: Final = 2
LINGER_S: Final = 0.02


class Line(H11Protocol):
    """A connection that requests can be told to cut: its transport is in their state."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class Edge:
    """The application with everything that is done to all of it."""

    def __init__(self, app: App, platform: Platform) -> None:
        self._app = app
        self._platform = platform

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        state = scope.setdefault("state", {})
        state["request_id"] = f"r-{secrets.token_hex(8)}"
        state["effects"] = {}
        named = self._named(scope, state["request_id"], send)
        host = next((value for key, value in scope["headers"] if key == b"host"), b"").decode("latin-1")
        if not is_loopback(host):
            foreign = Problem("Forbidden", "the sandbox answers only on 127.0.0.1 and localhost")
            await refuse(foreign, scope["path"], state["request_id"], named)
            return
        fate = Fate(state, named)
        if self._platform.faults.rules and not scope["path"].startswith(OWN_WEATHER):
            effects = self._platform.faults.strike(scope["method"], scope["path"], None)
            try:
                page = await endure(state, effects)
            except Problem as problem:
                await refuse(problem, scope["path"], state["request_id"], fate)
                return
            if page is not None:
                await page(scope, receive, fate)
                return
        await self._app(scope, receive, fate)

    def _named(self, scope: Message, request_id: str, send: Send) -> Send:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                if scope["method"] not in ("GET", "HEAD") or message["status"] >= HTTPStatus.BAD_REQUEST:
                    LOG.info("%s %s %d %s", scope["method"], scope["path"], message["status"], request_id)
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"x-request-id", request_id.encode()),
                    (b"x-ccpp-time", rfc3339(scope["state"].get("now_s") or self._platform.clock.now()).encode()),
                    (b"x-content-type-options", b"nosniff"),
                ]
            await send(message)

        return with_headers


def is_loopback(host: str) -> bool:
    """Whether a Host header names this machine; anything else may be a web page's doing (DNS rebinding)."""
    name, colon, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    return (name if colon else host).lower() in HOSTS and (not colon or port.isdigit())


async def refuse(problem: Problem, path: str, request_id: str, send: Send) -> None:
    """Send a refusal, in the form that the path's clients read."""
    body = problem.document(path, request_id)
    kind = CONTENT_TYPE
    if path.startswith("/openai/"):
        error = {"message": problem.detail, "type": "server_error", "code": problem.reason, "param": None}
        body, kind = dumps({"error": error}), "application/json"
    headers = {**problem.headers, "content-type": kind, "content-length": str(len(body))}
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


class Fate:
    """Sends a response as the faults have it; which ones strike is known by the time it starts."""

    def __init__(self, state: Message, send: Send) -> None:
        self._state = state
        self._send = send
        self._chunks = 0
        self._is_cut = False

    async def __call__(self, message: Message) -> None:
        effects = self._state["effects"]
        if self._is_cut:
            return
        if not effects:
            await self._send(message)
        elif "dropAfterCommit" in effects:
            await self._cut(at_once=True)
        elif message["type"] != "http.response.body":
            await self._send(message)
        elif "truncate" in effects:
            await self._truncate(message)
        elif "slowDrip" in effects:
            await self._drip(message)
        else:
            await self._send(message)

    async def _truncate(self, message: Message) -> None:
        """Half a body; of a stream, two chunks and a half."""
        self._chunks += 1
        if message.get("more_body") and self._chunks <= CHUNKS_BEFORE_CUT:
            await self._send(message)
            return
        body = message.get("body", b"")
        await self._send({**message, "body": body[: len(body) // 2], "more_body": True})
        await self._cut(at_once=False)

    async def _drip(self, message: Message) -> None:
        """A few bytes at a time."""
        body = message.get("body", b"")
        size = max(1, -(-len(body) // DRIPS))
        for start in range(0, len(body), size):
            await self._send({**message, "body": body[start : start + size], "more_body": True})
            await asyncio.sleep(DRIP_S)
        await self._send({**message, "body": b""})

    async def _cut(self, *, at_once: bool) -> None:
        """End the connection, with a reset or after what was sent."""
        self._is_cut = True
        transport: asyncio.Transport = self._state["transport"]
        transport.abort() if at_once else transport.close()
        await asyncio.sleep(LINGER_S)
