"""Watches: the changes of one list as Server-Sent Events, for as long as the client, its token and the platform last.

    event: MODIFIED
    id: 812
    data: {"apiVersion":"ccpp/v1", …}

A watch keeps no queue: it has come to a version, and looks up what came after it. What cannot be looked up any more
ends it with `event: error` and the problem (Expired), as does a token that is no longer good.
"""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Final

from starlette.responses import StreamingResponse

from cpctl.sandbox import listing, reads, tokens
from cpctl.sandbox.problems import Problem
from cpctl.sandbox.watched import Bills, Frame, Watched
from cpctl.sandbox.watches import Open

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    from cpctl.sandbox.call import Call, Watch

LOOK_S: Final = 1.0
"""How often, at least, a watch looks at its token and its time."""
KEEP_ALIVE_S: Final = 5.0
BOOKMARK_S: Final = 10.0
FRAMES_AT_ONCE: Final = 200
HEADERS: Final = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


def watcher(plural: str) -> Watch:
    """Serves the watch of a kind."""
    kind = Bills if plural == "bills" else Watched

    def serve(call: Call, request: Request) -> Response:
        return Stream(call, kind(call, plural, reads.scopes_of(call, plural)), request)

    return serve


class Stream(StreamingResponse):
    """A watch as a response: counted while it is open, told of changes, and gone with its client."""

    def __init__(self, call: Call, watched: Watched, request: Request) -> None:
        self._call, self._watched, self._request = call, watched, request
        self._open = Open(request.scope["state"]["transport"])
        super().__init__(self._events(), media_type="text/event-stream", headers=HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._held():
            await super().__call__(scope, receive, send)

    @contextmanager
    def _held(self) -> Iterator[None]:
        platform = self._call.platform
        with (
            platform.watches.held(self._open),
            platform.store.feed.heard(self._watched.listens_to, self._open.wake),
        ):
            yield

    async def _events(self) -> AsyncIterator[bytes]:
        try:
            yield b": watching\n\n"  # the head goes out with the first piece of the body
            for piece in pieces(self._watched.opening()):
                yield piece
            async for piece in self._changes():
                yield piece
        except Problem as problem:
            document = problem.document(self._request.url.path, self._request.state.request_id)
            yield Frame("error", document).encoded()

    async def _changes(self) -> AsyncIterator[bytes]:
        """Until the time asked for is over, or the platform stops; a clean end says how far it came."""
        watched, authorization = self._watched, self._request.headers.get("authorization")
        ends_s = time.monotonic() + self._lasts_s()
        told_s = marked_s = time.monotonic()
        marked = watched.version
        while True:
            now_s = time.monotonic()
            platform, is_over = self._call.platform, self._open.is_over or now_s >= ends_s
            tokens.grant_of(platform.store, authorization, platform.clock.wall())
            frames = watched.changes()
            if frames:
                told_s, marked = now_s, frames[-1].version or marked
            for piece in pieces(frames):
                yield piece
            if watched.version > marked and (is_over or now_s - marked_s >= BOOKMARK_S):
                told_s, marked_s, marked = now_s, now_s, watched.version
                yield watched.bookmark().encoded()
            if is_over:
                return
            if now_s - told_s >= KEEP_ALIVE_S:
                told_s = now_s
                yield b": keep-alive\n\n"
            await self._open.news(min(LOOK_S, ends_s - now_s))

    def _lasts_s(self) -> float:
        asked = self._call.query.get("timeoutSeconds")
        return math.inf if asked is None else listing.whole(self._call.query, "timeoutSeconds", 0, 0, 10**6)


def pieces(frames: Iterable[Frame]) -> Iterator[bytes]:
    """Frames as bytes, some at a time, so that a long list is not one piece."""
    rest = iter(frames)
    while piece := b"".join(frame.encoded() for frame in islice(rest, FRAMES_AT_ONCE)):
        yield piece
