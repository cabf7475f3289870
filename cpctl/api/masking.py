"""What `-v` and `api` show of a request and an answer: everything but secrets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

MASK = "***"
SECRET_HEADERS = frozenset(
    {"authorization", "proxy-authorization", "idempotency-key", "cookie", "set-cookie", "x-sandbox-admin"}
)
SECRET_FIELDS = frozenset(
    {"kubeconfig", "device_code", "access_token", "refresh_token", "token"}
)  # x-secret in openapi.yaml
SHOWN_LIMIT = 16_384


def masked_headers(headers: Mapping[str, str]) -> Iterator[str]:
    """A line a header."""
    for name, value in headers.items():
        yield f"{name}: {MASK if name.lower() in SECRET_HEADERS else value}"


def masked_body(body: bytes, content_type: str, limit: int | None = SHOWN_LIMIT) -> str:
    """The body as text, at most `limit` characters; None for all of it."""
    text = _readable(body, content_type)
    return text if limit is None or len(text) <= limit else f"{text[:limit]}… ({len(body)} bytes)"


def without(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret masked, wherever a server repeats one."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, MASK)
    return text


def _readable(body: bytes, content_type: str) -> str:
    if "form-urlencoded" in content_type:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
        return urlencode([(name, MASK if name in SECRET_FIELDS else value) for name, value in pairs], safe="*")
    try:
        return json.dumps(masked(json.loads(body)), ensure_ascii=False)
    except (ValueError, RecursionError):
        return body[: 4 * SHOWN_LIMIT].decode("utf-8", "replace")


def masked(value: Any) -> Any:
    """The document with its secret fields masked."""
    if isinstance(value, dict):
        return {key: MASK if key in SECRET_FIELDS and inner else masked(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [masked(inner) for inner in value]
    return value
