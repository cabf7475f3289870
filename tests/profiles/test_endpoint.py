from __future__ import annotations

import pytest

from cpctl.errors import BadValue
from cpctl.resources.endpoint import endpoint, same_origin


@pytest.mark.parametrize(
    ("text", "origin", "base"),
    [
        ("https://platform.example", "https://platform.example", ""),
        ("HTTPS://Platform.Example:443/", "https://platform.example", ""),
        ("https://platform.example:8443/ccpp/", "https://platform.example:8443", "/ccpp"),
        ("http://127.0.0.1:8790", "http://127.0.0.1:8790", ""),
        ("http://127.8.9.1", "http://127.8.9.1", ""),
        ("http://[::1]:8790", "http://[::1]:8790", ""),
        ("http://[0:0:0:0:0:0:0:1]:8790", "http://[::1]:8790", ""),
        ("http://localhost:8080/v1", "http://localhost:8080", "/v1"),
        ("https://10.0.0.7", "https://10.0.0.7", ""),
        ("https://xn--fiqs8s.example", "https://xn--fiqs8s.example", ""),
    ],
)
def test_addresses_have_one_spelling(text, origin, base):
    assert endpoint(text) == (origin, base)


@pytest.mark.parametrize(
    "text",
    [
        "", "platform.example", "ftp://platform.example", "file:///etc/passwd", "vscode://x", "https://",
        "http://platform.example", "http://10.0.0.1", "http://127.0.0.1.evil.example", "http://localhost.evil.example",
        "http://0.0.0.0", "http://2130706433", "http://0x7f000001", "http://127.1",
        "https://me@platform.example", "https://me:pw@platform.example", "http://127.0.0.1@evil.example",
        "https://platform.example?x", "https://platform.example/?", "https://platform.example#f",
        "https://platform.example\\@evil.example", "https://plat form.example", "https://platform.example\r\nX: y",
        "https://平台.example", "https://platform.example:0", "https://platform.example:99999",
        "https://platform.example:x", "https://platform.example/a/../b", "https://platform.example//b",
        "https://-x.example", "https://x..example", "https://[::1", "https://1.2.3.4.5",
    ],
)  # fmt: skip
def test_anything_else_is_refused(text):
    with pytest.raises(BadValue):
        endpoint(text)


def test_origins_compare_by_scheme_host_and_port():
    assert same_origin("https://a.example/x", "https://A.example:443/y")
    for other in ("http://a.example", "https://a.example:444", "https://b.a.example", "https://a.example.b", "junk"):
        assert not same_origin("https://a.example", other)
