"""What `-v` tells, and answers that are read while they come."""

from __future__ import annotations

import json

import pytest
from wires import (
    READ,
    UNKEYED,
    Token,
    Wire,
    answer,
    problem,
    sent,
    silence,
    talking_to,
)

from cpctl.errors import (
    CpctlError,
    LimitExceeded,
    OutcomeUnknown,
)
from cpctl.resources.exchange import Request

pytestmark = pytest.mark.usefixtures("both_lines")

# tracing


def test_no_secret_is_seen_at_any_level_wherever_the_server_repeats_it():
    canary, lines = "canary-7f3a91", []
    echo = {
        "access_token": "canary-7f3a91-2",
        "kubeconfig": "canary-3",
        "device_code": "x",
        "a": [{"refresh_token": "canary-4"}],
    }
    script = answer(json.dumps({**echo, "said": canary}), headers=(f"X-Echo: {canary}", "Set-Cookie: s=canary-5"))
    trouble = problem(500, "Internal", detail=f"your token {canary} is nice")
    form = Request(
        "POST",
        "/oauth/token",
        b"grant_type=refresh_token&refresh_token=canary-6",
        {"Content-Type": "application/x-www-form-urlencoded", "Idempotency-Key": "canary-key-7"},
    )
    with talking_to(Wire(trouble, script), Token(canary), trace=lambda level, text: lines.append(text)) as transport:
        transport.send(form)
    with talking_to(Wire(trouble), Token(canary), trace=lambda level, text: lines.append(text)) as transport:
        with pytest.raises(CpctlError) as caught:
            transport.send(READ)
        assert canary not in caught.value.message
    whole = "\n".join(lines)
    assert "canary" not in whole and "***" in whole and "grant_type=refresh_token" in whole


def test_level_6_tells_url_status_and_milliseconds():
    lines: list[tuple[int, str]] = []
    wire = Wire(answer())
    sent(wire, READ, trace=lambda level, text: lines.append((level, text)))
    assert (6, f"GET {wire.url}/v1/offers 200 in 0 ms") in lines
    assert {level for level, _ in lines} == {6, 7, 8}


# streams


def test_a_stream_gives_its_head_at_once_and_its_bytes_as_they_come():
    body = b"data: 1\n\n" * 3
    with talking_to(Wire(answer(body, kind="text/event-stream"))) as transport:
        with transport.stream(UNKEYED) as streamed:
            assert streamed.status == 200 and b"".join(streamed.chunks()) == body
        with transport.stream(UNKEYED) as streamed:
            pass  # given up before its end: the connection is not used again
        assert transport.send(Request("GET", "/x", headers={"Accept": "*/*"})).body == body


def test_an_error_before_the_stream_is_an_error():
    with (
        talking_to(Wire(problem(402, "InsufficientBalance"))) as transport,
        pytest.raises(LimitExceeded),
        transport.stream(UNKEYED),
    ):
        pytest.fail("there is no stream")


def test_a_stream_that_is_cut_says_so():
    with talking_to(Wire(answer(b"data: 1\n\n", kind="text/event-stream", length=99))) as transport:
        with transport.stream(UNKEYED) as streamed, pytest.raises(CpctlError, match="cut") as caught:
            list(streamed.chunks())
        assert caught.value.reason == "Cut"


def test_silence_before_a_stream_is_outcome_unknown_for_a_spending_one():
    request = Request("POST", "/openai/v1/x", b"{}", spending=True, deadline_s=0.4)
    from wires import WallClock

    with (
        talking_to(Wire(silence), clock=WallClock()) as transport,
        pytest.raises(OutcomeUnknown),
        transport.stream(request),
    ):
        pytest.fail("there is no stream")
