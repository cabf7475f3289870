"""Whether a request goes through a proxy: HTTPS_PROXY, ALL_PROXY and NO_PROXY of the environment it was given."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from cpctl.errors import UsageError
from cpctl.resources.endpoint import Endpoint

VARIABLES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


def proxy_for(endpoint: Endpoint, env: Mapping[str, str]) -> str | None:
    """The proxy's URL, or None; this machine itself is never behind one.

    Raises:
        UsageError: The variable names a kind of proxy cpctl does not speak, or no URL.
    """
    if endpoint.loopback or _excepted(endpoint, env.get("NO_PROXY") or env.get("no_proxy") or ""):
        return None
    variable = next((name for name in VARIABLES if env.get(name)), None)
    if variable is None:
        return None
    return _checked(env[variable], variable, endpoint)


def _checked(text: str, variable: str, endpoint: Endpoint) -> str:
    url = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if usable and url.isascii() and url.isprintable():
        return url
    kind = url.partition("://")[0][:20]
    raise UsageError(
        reason="UnsupportedProxy",
        detail=f"{variable} names a {kind} proxy that cpctl cannot use (http:// and https:// proxies work)",
        hint="set HTTPS_PROXY to an http:// proxy, or NO_PROXY={host}",
        host=endpoint.host,
    )


def _excepted(endpoint: Endpoint, no_proxy: str) -> bool:
    names = [name.strip().lstrip("*").lstrip(".").lower() for name in no_proxy.split(",") if name.strip()]
    host = endpoint.host
    return any(
        not name or name in (host, endpoint.origin.partition("://")[2]) or host.endswith(f".{name}") for name in names
    )
