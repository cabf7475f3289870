"""The routes, all in one table, and the application made of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute
from starlette.routing import Route as Path

from cpctl.sandbox import bodies, controls, device_page, gateway, oauth, permissions, reads, usage, watching, writes
from cpctl.sandbox.call import OPTIONAL, REQUIRED, Route
from cpctl.sandbox.edge import App, Edge
from cpctl.sandbox.endpoint import endpoint, refused, respond
from cpctl.sandbox.problems import Problem

if TYPE_CHECKING:
    from cpctl.sandbox.platform import Platform

GZIP_FROM: Final = 4_096
GZIP_LEVEL: Final = 1

ROUTES: Final = (
    Route("GET", "/v1", read=reads.service, is_open=True),
    *(
        Route("GET", f"/v1/{plural}", read=reads.lister(plural), watch=watching.watcher(plural))
        for plural in reads.LISTED
    ),
    *(Route("GET", f"/v1/{plural}/{{name}}", read=reads.getter_of(plural)) for plural in reads.LISTED),
    Route("GET", "/v1/overview", read=reads.national),
    Route("GET", "/v1/account", read=reads.account),
    Route("GET", "/v1/ledger", read=reads.ledger_lines),
    Route("GET", "/v1/usage", read=usage.usage),
    Route("GET", "/v1/whoami", read=reads.whoami),
    Route("POST", "/v1/can-i", read=permissions.can_i, shape=permissions.QUESTION),
    Route("GET", "/v1/access/{order}", read=reads.order_access),
    Route("POST", "/v1/quotes", read=writes.quote, shape=bodies.QUOTE),
    Route("POST", "/v1/orders", write=writes.place, shape=bodies.ORDER, key=REQUIRED, act="create"),
    Route("POST", "/v1/demands", write=writes.publish, shape=bodies.DEMAND, key=REQUIRED, act="create"),
    Route("DELETE", "/v1/demands/{name}", write=writes.close, act="delete"),
    Route("PATCH", "/v1/orders/{name}", write=writes.label, shape=bodies.LABEL_PATCH, act="label"),
    Route("DELETE", "/v1/orders/{name}", write=writes.hide, act="delete"),
    *(
        Route("POST", f"/v1/orders/{{name}}/{act}", write=write, shape=shape, key=key, act=act)
        for act, write, shape, key in (
            ("activate", writes.activate, bodies.PRECONDITION, REQUIRED),
            ("extend", writes.extend, bodies.EXTENSION, REQUIRED),
            ("release", writes.release, bodies.PRECONDITION, OPTIONAL),
        )
    ),
)


def application(platform: Platform, admin_token: str) -> App:
    """The whole sandbox as an ASGI application."""
    routes: list[BaseRoute] = [
        *grouped([(row.method, row.path, endpoint(platform, row)) for row in ROUTES]),
        Path("/.well-known/oauth-authorization-server", metadata(platform), methods=["GET"]),
        Path("/oauth/device_authorization", oauth.served(platform, oauth.authorize), methods=["POST"]),
        Path("/oauth/token", oauth.served(platform, oauth.issue), methods=["POST"]),
        Path("/oauth/revoke", oauth.served(platform, oauth.revoke), methods=["POST"]),
        *grouped([("GET", "/device", device_page.shown(platform)), ("POST", "/device", device_page.decided(platform))]),
        *grouped(
            [(method, path, controls.control(platform, admin_token, act)) for method, path, act in controls.CONTROLS]
        ),
        *gateway.routes(platform),
    ]
    handlers: dict[Any, Any] = {
        Problem: on_problem,
        HTTPException: on_http_exception,
        ClientDisconnect: on_disconnect,
        sqlite3.Error: on_database_error,
        Exception: on_bug,
    }
    gzip = Middleware(GZipMiddleware, minimum_size=GZIP_FROM, compresslevel=GZIP_LEVEL)
    inner = Starlette(routes=routes, exception_handlers=handlers, middleware=[gzip])
    inner.router.redirect_slashes = False
    return Edge(cast(App, inner), platform)


def grouped(rows: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]]) -> list[Path]:
    """One route a path, which knows its methods (so that others get 405 and the Allow header)."""
    paths: dict[str, dict[str, Callable[[Request], Awaitable[Response]]]] = {}
    for method, path, serve in rows:
        paths.setdefault(path, {})[method] = serve
    return [Path(path, by_method(serves), methods=list(serves)) for path, serves in paths.items()]


def by_method(serves: dict[str, Callable[[Request], Awaitable[Response]]]) -> Callable[[Request], Awaitable[Response]]:
    """Dispatch on the method; HEAD is GET without the body."""

    async def serve(request: Request) -> Response:
        return await serves["GET" if request.method == "HEAD" else request.method](request)

    return serve


def metadata(platform: Platform) -> Callable[[Request], Awaitable[Response]]:
    """Serve the RFC 8414 document."""

    async def serve(request: Request) -> Response:
        return JSONResponse(oauth.metadata(platform, oauth.base_url(request)))

    return serve


async def on_problem(request: Request, error: Problem) -> Response:
    """A refusal."""
    return respond(refused(error, request))


async def on_http_exception(request: Request, error: HTTPException) -> Response:
    """Starlette's own 404 and 405, in the contract's form."""
    if error.status_code == 405:
        problem = Problem("MethodNotAllowed", f"{request.method} is not served here", headers=error.headers)
    else:
        problem = Problem("NotFound", f"there is nothing at {request.url.path}")
    return respond(refused(problem, request))


async def on_disconnect(request: Request, _error: ClientDisconnect) -> Response:
    """The client left before its body was whole: nothing was done, nobody reads this."""
    return respond(refused(Problem("BadRequest", "the body is shorter than its Content-Length"), request))


async def on_database_error(request: Request, error: sqlite3.Error) -> Response:
    """The disk failed: whether the transaction is on it cannot be said."""
    return respond(refused(Problem("Unavailable", f"the sandbox's database failed: {error}"), request))


async def on_bug(request: Request, _error: Exception) -> Response:
    """A bug in the sandbox; its log has the traceback."""
    return respond(refused(Problem("Internal", "the sandbox failed; see: cpctl sandbox logs"), request))
