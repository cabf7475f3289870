from __future__ import annotations

import pytest
from wires import FakeClock, Token, Wire, answer, raw

from cpctl.api.proxies import proxy_for
from cpctl.api.transport import Transport
from cpctl.errors import Unreachable, UsageError
from cpctl.resources.endpoint import endpoint
from cpctl.resources.exchange import Request

FAR = endpoint("https://platform.example:8443")


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_the_environment_names_the_proxy(variable):
    assert proxy_for(FAR, {variable: "http://proxy.example:3128"}) == "http://proxy.example:3128"
    assert proxy_for(FAR, {variable: "proxy.example:3128"}) == "http://proxy.example:3128"


@pytest.mark.parametrize(
    "excepted", ["*", "example", ".example", "platform.example", "a,platform.example:8443", "*.example"]
)
def test_no_proxy_excepts(excepted):
    assert proxy_for(FAR, {"HTTPS_PROXY": "http://proxy.example", "NO_PROXY": excepted}) is None


def test_what_is_like_it_is_not_excepted():
    assert proxy_for(FAR, {"HTTPS_PROXY": "http://proxy.example", "NO_PROXY": "form.example,ample"})


@pytest.mark.parametrize("here", ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1", "https://127.0.0.1"])
def test_this_machine_is_never_behind_one(here):
    assert (
        proxy_for(endpoint(here), {"ALL_PROXY": "socks5h://proxy.example", "HTTPS_PROXY": "http://proxy.example"})
        is None
    )


@pytest.mark.parametrize(
    "proxy", ["socks5h://proxy.example:1080", "socks4://x", "ftp://x", "http://", "http://x:99999", "http://a\nb"]
)
def test_a_proxy_that_cannot_be_used_is_one_clear_line(proxy):
    with pytest.raises(UsageError, match="ALL_PROXY names a") as caught:
        proxy_for(FAR, {"ALL_PROXY": proxy})
    assert "NO_PROXY=platform.example" in (caught.value.advice or "")


def test_a_proxy_sees_no_token():
    with Wire(raw(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")) as proxy:
        transport = Transport(FAR, Token(), clock=FakeClock(), env={"HTTPS_PROXY": proxy.url})
        with pytest.raises(Unreachable):
            transport.send(Request("GET", "/v1"))
    assert proxy.received.startswith(b"CONNECT platform.example:8443") and b"canary" not in proxy.received


def test_process_wide_proxies_are_not_read(monkeypatch):
    with Wire(answer('{"a": 1}')) as wire, Wire(answer()) as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        Transport(endpoint(wire.url), clock=FakeClock()).send(Request("GET", "/v1"))
        assert proxy.connections == 0 and wire.connections == 1
