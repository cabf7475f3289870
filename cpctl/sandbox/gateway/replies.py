"""One answer, composed before a byte of it leaves: words, reasoning or tool calls, counted and cut as asked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from cpctl.sandbox.gateway import speech
from cpctl.sandbox.gateway.asked import Chat, Sampling, Tool
from cpctl.sandbox.gateway.conforming import Unsatisfiable
from cpctl.sandbox.gateway.instances import instance
from cpctl.sandbox.gateway.pieces import count, pieces
from cpctl.sandbox.gateway.refusals import Refusal

PER_MESSAGE: Final = 4  # pieces a chat template puts around a message
PER_REPLY: Final = 3
PER_IMAGE: Final = 256


class Served(NamedTuple):
    """Who answers: the model's name, the provider's, and what it can do."""

    model: str
    place: str
    context: int | None
    can_think: bool
    can_see: bool


class ToolCall(NamedTuple):
    """A call the model makes; `arguments` is JSON, perhaps cut short."""

    id: str
    name: str
    arguments: str


class Reply(NamedTuple):
    """An answer in pieces, and what it counts."""

    thought: tuple[str, ...]
    words: tuple[str, ...]
    call: ToolCall | None
    finish: str
    prompt: int

    @property
    def completion(self) -> int:
        """Pieces the model made."""
        return len(self.thought) + len(self.words)

    def usage(self) -> dict[str, Any]:
        """What is charged."""
        usage = {
            "prompt_tokens": self.prompt,
            "completion_tokens": self.completion,
            "total_tokens": self.prompt + self.completion,
        }
        details = {"completion_tokens_details": {"reasoning_tokens": len(self.thought)}} if self.thought else {}
        return {**usage, **details}


# ---- the question


def text_of(content: Any) -> str:
    """A message's words, its other parts left out."""
    if isinstance(content, str):
        return content
    return "\n".join(str(part.get("text", "")) for part in content or () if part["type"] == "text")


def _images(content: Any) -> int:
    return sum(part["type"] in ("image_url", "input_image") for part in content) if isinstance(content, list) else 0


def _weight(message: Mapping[str, Any]) -> int:
    """Pieces of one message."""
    content = message.get("content")
    called = "".join(call["function"]["name"] + call["function"]["arguments"] for call in message.get("tool_calls", ()))
    return PER_MESSAGE + count(text_of(content)) + count(called) + PER_IMAGE * _images(content)


def prompt_weight(chat: Chat) -> int:
    """Pieces of the whole request."""
    tools = "".join(json.dumps(tool, ensure_ascii=False) for tool in chat.tools)
    schema = json.dumps(chat.schema, ensure_ascii=False) if chat.schema else ""
    return PER_REPLY + sum(map(_weight, chat.messages)) + count(tools) + count(schema)


def _question(messages: Sequence[Mapping[str, Any]]) -> str:
    """What is asked: the tool's result when it has just come, else what the user said last."""
    last = messages[-1]
    speakers = ("tool",) if last["role"] == "tool" else ("user",)
    said = [text_of(one.get("content")) for one in messages if one["role"] in speakers]
    return " ".join((said or [text_of(last.get("content"))])[-1].split())


# ---- the answer


def chat_reply(chat: Chat, served: Served) -> Reply:
    """The answer to a chat. Raises Refusal: it cannot be given."""
    images = sum(_images(message.get("content")) for message in chat.messages)
    if images and not served.can_see:
        raise Refusal("invalid_value", f"{served.model} does not take images", param="messages")
    weight = fitting(prompt_weight(chat), served)
    has_result = chat.messages[-1]["role"] == "tool"
    topic = speech.Topic(served.model, served.place, _question(chat.messages), has_result)
    thought = speech.thought(topic) if served.can_think and chat.thinks else ""
    if chat.tools and (chat.must_call or not has_result):
        tool = best_tool(chat.tools, topic.question)
        return cut(thought, made_to_fit(tool.parameters, topic, "tools"), chat.sampling, weight, tool.name)
    words = speech.answer(topic) if chat.schema is None else made_to_fit(chat.schema, topic, "response_format")
    return cut(thought, words, chat.sampling, weight)


def text_reply(prompt: str, sampling: Sampling, served: Served) -> Reply:
    """What a text goes on with. Raises Refusal."""
    topic = speech.Topic(served.model, served.place, " ".join(prompt.split()))
    return cut("", speech.answer(topic), sampling, fitting(count(prompt), served))


def fitting(weight: int, served: Served, param: str = "messages") -> int:
    """The weight, when the model's context holds it. Raises Refusal."""
    if served.context is not None and weight > served.context:
        said = f"{served.model} takes at most {served.context} tokens, this request has {weight}"
        raise Refusal("context_length_exceeded", said, param=param)
    return weight


def made_to_fit(schema: Any, topic: speech.Topic, param: str) -> str:
    """JSON that validates against the schema. Raises Refusal."""
    try:
        return json.dumps(instance(schema, f"{topic.model}\0{topic.question}"), ensure_ascii=False)
    except Unsatisfiable as error:
        raise Refusal("unsupported_schema", f"no answer fits the schema: {error}", param=param) from error


def best_tool(tools: Sequence[Tool], question: str) -> Tool:
    """The function that shares most with the question; the first of equals."""
    asked = _pairs(question)
    return max(tools, key=lambda tool: len(asked & _pairs(f"{tool.name} {tool.description}")))


def _pairs(text: str) -> frozenset[str]:
    plain = text.casefold().replace("_", " ")
    return frozenset(plain[place : place + 2] for place in range(len(plain) - 1))


def cut(thought: str, words: str, sampling: Sampling, weight: int, tool: str = "") -> Reply:
    """The reply, ended at the first stop sequence or at the most pieces asked for."""
    kept = words if tool else _before(words, sampling.stop)
    thoughts, said = pieces(thought), pieces(kept)
    most = sampling.most if sampling.most is not None else len(thoughts) + len(said)
    is_cut = len(thoughts) + len(said) > most
    thoughts = thoughts[:most]
    said = said[: most - len(thoughts)]
    call = ToolCall(_call_id(tool, words), tool, "".join(said)) if tool else None
    finish = "length" if is_cut else "tool_calls" if tool else "stop"
    return Reply(tuple(thoughts), tuple(said), call, finish, weight)


def _before(words: str, stops: Iterable[str]) -> str:
    places = [place for stop in stops if (place := words.find(stop)) >= 0]
    return words[: min(places)] if places else words


def _call_id(name: str, arguments: str) -> str:
    return f"call_{blake2b(f'{name}{arguments}'.encode(), digest_size=12).hexdigest()}"
