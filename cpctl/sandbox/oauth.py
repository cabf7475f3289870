"""Logging in: RFC 8628 device codes, refresh tokens that rotate, RFC 7009 revocation; all on wall time."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from starlette.responses import JSONResponse, Response

from cpctl.sandbox import tokens
from cpctl.sandbox.endpoint import whole_body
from cpctl.sandbox.problems import Problem
from cpctl.sandbox.store import Change, Store

if TYPE_CHECKING:
    from starlette.requests import Request

    from cpctl.sandbox.platform import Platform

DEVICE_GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"
LETTERS: Final = "BCDFGHJKLMNPQRSTVWXZ"
"""No vowels, so that codes spell no words (RFC 8628, 6.1)."""
CODE_S: Final = 600
POLL_S: Final = 1
MOST_CODES: Final = 1_000
LONGEST: Final = {
    **dict.fromkeys(("device_code", "refresh_token", "token", "scope", "csrf"), 200),
    **dict.fromkeys(("user_code", "account", "token_type_hint"), 40),
    "client_id": 100,
}
NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}

Form = Mapping[str, str]


class Refusal(Exception):
    """An OAuth error: its code, and a sentence."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.document = {"error": error, "error_description": description}


def served(
    platform: Platform, act: Callable[[Platform, str, Form], dict[str, Any] | None]
) -> Callable[[Request], Awaitable[Response]]:
    """Serve a form-encoded OAuth endpoint; `act(platform, base url, form)`."""

    async def serve(request: Request) -> Response:
        try:
            document = act(platform, base_url(request), form_of(await whole_body(request), request))
        except Refusal as refusal:
            return JSONResponse(refusal.document, 400, NO_STORE)
        return Response(headers=NO_STORE) if document is None else JSONResponse(document, 200, NO_STORE)

    return serve


def base_url(request: Request) -> str:
    """Where this server was reached; the Host is known to be loopback."""
    return f"http://{request.headers['host']}"


def form_of(body: bytes, request: Request) -> Form:
    """A form's fields. Raises Refusal."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise Refusal("invalid_request", "send application/x-www-form-urlencoded")
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=20, errors="strict")
    except ValueError as error:
        raise Refusal("invalid_request", "the form cannot be read") from error
    if len(dict(pairs)) != len(pairs):
        raise Refusal("invalid_request", "a field is given twice")
    for name, value in pairs:
        if len(value) > LONGEST.get(name, len(value)):
            raise Refusal("invalid_request", f"{name} is longer than {LONGEST[name]} characters")
    return dict(pairs)


def needed(form: Form, name: str) -> str:
    """A field that must be there. Raises Refusal."""
    if not form.get(name):
        raise Refusal("invalid_request", f"{name} is required")
    return form[name]


def metadata(_platform: Platform, base: str) -> dict[str, Any]:
    """RFC 8414."""
    return {
        "issuer": base,
        "token_endpoint": f"{base}/oauth/token",
        "device_authorization_endpoint": f"{base}/oauth/device_authorization",
        "revocation_endpoint": f"{base}/oauth/revoke",
        "grant_types_supported": [DEVICE_GRANT, "refresh_token"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "response_types_supported": [],
        "scopes_supported": list(tokens.SCOPES),
    }


def authorize(platform: Platform, base: str, form: Form) -> dict[str, Any]:
    """Begin a device login. Raises Refusal, and Problem when too many are open."""
    client = needed(form, "client_id")
    if not re.fullmatch(r"[A-Za-z0-9._-]+", client):
        raise Refusal("invalid_client", "client_id is letters, digits, '.', '_' and '-'")
    code = secrets.token_urlsafe(32)
    letters = "".join(secrets.choice(LETTERS) for _ in range(8))
    user_code = f"{letters[:4]}-{letters[4:]}"
    wall_s = platform.clock.wall()
    with platform.store.change() as change:
        tokens.forget(change, wall_s)
        if change.db.execute("SELECT count(*) FROM devices WHERE expires > ?", (wall_s,)).fetchone()[0] >= MOST_CODES:
            raise Problem("RateLimited", "too many logins are waiting")
        values = (tokens.digest(code), user_code, client, wall_s + CODE_S, "pending", None, 0.0)
        change.db.execute("INSERT INTO devices VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    return {
        "device_code": code,
        "user_code": user_code,
        "verification_uri": f"{base}/device",
        "verification_uri_complete": f"{base}/device?user_code={user_code}",
        "expires_in": CODE_S,
        "interval": POLL_S,
    }


def issue(platform: Platform, _base: str, form: Form) -> dict[str, Any]:
    """Exchange a device code or a refresh token. Raises Refusal."""
    grant_type, client = needed(form, "grant_type"), needed(form, "client_id")
    exchange = {DEVICE_GRANT: by_device_code, "refresh_token": by_refresh_token}.get(grant_type)
    if exchange is None:
        raise Refusal("unsupported_grant_type", "device_code and refresh_token are the grants here")
    return exchange(platform.store, form, client, platform.clock.wall())


def by_device_code(store: Store, form: Form, client: str, wall_s: float) -> dict[str, Any]:
    """Tokens for an approved device code; the code works once. Raises Refusal."""
    digest = tokens.digest(needed(form, "device_code"))
    with store.change() as change:
        sql = "SELECT client, expires, state, account, polled FROM devices WHERE digest = ?"
        row = change.db.execute(sql, (digest,)).fetchone()
        change.db.execute("UPDATE devices SET polled = ? WHERE digest = ?", (wall_s, digest))
        if row is not None and row[2] in ("approved", "denied"):
            change.db.execute("DELETE FROM devices WHERE digest = ?", (digest,))
        if row is not None and row[0] == client and row[2] == "approved" and row[1] > wall_s:
            return granted(change, row[3], client, secrets.token_hex(8), wall_s)
    raise pending(row, client, wall_s)


def pending(row: tuple[Any, ...] | None, client: str, wall_s: float) -> Refusal:
    """Why a device code gives no tokens (yet)."""
    if row is None or row[0] != client:
        return Refusal("invalid_grant", "the device code is not known here")
    if row[1] <= wall_s:
        return Refusal("expired_token", "the device code has expired")
    if row[2] == "denied":
        return Refusal("access_denied", "the login was denied")
    if wall_s - row[4] < POLL_S * 0.9:
        return Refusal("slow_down", f"ask every {POLL_S} s at most")
    return Refusal("authorization_pending", "not approved yet")


def by_refresh_token(store: Store, form: Form, client: str, wall_s: float) -> dict[str, Any]:
    """New tokens for a refresh token, which is spent; a spent one that comes again ends the login. Raises Refusal."""
    digest = tokens.digest(needed(form, "refresh_token"))
    with store.change() as change:
        sql = "SELECT account, family, client, expires, spent FROM tokens WHERE digest = ? AND use = 'refresh'"
        row = change.db.execute(sql, (digest,)).fetchone()
        if row is not None and row[4]:
            tokens.revoke_family(change, row[1])
        elif row is not None and row[2] == client and row[3] > wall_s:
            change.db.execute("UPDATE tokens SET spent = 1 WHERE digest = ?", (digest,))
            return granted(change, row[0], client, row[1], wall_s)
    raise Refusal("invalid_grant", "the refresh token is unknown, expired or used")


def granted(change: Change, account: str, client: str, family: str, wall_s: float) -> dict[str, Any]:
    """A fresh access and refresh token."""
    access, refresh = tokens.fresh("at"), tokens.fresh("rt")
    tokens.register(change, access, account, "access", family=family, client=client, expires=wall_s + tokens.ACCESS_S)
    tokens.register(
        change, refresh, account, "refresh", family=family, client=client, expires=wall_s + tokens.REFRESH_S
    )
    return {
        "access_token": access,
        "token_type": "Bearer",
        "expires_in": tokens.ACCESS_S,
        "refresh_token": refresh,
        "scope": " ".join(tokens.SCOPES),
    }


def revoke(platform: Platform, _base: str, form: Form) -> None:
    """End a login by either of its tokens; the token files of the sandbox stay. Raises Refusal."""
    digest = tokens.digest(needed(form, "token"))
    with platform.store.change() as change:
        row = change.db.execute("SELECT family FROM tokens WHERE digest = ? AND use != 'file'", (digest,)).fetchone()
        if row is not None:
            tokens.revoke_family(change, row[0])
