"""RFC 8628 against platforms of every kind."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest

from cpctl.api.problems import error_of
from cpctl.auth.device import device_login
from cpctl.auth.oauth import OAuth
from cpctl.errors import BadAnswer, CpctlError, NotAuthorized, NotLoggedIn, TokenRefused, Unreachable, UsageError
from cpctl.resources.endpoint import endpoint
from cpctl.resources.exchange import Answer, Request

BASE = "https://platform.example"
TOKENS = {"access_token": "at-1", "refresh_token": "rt-1", "token_type": "Bearer", "expires_in": 600}
METADATA = {
    "issuer": BASE,
    "token_endpoint": f"{BASE}/oauth/token",
    "device_authorization_endpoint": f"{BASE}/oauth/device_authorization",
    "revocation_endpoint": f"{BASE}/oauth/revoke",
}
CODES = {
    "device_code": "dc-1",
    "user_code": "BCDF-GHJK",
    "verification_uri": f"{BASE}/device",
    "verification_uri_complete": f"{BASE}/device?user_code=BCDF-GHJK",
    "expires_in": 600,
    "interval": 5,
}


class Clock:
    def __init__(self) -> None:
        self.passed, self.sleeps = 0.0, list[float]()

    def now(self) -> datetime:
        return datetime(2026, 1, 2, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.passed += seconds


class Platform:
    """A `Sender`: answers discovery and device codes, then each poll by the next of `polls` (the last one repeats)."""

    def __init__(self, *polls: object, metadata: object = METADATA, codes: object = CODES, origin: str = BASE) -> None:
        self.origin, self.polls, self.metadata, self.codes = origin, list(polls), metadata, codes
        self.forms: list[dict[str, list[str]]] = []

    def send(self, request: Request) -> Answer:
        if request.method == "GET":
            return self._answer(self.metadata, request)
        self.forms.append(parse_qs((request.body or b"").decode()))
        if request.path == "/oauth/device_authorization":
            return self._answer(self.codes, request)
        assert request.path == "/oauth/token"
        return self._answer(self.polls.pop(0) if len(self.polls) > 1 else self.polls[0], request)

    def _answer(self, document: object, request: Request) -> Answer:
        if isinstance(document, CpctlError):
            raise document
        if isinstance(document, str):
            body = json.dumps({"error": document}).encode()
            raise error_of(400, {"content-type": "application/json"}, body, request)
        return Answer(200, {}, json.dumps(document).encode())


def login(platform: Platform, server: str = BASE):
    clock, said = Clock(), list[str]()
    grant = device_login(OAuth(platform, endpoint(server)), clock, said.append)
    return grant, clock, "\n".join(said)


def test_shows_page_and_code_and_waits_for_the_token():
    platform = Platform("authorization_pending", "authorization_pending", TOKENS)
    grant, clock, said = login(platform)
    assert (grant.access, grant.refresh, grant.expires_in_s) == ("at-1", "rt-1", 600)
    assert f"{BASE}/device?user_code=BCDF-GHJK" in said and "BCDF-GHJK" in said
    assert clock.sleeps == [5.0, 5.0, 5.0] and "dc-1" not in said
    assert platform.forms[-1]["device_code"] == ["dc-1"] and platform.forms[-1]["client_id"] == ["cpctl"]


def test_slows_down_when_told_to_and_bears_with_a_platform_that_is_away():
    _, clock, _ = login(Platform("slow_down", Unreachable(detail="away"), "authorization_pending", TOKENS))
    assert clock.sleeps == [5.0, 10.0, 20.0, 20.0]


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("access_denied", NotAuthorized),
        ("expired_token", NotLoggedIn),
        ("invalid_grant", NotLoggedIn),
        ("invalid_client", UsageError),
        ("something_new", UsageError),
    ],
)
def test_a_final_word_ends_the_waiting(word, kind):
    with pytest.raises(kind):
        login(Platform("authorization_pending", word))


def test_a_code_nobody_approves_ends_in_time():
    clock = Clock()
    oauth = OAuth(Platform("authorization_pending"), endpoint(BASE))
    with pytest.raises(NotLoggedIn, match="in time") as caught:
        device_login(oauth, clock, lambda text: None)
    assert caught.value.exit_code == 4 and clock.passed <= 600


@pytest.mark.parametrize("expires_in", [10**12, 86_400])
def test_a_lifetime_without_measure_is_bounded(expires_in):
    clock = Clock()
    oauth = OAuth(Platform("authorization_pending", codes=CODES | {"expires_in": expires_in}), endpoint(BASE))
    with pytest.raises(NotLoggedIn):
        device_login(oauth, clock, lambda text: None)
    assert clock.passed <= 900


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/oauth/token",
        "https://platform.example.evil.example/oauth/token",
        "https://platform.example@evil.example/oauth/token",
        "https://platform.example:444/oauth/token",
        "http://platform.example/oauth/token",
        "//platform.example/oauth/token",
        "/oauth/token",
        "file:///etc/passwd",
        "vscode://platform.example/",
        "https://platform.example",
        "https://platfоrm.example/oauth/token",
        "https://169.254.169.254/latest",
        "https://platform.example/a/../../b",
        "",
        5,
        None,
    ],
)
@pytest.mark.parametrize("name", ["token_endpoint", "device_authorization_endpoint"])
def test_an_endpoint_elsewhere_is_refused(url, name):
    with pytest.raises((BadAnswer, UsageError)):
        login(Platform(TOKENS, metadata=METADATA | {name: url}))


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/device",
        "http://platform.example/device",
        "javascript:alert(1)",
        "vscode://platform.example/device",
        "https://platform.example@evil.example/device",
        "https://platform.example/device#f",
        "https://platform.example/device?\x1b[2K",
        "https://platform.example/device?a b",
        "https://platform.example/device?\u202e",
        "",
        7,
    ],
)
@pytest.mark.parametrize("name", ["verification_uri", "verification_uri_complete"])
def test_nobody_is_sent_to_a_page_elsewhere(url, name):
    if name == "verification_uri_complete" and url == "":
        return
    with pytest.raises(BadAnswer):
        login(Platform(TOKENS, codes=CODES | {name: url}))


@pytest.mark.parametrize("code", ["", "\x1b]0;x\x07", "A" * 99, "价格", 5, None, "AB\nCD", "\u202eABC"])
def test_a_code_that_would_act_on_the_terminal_is_not_shown(code):
    with pytest.raises(BadAnswer):
        login(Platform(TOKENS, codes=CODES | {"user_code": code}))


@pytest.mark.parametrize(
    "tokens",
    [
        {},
        TOKENS | {"access_token": 5},
        TOKENS | {"token_type": "mac"},
        TOKENS | {"refresh_token": []},
        [],
        "null",
        TOKENS | {"access_token": "a\r\nX: y"},
        TOKENS | {"access_token": ""},
        TOKENS | {"refresh_token": "a b"},
    ],
)
def test_tokens_that_are_none_are_refused(tokens):
    with pytest.raises((BadAnswer, TokenRefused, UsageError)):
        login(Platform(tokens))


def test_a_platform_below_a_path_keeps_its_path():
    base = f"{BASE}/ccpp"
    moved = {key: value.replace(BASE, base) for key, value in METADATA.items()}
    codes = {key: value.replace(BASE, base) if isinstance(value, str) else value for key, value in CODES.items()}
    grant, _, said = login(Platform(TOKENS, metadata=moved, codes=codes), base)
    assert grant.access == "at-1" and f"{base}/device" in said
    with pytest.raises(BadAnswer):
        login(Platform(TOKENS), base)
