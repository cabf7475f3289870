"""The gateway's routes: from a request to its answer, in the OpenAI form whatever happens."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from cpctl.sandbox.answers import Answer
from cpctl.sandbox.endpoint import parsed, whole_body
from cpctl.sandbox.gateway import asked, choosing, forms, once, replies, vectors
from cpctl.sandbox.gateway.choosing import Source
from cpctl.sandbox.gateway.once import Caller
from cpctl.sandbox.gateway.pace import pace_of, paced
from cpctl.sandbox.gateway.pieces import count
from cpctl.sandbox.gateway.refusals import Refusal, of_problem
from cpctl.sandbox.problems import Problem
from cpctl.sandbox.store import dumps

if TYPE_CHECKING:
    from starlette.requests import Request

    from cpctl.sandbox.platform import Platform

Serve = Callable[["Platform", "Request"], Awaitable[Response]]

BASE: Final = "/openai/v1"
MAX_BODY: Final = 16 << 20  # pictures come inside the JSON
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
JSON: Final = {"Content-Type": "application/json"}
EVENTS: Final = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}


def routes(platform: Platform) -> list[BaseRoute]:
    """The gateway; paths and methods it does not know are answered in the OpenAI form too."""
    known = [Route(BASE + path, endpoint(platform, method, serve), methods=METHODS) for method, path, serve in SERVED]
    return [*known, Route(BASE + "/{rest:path}", endpoint(platform, None, unknown), methods=METHODS)]


def endpoint(platform: Platform, method: str | None, serve: Serve) -> Callable[[Request], Awaitable[Response]]:
    """Serve one path."""

    async def answer(request: Request) -> Response:
        try:
            platform.account_of(request)
            if method is not None and request.method != method:
                raise Refusal("method_not_allowed", f"{request.method} is not served here, {method} is")
            return await serve(platform, request)
        except Refusal as refusal:
            allow = {"Allow": method} if method and refusal.code == "method_not_allowed" else {}
            return Response(refusal.body(), refusal.status, JSON | allow)
        except Problem as problem:
            status = 400 if problem.reason == "Invalid" else problem.status
            return Response(of_problem(problem), status, {**problem.headers, **JSON})

    return answer


async def unknown(_platform: Platform, request: Request) -> Response:
    """Any other path. Raises Refusal."""
    raise Refusal("unknown_url", f"there is nothing at {request.method} {request.url.path}")


async def body_of(request: Request) -> Any:
    """The request's JSON. Raises Problem."""
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem("UnsupportedMediaType", "send application/json")
    request.state.raw = await whole_body(request, MAX_BODY)
    return parsed(request.state.raw)


# ---- models


def model_of(platform: Platform, name: str) -> dict[str, Any]:
    """A model, or a model at one provider, as a document. Raises Refusal."""
    source = choosing.candidates(platform, name)[0]
    model = choosing.found(platform, "models", source["spec"]["model"])
    assert model is not None, f"{source['metadata']['name']} serves a model that is not in the catalogue"
    return shown(name, model)


def shown(name: str, model: Mapping[str, Any]) -> dict[str, Any]:
    """A model as a document, under the name it was asked for by."""
    created = datetime.fromisoformat(model["metadata"]["createdAt"])
    return forms.model_document(name, int(created.timestamp()), model["spec"]["publisher"])


async def list_models(platform: Platform, _request: Request) -> Response:
    """Every model that somebody serves."""
    models = [shown(one["metadata"]["name"], one) for one in platform.objects("models") if one["status"]["sources"]]
    return Response(dumps({"object": "list", "data": models}), headers=JSON)


async def get_model(platform: Platform, request: Request) -> Response:
    """One model. Raises Refusal."""
    return Response(dumps(model_of(platform, request.path_params["model"])), headers=JSON)


# ---- calls


def heading_of(platform: Platform, model: str, prefix: str) -> forms.Heading:
    """What every part of one answer repeats; the id is a new one."""
    return forms.Heading(f"{prefix}-{secrets.token_hex(12)}", int(platform.clock.now()), model)


def delivered(platform: Platform, source: Source, answer: Answer, events: Sequence[bytes]) -> Response:
    """The answer: whole, or its events at the source's pace."""
    if not events:
        return Response(answer.body, answer.status, dict(answer.headers))
    pace = pace_of(source.source, len(events)).faster(platform.clock.speed)
    return StreamingResponse(paced(events, pace), answer.status, dict(answer.headers))


def charged(platform: Platform, who: Caller, source: Source, reply: replies.Reply, answer: Answer) -> None:
    """Charge a reply, before a byte of it leaves. Raises Problem."""
    once.settle(platform, who, source.name, source.cost(reply.prompt, reply.completion), answer)


async def chat(platform: Platform, request: Request) -> Response:
    """A chat completion, streamed or whole. Raises Refusal, Problem."""
    wanted = asked.chat(await body_of(request))

    def compose(source: Source) -> replies.Reply:
        return replies.chat_reply(wanted, source.served)

    return await spoken(platform, request, wanted.model, wanted.sampling, compose, CHAT_FORM)


async def complete(platform: Platform, request: Request) -> Response:
    """A text completion, streamed or whole. Raises Refusal, Problem."""
    body = await body_of(request)
    asked.COMPLETION.check(body, "")
    prompt = body["prompt"] if isinstance(body["prompt"], str) else body["prompt"][0]
    sampling = asked.sampling(body)

    def compose(source: Source) -> replies.Reply:
        return replies.text_reply(prompt, sampling, source.served)

    return await spoken(platform, request, body["model"], sampling, compose, TEXT_FORM)


CHAT_FORM: Final = ("chatcmpl", forms.chat_document, forms.chat_events)
TEXT_FORM: Final = ("cmpl", forms.text_document, forms.text_events)
Form = tuple[str, Callable[[forms.Heading, replies.Reply], Any], Callable[[forms.Heading, replies.Reply, bool], Any]]


async def spoken(
    platform: Platform,
    request: Request,
    model: str,
    sampling: asked.Sampling,
    compose: Callable[[Source], replies.Reply],
    form: Form,
) -> Response:
    """Compose a reply at the source of choice, charge it, and send it in its form. Raises Refusal, Problem."""
    who = once.caller(platform, request)
    with once.claimed(platform, who):
        if (kept := once.earlier(platform, who)) is not None:
            return Response(kept.body, kept.status, dict(kept.headers))
        source, interruption = await choosing.chosen(platform, request, model, choosing.CHAT)
        if interruption is not None:
            return interruption
        reply = await run_in_threadpool(compose, source)
        prefix, document, stream = form
        heading = heading_of(platform, model, prefix)
        if sampling.is_streamed:
            events = list(stream(heading, reply, sampling.wants_usage))
            answer = Answer(200, b"".join(events), EVENTS | source.headers())
        else:
            events = []
            answer = Answer(200, dumps(document(heading, reply)), JSON | source.headers())
        charged(platform, who, source, reply, answer)
        return delivered(platform, source, answer, events)


async def embed(platform: Platform, request: Request) -> Response:
    """Embeddings. Raises Refusal, Problem."""
    wanted = asked.embedding(await body_of(request))
    who = once.caller(platform, request)
    with once.claimed(platform, who):
        if (kept := once.earlier(platform, who)) is not None:
            return Response(kept.body, kept.status, dict(kept.headers))
        source, interruption = await choosing.chosen(platform, request, wanted.model, choosing.EMBEDDINGS)
        if interruption is not None:
            return interruption
        served = source.served
        prompt = sum(replies.fitting(count(line), served, "input") for line in wanted.lines)
        size = wanted.dimensions or vectors.dimensions_of(served.model)
        found = await run_in_threadpool(lambda: [vectors.embedding(served.model, line, size) for line in wanted.lines])
        document = forms.embedding_document(wanted.model, found, wanted.is_base64, prompt)
        answer = Answer(200, dumps(document), JSON | source.headers())
        once.settle(platform, who, source.name, source.cost(prompt, 0), answer)
        return delivered(platform, source, answer, [])


SERVED: Final[tuple[tuple[str, str, Serve], ...]] = (
    ("GET", "/models", list_models),
    ("GET", "/models/{model}", get_model),
    ("POST", "/chat/completions", chat),
    ("POST", "/completions", complete),
    ("POST", "/embeddings", embed),
)
