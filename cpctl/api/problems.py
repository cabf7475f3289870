"""From an answer that is no success to the error a user sees."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from cpctl.errors import (
    BadAnswer,
    Conflict,
    CpctlError,
    Forbidden,
    LimitExceeded,
    NoCapacity,
    NotFound,
    OutcomeUnknown,
    TokenRefused,
    Unreachable,
    UsageError,
)
from cpctl.resources.exchange import Request

DETAIL_LIMIT = 1_000
REASON = re.compile(r"[A-Z][A-Za-z]{2,40}")
ONE_OBJECT = re.compile(r"/v1/([a-z]+)/([^/?]+)")
PLURAL_OF = {"access": "orders"}
EXTRAS = (
    "uid",
    "specEqual",
    "phase",
    "createdBy",
    "offer",
    "price",
    "available",
    "limit",
    "figure",
    "setBy",
    "field",
    "allowed",
    "total",
)

BY_REASON: dict[tuple[int, str], type[CpctlError]] = {
    (409, "NoCapacity"): NoCapacity,
    (422, "OfferGone"): NoCapacity,
    (429, "QuotaExhausted"): LimitExceeded,
    (429, "InsufficientQuota"): LimitExceeded,  # OpenAI's word
    (503, "Overloaded"): Unreachable,
}
BY_STATUS: dict[int, type[CpctlError]] = {
    400: UsageError,
    401: TokenRefused,
    402: LimitExceeded,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Conflict,
    413: UsageError,
    422: UsageError,
    429: Unreachable,
}
WORDS = {
    400: "BadRequest",
    401: "Unauthorized",
    402: "LimitExceeded",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    406: "UnsupportedMediaType",
    409: "Conflict",
    410: "Expired",
    413: "TooLarge",
    415: "UnsupportedMediaType",
    422: "Invalid",
    429: "RateLimited",
    500: "Internal",
    501: "NotImplemented",
    502: "BadGateway",
    503: "Unavailable",
    504: "GatewayTimeout",
}
HINTS = {
    "NoCapacity": "cpctl get offers",
    "OfferGone": "cpctl get offers",
    "Expired": "the same again: the list is read from its start",
    "InsufficientBalance": "cpctl get projects",
    "VoucherRefused": "cpctl get vouchers",
    "RateLimited": "the same again in a minute",
    "Overloaded": "the same again in a minute",
    "PriceChanged": "the same again: prices are read anew",
}


class Problem(NamedTuple):
    """An error body in one form, whoever wrote it.

    Attributes:
        understood: It is a problem document, an OAuth or an OpenAI error; else a page of some proxy.
        oauth: OAuth's word, such as `authorization_pending`.
    """

    reason: str
    detail: str
    understood: bool
    extras: Mapping[str, Any]
    oauth: str | None = None


def problem_of(status: int, body: bytes, content_type: str = "") -> Problem:
    """What the body says; its text is passed on as it is and made safe where it is printed."""
    document = _json(body)
    error = document.get("error")
    if isinstance(error, str):
        said = _text(document.get("error_description")) or error
        return Problem(_loading(status, said) or _word(status), said, True, {}, error)
    if isinstance(error, dict):
        said = _text(error.get("message")) or f"HTTP {status}"
        reason = _loading(status, said) or _camel(_text(error.get("code")) or _text(error.get("type")))
        return Problem(reason or _word(status), said, True, {})
    reason = _text(document.get("reason"))
    if REASON.fullmatch(reason):
        said = _text(document.get("detail")) or _text(document.get("title")) or f"HTTP {status}"
        return Problem(reason, said, True, {key: document[key] for key in EXTRAS if key in document})
    if _text(document.get("message")):  # top-level {"code", "message"}
        return Problem(_word(status), _text(document["message"]), True, {})
    return Problem(_word(status), _page(status, body, content_type), False, {})


def error_of(status: int, headers: Mapping[str, str], body: bytes, request: Request) -> CpctlError:
    """The error for an answer of 300 or above, as if it were the only attempt.

    The values of the error hold what the problem document adds: uid, specEqual, phase, createdBy, offer, price,
    available, limit, figure, setBy, field, allowed, and `oauth` for an OAuth error.
    """
    problem = problem_of(status, body, headers.get("content-type", ""))
    kind = _class(status, problem, request)
    values: dict[str, object] = {
        **problem.extras,
        "detail": _sentence(status, problem, request),
        "oauth": problem.oauth,
    }
    values.setdefault("offer", "")
    error = kind(
        reason=problem.reason,
        request_id=headers.get("x-request-id", "")[:100] or None,
        hint=_hint(kind, problem.reason, request),
        **values,
    )
    error.retryable = kind.retryable
    return error


def redirected(status: int, headers: Mapping[str, str], request: Request) -> CpctlError:
    """The error for a redirect, which is never followed: credentials go where the profile says and nowhere else."""
    where = headers.get("location", "")[:200]
    kind = OutcomeUnknown if request.spending else BadAnswer
    return kind(
        reason="Redirected",
        detail=f"the server answers {status} and points to {where or 'nowhere'}; cpctl follows no redirect",
        hint="cpctl config set server URL, if that is where the platform is now",
    )


def outcome_unknown(origin: str, request: Request, last: CpctlError, *, keyed: bool) -> OutcomeUnknown:
    """The error when a spending request left and nothing definite came back."""
    hint = (
        "the same command again: it finishes what was begun and never buys twice"
        if keyed
        else "cpctl get bills first: it may have been charged, and may be charged again"
    )
    return OutcomeUnknown(
        reason="OutcomeUnknown",
        detail=f"no definite answer from {origin} to {request.method} {request.path.partition('?')[0]}: {last.message}",
        hint=hint,
        request_id=last.request_id,
    )


def _class(status: int, problem: Problem, request: Request) -> type[CpctlError]:
    known = BY_REASON.get((status, problem.reason)) or BY_STATUS.get(status)
    if status >= 500 and not known:
        return OutcomeUnknown if request.spending else Unreachable
    if not problem.understood and status not in (401, 403):
        return OutcomeUnknown if request.spending else BadAnswer
    return known or CpctlError


def _sentence(status: int, problem: Problem, request: Request) -> str:
    """kubectl's words for a missing object; for everything else what the platform says."""
    one = ONE_OBJECT.match(request.path)
    if status == 404 and problem.reason == "NotFound" and one:
        from urllib.parse import unquote

        plural = PLURAL_OF.get(one[1], one[1])
        return f'{plural} "{unquote(one[2])}" not found'
    allowed = problem.extras.get("allowed")
    if problem.reason == "UnknownValue" and isinstance(allowed, list) and allowed:
        return f"{problem.detail} (one of: {', '.join(str(word) for word in allowed[:60])})"
    return problem.detail


def _hint(kind: type[CpctlError], reason: str, request: Request) -> str | None:
    if kind is OutcomeUnknown and request.spending:
        return "the same command again"
    return HINTS.get(reason)


def _loading(status: int, said: str) -> str:
    """A model that is being read into memory begins nothing: ask again."""
    return "Overloaded" if status == 503 and "loading" in said.lower() else ""


def _json(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _text(value: Any) -> str:
    return value[:DETAIL_LIMIT] if isinstance(value, str) else ""


def _word(status: int) -> str:
    return WORDS.get(status, "Failed")


def _camel(word: str) -> str:
    joined = "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z]+", word))
    return joined if REASON.fullmatch(joined) else ""


def _page(status: int, body: bytes, content_type: str) -> str:
    kind = content_type.partition(";")[0].strip()[:60] or "no content type"
    if not body:
        return f"the server answers {status} without a word"
    return f"the server answers {status} with {kind}, which is no answer of a platform (a proxy's page?)"
