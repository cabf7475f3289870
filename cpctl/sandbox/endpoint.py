"""From an HTTP request to a handler and back: token, body, key, faults, transaction, answer; all paths below /v1."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response

from cpctl.sandbox import answers, permissions, records, tokens
from cpctl.sandbox.answering import FEDERATED, Asked, asked_of, home, names_asked
from cpctl.sandbox.answers import Answer
from cpctl.sandbox.bodies import KEY
from cpctl.sandbox.call import OPTIONAL, REQUIRED, Call, Route, Write
from cpctl.sandbox.faults import ANSWERING, merged
from cpctl.sandbox.problems import CONTENT_TYPE, Problem
from cpctl.sandbox.stock import PLATFORM
from cpctl.sandbox.store import dumps
from cpctl.sandbox.weather import endure

if TYPE_CHECKING:
    from starlette.requests import Request

    from cpctl.sandbox.platform import Platform
    from cpctl.sandbox.store import Change

MAX_BODY: Final = 1 << 20
PLACING: Final = "/v1/orders"
ONE_ROW: Final = frozenset(f"/v1/{plural}/{{name}}" for plural in FEDERATED)
ONE_SUBPLATFORM: Final = "/v1/subplatforms/{name}"


def endpoint(platform: Platform, route: Route) -> Callable[[Request], Awaitable[Response]]:
    """Serve one row of the table."""

    async def serve(request: Request) -> Response:
        call = await read(platform, route, request)
        key = key_of(route, request)
        with claimed(platform, call, key):
            asked, interruption = await suffer(platform, route, request, call)
            if interruption is not None:
                return interruption
            now_s = request.state.now_s = platform.clock.now()
            call = replace(call, now_s=now_s, asked=asked)
            if route.watch is not None and call.query.get("watch") == "true" and request.method == "GET":
                return route.watch(call, request)
            return respond(acted(platform, route, request, call, key))

    return serve


def respond(answer: Answer) -> Response:
    """An answer as a response."""
    return Response(answer.body, answer.status, dict(answer.headers))


async def read(platform: Platform, route: Route, request: Request) -> Call:
    """The request, authorised and parsed. Raises Problem."""
    grant = None
    if not route.is_open:
        grant = tokens.grant_of(platform.store, request.headers.get("authorization"), platform.clock.wall())
        if route.act:
            permissions.check(grant.account, plural_of(route), route.act)
    body = None
    if route.shape is not None:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Problem("UnsupportedMediaType", "send application/json")
        request.state.raw = await whole_body(request)
        body = parsed(request.state.raw)
        route.shape.check(body, "")
    platform.settle()
    return Call(
        platform, grant, request.path_params, dict(request.query_params), request.headers, body, platform.clock.now()
    )


async def whole_body(request: Request, most: int = MAX_BODY) -> bytes:
    """The body; one that breaks off before its Content-Length ends the request (ClientDisconnect). Raises Problem."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise Problem("TooLarge", f"the body is larger than {most >> 20} MiB")
    return bytes(body)


def parsed(raw: bytes) -> Any:
    """JSON that can be written again: no NaN, no lone surrogates, no depth beyond reason. Raises Problem."""
    try:
        value = json.loads(raw.decode("utf-8"))
        dumps(value)
    except (ValueError, RecursionError) as error:
        raise Problem("BadRequest", "the body is not JSON") from error
    return value


def key_of(route: Route, request: Request) -> str | None:
    """The Idempotency-Key. Raises Problem."""
    key = request.headers.get("idempotency-key") if route.key in (OPTIONAL, REQUIRED) else None
    if key is None and route.key == REQUIRED:
        raise Problem("BadRequest", "the header Idempotency-Key is required")
    if key is not None:
        try:
            KEY.check(key, "Idempotency-Key")
        except Problem as problem:
            raise Problem("BadRequest", problem.detail) from problem
    return key


@contextmanager
def claimed(platform: Platform, call: Call, key: str | None) -> Iterator[None]:
    """Hold a key while its request runs. Raises Problem: the first one still does."""
    if key is None:
        yield
        return
    mine = (call.account, key)
    if mine in platform.running:
        raise Problem("InProgress", "the first request with this key still runs")
    platform.running.add(mine)
    try:
        yield
    finally:
        platform.running.discard(mine)


async def suffer(platform: Platform, route: Route, request: Request, call: Call) -> tuple[Asked, Response | None]:
    """Ask the sub-platforms and let the faults in force act: wait, refuse (Problem), answer with a proxy's page."""
    names = names_asked(platform, route.path.removeprefix("/v1/"), call.query)
    if not platform.faults.rules:
        return Asked(names), None
    method, path = request.method, request.url.path
    rules = platform.faults.struck("GET", path, names, ANSWERING)
    effects = platform.faults.strike(method, path, None)
    about = platform.faults.struck(method, path, concerned(platform, route, call))
    effects |= merged(about)
    if is_one_row(route):
        rules += about
        effects.pop("latency", None)  # the aggregator waits, and no longer than for a list
    elif route.path == ONE_SUBPLATFORM:
        rules = platform.faults.struck("GET", path, [call.params["name"]], ANSWERING)
    asked = asked_of(names, rules, platform.deadline_s)
    interruption = await endure(request.scope["state"], effects, asked.wait_s)
    platform.settle()
    if "soldOut" in effects and (method, route.path) == ("POST", PLACING):
        offer = call.body["allocations"][0]["offer"]
        raise Problem("NoCapacity", f"offer {offer} has 0 free cards, somebody was quicker", offer=offer, available=0)
    return asked, interruption


def is_one_row(route: Route) -> bool:
    """Whether the path is that of one object which a sub-platform is asked for."""
    return route.read is not None and route.path in ONE_ROW


def plural_of(route: Route) -> str:
    """The kind a path is about, or "" for none."""
    return route.path.split("/")[2] if route.path.count("/") > 1 else ""


def concerned(platform: Platform, route: Route, call: Call) -> frozenset[str]:
    """The provinces that one request is about: of its allocations, of its order's cards, of its object."""
    plural = plural_of(route)
    if call.body and "allocations" in call.body:
        return provinces_of(platform, (each["offer"] for each in call.body["allocations"]))
    if plural in ("orders", "access") and (route.write is not None or plural == "access") and call.params:
        order = records.of_name(platform.store, call.project, next(iter(call.params.values())))
        return frozenset(line.province for line in order.lines) if order else frozenset()
    if plural in FEDERATED and "name" in call.params:
        item = platform.store.find(plural, PLATFORM, call.params["name"])
        return frozenset({home(platform, plural)(item.obj)}) if item else frozenset()
    return frozenset()


def provinces_of(platform: Platform, offers: Iterable[str]) -> frozenset[str]:
    """Where offers are."""
    items = [platform.store.find("offers", PLATFORM, name) for name in offers]
    return frozenset(item.obj["spec"]["province"] for item in items if item)


def acted(platform: Platform, route: Route, request: Request, call: Call, key: str | None) -> Answer:
    """Do what is asked; with a key, once, whatever the answer was. Raises Problem."""
    if route.read is not None:
        return route.read(call)
    assert route.write is not None, f"{route.path} has no handler"
    if key is None:
        with platform.store.change() as change:
            return written(platform, route.write, call, change)
    print_ = answers.fingerprint(request.method, target(request), request.state.raw)
    wall_s = platform.clock.wall()
    try:
        with platform.store.change() as change:
            earlier = answers.first_answer(change, call.account, key, print_, wall_s)
            if earlier is not None:
                return earlier
            answer = written(platform, route.write, call, change)
            answers.keep(change, call.account, key, print_, answer, wall_s)
            return answer
    except Problem as problem:
        if not problem.row.kept:
            raise
        refusal = refused(problem, request)
        with platform.store.change() as change:
            answers.keep(change, call.account, key, print_, refusal, wall_s)
        return refusal


def written(platform: Platform, write: Write, call: Call, change: Change) -> Answer:
    """Do it, and give what it has freed to the open demands."""
    answer = write(call, change)
    platform.match(change, call.now_s)
    return answer


def target(request: Request) -> str:
    """Path and query."""
    return f"{request.url.path}?{request.url.query}"


def refused(problem: Problem, request: Request) -> Answer:
    """A problem as an answer."""
    document = problem.document(request.url.path, request.state.request_id)
    return Answer(problem.status, document, problem.headers | {"Content-Type": CONTENT_TYPE})
