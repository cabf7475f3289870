"""The changes of a list for as long as somebody wants them: one watch after another, each from where the last ended.

A line that is cut, or that is silent where keep-alives should come, is taken up again with `Last-Event-ID`. When that
is too old the list is read again and what differs is told. A server that has no watch is asked for the list in turns.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from cpctl.api import policy
from cpctl.api.platform import LARGEST_CHUNK, Platform, Query, cursor_of, page_of, with_query
from cpctl.api.problems import error_of
from cpctl.errors import BadAnswer, CpctlError, TokenRefused, Unreachable
from cpctl.resources.clock import Clock
from cpctl.resources.exchange import Request, StreamedAnswer
from cpctl.resources.known import ADDED, DELETED, MODIFIED, Change, Known
from cpctl.resources.page import AnyPage
from cpctl.resources.sse import Event, Parser

IDLE_S = 20.0
POLL_S = 5.0
LASTS_S = 3_600
STEADY_S = 1.0  # a line that lived so long was no failure
EVENT_LIMIT = 16 * 1024 * 1024
WORDS_LIMIT = 5
BOOKMARK = "BOOKMARK"
ID = re.compile(r"[\x21-\x7e]{1,200}")
HAS_NO_WATCH = frozenset(
    {"BadRequest", "Invalid", "NotFound", "MethodNotAllowed", "UnsupportedMediaType", "NotImplemented", "NoWatch"}
)
"""Reasons of a refusal that lists are read instead for; a list that is refused as well ends it."""


class Watch:
    """Follows one list.

    Args:
        path: The list's.
        query: Its filters and selectors.
        known: What was told of the list so far; it is kept up to date.
        say: Is told, in a sentence, when the platform cannot be followed, and when it can be again.
        jitter: Answers 0 ≤ x < 1, so that many clients do not come back at once.
        lasts_s: When to end; None: never.
        idle_s: A line on which nothing came for so long is dead.
        poll_s: How often a list is read where there is no watch.
    """

    def __init__(
        self,
        platform: Platform,
        path: str,
        query: Query,
        known: Known,
        *,
        clock: Clock,
        say: Callable[[str], None],
        jitter: Callable[[], float] = random.random,
        lasts_s: float | None = None,
        idle_s: float = IDLE_S,
        poll_s: float = POLL_S,
    ) -> None:
        self._platform, self._path, self._query, self._known = platform, path, query, known
        self._clock, self._say, self._jitter = clock, say, jitter
        self._ends = None if lasts_s is None else clock.monotonic() + lasts_s
        self._idle_s, self._poll_s = idle_s, poll_s
        self._version: str | None = None
        self._has_watch, self._is_behind = True, False
        self._tag: str | None = None
        self._failures = 0  # one after another
        self._in_trouble = False
        self._said: set[str] = set()

    def changes(self, version: str | None) -> Iterator[Change]:
        """Every change after a version of the list, each once.

        Raises:
            CpctlError: The platform refuses the list itself, or sends what is none (BadAnswer).
        """
        self._version = version
        while not self._is_over():
            try:
                yield from self._next()
            except CpctlError as error:
                self._after(error)

    def _next(self) -> Iterator[Change]:
        if not self._has_watch:
            return self._polled()
        return self._differences(self._list()) if self._is_behind else self._streamed()

    def _after(self, error: CpctlError) -> None:
        """Go on after a failure, or raise it."""
        if self._is_over():
            return
        self._failures += 1
        if error.reason == "Expired":
            self._is_behind = True
        elif error.reason in HAS_NO_WATCH and self._has_watch and not self._is_behind:
            self._has_watch = False
            self._say_once(f"the platform has no watch for {self._path}; asking every {self._poll_s:g} s")
            return
        elif not isinstance(error, Unreachable) and error.reason != "Cut":
            raise error
        if self._failures > 1 and not self._in_trouble and error.reason != "Expired":
            self._in_trouble = True
            self._say(f"warning: {error.message}; trying again")
        self._rest()

    # a watch

    def _streamed(self) -> Iterator[Change]:
        began = self._clock.monotonic()
        with self._platform.sender.stream(self._request()) as answer:
            self._platform.hear(answer.headers)
            if answer.headers.get("content-type", "").partition(";")[0].strip().lower() != "text/event-stream":
                raise BadAnswer(reason="NoWatch", detail=f"{self._path} is not watched")
            yield from self._read(answer)
        if self._clock.monotonic() - began < STEADY_S:  # a server that always ends at once is not asked at once
            self._failures += 1
            self._rest(always=True)

    def _request(self) -> Request:
        left_s = LASTS_S if self._ends is None else max(1, min(LASTS_S, int(self._left_s()) + 1))
        headers = {"accept": "text/event-stream"} | ({"last-event-id": self._version} if self._version else {})
        query: dict[str, Any] = {**self._query, "watch": "true", "timeoutSeconds": left_s}
        return Request("GET", with_query(self._path, query), headers=headers, deadline_s=self._platform.read_limit_s)

    def _read(self, answer: StreamedAnswer) -> Iterator[Change]:
        parser, began = Parser(EVENT_LIMIT), self._clock.monotonic()
        for chunk in answer.chunks(lambda: min(self._idle_s, self._left_s())):
            for event in parser.feed(chunk):
                yield from self._taken(event)
            if self._clock.monotonic() - began >= STEADY_S:
                self._went_well()
            if self._is_over():
                return

    def _taken(self, event: Event) -> Iterator[Change]:
        """One event; its version is kept with what it tells, so that neither goes without the other."""
        if event.name not in (ADDED, MODIFIED, DELETED, BOOKMARK, "error"):
            self._say_once(f"the platform sends events that this cpctl does not know ({event.name[:40] or 'no name'})")
            return
        item = _object(event)
        if event.name == "error":
            raise self._error(item)
        change = None if event.name == BOOKMARK else self._known.told(event.name, item)
        if event.id and event.id != self._version and ID.fullmatch(event.id):
            self._version = event.id
            self._went_well()
        if change:
            yield change

    def _error(self, document: Mapping[str, Any]) -> CpctlError:
        """What ended the watch; whether a token is really refused, the next request is told."""
        status = document.get("status")
        whole = status if isinstance(status, int) and 400 <= status <= 599 else 500
        body = json.dumps(document).encode()
        error = error_of(whole, {"content-type": "application/problem+json"}, body, Request("GET", self._path))
        return Unreachable(detail=error.message) if isinstance(error, TokenRefused) else error

    # lists

    def _polled(self) -> Iterator[Change]:
        self._clock.sleep(min(self._poll_s, self._left_s()))
        if self._is_over():
            return
        headers = {"if-none-match": self._tag} if self._tag else {}
        path = with_query(self._path, {**self._query, "limit": LARGEST_CHUNK})
        answer = self._platform.send(Request("GET", path, headers=headers, deadline_s=self._platform.read_limit_s))
        if answer.status == 304:
            self._went_well()
            return
        first = page_of(answer.json(), self._path)
        yield from self._differences(self._list() if cursor_of(first, self._path) else [first])
        self._went_well()
        self._tag = answer.headers.get("etag")

    def _list(self) -> Iterator[AnyPage]:
        return self._platform.pages(self._path, self._query, chunk=LARGEST_CHUNK)

    def _differences(self, pages: Iterable[AnyPage]) -> Iterator[Change]:
        """What a list tells that was not known. Its version is the first page's: the later ones belong to it."""
        every = list(pages)
        metadata = every[0].metadata if every else {}
        version = metadata.get("resourceVersion")
        self._version = version if isinstance(version, str) and ID.fullmatch(version) else None
        self._is_behind = False
        items = [item for page in every for item in page.items]
        complete = all(page.metadata.get("complete") is not False for page in every)
        yield from self._known.listed(items, complete=complete)

    # time and words

    def _went_well(self) -> None:
        self._failures = 0
        if self._in_trouble:
            self._in_trouble = False
            self._say("the platform answers again")

    def _say_once(self, text: str) -> None:
        if text not in self._said and len(self._said) < WORDS_LIMIT:
            self._said.add(text)
            self._say(f"warning: {text}")

    def _rest(self, *, always: bool = False) -> None:
        """Before the next attempt; the first one after all went well follows at once."""
        if always or self._failures > 1:
            self._clock.sleep(min(policy.pause_s(max(1, self._failures - 1), None, self._jitter()), self._left_s()))

    def _is_over(self) -> bool:
        return self._left_s() <= 0

    def _left_s(self) -> float:
        return float("inf") if self._ends is None else self._ends - self._clock.monotonic()


def _object(event: Event) -> Mapping[str, Any]:
    """What an event carries. Raises BadAnswer: no object."""
    try:
        found = json.loads(event.data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadAnswer(detail=f"the platform sends an event {event.name} without an object")
    return found
