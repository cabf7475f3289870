"""What may be sent where, how often, how long and how large: rules without effects."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from urllib.parse import unquote

from cpctl.errors import BadValue, UsageError
from cpctl.resources.exchange import Request

BODY_LIMIT = 64 * 1024 * 1024  # decompressed
ENDLESS = 1 << 62  # a body that is read as it comes, event by event
PROBLEM_LIMIT = 256 * 1024
CONNECT_LIMIT_S = 10.0
READ_TRIES = 4
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 8.0
RETRY_AFTER_CAP_S = 60.0
NOT_KEPT = frozenset({401, 403, 429})  # answers the platform does not keep under a key: they settle no earlier attempt
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
HEADER_VALUE = re.compile(r"[\x20-\x7e]{0,20000}")
PATH = re.compile(r"/[\x21-\x7e]*")
DOTS = frozenset({".", ".."})


class Standing(Enum):
    """What is known after an attempt that brought no success."""

    FINAL = "the platform has spoken: asking again changes nothing"
    UNSENT = "no byte of the request left this machine"
    UNTOUCHED = "the platform promises that nothing was begun"
    BUSY = "an earlier sending of the same key is still at work"
    DOUBTFUL = "it may have acted or not"


def standing(status: int, reason: str, understood: bool) -> Standing:
    """What an answer of 300 or above says about whether the platform acted.

    Args:
        understood: The body is an error of a form we know, rather than a proxy's page.
    """
    if (status, reason) in {(429, "RateLimited"), (503, "Overloaded")}:
        return Standing.UNTOUCHED
    if (status, reason) == (409, "InProgress"):
        return Standing.BUSY
    if status >= 500:
        return Standing.DOUBTFUL
    if not understood and status not in NOT_KEPT:
        return Standing.DOUBTFUL
    return Standing.FINAL


def is_keyed(request: Request) -> bool:
    """Whether the platform can tell a repetition from a second purchase."""
    return any(name.lower() == "idempotency-key" for name in request.headers)


def may_send_again(request: Request, standing: Standing, tries: int) -> bool:
    """Whether the same bytes may be sent once more, time permitting.

    Args:
        standing: After the last attempt.
        tries: Attempts made so far.
    """
    if standing in (Standing.UNTOUCHED, Standing.BUSY):
        return request.spending or tries < READ_TRIES
    if standing is not Standing.DOUBTFUL:
        return False
    if request.spending:
        return is_keyed(request) and tries < (request.most_tries or 1)
    return tries < READ_TRIES


def pause_s(tries: int, asked_s: float | None, jitter: float) -> float:
    """How long to wait before the next attempt.

    Args:
        tries: Attempts made so far, from 1.
        asked_s: The server's Retry-After.
        jitter: 0 ≤ jitter < 1.
    """
    grown = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(tries - 1, 10))
    return float(max(grown * (0.5 + jitter / 2), asked_s or 0.0))


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Retry-After in seconds, whichever way it is written, at most RETRY_AFTER_CAP_S; None when it says nothing."""
    said = headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return float(min(int(said[:9]), RETRY_AFTER_CAP_S))
    if not said:
        return None
    from email.utils import parsedate_to_datetime

    try:
        seconds = (parsedate_to_datetime(said) - now).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), RETRY_AFTER_CAP_S)


def first_byte_limit_s(request: Request, tries: int, left_s: float) -> float:
    """How long to wait for an answer to begin: half the time when a second attempt may follow, else all of it."""
    return left_s / 2 if tries == 1 and may_send_again(request, Standing.DOUBTFUL, tries) else left_s


def checked_path(path: str) -> str:
    """The path, when it stays below the endpoint.

    Raises:
        UsageError: It is a URL, leads upwards, or holds something no path holds.
    """
    plain = path.partition("?")[0]
    steps = {unquote(step) for step in plain.split("/")}
    if not PATH.fullmatch(path) or path.startswith("//") or "\\" in path or "#" in path or steps & DOTS:
        raise UsageError(
            reason="BadPath",
            detail=f'"{path[:200]}" is no path below the platform',
            hint="/v1/offers?limit=5",
        )
    return path


def checked_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers, none of which can begin another one.

    Raises:
        BadValue: A control character or something that is not ASCII; the value is not repeated.
    """
    for name, value in headers.items():
        if not HEADER_NAME.fullmatch(name) or not HEADER_VALUE.fullmatch(value):
            raise BadValue(what="header", value=name[:60], expected="printable ASCII")
    return headers
