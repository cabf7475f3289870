"""One call of a model: the request, and the answer as it comes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from cpctl.errors import AnswerIncomplete, BadAnswer, OutcomeUnknown, Unreachable
from cpctl.inference.answer import Answer, Piece
from cpctl.resources.sse import events

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cpctl.resources.clock import Clock
    from cpctl.resources.exchange import Request, Sender, StreamedAnswer

DEADLINE_S = 600.0
FIRST_TOKEN_S = 120.0
TRIES = 3
AGAIN = "it may have been charged; running it again may be charged again"
STREAM = "text/event-stream, application/json;q=0.9"


class Asked(NamedTuple):
    """What a model is asked.

    Attributes:
        model: A model, or `model@provider` for exactly one source.
        messages: `{role, content}`, in order.
        path: Of chat completions below the endpoint.
        key: Names the call, so that the platform answers a repetition without charging again; None where the server
            is not a platform.
        deadline_s: For everything; `first_token_s` for the first token, which keep-alives do not put off.
    """

    model: str
    messages: Sequence[Mapping[str, str]]
    path: str = "/openai/v1/chat/completions"
    stream: bool = True
    max_tokens: int | None = None
    temperature: float | None = None
    key: str | None = None
    deadline_s: float = DEADLINE_S
    first_token_s: float = FIRST_TOKEN_S

    @property
    def body(self) -> dict[str, Any]:
        """The request's JSON; what was not asked for is left out."""
        streaming = {"stream": True, "stream_options": {"include_usage": True}} if self.stream else {}
        chosen = {"max_tokens": self.max_tokens, "temperature": self.temperature}
        given = {name: value for name, value in chosen.items() if value is not None}
        return {"model": self.model, "messages": list(self.messages), **given, **streaming}


def call(sender: Sender, asked: Asked, clock: Clock, answer: Answer) -> Iterator[Piece]:
    """The answer as it comes; `answer` holds all that came, whatever the end is.

    A server may stream or not, whatever was asked for: what its first byte says counts.

    Raises:
        AnswerIncomplete: It was cut, or its first token was too late.
        OutcomeUnknown: The request left and no answer began.
        CpctlError: The server refused.
    """
    try:
        yield from _read(sender, asked, clock, answer)
    except OutcomeUnknown as unknown:
        unknown.advice = AGAIN
        raise
    answer.ended()


def request_of(asked: Asked) -> Request:
    """The request: the same bytes every time it is sent."""
    from cpctl.resources.exchange import Request

    headers = {"Accept": STREAM if asked.stream else "application/json"}
    if asked.key:
        headers["Idempotency-Key"] = asked.key
    body = json.dumps(asked.body, ensure_ascii=False, separators=(",", ":")).encode()
    tries = TRIES if asked.key else None  # without a key only what the server refused to begin is sent again
    return Request("POST", asked.path, body, headers, spending=True, deadline_s=asked.deadline_s, most_tries=tries)


def _read(sender: Sender, asked: Asked, clock: Clock, answer: Answer) -> Iterator[Piece]:
    began = clock.monotonic()
    patience_s = asked.first_token_s if asked.stream else asked.deadline_s
    with sender.stream(request_of(asked)) as reply:
        answer.headers = reply.headers
        _refuse_pages(reply)
        chunks = _in_time(_uncut(reply), answer, lambda: clock.monotonic() - began, patience_s)
        head, chunks = _peeked(chunks)
        pieces = _from_document if head.startswith(b"{") else _from_events
        yield from pieces(answer, chunks)


def _from_events(answer: Answer, chunks: Iterable[bytes]) -> Iterator[Piece]:
    for data, name, _ in events(chunks):
        yield from answer.take(data, name)


def _from_document(answer: Answer, chunks: Iterable[bytes]) -> Iterator[Piece]:
    """A server that does not stream, or an error in place of a stream; bare lines of JSON are events after all."""
    body = b"".join(chunks)
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        yield from _from_events(answer, [body])
    else:
        yield from answer.whole(document)


def _peeked(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes that are not blank, and all the bytes."""
    seen = []
    for chunk in chunks:
        seen.append(chunk)
        head = b"".join(seen).lstrip() if chunk.strip() else b""
        if head:
            return head, chain(seen, chunks)
    return b"", iter(seen)


def _uncut(reply: StreamedAnswer) -> Iterator[bytes]:
    """The body's bytes; when the line fails, what came before is an answer that is not complete."""
    try:
        yield from reply.chunks()
    except (Unreachable, BadAnswer) as fault:
        raise AnswerIncomplete(detail=f"the answer is not complete: {fault.message}") from fault


def _in_time(
    chunks: Iterator[bytes], answer: Answer, waited: Callable[[], float], first_token_s: float
) -> Iterator[bytes]:
    """The same bytes while the first token is not too late, whatever else keeps coming."""
    for chunk in chunks:
        yield chunk
        if not answer.begun and not answer.complete and waited() > first_token_s:
            late = f"no token came within {first_token_s:g} s"
            raise AnswerIncomplete(reason="FirstTokenLate", detail=late, hint=AGAIN)


def _refuse_pages(reply: StreamedAnswer) -> None:
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "text/html":
        raise OutcomeUnknown(detail="the server answers with a page, not with a model's answer (a proxy's?)")
