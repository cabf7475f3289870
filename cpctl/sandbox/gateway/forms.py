"""A reply in the OpenAI forms: one document, or a stream of server-sent events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from cpctl.sandbox.gateway import vectors
from cpctl.sandbox.gateway.replies import Reply, ToolCall
from cpctl.sandbox.store import dumps

DONE: Final = b"data: [DONE]\n\n"
FINGERPRINT: Final = "sandbox"


class Heading(NamedTuple):
    """What every document and chunk of one answer repeats."""

    id: str
    created: int
    model: str

    def of(self, kind: str, **rest: Any) -> dict[str, Any]:
        """A document of this answer."""
        whose = {"id": self.id, "object": kind, "created": self.created, "model": self.model}
        return {**whose, "system_fingerprint": FINGERPRINT, **rest}


class Chunks:
    """Server-sent events of one answer; what they repeat is written once."""

    def __init__(self, heading: Heading, kind: str, wants_usage: bool) -> None:
        self._head = b"data: " + dumps(heading.of(kind))[:-1] + b',"choices":'
        self._tail = b',"usage":null}\n\n' if wants_usage else b"}\n\n"

    def of(self, choice: Any) -> bytes:
        """A chunk of the answer."""
        return self._head + dumps([choice]) + self._tail

    def closing(self, usage: Mapping[str, Any]) -> bytes:
        """The chunk that says what was used."""
        return self._head + b'[],"usage":' + dumps(usage) + b"}\n\n"


def _called(call: ToolCall, arguments: str) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


# ---- chat


def chat_document(heading: Heading, reply: Reply) -> dict[str, Any]:
    """A chat completion."""
    text = None if reply.call else "".join(reply.words)
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if reply.thought:
        message["reasoning_content"] = "".join(reply.thought)
    if reply.call:
        message["tool_calls"] = [_called(reply.call, reply.call.arguments)]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reply.finish}
    return heading.of("chat.completion", choices=[choice], usage=reply.usage())


def _deltas(reply: Reply) -> Iterator[dict[str, Any]]:
    """What each chunk adds."""
    yield {"role": "assistant", "content": None if reply.call else ""}
    yield from ({"reasoning_content": piece} for piece in reply.thought)
    if reply.call is None:
        yield from ({"content": piece} for piece in reply.words)
        return
    yield {"tool_calls": [{"index": 0, **_called(reply.call, "")}]}
    yield from ({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in reply.words)


def chat_events(heading: Heading, reply: Reply, wants_usage: bool) -> Iterator[bytes]:
    """A chat completion as it streams; with usage, every chunk has the field and the last one fills it."""
    chunks = Chunks(heading, "chat.completion.chunk", wants_usage)
    for delta in _deltas(reply):
        yield chunks.of({"index": 0, "delta": delta, "logprobs": None, "finish_reason": None})
    yield chunks.of({"index": 0, "delta": {}, "logprobs": None, "finish_reason": reply.finish})
    if wants_usage:
        yield chunks.closing(reply.usage())
    yield DONE


# ---- text


def _text_choice(text: str, finish: str | None) -> dict[str, Any]:
    return {"index": 0, "text": text, "logprobs": None, "finish_reason": finish}


def text_document(heading: Heading, reply: Reply) -> dict[str, Any]:
    """A text completion."""
    choices = [_text_choice("".join(reply.words), reply.finish)]
    return heading.of("text_completion", choices=choices, usage=reply.usage())


def text_events(heading: Heading, reply: Reply, wants_usage: bool) -> Iterator[bytes]:
    """A text completion as it streams."""
    chunks = Chunks(heading, "text_completion", wants_usage)
    yield from (chunks.of(_text_choice(piece, None)) for piece in reply.words)
    yield chunks.of(_text_choice("", reply.finish))
    if wants_usage:
        yield chunks.closing(reply.usage())
    yield DONE


# ---- embeddings and models


def embedding_document(model: str, found: Sequence[Sequence[float]], is_base64: bool, prompt: int) -> dict[str, Any]:
    """The vectors, in the order of the input."""
    data = [
        {"object": "embedding", "index": place, "embedding": vectors.as_base64(vector) if is_base64 else vector}
        for place, vector in enumerate(found)
    ]
    usage = {"prompt_tokens": prompt, "total_tokens": prompt}
    return {"object": "list", "data": data, "model": model, "usage": usage}


def model_document(name: str, created: int, publisher: str) -> dict[str, Any]:
    """A model that can be called."""
    return {"id": name, "object": "model", "created": created, "owned_by": publisher}
