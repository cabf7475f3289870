"""Refusals in the OpenAI form: `{"error": {"message", "type", "code", "param"}}`."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from cpctl.sandbox.problems import Problem
from cpctl.sandbox.store import dumps


class Kind(NamedTuple):
    """How a refusal looks: HTTP status and the `type` SDKs and gateways use."""

    status: int
    type: str


KINDS: Final[dict[str, Kind]] = {
    "bad_request": Kind(400, "invalid_request_error"),
    "invalid_value": Kind(400, "invalid_request_error"),
    "unsupported_model": Kind(400, "invalid_request_error"),
    "unsupported_schema": Kind(400, "invalid_request_error"),
    "context_length_exceeded": Kind(400, "invalid_request_error"),
    "model_not_found": Kind(404, "invalid_request_error"),
    "unknown_url": Kind(404, "invalid_request_error"),
    "method_not_allowed": Kind(405, "invalid_request_error"),
    "request_too_large": Kind(413, "invalid_request_error"),
    "source_unavailable": Kind(503, "server_error"),
}

# The platform's reasons as people who write against OpenAI-like services know them.
OF_REASON: Final[dict[str, tuple[str, str]]] = {
    "Unauthorized": ("authentication_error", "invalid_api_key"),
    "TokenExpired": ("authentication_error", "token_expired"),
    "Forbidden": ("permission_error", "forbidden"),
    "NotFound": ("invalid_request_error", "not_found"),
    "Invalid": ("invalid_request_error", "invalid_value"),
    "InsufficientBalance": ("insufficient_quota", "insufficient_balance"),
    "LimitExceeded": ("insufficient_quota", "limit_exceeded"),
    "QuotaExhausted": ("insufficient_quota", "insufficient_quota"),
    "RateLimited": ("rate_limit_error", "rate_limit_exceeded"),
    "IdempotencyMismatch": ("idempotency_error", "idempotency_mismatch"),
    "InProgress": ("idempotency_error", "in_progress"),
    "TooLarge": ("invalid_request_error", "request_too_large"),
    "UnsupportedMediaType": ("invalid_request_error", "unsupported_media_type"),
    "Overloaded": ("server_error", "overloaded"),
    "Unavailable": ("server_error", "unavailable"),
}


class Refusal(Exception):
    """A model call that is not answered.

    Args:
        code: A key of KINDS.
        message: One sentence for a person.
        param: The field of the request that is wrong.
    """

    def __init__(self, code: str, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.status, self.type = KINDS[code]
        self.code, self.param = code, param

    def body(self) -> bytes:
        """The error document."""
        return error_body(str(self), self.type, self.code, self.param)


def error_body(message: str, kind: str, code: str | None, param: str | None) -> bytes:
    """The error document, as JSON."""
    error: dict[str, Any] = {"message": message, "type": kind, "code": code, "param": param}
    return dumps({"error": error})


def of_problem(problem: Problem) -> bytes:
    """The platform's refusal as an error document."""
    fallback = ("server_error" if problem.status >= 500 else "invalid_request_error", problem.reason)
    kind, code = OF_REASON.get(problem.reason, fallback)
    return error_body(problem.detail, kind, code, problem.members.get("field"))
