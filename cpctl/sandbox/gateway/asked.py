"""What a caller may ask for, checked and typed; fields nobody knows are ignored, as OpenAI-like services do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from cpctl.sandbox.problems import Problem, invalid
from cpctl.sandbox.shapes import ListOf, Nullable, OneOf, Shape, Text, Whole

THINKS_NOT: Final = ("none", "minimal")


@dataclass(frozen=True)
class Known:
    """An object whose known fields have a shape; others may stand beside them."""

    fields: Mapping[str, Shape]
    required: tuple[str, ...] = ()

    def check(self, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise invalid(path or "body", "must be an object")
        inner = f"{path}." if path else ""
        for name in self.required:
            if name not in value:
                raise invalid(inner + name, "is required")
        for name in self.fields.keys() & value.keys():
            self.fields[name].check(value[name], inner + name)


@dataclass(frozen=True)
class Either:
    """One of several shapes; `said` is what an error calls them."""

    shapes: tuple[Shape, ...]
    said: str

    def check(self, value: Any, path: str) -> None:
        for shape in self.shapes:
            try:
                return shape.check(value, path)
            except Problem:
                continue
        raise invalid(path, f"must be {self.said}")


@dataclass(frozen=True)
class Truth:
    """True or false."""

    def check(self, value: Any, path: str) -> None:
        if not isinstance(value, bool):
            raise invalid(path, "must be true or false")


@dataclass(frozen=True)
class Number:
    """A number, both bounds inclusive."""

    least: float
    most: float

    def check(self, value: Any, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float) or not self.least <= value <= self.most:
            raise invalid(path, f"must be a number from {self.least} to {self.most}")


TEXT: Final = Text(most=8_000_000)
NAME: Final = Text(most=64, least=1)
MODEL: Final = Text(most=200, least=1)
OBJECT: Final = Known({})
FUNCTION: Final = Known({"name": NAME, "description": TEXT, "parameters": OBJECT}, ("name",))
IS_FUNCTION: Final = OneOf(("function",))
NAMED: Final = Known({"type": IS_FUNCTION, "function": Known({"name": Text()}, ("name",))}, ("type", "function"))
CALLED: Final = Known({"name": Text(), "arguments": TEXT}, ("name", "arguments"))
CALL: Final = Known({"id": Text(), "type": IS_FUNCTION, "function": CALLED}, ("id", "type", "function"))
PART: Final = Known({"type": Text(), "text": TEXT}, ("type",))
STOP: Final = Either((TEXT, ListOf(TEXT, 16)), "a string or a list of at most 16 strings")
JSON_SCHEMA: Final = Known({"name": Text(), "schema": OBJECT, "strict": Nullable(Truth())}, ("name", "schema"))

SAMPLING: Final[dict[str, Shape]] = {
    "model": MODEL,
    "stream": Nullable(Truth()),
    "stream_options": Nullable(Known({"include_usage": Nullable(Truth())})),
    "max_tokens": Nullable(Whole(1, 1_000_000)),
    "temperature": Nullable(Number(0, 2)),
    "top_p": Nullable(Number(0, 1)),
    "seed": Nullable(Whole(-(2**1000), 2**1000)),
    "n": Nullable(Whole(1, 1)),
    "stop": Nullable(STOP),
    "user": Text(),
}
MESSAGE: Final = Known(
    {
        "role": OneOf(("system", "developer", "user", "assistant", "tool")),
        "content": Nullable(Either((TEXT, ListOf(PART, 10_000)), "a string or a list of parts")),
        "name": Text(),
        "tool_calls": ListOf(CALL, 128),
        "tool_call_id": Text(),
    },
    ("role",),
)
CHAT: Final = Known(
    SAMPLING
    | {
        "messages": ListOf(MESSAGE, 100_000, 1),
        "max_completion_tokens": Nullable(Whole(1, 1_000_000)),
        "response_format": Known(
            {"type": OneOf(("text", "json_object", "json_schema")), "json_schema": JSON_SCHEMA}, ("type",)
        ),
        "tools": ListOf(Known({"type": IS_FUNCTION, "function": FUNCTION}, ("type", "function")), 512),
        "tool_choice": Either((OneOf(("none", "auto", "required")), NAMED), "none, auto, required or a function"),
    },
    ("model", "messages"),
)
COMPLETION: Final = Known(
    SAMPLING | {"prompt": Either((TEXT, ListOf(TEXT, 1, 1)), "a string or a list of one")}, ("model", "prompt")
)
LINE: Final = Text(most=8_000_000, least=1)
EMBEDDING: Final = Known(
    {
        "model": MODEL,
        "input": Either(
            (LINE, ListOf(LINE, 2_048, 1)), "a string or a list of at most 2048 strings, none of them empty"
        ),
        "encoding_format": Nullable(OneOf(("float", "base64"))),
        "dimensions": Nullable(Whole(1, 4_096)),
        "user": Text(),
    },
    ("model", "input"),
)


class Sampling(NamedTuple):
    """How an answer is to be given; `most` is None without a limit."""

    is_streamed: bool
    wants_usage: bool
    most: int | None
    stop: tuple[str, ...]


class Tool(NamedTuple):
    """A function the model may call."""

    name: str
    description: str
    parameters: Any


class Chat(NamedTuple):
    """A chat request; `schema` is None unless JSON of that form is asked for, `tools` are those that may be called."""

    model: str
    messages: Sequence[Mapping[str, Any]]
    sampling: Sampling
    schema: Any
    tools: tuple[Tool, ...]
    must_call: bool
    thinks: bool


class Embedding(NamedTuple):
    """An embedding request; `dimensions` is None for the model's own."""

    model: str
    lines: tuple[str, ...]
    is_base64: bool
    dimensions: int | None


def sampling(body: Mapping[str, Any]) -> Sampling:
    """How to answer."""
    options = body.get("stream_options") or {}
    most = body.get("max_completion_tokens") or body.get("max_tokens")
    stop = body.get("stop") or ()
    return Sampling(
        bool(body.get("stream")),
        bool(options.get("include_usage")),
        int(most) if most else None,
        tuple(one for one in ([stop] if isinstance(stop, str) else stop) if one),
    )


def chat(body: Any) -> Chat:
    """A checked chat request. Raises Problem."""
    CHAT.check(body, "")
    tools, must_call = _tools(body)
    return Chat(
        body["model"],
        body["messages"],
        sampling(body),
        _schema(body.get("response_format")),
        tools,
        must_call,
        _thinks(body),
    )


def _thinks(body: Mapping[str, Any]) -> bool:
    thinking = body.get("thinking")
    is_off = isinstance(thinking, dict) and thinking.get("type") == "disabled"
    return not is_off and body.get("enable_thinking") is not False and body.get("reasoning_effort") not in THINKS_NOT


def _schema(form: Mapping[str, Any] | None) -> Any:
    """The schema the answer is to have: any object's for `json_object`, None for text."""
    kind = form["type"] if form else "text"
    if form is None or kind == "text":
        return None
    if kind == "json_object":
        return {"type": "object", "properties": {"sandbox": {"const": True}, "answer": {"type": "string"}}}
    if "json_schema" not in form:
        raise invalid("response_format.json_schema", "is required")
    return form["json_schema"]["schema"]


def _tools(body: Mapping[str, Any]) -> tuple[tuple[Tool, ...], bool]:
    """The functions that may be called, and whether one must be."""
    functions = [tool["function"] for tool in body.get("tools", ())]
    tools = tuple(
        Tool(one["name"], one.get("description", ""), one.get("parameters", {"type": "object"})) for one in functions
    )
    choice = body.get("tool_choice", "auto")
    if isinstance(choice, str):
        if choice == "required" and not tools:
            raise invalid("tool_choice", "is required, and there are no tools")
        return (() if choice == "none" else tools), choice == "required"
    chosen = tuple(tool for tool in tools if tool.name == choice["function"]["name"])
    if not chosen:
        raise invalid("tool_choice.function.name", "is none of the tools")
    return chosen, True


def embedding(body: Any) -> Embedding:
    """A checked embedding request. Raises Problem."""
    EMBEDDING.check(body, "")
    lines = (body["input"],) if isinstance(body["input"], str) else tuple(body["input"])
    size = body.get("dimensions")
    return Embedding(body["model"], lines, body.get("encoding_format") == "base64", int(size) if size else None)
