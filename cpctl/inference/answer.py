"""What a model answered: chunks of a stream, or one whole body, in every way servers are known to write them.

A stream is a success only after a finish reason or `[DONE]`; whatever came before an end that has neither is kept and
called incomplete.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from cpctl.errors import AnswerIncomplete, BadAnswer, CpctlError
from cpctl.inference.refusal import refusal

DONE = "[DONE]"
THOUGHTS = ("reasoning_content", "reasoning")
# Finish reasons that say the server gave up, not the model.
BROKEN = frozenset(("error", "insufficient_system_resource"))


class Piece(NamedTuple):
    """Text as it comes; reasoning is what a model says to itself."""

    text: str
    kind: Literal["text", "reasoning"] = "text"


class Answer:
    """What has come so far.

    Attributes:
        finish: The finish reason as the server wrote it, known here or not; None while there is none.
        usage: The last token counts that were told; empty when none were.
        tool_calls: By index; each as OpenAI has it.
        headers: Of the HTTP answer, lower case.
        complete: Whether the end was a good one.
    """

    def __init__(self) -> None:
        self.id = self.model = ""
        self.created = 0
        self.finish: str | None = None
        self.usage: dict[str, Any] = {}
        self.tool_calls: dict[int, dict[str, Any]] = {}
        self.headers: Mapping[str, str] = {}
        self.complete = False
        self._document: dict[str, Any] = {}
        self._parts: dict[str, list[str]] = {"text": [], "reasoning": []}

    @property
    def text(self) -> str:
        return "".join(self._parts["text"])

    @property
    def reasoning(self) -> str:
        return "".join(self._parts["reasoning"])

    @property
    def begun(self) -> bool:
        """Whether anything of the model's own has come."""
        return any(self._parts.values()) or bool(self.tool_calls)

    def take(self, data: str, name: str = "") -> list[Piece]:
        """What one event of a stream adds.

        Raises:
            CpctlError: It is an error, as inference/refusal.py reads it.
            AnswerIncomplete: The same after something of the model's own had come; or it is not JSON.
        """
        if not data.strip():
            return []
        if data.strip() == DONE:
            self.complete = self.finish not in BROKEN
            return []
        try:
            return self._merge(_document(data), name)
        except CpctlError as error:
            if not self.begun and not isinstance(error, BadAnswer):
                raise
            raise AnswerIncomplete(detail=f"the answer was cut: {error.message}") from error

    def whole(self, document: Any) -> list[Piece]:
        """The same for a body that is one JSON document.

        Raises:
            CpctlError: It is an error.
            BadAnswer: It is no answer of a model.
        """
        if not isinstance(document, dict):
            raise BadAnswer(detail="the model's answer is not a JSON object")
        pieces = self._merge(document, "")
        if not _choices(document):
            raise BadAnswer(detail="the model's answer holds no choice")
        self.complete = self.finish not in BROKEN
        self._document = document
        return pieces

    def _merge(self, chunk: dict[str, Any], name: str) -> list[Piece]:
        error = refusal(chunk, named_error=name == "error")
        if error is not None:
            raise error
        self.id = self.id or _text(chunk.get("id"))
        self.model = self.model or _text(chunk.get("model"))
        self.created = self.created or _count(chunk.get("created"))
        if isinstance(chunk.get("usage"), dict):
            self.usage = chunk["usage"]
        return [piece for choice in _choices(chunk) for piece in self._choice(choice)]

    def _choice(self, choice: Mapping[str, Any]) -> Iterator[Piece]:
        """What the first choice adds; there is never another, for none is asked for."""
        if _count(choice.get("index")):
            return
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            delta = choice.get("message") if not self.begun else {}
        said = delta if isinstance(delta, dict) else {}
        for thought in (_text(said.get(key)) for key in THOUGHTS):
            if thought:
                yield self._add(Piece(thought, "reasoning"))
                break
        content = _content(said.get("content", choice.get("text")))
        if content:
            yield self._add(Piece(content))
        for position, call in enumerate(_mappings(said.get("tool_calls"))):
            self._call(position, call)
        self._end(choice.get("finish_reason"))

    def _add(self, piece: Piece) -> Piece:
        self._parts[piece.kind].append(piece.text)
        return piece

    def _call(self, position: int, delta: Mapping[str, Any]) -> None:
        """Arguments of a tool call come in pieces; its name and id once."""
        blank = {"id": "", "type": "function", "function": {"name": "", "arguments": ""}}
        call = self.tool_calls.setdefault(_count(delta.get("index", position)), blank)
        function = delta.get("function")
        said = function if isinstance(function, dict) else {}
        call["id"] = call["id"] or _text(delta.get("id"))
        call["function"]["name"] = call["function"]["name"] or _text(said.get("name"))
        call["function"]["arguments"] += _text(said.get("arguments"))

    def _end(self, reason: Any) -> None:
        if isinstance(reason, str) and reason:
            self.finish = reason
            self.complete = reason not in BROKEN

    def ended(self) -> None:
        """See that the end was a good one.

        Raises:
            AnswerIncomplete: It ended with neither a finish reason nor `[DONE]`, or the server gave up.
        """
        if not self.complete:
            why = f"the server stopped ({self.finish})" if self.finish else "it ended without a finish reason"
            raise AnswerIncomplete(detail=f"the answer is not complete: {why}")

    def document(self) -> dict[str, Any]:
        """The answer as one OpenAI chat completion; one that came whole is as the server wrote it."""
        if self._document:
            return self._document
        message: dict[str, Any] = {"role": "assistant", "content": self.text}
        if self.reasoning:
            message["reasoning_content"] = self.reasoning
        if self.tool_calls:
            message["tool_calls"] = [call for _, call in sorted(self.tool_calls.items())]
        choice = {"index": 0, "message": message, "finish_reason": self.finish}
        head = {"id": self.id, "object": "chat.completion", "created": self.created, "model": self.model}
        return {**head, "choices": [choice], "usage": self.usage or None}


def _document(data: str) -> dict[str, Any]:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadAnswer(detail="the model's stream holds something that is not JSON") from error
    return document if isinstance(document, dict) else {}


def _choices(chunk: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return _mappings(chunk.get("choices"))


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _content(value: Any) -> str:
    """Text, or the texts of a list of parts; null is none."""
    return _text(value) or "".join([_text(part.get("text")) for part in _mappings(value)])


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _count(value: Any) -> int:
    return value if isinstance(value, int) else 0
