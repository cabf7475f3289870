"""call: ask a hosted model."""

from __future__ import annotations

from cpctl.commands.route import Route, routed
from cpctl.errors import ExitCode, UsageError
from cpctl.lazy import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cpctl.inference.answer import Answer, Piece
    from cpctl.inference.call import Asked
    from cpctl.inference.routing import Wish
    from cpctl.runtime import Runtime, Verb

PROMPT_LIMIT = 8 * 1024 * 1024  # bytes
MOST_TOKENS = 1_000_000
# How an answer may end that is whole and yet not all that the model would have said.
CUT = {
    "length": "the answer ended at the most tokens allowed; more with --max-tokens",
    "content_filter": "the provider's content filter ended the answer",
}


def call(
    rt: Runtime,
    *,
    model: flags.ModelName,
    prompt: flags.Prompt = None,
    system: flags.System = None,
    source: flags.Source = None,
    province: flags.ModelProvince = None,
    max_tokens: flags.MaxTokens = None,
    temperature: flags.Temperature = None,
    no_stream: flags.NoStream = False,
    timeout: flags.AnswerTimeout = None,
    output: flags.DocumentOutput = None,
) -> Verb:
    """Ask a hosted model and print its answer as it comes. The prompt is an argument, or stdin.

    The cheapest source that serves the model is chosen, within the profile's residency provinces, and named in the
    call; MODEL@PROVIDER or --source names it yourself. A profile with `models = URL` calls any OpenAI-compatible
    endpoint.
    """
    from cpctl.inference.answer import Answer
    from cpctl.inference.call import call as called

    form = rt.output(output, ("json", "yaml"), "call")
    messages = _messages(rt, prompt, system)
    wish = _wish(rt, model, source, province)
    asked = _asked(messages, max_tokens, temperature, timeout, stream=not (no_stream or form))
    route, asked = routed(rt, wish, asked)
    answer = Answer()
    pieces = called(route.sender, asked, rt.clock, answer)
    if form:
        yield _document(pieces, answer, route, form)
    else:
        yield from _text(rt, pieces)
    _tell(rt, route, answer)
    return ExitCode.DONE


# what is asked


def _messages(rt: Runtime, prompt: str | None, system: str | None) -> list[dict[str, str]]:
    said = _stdin(rt) if prompt in (None, "-") else prompt
    if not said or not said.strip():
        raise UsageError(detail="the prompt is empty", hint="cpctl call MODEL PROMPT, or pipe it in")
    roles = [("system", system), ("user", said)]
    messages = [{"role": role, "content": content} for role, content in roles if content]
    if any("\ud800" <= char <= "\udfff" for message in messages for char in message["content"]):
        raise UsageError(detail="the prompt is not UTF-8 text")
    return messages


def _stdin(rt: Runtime) -> str:
    """The prompt that is piped in, never more than a model could read."""
    if rt.stdin.isatty():
        raise UsageError(detail="no prompt given", hint="cpctl call MODEL PROMPT, or pipe it in")
    content = rt.taken_in(PROMPT_LIMIT + 1)
    if len(content) > PROMPT_LIMIT:
        raise UsageError(detail=f"the prompt is longer than {PROMPT_LIMIT // 1_048_576} MiB")
    try:
        return content.decode(getattr(rt.stdin, "encoding", None) or "utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(detail="the prompt is not UTF-8 text") from error


def _wish(rt: Runtime, model: str, source: str | None, province: Sequence[str] | None) -> Wish:
    from cpctl.commands.filters import words
    from cpctl.inference.routing import Wish, split
    from cpctl.units import province as parsed

    name, provider = split(model)
    if provider and source and source not in (provider, f"{name}.{provider}"):
        raise UsageError(detail=f"{model} and --source {source} name two sources")
    provinces = tuple(dict.fromkeys(parsed(word).id for word in words(province or ())))
    return Wish(name, provider or source, provinces, rt.profile.residency)


def _asked(
    messages: list[dict[str, str]],
    max_tokens: str | None,
    temperature: str | None,
    timeout: str | None,
    *,
    stream: bool,
) -> Asked:
    from cpctl.inference.call import DEADLINE_S, FIRST_TOKEN_S, Asked
    from cpctl.units import duration_s

    seconds = float(duration_s(timeout)) if timeout else None
    return Asked(
        model="",
        messages=messages,
        stream=stream,
        max_tokens=_tokens(max_tokens),
        temperature=_warmth(temperature),
        deadline_s=seconds or DEADLINE_S,
        first_token_s=seconds or FIRST_TOKEN_S,
    )


def _tokens(text: str | None) -> int | None:
    from cpctl.errors import BadValue
    from cpctl.units import whole

    count = whole(text, what="max-tokens", least=1) if text is not None else None
    if count and count > MOST_TOKENS:
        raise BadValue(what="max-tokens", value=text, expected=f"a whole number from 1 to {MOST_TOKENS}")
    return count


def _warmth(text: str | None) -> float | None:
    from cpctl.errors import BadValue
    from cpctl.units import price

    if text is None:
        return None
    try:
        warmth = float(price(text))
    except BadValue:
        warmth = -1.0
    if not 0 <= warmth <= 2:
        raise BadValue(what="temperature", value=text[:40], expected="a number from 0 to 2, such as 0.7")
    return warmth


# what is printed


def _text(rt: Runtime, pieces: Iterable[Piece]) -> Iterator[str]:
    """The answer's text, made safe; what a model says to itself goes to stderr, and only with -v."""
    from cpctl.output.safe import safe_stream

    return _ending_in_one_newline(safe_stream(_said(rt, pieces)))


def _said(rt: Runtime, pieces: Iterable[Piece]) -> Iterator[str]:
    thoughts: list[str] = []
    for piece in pieces:
        if piece.kind == "reasoning":
            thoughts.append(piece.text)
            continue
        _think_aloud(rt, thoughts)
        yield piece.text
    _think_aloud(rt, thoughts)


def _think_aloud(rt: Runtime, thoughts: list[str]) -> None:
    if thoughts:
        rt.trace(1, "".join(thoughts))
        thoughts.clear()


def _ending_in_one_newline(texts: Iterable[str]) -> Iterator[str]:
    """The same text with one line end behind it, however it ends; nothing stays nothing."""
    held, begun = "", False
    try:
        for text in texts:
            shown = (held + text).rstrip("\n")
            held = (held + text)[len(shown) :]
            begun = begun or bool(shown)
            if shown:
                yield shown
    except GeneratorExit:
        raise
    except BaseException:
        if begun:
            yield "\n"
        raise
    if begun:
        yield "\n"


def _document(pieces: Iterable[Piece], answer: Answer, route: Route, form: str) -> str:
    """The whole answer, as the server wrote it, and what the platform says about it."""
    from cpctl.output.values import VALUE_PRINTERS

    for _ in pieces:
        pass
    told = {"source": _header(answer, "source"), "province": _header(answer, "province"), "cost": _paid(route, answer)}
    return VALUE_PRINTERS[form]({**answer.document(), "ccpp": told} if route.source else answer.document())


def _paid(route: Route, answer: Answer) -> str | None:
    from cpctl.inference.cost import charged, prices_told

    cost = charged(answer.usage, prices_told(answer.headers, route.prices)) if route.prices else None
    return f"{cost:f}" if cost is not None else None


def _header(answer: Answer, name: str) -> str | None:
    return answer.headers.get(f"x-ccpp-{name}")


def _tell(rt: Runtime, route: Route, answer: Answer) -> None:
    """On stderr: where the answer came from, what it cost, and whether it is all."""
    if not answer.begun:
        rt.say("note: the model answered nothing")
    if answer.finish in CUT:
        rt.say(f"note: {CUT[answer.finish]}")
    if route.source and (_header(answer, "source") or route.model) != route.model:
        rt.say(f"warning: {route.model} was called and {_header(answer, 'source')} answered")
    if rt.err.isatty() or rt.options.verbose:
        rt.say(_receipt(route, answer))


def _receipt(route: Route, answer: Answer) -> str:
    from cpctl.inference.cost import counted

    tokens, paid = counted(answer.usage), _paid(route, answer)
    where = f" in {_header(answer, 'province') or route.source.province}" if route.source else ""
    counts = f"{tokens.prompt} + {tokens.answer} tokens" if tokens else "tokens not told"
    return f"{route.model}{where}: {counts}" + (f", {paid} CNY" if paid else "")
