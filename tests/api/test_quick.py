"""The quick line for plain reads: what it understands, what it leaves to httpx, and that both come to the same."""

from __future__ import annotations

import sys

import pytest
from wires import QUICK, READ, SPEND, Token, Wire, answer, raw, sent, talking_to

from cpctl.api import quick
from cpctl.api.quick import QuickLine
from cpctl.errors import CpctlError
from cpctl.resources.exchange import Request

JSON = b"Content-Type: application/json\r\n"
BODY = b'{"a": 1}'
SIZED = JSON + b"Content-Length: 8\r\n"
OK = b"HTTP/1.1 200 OK\r\n"
ENDED = JSON + b"Transfer-Encoding: chunked\r\n\r\n"

PLAIN = {
    "a length": OK + SIZED + b"\r\n" + BODY,
    "no reason phrase": b"HTTP/1.1 200\r\n" + SIZED + b"\r\n" + BODY,
    "an end with the connection": OK + JSON + b"\r\n" + BODY,
    "chunks": OK + ENDED + b'4\r\n{"a"\r\n4;x=y\r\n: 1}\r\n0\r\n\r\n',
    "a trailer": OK + ENDED + b"8\r\n" + BODY + b"\r\n0\r\nX-End: 1\r\n\r\n",
    "the same header twice": OK + SIZED + b"Vary: a\r\nVary: b\r\n\r\n" + BODY,
    "more than its length": OK + SIZED + b"\r\n" + BODY + OK + SIZED + b"\r\n" + b'{"b": 2}',
    "a connection that is closed": OK + SIZED + b"Connection: close\r\n\r\n" + BODY,
    "a long chunk size": OK + ENDED + b"0" * 18 + b"08\r\n" + BODY + b"\r\n0\r\n\r\n",
    "an empty value": OK + SIZED + b"X-Empty:\r\n\r\n" + BODY,
}
UNUSUAL = {
    "another version": b"HTTP/1.0 200 OK\r\n" + SIZED + b"\r\n" + BODY,
    "an interim answer": b"HTTP/1.1 103 Hints\r\n\r\n" + OK + SIZED + b"\r\n" + BODY,
    "two lengths": OK + SIZED + b"Content-Length: 4\r\n\r\n" + BODY,
    "two equal lengths": OK + SIZED + b"Content-Length: 8\r\n\r\n" + BODY,
    "a length and chunks": OK + SIZED + b"Transfer-Encoding: chunked\r\n\r\n8\r\n" + BODY + b"\r\n0\r\n\r\n",
    "another coding": OK + JSON + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a negative length": OK + JSON + b"Content-Length: -1\r\n\r\n" + BODY,
    "a length with a sign": OK + JSON + b"Content-Length: +8\r\n\r\n" + BODY,
    "an empty length": OK + JSON + b"Content-Length:\r\n\r\n" + BODY,
    "an empty coding": OK + SIZED + b"Transfer-Encoding:\r\n\r\n" + BODY,
    "a folded header": OK + SIZED + b"X-Long: a\r\n b\r\n\r\n" + BODY,
    "a header of no ASCII": OK + SIZED + "X-Name: 山西\r\n\r\n".encode() + BODY,
    "a header without a name": OK + SIZED + b": x\r\n\r\n" + BODY,
    "a space before the colon": OK + SIZED + b"X-Name : x\r\n\r\n" + BODY,
    "line feeds alone": (OK + SIZED + b"\r\n").replace(b"\r\n", b"\n") + BODY,
    "NUL in a header": OK + SIZED + b"X-Name: a\0b\r\n\r\n" + BODY,
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "half a head": OK + JSON,
    "an endless head": OK + b"".join(b"X-%d: %s\r\n" % (n, b"x" * 100) for n in range(1500)) + SIZED + b"\r\n" + BODY,
}
BROKEN = {
    "too short": OK + JSON + b"Content-Length: 9\r\n\r\n" + BODY,
    "a chunk without end": OK + ENDED + b"8\r\n{",
    "no last chunk": OK + ENDED + b"8\r\n" + BODY + b"\r\n",
    "a size that is none": OK + ENDED + b"xyz\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a size below zero": OK + ENDED + b"-8\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a trailer without a colon": OK + ENDED + b"8\r\n" + BODY + b"\r\n0\r\nbad\r\n\r\n",
    "a trailer that begins folded": OK + ENDED + b"8\r\n" + BODY + b"\r\n0\r\n fold\r\n\r\n",
    "endless trailers": OK + ENDED + b"8\r\n" + BODY + b"\r\n0" + (b"\r\nX: " + b"x" * 99) * 2_000 + b"\r\n\r\n",
    "a chunk size of 21 digits": OK + ENDED + b"0" * 19 + b"08\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a chunk longer than it says": OK + ENDED + b"4\r\n" + BODY + b"\r\n0\r\n\r\n",
}


def outcome(content: bytes, *, quick: bool) -> tuple[object, int]:
    """What a read of such an answer comes to, and how often it was asked for."""
    wire = Wire(raw(content))
    before = QUICK.set(quick)
    try:
        got = sent(wire, READ, Token())
        return (got.status, got.body, got.headers), len(wire.requests)
    except CpctlError as error:
        port = f":{wire.port}"
        return (type(error), error.reason, error.message.replace(port, ""), error.exit_code), len(wire.requests)
    finally:
        QUICK.reset(before)


@pytest.mark.parametrize("content", PLAIN.values(), ids=PLAIN.keys())
def test_what_servers_say_every_day_is_understood_at_once(content):
    ours, theirs = outcome(content, quick=True), outcome(content, quick=False)
    assert ours == theirs and ours[1] == 1


@pytest.mark.parametrize("content", UNUSUAL.values(), ids=UNUSUAL.keys())
def test_what_is_unusual_is_left_to_httpx(content):
    (ours, asked), (theirs, usual) = outcome(content, quick=True), outcome(content, quick=False)
    assert ours == theirs and asked == usual + 1


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_broken_is_a_failure_of_one_kind(content):
    (ours, asked), (theirs, usual) = outcome(content, quick=True), outcome(content, quick=False)
    assert asked == usual and ours[:2] == theirs[:2] and ours[3] == theirs[3]
    assert "bytearray" not in f"{ours}{theirs}"


@pytest.mark.parametrize(
    "content",
    [(PLAIN | UNUSUAL | BROKEN)[name][:cut] for name, cut in (("chunks", 90), ("a length", 0), ("a length", 3))],
)
def test_cuts(content):
    (ours, _), (theirs, _) = outcome(content, quick=True), outcome(content, quick=False)
    assert ours[:2] == theirs[:2]


def test_once_unusual_is_for_httpx_from_then_on():
    wire = Wire(raw(UNUSUAL["another version"]))
    with talking_to(wire) as transport:
        for _ in range(3):
            transport.send(READ)
    assert len(wire.requests) == 4


def test_bytes_behind_an_answer_are_no_answer_to_the_next_question():
    wire = Wire(raw(PLAIN["more than its length"]), answer('{"c": 3}'))
    with talking_to(wire) as transport:
        assert [transport.send(READ).json() for _ in range(2)] == [{"a": 1}, {"c": 3}]


TAKEN = {
    "/v1/offers?limit=5&fields=a,b": True,
    "/v1/offers?x=%E5%B1%B1": True,
    '/v1/offers?x="': False,
    "/v1/offers?x=%zz": False,
    "/v1/{x}": False,
}


@pytest.mark.parametrize(("path", "taken"), TAKEN.items())
def test_paths_that_httpx_would_rewrite_are_left_to_it(path, taken):
    assert QuickLine.takes(Request("GET", path)) is taken


def test_only_reads_are_taken():
    assert not QuickLine.takes(SPEND) and not QuickLine.takes(Request("POST", "/v1/quotes", b"{}"))
    assert not QuickLine.takes(Request("DELETE", "/v1/orders/x", spending=True))


def test_another_trust_than_openssl_is_not_decided_here(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(quick.Unusual):
        quick.openssl_trust()
