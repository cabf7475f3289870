"""Whatever comes, only our own errors come out."""

from __future__ import annotations

import json
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from cpctl.api.masking import masked_body
from cpctl.api.platform import object_path, page_of, with_query
from cpctl.api.policy import checked_path, retry_after_s
from cpctl.api.problems import error_of, problem_of
from cpctl.auth.oauth import grant_of, own_page
from cpctl.auth.record import record_of
from cpctl.errors import BadAnswer, BadValue, CpctlError, TokenRefused, UsageError
from cpctl.profiles import config
from cpctl.profiles import settings as rows
from cpctl.resources.endpoint import endpoint
from cpctl.resources.exchange import Request

WORDS = st.sampled_from(
    [
        "error",
        "code",
        "type",
        "message",
        "reason",
        "detail",
        "title",
        "items",
        "rows",
        "fields",
        "kind",
        "metadata",
        "continue",
        "Rows",
        "List",
        "NotFound",
        "allowed",
        "self",
        "hint",
        "template",
        "access_token",
        "token_type",
        "Bearer",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=8), inner, max_size=6),
    max_leaves=20,
)
STATUS = st.sampled_from([300, 400, 401, 402, 404, 409, 410, 418, 422, 429, 500, 503, 599])
HERE = endpoint("https://platform.example")


@settings(max_examples=300, deadline=None)
@given(VALUES, STATUS, st.booleans())
def test_every_document_is_some_error(document, status, spending):
    body = json.dumps(document).encode()
    request = Request("POST", "/v1/orders", spending=spending)
    assert isinstance(error_of(status, {}, body, request), CpctlError)
    assert isinstance(masked_body(body, "application/json"), str)


@given(st.binary(max_size=200), STATUS)
def test_every_body_is_some_error(body, status):
    assert problem_of(status, body, "text/html").detail
    assert isinstance(masked_body(body, "application/x-www-form-urlencoded"), str)


@settings(max_examples=300)
@given(VALUES)
def test_every_document_is_a_page_or_a_bad_answer(document):
    with suppress(BadAnswer):
        page_of(document, "/v1/offers")
    if isinstance(document, dict):
        with suppress(BadAnswer, TokenRefused):
            grant_of(document)
    with suppress(BadAnswer):
        own_page(document, HERE)
    with suppress(TokenRefused):
        record_of(json.dumps(document), "memory")


@settings(max_examples=300)
@given(st.text(max_size=40) | st.from_regex(r"https?://[^ ]{0,30}", fullmatch=True))
def test_every_text_is_an_address_a_path_or_refused(text):
    with suppress(BadValue):
        found = endpoint(text)
        assert endpoint(found.url) == found
        assert found.secure or found.loopback
    with suppress(UsageError):
        assert checked_path(text).startswith("/")
    with suppress(CpctlError):
        path = object_path("/v1/orders", text)
        assert path.count("/") == 3 and checked_path(path) == path
        assert checked_path(with_query("/v1/offers", {"a": text}))


@given(st.text(max_size=30))
def test_every_retry_after_is_seconds_or_nothing(text):
    from datetime import UTC, datetime

    seconds = retry_after_s({"retry-after": text}, datetime(2026, 1, 1, tzinfo=UTC))
    assert seconds is None or 0 <= seconds <= 60


@settings(max_examples=200)
@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda b: b.decode("latin-1")))
def test_every_text_is_a_configuration_or_refused(text):
    with suppress(UsageError):
        rows.check(config.parse(text, "config.toml"), "config.toml")
