"""https: the operating system's trust, and nothing said to a server that does not have it."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from wires import FakeClock, Token

from cpctl.api.transport import Transport
from cpctl.errors import Unreachable
from cpctl.resources.endpoint import endpoint
from cpctl.resources.exchange import Request
from tools import need

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n" + b'{"a": 1}'
CLIENT = """
import sys
from wires import FakeClock, Token
from cpctl.api.transport import Transport
from cpctl.resources.endpoint import endpoint
from cpctl.resources.exchange import Request
transport = Transport(endpoint(sys.argv[1]), Token(), clock=FakeClock(), quick=sys.argv[2] == "quick")
print(transport.send(Request("GET", "/v1")).json(), "httpx" in sys.modules)
"""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed certificate for 127.0.0.1, with its key in the same file."""
    folder = tmp_path_factory.mktemp("tls")
    command = [need("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key.pem", "-out", folder / "ca.pem"]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture
def server(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "ca.pem", certificate / "key.pem")
    listener = socket.create_server(("127.0.0.1", 0))
    received: list[bytes] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                raw, _ = listener.accept()
                with suppress(OSError), context.wrap_socket(raw, server_side=True) as connection:
                    received.append(connection.recv(65_536))
                    connection.sendall(ANSWER)

    threading.Thread(target=serve, daemon=True).start()
    yield f"https://127.0.0.1:{listener.getsockname()[1]}", received
    listener.close()


@pytest.mark.parametrize("request_", [Request("POST", "/v1/orders", b"{}", spending=True), Request("GET", "/v1")])
def test_a_certificate_nobody_vouches_for_is_one_line_and_gets_no_byte(server, request_):
    url, received = server
    transport = Transport(endpoint(url), Token(), clock=FakeClock())
    with pytest.raises(Unreachable, match="not trusted") as caught:
        transport.send(request_)
    assert caught.value.exit_code == 9 and "SSL_CERT_FILE" in (caught.value.advice or "")
    assert all(came == b"" for came in received)


@pytest.mark.parametrize("line", ["quick", "httpx"])
def test_a_certificate_that_the_system_trusts_is_good(server, certificate, line):
    url, received = server
    root = Path(__file__).parents[2]
    env = {"SSL_CERT_FILE": str(certificate / "ca.pem"), "PYTHONPATH": f"{root}:{root / 'tests/api'}"}
    done = subprocess.run(
        [sys.executable, "-c", CLIENT, url, line], env=env, capture_output=True, text=True, timeout=30
    )
    assert done.stdout == f"{{'a': 1}} {line == 'httpx'}\n", done.stderr
    assert b"canary" in received[0]
