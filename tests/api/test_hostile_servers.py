"""What a server may do to a client that trusts nothing: each ends in one sentence and the right exit code."""

from __future__ import annotations

import gzip
import resource
import socket
import time
import zlib

import pytest
from wires import QUICK, FakeClock, Token, WallClock, Wire, answer, drip, raw, silence, talking_to

from cpctl.api.transport import Transport
from cpctl.errors import BadAnswer, CpctlError, OutcomeUnknown, Unreachable
from cpctl.resources.endpoint import endpoint
from cpctl.resources.exchange import Request

pytestmark = pytest.mark.usefixtures("both_lines")

READ = Request("GET", "/v1/offers", deadline_s=5)
SPEND = Request("POST", "/v1/orders?project=p", b"{}", {"Idempotency-Key": "key-12345"}, spending=True, deadline_s=5)
HTML = answer("<html>Sign in to the network</html>", kind="text/html; charset=utf-8")


def refusal(wire: Wire, request: Request, clock: FakeClock | None = None) -> CpctlError:
    with talking_to(wire, Token(), clock) as transport, pytest.raises(CpctlError) as caught:
        transport.send(request)
    assert "\n" not in caught.value.message
    return caught.value


# credentials stay with their origin


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
@pytest.mark.parametrize("request_", [READ, SPEND], ids=["read", "spend"])
@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.1:{port}/x", "http://localhost:{port}/x", "https://127.0.0.1:{port}/x", "//127.0.0.1:{port}/"],
)
def test_a_redirect_takes_no_byte_anywhere(status, request_, target):
    with Wire(answer()) as elsewhere:
        where = target.format(port=elsewhere.port)
        error = refusal(Wire(answer("", f"{status} Moved", headers=(f"Location: {where}",))), request_)
        assert elsewhere.received == b"" and elsewhere.connections == 0
    assert error.reason == "Redirected" and where in error.message
    assert error.exit_code == (11 if request_.spending else 1)


def test_a_redirect_to_itself_is_not_followed_either():
    wire = Wire(answer("", "302 Found", headers=("Location: /v1/other",)))
    refusal(wire, READ)
    assert len(wire.requests) == 1


def test_cookies_are_not_kept():
    wire = Wire(answer(headers=("Set-Cookie: a=b",)))
    with talking_to(wire) as transport:
        transport.send(READ)
        transport.send(READ)
    assert len(wire.requests) == 2 and b"ookie" not in wire.received


# bodies


def test_html_is_no_answer():
    error = refusal(Wire(HTML), READ)
    assert isinstance(error, BadAnswer) and "text/html" in error.message


def test_html_after_a_spending_request_leaves_the_outcome_unknown():
    wire = Wire(HTML)
    error = refusal(wire, SPEND)
    assert isinstance(error, OutcomeUnknown) and error.exit_code == 11
    assert len(wire.requests) == 1


@pytest.mark.parametrize("page", ["403 Forbidden", "404 Not Found", "502 Bad Gateway"])
def test_a_proxys_error_page_is_not_the_platforms_word(page):
    script = answer("<h1>proxy</h1>", page, "text/html")
    assert refusal(Wire(script), SPEND).exit_code in (4, 11)
    assert refusal(Wire(script), READ).exit_code in (1, 4, 9)


@pytest.mark.parametrize("body", [b"", b"{", b"[1,", b"\xff\xfe{", b"nul", b"[" * 100_000, b'{"a": ' * 50_000])
def test_what_is_not_json_is_a_bad_answer(body):
    assert isinstance(refusal(Wire(answer(body)), READ), BadAnswer)


@pytest.mark.parametrize("body", [b'\xef\xbb\xbf{"a": 1}', b'\n\n {"a": 1}'])
def test_a_byte_order_mark_and_blank_lines_are_forgiven(body):
    with talking_to(Wire(answer(body))) as transport:
        assert transport.send(READ).json() == {"a": 1}


def test_half_a_body_is_a_bad_answer_and_never_half_an_object():
    error = refusal(Wire(answer(b'{"items": []}', length=100)), READ)
    assert isinstance(error, BadAnswer) and "cut" in error.message


def test_half_a_body_of_a_purchase_leaves_the_outcome_unknown():
    wire = Wire(answer(b'{"a": 1}', "201 Created", length=100))
    error = refusal(wire, SPEND)
    assert isinstance(error, OutcomeUnknown) and len(wire.requests) == 1


def test_more_than_announced_is_left_alone():
    with talking_to(Wire(answer(b'{"a": 1}HTTP/1.1 200 OK\r\n\r\nevil', length=8))) as transport:
        assert transport.send(READ).json() == {"a": 1}


@pytest.mark.parametrize(
    "nonsense",
    [
        b"",
        b"\0",
        b"hello\r\n\r\n",
        b"HTTP/1.1 200\r\nX",
        b"HTTP/1.1 999999 X\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"A" * 300_000,
    ],
)
@pytest.mark.parametrize("request_", [READ, SPEND], ids=["read", "spend"])
def test_what_is_not_http_is_one_sentence(nonsense, request_):
    error = refusal(Wire(raw(nonsense)), request_)
    assert error.exit_code == (11 if request_.spending else error.exit_code) and error.exit_code in (1, 9, 11)


# size


def bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(b"\0" * 1_048_576) for _ in range(size // 1_048_576)) + packer.flush()


def test_a_gzip_bomb_is_noticed_before_it_is_in_memory():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    error = refusal(Wire(answer(bomb(268_435_456), headers=("Content-Encoding: gzip",))), READ)
    grown_mib = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert error.reason == "TooLarge" and grown_mib < 150


def test_a_body_without_end_ends():
    def endless(connection: socket.socket, request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[")
        while True:
            connection.sendall(b"1," * 500_000)

    assert refusal(Wire(endless), READ).reason == "TooLarge"


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "gzip, gzip", "zstd"])
def test_a_lie_about_the_encoding_is_a_bad_answer(encoding):
    error = refusal(Wire(answer(b'{"a": 1}', headers=(f"Content-Encoding: {encoding}",))), READ)
    assert isinstance(error, BadAnswer)


def test_gzip_is_understood_and_half_of_it_is_not():
    packed = gzip.compress(b'{"a": 1}' * 1)
    with talking_to(Wire(answer(packed, headers=("Content-Encoding: gzip",)))) as transport:
        assert transport.send(READ).json() == {"a": 1}
    assert isinstance(refusal(Wire(answer(packed[:-6], headers=("Content-Encoding: gzip",))), READ), BadAnswer)


# time


@pytest.mark.parametrize("limit_s", [1.0, 2.0])
@pytest.mark.parametrize(
    "script",
    [
        silence,
        drip(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Pad: " + b"x" * 400, 0.05),
        drip(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n" + b" " * 400, 0.02),
    ],
    ids=["silence", "slow head", "slow body"],
)
@pytest.mark.parametrize("spending", [False, True], ids=["read", "spend"])
def test_the_total_deadline_holds(script, limit_s, spending):
    keyed = {"Idempotency-Key": "key-12345"} if spending else {}
    request = Request("POST" if spending else "GET", "/v1/x", None, keyed, spending=spending, deadline_s=limit_s)
    took_s = []
    for _ in range(3):  # a busy machine may hold one of them up; a deadline that does not hold is late every time
        began = time.monotonic()
        error = refusal(Wire(script), request, WallClock())
        took_s.append(time.monotonic() - began)
        assert error.exit_code == (11 if spending else 9)
        if took_s[-1] < limit_s * 1.1 + 0.15:
            break
    assert limit_s * 0.9 < min(took_s) < limit_s * 1.1 + 0.15


def test_a_drip_ends_a_stream_at_its_deadline():
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    request = Request("POST", "/openai/v1/chat/completions", b"{}", spending=True, deadline_s=1)
    began, got = time.monotonic(), b""
    wire = Wire(lambda c, r: (c.sendall(head), drip(b": keep-alive\n" * 99, 0.02)(c, r))[0])
    with (
        talking_to(wire, clock=WallClock()) as transport,
        pytest.raises(Unreachable, match="within 1 s"),
        transport.stream(request) as streamed,
    ):
        for chunk in streamed.chunks():
            got += chunk
    assert 0.9 < time.monotonic() - began < 1.3 and got.startswith(b": keep-alive")


# reachability


def test_nothing_listens():
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        nowhere = endpoint(f"http://127.0.0.1:{reserved.getsockname()[1]}")
        transport = Transport(nowhere, clock=FakeClock(), quick=QUICK.get(), down_hint="cpctl sandbox up")
        for request in (READ, SPEND):
            with pytest.raises(
                Unreachable, match=f"platform {nowhere.origin} is not answering: connection refused"
            ) as caught:
                transport.send(request)
            assert caught.value.advice == "cpctl sandbox up" and caught.value.exit_code == 9


def test_a_server_without_tls_gets_no_token():
    wire = Wire(answer())
    with wire, pytest.raises(Unreachable, match="not answering"):
        Transport(endpoint(wire.url.replace("http", "https")), Token(), clock=FakeClock()).send(SPEND)
    assert b"canary" not in wire.received
