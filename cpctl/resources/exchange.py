"""A request and its answer, and the interface through which broker, auth and inference reach a platform."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from cpctl.errors import BadAnswer


class Request(NamedTuple):
    """What is sent: the same bytes every time it is sent.

    Attributes:
        path: Below the endpoint, already escaped, query included: `/v1/orders?project=default`.
        body: The exact bytes, or None.
        headers: Beside those every request carries (host, credentials, user agent, accept).
        spending: Sent once: a lost answer leaves the outcome unknown (exit 11) and is never asked for again by itself;
            the next run of the same command sends the same bytes. Anything else may be sent again until the deadline.
        deadline_s: Everything included: connecting, sending again, reading the last byte.
        most_tries: How often a spending request with an Idempotency-Key may be sent in all when answers are lost; None
            is once. What the platform promised not to have begun is asked for again either way.
    """

    method: str
    path: str
    body: bytes | None = None
    headers: Mapping[str, str] = {}
    spending: bool = False
    deadline_s: float = 30.0
    most_tries: int | None = None


class Answer:
    """A definite answer: a status below 400 with a whole body. Header names are lower case."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    def json(self) -> Any:
        """The body as JSON; read once, however often it is asked for.

        Raises:
            BadAnswer: It is none, or it is nested too deeply to be meant well.
        """
        return self._document

    @cached_property
    def _document(self) -> Any:
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise BadAnswer(detail="the server's answer is not JSON") from error


class StreamedAnswer(Protocol):
    """An answer whose body is read while it comes."""

    status: int
    headers: Mapping[str, str]

    def chunks(self, idle_s: Callable[[], float] | None = None) -> Iterator[bytes]:
        """The body's bytes as they arrive; raises Unreachable or BadAnswer when the line is cut.

        Args:
            idle_s: Asked before each piece: how long to wait for it. The request's deadline then ends with the head,
                and the body may be of any length.
        """
        ...


class Sender(Protocol):
    """What broker, auth and inference are given to talk to one origin.

    Both calls raise the matching CpctlError for any status of 400 or above (see api/problems.py), Unreachable when
    nothing left this machine, and for `spending` requests OutcomeUnknown when no definite answer came by the deadline.
    """

    origin: str

    def send(self, request: Request) -> Answer: ...

    def stream(self, request: Request) -> AbstractContextManager[StreamedAnswer]: ...
