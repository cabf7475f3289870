"""Sending and sending again, and whose token goes along: against servers that behave, more or less."""

from __future__ import annotations

import pytest
from wires import (
    CUT,
    READ,
    SPEND,
    THRICE,
    UNKEYED,
    FakeClock,
    Token,
    Wire,
    answer,
    problem,
    refused,
    sent,
    talking_to,
)

from cpctl.errors import (
    BadValue,
    LimitExceeded,
    OutcomeUnknown,
    TokenRefused,
    Unreachable,
)
from cpctl.resources.exchange import Request

pytestmark = pytest.mark.usefixtures("both_lines")

# what is sent


def test_a_request_carries_the_token_the_key_and_the_bytes():
    wire = Wire(answer('{"a": 1}', "201 Created", headers=("X-Ccpp-Time: 2026-01-02T03:04:05Z",)))
    got = sent(wire, SPEND, Token("canary"))
    head, _, body = wire.requests[0].partition(b"\r\n\r\n")
    assert body == SPEND.body and b"POST /v1/orders?project=p HTTP/1.1" in head
    for line in (
        b"authorization: bearer canary",
        b"idempotency-key: key-12345",
        b"user-agent: cpctl/",
        b"accept: application/json",
    ):
        assert line in head.lower()
    assert (got.status, got.headers["x-ccpp-time"]) == (201, "2026-01-02T03:04:05Z")


def test_one_connection_serves_many_requests():
    wire = Wire(answer())
    with talking_to(wire) as transport:
        for _ in range(5):
            transport.send(READ)
    assert (wire.connections, len(wire.requests)) == (1, 5)


@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "a\0", "a b", "令牌"])
def test_a_token_that_breaks_headers_is_refused_before_a_byte_is_sent(token):
    wire = Wire(answer())
    assert isinstance(refused(wire, READ, Token(token)), TokenRefused)
    assert wire.connections == 0


@pytest.mark.parametrize("header", [{"X": "a\r\nY: b"}, {"X\r\nY": "a"}, {"X": "价"}, {"": "a"}])
def test_a_header_that_begins_another_is_refused(header):
    wire = Wire(answer())
    assert isinstance(refused(wire, Request("GET", "/v1", headers=header)), BadValue)
    assert wire.connections == 0


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/v1",
        "//evil.example/v1",
        "v1/offers",
        "/v1/../admin",
        "/v1/%2e%2e/admin",
        "/v1/./x",
        "/v1#f",
        "/v1\r\nHost: x",
        "/v1 x",
        "/v1\x00",
        "/v1/价",
        "",
        "/v1\\..\\x",
    ],
)
def test_a_path_that_leaves_the_platform_is_refused(path):
    wire = Wire(answer())
    assert refused(wire, Request("GET", path)).exit_code == 2
    assert wire.connections == 0


# sending again


def test_a_read_is_sent_a_few_times():
    wire, clock = Wire(problem(503, "Unavailable")), FakeClock()
    assert refused(wire, READ, clock=clock).exit_code == 9
    assert len(wire.requests) == 4 and clock.sleeps == sorted(clock.sleeps)


def test_a_read_succeeds_when_the_trouble_was_short():
    assert sent(Wire(CUT, problem(500, "Internal"), answer('{"a": 1}')), READ).json() == {"a": 1}


LOST = [
    CUT,
    answer("<html>", "502 Bad Gateway", "text/html"),
    problem(500, "Internal"),
    problem(503, "Unavailable"),
    problem(504, "GatewayTimeout"),
    answer("{", "201 Created"),
]


@pytest.mark.parametrize("trouble", LOST)
def test_a_lost_answer_to_a_purchase_is_outcome_unknown_and_never_asked_for_by_itself(trouble):
    wire = Wire(trouble, answer("{}", "201 Created"))
    error = refused(wire, SPEND)
    assert isinstance(error, OutcomeUnknown) and error.exit_code == 11
    assert "never buys twice" in (error.advice or "") and len(wire.requests) == 1


@pytest.mark.parametrize(
    "trouble", [problem(429, "RateLimited"), problem(503, "Overloaded"), problem(409, "InProgress")]
)
def test_a_purchase_that_was_not_begun_or_is_at_work_is_sent_again_byte_by_byte(trouble):
    wire = Wire(trouble, trouble, trouble, answer('{"kind": "Order"}', "201 Created"))
    assert sent(wire, SPEND).status == 201
    assert len(wire.requests) == 4 and len(set(wire.requests)) == 1


def test_one_still_at_work_at_the_deadline_is_outcome_unknown():
    wire, clock = Wire(problem(409, "InProgress")), FakeClock()
    error = refused(wire, SPEND, clock=clock)
    assert error.exit_code == 11 and len(wire.requests) > 5
    assert SPEND.deadline_s * 0.7 < clock.passed <= SPEND.deadline_s


@pytest.mark.parametrize("trouble", LOST)
def test_who_asks_for_more_tries_gets_them_with_the_same_key(trouble):
    wire = Wire(trouble, trouble, answer('{"kind": "Order"}', "201 Created"))
    assert sent(wire, THRICE).status == 201
    assert len(wire.requests) == 3 and len(set(wire.requests)) == 1
    assert refused(Wire(trouble), THRICE).exit_code == 11


@pytest.mark.parametrize(
    "later", [problem(401, "Unauthorized"), problem(403, "Forbidden"), problem(429, "QuotaExhausted")]
)
def test_a_later_answer_that_is_not_kept_settles_nothing(later):
    assert refused(Wire(CUT, later), THRICE).exit_code == 11


@pytest.mark.parametrize(
    ("later", "code"),
    [(problem(409, "AlreadyExists"), 5), (problem(409, "NoCapacity"), 6), (problem(402, "LimitExceeded"), 7)],
)
def test_a_final_refusal_settles_an_earlier_doubt(later, code):
    assert refused(Wire(CUT, later), THRICE).exit_code == code


def test_the_platform_gone_after_the_first_sending_is_outcome_unknown():
    wire = Wire()

    def answer_nothing_more(connection, request):
        wire.close()
        connection.close()

    wire.scripts.append(answer_nothing_more)
    assert refused(wire, THRICE).exit_code == 11


def test_a_purchase_never_rides_on_a_connection_that_was_idle():
    wire = Wire(answer())
    with talking_to(wire) as transport:
        transport.send(READ)
        transport.send(SPEND)
    assert wire.connections == 2


def test_a_promise_that_nothing_was_begun_ends_in_unreachable():
    error = refused(Wire(problem(503, "Overloaded")), SPEND)
    assert isinstance(error, Unreachable) and error.exit_code == 9


def test_without_a_key_nothing_is_sent_twice():
    for trouble in (CUT, problem(500, "Internal"), problem(503, "Unavailable")):
        wire = Wire(trouble)
        error = refused(wire, UNKEYED)
        assert error.exit_code == 11 and "charged again" in (error.advice or "")
        assert len(wire.requests) == 1


def test_retry_after_is_heeded_and_capped():
    clock = FakeClock()
    sent(Wire(problem(429, "RateLimited", ("Retry-After: 7",)), answer()), READ, clock=clock)
    assert clock.sleeps == [7.0]
    clock = FakeClock()
    error = refused(Wire(problem(429, "RateLimited", ("Retry-After: 999999999999",))), READ, clock=clock)
    assert error.exit_code == 9 and clock.sleeps == []
    clock = FakeClock()
    sent(Wire(problem(503, "Overloaded", ("Retry-After: Fri, 02 Jan 2026 03:04:08 GMT",)), answer()), READ, clock=clock)
    assert clock.sleeps == [3.0]


def test_quotas_that_end_tomorrow_are_not_waited_for():
    clock = FakeClock()
    assert isinstance(
        refused(Wire(problem(429, "QuotaExhausted", ("Retry-After: 3",))), READ, clock=clock), LimitExceeded
    )
    assert clock.sleeps == []


# tokens


def test_an_expired_token_is_renewed_once_and_the_request_sent_again():
    wire, bearer = Wire(problem(401, "TokenExpired"), answer('{"a": 1}')), Token("old-token", fresh="new-token")
    assert sent(wire, READ, bearer).json() == {"a": 1}
    assert bearer.renewals == 1 and b"Bearer new-token" in wire.requests[1]


def test_a_token_that_cannot_be_renewed_is_refused_with_the_way_on():
    for bearer in (Token(), Token(fresh="canary-7f3a91"), Token("a", fresh="b")):
        error = refused(Wire(problem(401, "TokenExpired")), READ, bearer)
        assert error.exit_code == 4 and error.advice == "cpctl auth login"
