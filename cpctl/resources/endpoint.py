"""Where a platform is: the one parser for addresses that people and servers write."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from cpctl.errors import BadValue

DEFAULT_PORTS = {"http": 80, "https": 443}
LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
HOST_NAME = re.compile(rf"(?=.{{1,253}}$){LABEL}(\.{LABEL})*\.?")
PRINTABLE = re.compile(r"[\x21-\x7e]+")
BASE_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")


class Endpoint(NamedTuple):
    """A checked address.

    Attributes:
        origin: scheme://host[:port] in one spelling, so that two origins are equal when their texts are.
        base: The path below which the API lives: "" or "/ccpp", without a last slash.
    """

    origin: str
    base: str = ""

    @property
    def url(self) -> str:
        return self.origin + self.base

    @property
    def host(self) -> str:
        """The host without port and brackets."""
        return urlsplit(self.origin).hostname or ""

    @property
    def secure(self) -> bool:
        return self.origin.startswith("https:")

    @property
    def loopback(self) -> bool:
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """`localhost` or a literal of 127.0.0.0/8 or ::1; no name is looked up."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def endpoint(text: str, what: str = "server") -> Endpoint:
    """The address in one spelling.

    Args:
        text: `https://host[:port][/base]`; plain http only to loopback literals.
        what: How a message calls the value: "server", "models" …

    Raises:
        BadValue: Anything else: other schemes, userinfo, query, fragment, a name that is not ASCII.
    """
    fault = _fault(text)
    if fault:
        raise BadValue(what=what, value=text, expected=fault)
    parts = urlsplit(text)
    base = parts.path.rstrip("/")
    return Endpoint(_origin(parts), base)


def same_origin(one: str, other: str) -> bool:
    """Whether both are checked addresses of one scheme, host and port."""
    try:
        return endpoint(one).origin == endpoint(other).origin
    except BadValue:
        return False


def _fault(text: str) -> str | None:
    """What the address should have been, or None when it is good."""
    if not PRINTABLE.fullmatch(text) or "\\" in text:
        return "a URL of printable ASCII (write a Chinese domain name as xn--…)"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return "a URL"
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or port == 0:
        return "a URL such as https://platform.example"
    if "@" in parts.netloc or "?" in text or "#" in text:
        return "a URL without user name, query and fragment"
    if not _is_host(parts.hostname):
        return "a URL with a host name or an IP address"
    if not BASE_PATH.fullmatch(parts.path) or {"", ".", ".."} & set(parts.path.rstrip("/").split("/")[1:]):
        return "a URL with a plain path"
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        return "an https URL (plain http goes to 127.0.0.1, [::1] and localhost only)"
    return None


def _is_host(host: str) -> bool:
    if ":" in host:
        return _is_ip(host)
    return HOST_NAME.fullmatch(host) is not None and (not host.rstrip(".")[-1:].isdigit() or _is_ip(host))


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _origin(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    shown = f"[{ip_address(host).compressed}]" if ":" in host else host
    port = "" if parts.port in (None, DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{shown}{port}"
