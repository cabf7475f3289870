"""The OAuth endpoints of a platform: found once, held to the platform's own origin, spoken to in forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from cpctl.errors import BadAnswer, BadValue, CpctlError, NotFound, UsageError
from cpctl.resources.endpoint import Endpoint, endpoint
from cpctl.resources.exchange import Request, Sender
from cpctl.resources.secret import checked

METADATA = "/.well-known/oauth-authorization-server"
CLIENT_ID = "cpctl"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
DEVICE, TOKEN, REVOKE = "device_authorization_endpoint", "token_endpoint", "revocation_endpoint"
LIFETIME_CAP_S = 10 * 365 * 86_400


class Grant(NamedTuple):
    """Tokens as they were got.

    Attributes:
        expires_in_s: None when nobody said.
        pasted: Somebody else made the token, and may use it elsewhere.
    """

    access: str
    refresh: str | None
    expires_in_s: int | None
    pasted: bool = False


class OAuth:
    """The endpoints of one platform.

    Args:
        sender: To the platform, without a token.
    """

    def __init__(self, sender: Sender, server: Endpoint) -> None:
        self.server = server
        self._sender = sender
        self._metadata: Mapping[str, Any] | None = None

    def post(self, name: str, form: Mapping[str, str]) -> dict[str, Any]:
        """What the endpoint of that name answers; {} where it answers nothing.

        Raises:
            CpctlError: An OAuth error has its word in `values["oauth"]`.
        """
        path = self._path(name)
        body = urlencode({**form, "client_id": CLIENT_ID}, quote_via=quote).encode()
        answer = self._sender.send(Request("POST", path, body, FORM))
        return _object(answer.json() if answer.body else {}, path)

    def grant(self, form: Mapping[str, str]) -> Grant:
        """Tokens from the token endpoint."""
        return grant_of(self.post(TOKEN, form))

    def _path(self, name: str) -> str:
        if self._metadata is None:
            self._metadata = self._discovered()
        url = self._metadata.get(name)
        if not isinstance(url, str):
            raise _no_login(f"{self.server.origin} says nothing of a {name}")
        return own_path(url, self.server, name)

    def _discovered(self) -> Mapping[str, Any]:
        try:
            answer = self._sender.send(Request("GET", METADATA)).json()
        except NotFound as error:
            raise _no_login(f"{self.server.origin} offers no login of its own") from error
        return _object(answer, METADATA)


def own_path(url: str, server: Endpoint, what: str) -> str:
    """The path below the platform's address.

    Raises:
        BadAnswer: The URL is another origin's, or not below the address: nothing of ours is sent there.
    """
    try:
        found = endpoint(url, what)
    except BadValue as error:
        raise BadAnswer(detail=f"{server.origin} names a {what} that is no address: {url[:200]}") from error
    if found.origin != server.origin or not found.base.startswith(server.base + "/"):
        raise BadAnswer(
            reason="OtherOrigin", detail=f"{server.origin} names a {what} elsewhere, which is refused: {url[:200]}"
        )
    return found.base.removeprefix(server.base)


def own_page(url: Any, server: Endpoint) -> str:
    """A page of the platform that a person is sent to; its query may carry the code.

    Raises:
        BadAnswer: It is another origin's, or no http(s) page.
    """
    text = url if isinstance(url, str) else ""
    plain, _, query = text.partition("?")
    own_path(plain, server, "verification page")
    if not query.isascii() or not query.isprintable() or "#" in query or " " in query:
        raise BadAnswer(detail=f"{server.origin} names a verification page that is no address")
    return urlsplit(text).geturl()


def grant_of(answer: Mapping[str, Any]) -> Grant:
    """Tokens, fit to be sent.

    Raises:
        BadAnswer: The answer holds none.
    """
    access, refresh, lifetime = answer.get("access_token"), answer.get("refresh_token"), answer.get("expires_in")
    if not isinstance(access, str) or not isinstance(refresh, str | None):
        raise BadAnswer(detail="the platform's login answered without a token")
    if str(answer.get("token_type", "")).lower() != "bearer":
        raise BadAnswer(detail="the platform's login answered with a token that is no bearer token")
    known = isinstance(lifetime, int) and 0 < lifetime < LIFETIME_CAP_S
    return Grant(checked(access), checked(refresh) if refresh else None, lifetime if known else None)


def oauth_word(error: CpctlError) -> str | None:
    """`authorization_pending`, `invalid_grant` …; None for an error that is not OAuth's."""
    word = error.values.get("oauth")
    return word if isinstance(word, str) else None


def _object(answer: Any, path: str) -> dict[str, Any]:
    if isinstance(answer, dict):
        return answer
    raise BadAnswer(detail=f"{path}: the answer is no object")


def _no_login(detail: str) -> UsageError:
    return UsageError(reason="NoDeviceLogin", detail=detail, hint="cpctl auth login --with-token < FILE")
