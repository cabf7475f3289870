"""Errors that stand in the body of a 200, in every form servers write them, and what they mean to the user."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cpctl.errors import CpctlError, Forbidden, LimitExceeded, NotFound, TokenRefused, Unreachable, UsageError

DETAIL_LIMIT = 1_000
# A word in the error's code or type → what it is; the first that fits, and an error that fits none is exit 1.
MEANINGS: tuple[tuple[str, type[CpctlError]], ...] = (
    ("rate_limit", Unreachable),
    ("ratelimit", Unreachable),
    ("throttl", Unreachable),
    ("quota", LimitExceeded),
    ("balance", LimitExceeded),
    ("billing", LimitExceeded),
    ("overloaded", Unreachable),
    ("unavailable", Unreachable),
    ("api_key", TokenRefused),
    ("apikey", TokenRefused),
    ("authentication", TokenRefused),
    ("permission", Forbidden),
    ("not_found", NotFound),
    ("invalid", UsageError),
    ("context_length", UsageError),
)
LOADING = "loading"  # a model that is not in memory yet: nothing was begun
STATUSES: dict[int, type[CpctlError]] = {
    400: UsageError,
    401: TokenRefused,
    402: LimitExceeded,
    403: Forbidden,
    404: NotFound,
    422: UsageError,
    429: Unreachable,
    503: Unreachable,
}


def refusal(chunk: Mapping[str, Any], *, named_error: bool = False) -> CpctlError | None:
    """The error a chunk stands for, or None.

    Args:
        chunk: `{"error": {...}}`, `{"error": "words"}`, `{"code", "message"}`, `{"object": "error"}`, `{"detail"}`.
        named_error: The event was called `error`, so that it is one whatever it holds.
    """
    error = chunk.get("error")
    if isinstance(error, str) and error:
        return _refused({"message": error, **chunk})
    if isinstance(error, dict) and error:
        return _refused(error)
    says_so = chunk.get("object") == "error" or chunk.get("type") == "error" or "message" in chunk or "detail" in chunk
    if named_error or ("choices" not in chunk and says_so):
        return _refused(chunk)
    return None


def _refused(error: Mapping[str, Any]) -> CpctlError:
    words = [str(error.get(key) or "") for key in ("code", "type", "status")]
    said = next((_said(error.get(key)) for key in ("message", "detail", "msg") if error.get(key)), "no reason given")
    kind = Unreachable if LOADING in said.lower() else _meaning(words)
    return kind(reason=_reason(words) or kind.__name__, detail=f"the model's server says: {said}"[:DETAIL_LIMIT])


def _meaning(words: list[str]) -> type[CpctlError]:
    for word in words:
        if word.isascii() and word.isdigit() and len(word) == 3:
            return STATUSES.get(int(word), CpctlError)
    joined = " ".join(words).lower()
    return next((kind for mark, kind in MEANINGS if mark in joined), CpctlError)


def _reason(words: list[str]) -> str:
    """The code as a CamelCase word: `insufficient_quota` is `InsufficientQuota`; empty when it has no letters."""
    named = next((word for word in words if re.search("[A-Za-z]", word)), "")
    return "".join(part[:1].upper() + part[1:] for part in re.split("[^A-Za-z]+", named))[:60]


def _said(value: Any) -> str:
    return value if isinstance(value, str) else str(value)
