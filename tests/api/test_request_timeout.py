"""`--request-timeout`: a read ends when it was told to, whatever the platform does with the line."""

from __future__ import annotations

import contextlib
import time

import pytest
from wires import Wire, answer, drip, silence

from client import Client

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n"
LIMIT_S = 1.0
OWN_S = 0.1
"""What this program itself may take on a busy machine."""


def stall(connection, request):
    """A good beginning, and then nothing."""
    connection.sendall(HEAD + b'{"items": [')
    with contextlib.suppress(OSError):
        connection.recv(1)


PLATFORMS = {
    "never answers": silence,
    "stalls": stall,
    "drips its head": drip(HEAD, 0.05),
    "drips its body": drip(HEAD + b" " * 9000, 0.001),
}


@pytest.fixture
def alone(tmp_path):
    return Client(tmp_path / "home", env={"CPCTL_TOKEN": "t0k3n-of-a-test"})


@pytest.mark.parametrize("script", PLATFORMS.values(), ids=PLATFORMS)
@pytest.mark.parametrize("words", [("get", "offers"), ("get", "offer", "x", "-o", "json")], ids=" ".join)
def test_it_ends_in_time(alone, script, words):
    with Wire(script) as wire:
        begin = time.monotonic()
        result = alone(*words, "--request-timeout", f"{LIMIT_S:.0f}s", env={"CPCTL_SERVER": wire.url})
        took_s = time.monotonic() - begin
    assert (result.code, result.out) == (9, "")
    assert 0.9 * LIMIT_S <= took_s <= 1.1 * LIMIT_S + 0.1, (
        f"{took_s:.2f} s"
    )  # a tenth of a second is this program's own
    assert result.err.count("\n") == 1


def test_thirty_seconds_unless_told_otherwise():
    from cpctl.resources.exchange import Request
    from cpctl.runtime import Options

    assert Options().read_limit_s == Request("GET", "/v1").deadline_s == 30
    assert Options(request_timeout="1m30s").read_limit_s == 90


@pytest.mark.parametrize("word", ["30", "0", "0s", "-1s", "soon", "", "5x", "1e3s", "99999999d"])
def test_a_time_that_is_none(alone, word):
    with Wire(answer(b"{}")) as wire:
        result = alone("get", "offers", f"--request-timeout={word}", env={"CPCTL_SERVER": wire.url})
        assert wire.connections == 0
    assert result.code == 2 and "duration" in result.err and result.err.count("\n") == 1
