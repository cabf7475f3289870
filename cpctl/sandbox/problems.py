"""Every refusal the platform gives (RFC 9457), by its reason: one table, one exception."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple


class Reason(NamedTuple):
    """What a reason means on the wire; `kept` says that it is a final answer to an Idempotency-Key."""

    status: int
    title: str
    retryable: bool = False
    kept: bool = True


REASONS: Final[dict[str, Reason]] = {
    "BadRequest": Reason(400, "The request is malformed"),
    "Unauthorized": Reason(401, "A valid token is needed", kept=False),
    "TokenExpired": Reason(401, "The token has expired", kept=False),
    "LimitExceeded": Reason(402, "A limit forbids it"),
    "InsufficientBalance": Reason(402, "The project cannot pay for it"),
    "VoucherRefused": Reason(402, "The voucher cannot be used for it"),
    "Forbidden": Reason(403, "The account may not do this", kept=False),
    "NotFound": Reason(404, "There is no such thing"),
    "MethodNotAllowed": Reason(405, "The path does not know this method"),
    "AlreadyExists": Reason(409, "The name is taken"),
    "PriceChanged": Reason(409, "The price moved"),
    "NoCapacity": Reason(409, "There are not enough free cards"),
    "InProgress": Reason(409, "The first request with this key still runs", retryable=True, kept=False),
    "WrongPhase": Reason(409, "The order's phase does not allow it"),
    "UidMismatch": Reason(409, "The name now stands for another order"),
    "StaleVersion": Reason(409, "The object changed since it was read"),
    "Expired": Reason(410, "What was asked to continue is no longer kept"),
    "TooLarge": Reason(413, "The request is too large"),
    "UnsupportedMediaType": Reason(415, "The body has the wrong media type"),
    "Invalid": Reason(422, "A value is not allowed"),
    "UnknownValue": Reason(422, "A value is not known"),
    "IdempotencyMismatch": Reason(422, "The key was used with another body", kept=False),
    "OfferGone": Reason(422, "The offer is gone"),
    "RateLimited": Reason(429, "Too many requests", retryable=True, kept=False),
    "QuotaExhausted": Reason(429, "The quota is used up", kept=False),
    "Internal": Reason(500, "The platform failed", kept=False),
    "Unavailable": Reason(503, "The platform cannot say whether it acted", retryable=True, kept=False),
    "Overloaded": Reason(503, "The platform did nothing; try again", retryable=True, kept=False),
    "GatewayTimeout": Reason(504, "A sub-platform did not answer in time", retryable=True, kept=False),
}

RETRY_AFTER: Final = {"Retry-After": "1"}
CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="cpctl sandbox"'}
WITH_STATUS: Final = {401: CHALLENGE, 429: RETRY_AFTER, 503: RETRY_AFTER}
"""Headers that a status always carries."""
IMITATED: Final = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    429: "RateLimited",
    503: "Unavailable",
    504: "GatewayTimeout",
}
CONTENT_TYPE: Final = "application/problem+json"


class Problem(Exception):
    """A refusal.

    Args:
        reason: A key of REASONS.
        detail: One sentence for a person.
        headers: Further response headers.
        status: Another status than the reason's, for faults that imitate what stands between.
        members: Extension members of the problem document, such as `offer` or `allowed`.
    """

    def __init__(
        self, reason: str, detail: str, *, headers: Mapping[str, str] | None = None, status: int = 0, **members: Any
    ) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.members = members
        self.row = REASONS[reason]
        self.status = status or self.row.status
        self.headers = {**WITH_STATUS.get(self.status, {}), **(headers or {})}

    def document(self, instance: str, request_id: str) -> bytes:
        """The body, as JSON."""
        known = {
            "type": f"urn:ccpp:problem:{self.reason}",
            "title": self.row.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            "reason": self.reason,
            "requestId": request_id,
            "retryable": self.row.retryable,
        }
        return json.dumps(known | self.members, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def invalid(field: str, detail: str, **members: Any) -> Problem:
    """422 for a value that the contract does not allow; `field` is its path in the request."""
    return Problem("Invalid", f"{field} {detail}", field=field, **members)


def error_problem(status: int, subplatform: str = "") -> Problem:
    """The problem of an error fault: the likeliest reason for the status."""
    reason = IMITATED.get(status, "Internal" if status >= 500 else "BadRequest")
    who = f"sub-platform {subplatform}" if subplatform else "the sandbox"
    members: dict[str, Any] = {"subplatform": subplatform} if subplatform else {}
    return Problem(reason, f"{who} was told to answer {status}", status=status, **members)
