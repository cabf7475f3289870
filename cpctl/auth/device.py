"""Logging in on another screen (RFC 8628): a code is shown here and approved there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from cpctl.auth.oauth import DEVICE, Grant, OAuth, oauth_word, own_page
from cpctl.errors import BadAnswer, CpctlError, NotAuthorized, NotLoggedIn, Unreachable
from cpctl.resources.clock import Clock

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
USER_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 -]{2,38}[A-Za-z0-9]")
LOGIN_LIMIT_S = 900.0
USUAL_INTERVAL_S, LEAST_INTERVAL_S, LONGEST_INTERVAL_S, SLOWER_BY_S = 5, 1, 60, 5


def device_login(oauth: OAuth, clock: Clock, say: Callable[[str], None]) -> Grant:
    """Show a code and wait until somebody approves it.

    Raises:
        NotLoggedIn: The code's time, or LOGIN_LIMIT_S, went by.
        NotAuthorized: Somebody said no.
        BadAnswer: The platform sends people or codes elsewhere.
    """
    begun = oauth.post(DEVICE, {})
    code, lifetime_s, interval_s = _numbers(begun)
    _show(begun, oauth, lifetime_s, say)
    ends = clock.monotonic() + min(lifetime_s, LOGIN_LIMIT_S)
    while clock.monotonic() + interval_s < ends:
        clock.sleep(interval_s)
        try:
            return oauth.grant({"grant_type": DEVICE_GRANT, "device_code": code})
        except CpctlError as error:
            interval_s = _next_interval_s(error, interval_s)
    raise _too_late()


def _show(begun: Mapping[str, Any], oauth: OAuth, lifetime_s: float, say: Callable[[str], None]) -> None:
    user_code = begun.get("user_code")
    if not isinstance(user_code, str) or not USER_CODE.fullmatch(user_code):
        raise BadAnswer(detail="the platform's login answered without a code that can be shown")
    page = own_page(begun.get("verification_uri"), oauth.server)
    whole = begun.get("verification_uri_complete")
    say(f"Open {own_page(whole, oauth.server) if whole else page}")
    say(f"and approve the code {user_code} (it is good for {lifetime_s / 60:.0f} minutes).")


def _numbers(begun: Mapping[str, Any]) -> tuple[str, float, float]:
    """Device code, its lifetime and the polling interval in seconds."""
    code, lifetime = begun.get("device_code"), begun.get("expires_in")
    interval = begun.get("interval", USUAL_INTERVAL_S)
    if not isinstance(code, str) or not isinstance(lifetime, int) or not isinstance(interval, int | float):
        raise BadAnswer(detail="the platform's login answered without a device code")
    return code, float(min(max(lifetime, 0), 86_400)), float(min(max(interval, LEAST_INTERVAL_S), LONGEST_INTERVAL_S))


def _next_interval_s(error: CpctlError, interval_s: float) -> float:
    """When to ask again after an answer that is no token; raises what ends the waiting."""
    word = oauth_word(error)
    if word == "authorization_pending":
        return interval_s
    if word == "slow_down":
        return min(interval_s + SLOWER_BY_S, LONGEST_INTERVAL_S)
    if isinstance(error, Unreachable):
        return min(interval_s * 2, LONGEST_INTERVAL_S)
    if word == "access_denied":
        raise NotAuthorized(reason="LoginDenied", detail="the login was denied", hint="cpctl auth login") from error
    if word in ("expired_token", "invalid_grant"):
        raise _too_late() from error
    raise error


def _too_late() -> NotLoggedIn:
    return NotLoggedIn(reason="LoginExpired", detail="nobody approved the code in time")
