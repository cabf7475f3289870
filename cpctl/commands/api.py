"""api: a request to the platform as it is, with the profile's token and under the profile's limits."""

from __future__ import annotations

import re

from cpctl.errors import ExitCode, LimitExceeded, LocalFailure, UnknownName, UsageError
from cpctl.lazy import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from cpctl.resources.exchange import Answer
    from cpctl.runtime import Runtime, Verb

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
FREE = re.compile(r"/v1/quotes|/v1/can-i|/v1/orders/[^/%]+/release|/oauth/[a-z_]+")  # every other POST may spend
PLACING = re.compile(r"/v1/(orders|demands)/?")
LIMIT_FIELDS = {"max-price": "maxPrice", "max-order": "maxOrder", "max-day": "maxDay"}
BODY_LIMIT = 4 * 1024 * 1024


def api(
    rt: Runtime,
    *,
    method: flags.OptionalMethod = None,
    path: flags.Path = None,
    field: flags.Field = None,
    input_: flags.Input = None,
    paginate: flags.Paginate = False,
    yes: flags.RawYes = False,
    openapi: flags.OpenApi = False,
) -> Verb:
    """Send a request and print the answer: cpctl api GET /v1/offers -f limit=5

    A path alone is read (GET). Whatever spends money is sent only with --yes, and carries the profile's limits.
    """
    if openapi:
        yield from _contract()
        return ExitCode.DONE
    verb, place = _meant(method, path)
    if paginate:
        yield from _pages(rt, verb, place, field, input_)
        return ExitCode.DONE
    answer = _answer(rt, verb, place, _pairs(field), input_, yes=yes)
    if answer.body:
        from cpctl.api.masking import masked
        from cpctl.output.values import VALUE_PRINTERS

        rt.output_is_json = True
        yield VALUE_PRINTERS["json"](masked(answer.json()))
    return ExitCode.DONE


def _meant(method: str | None, path: str | None) -> tuple[str, str]:
    """(METHOD, path below the platform)."""
    if method is None:
        raise UsageError(detail="no path given", hint="cpctl api GET /v1")
    if path is None:
        method, path = "GET", method
    if method.upper() not in METHODS:
        raise UnknownName("method", method, METHODS)
    return method.upper(), path if path.startswith("/") or "://" in path else f"/{path}"


def _answer(
    rt: Runtime, method: str, path: str, pairs: Sequence[tuple[str, str]], source: str | None, *, yes: bool
) -> Answer:
    from cpctl.resources.exchange import Request

    if method == "GET":
        if source is not None:
            raise UsageError(detail="GET has no body", hint="-f NAME=VALUE is a query parameter of GET")
        return rt.platform.read(_queried(path, pairs))
    body = _body(rt, pairs, source)
    if method != "POST" or FREE.fullmatch(path.partition("?")[0]):
        return rt.platform.send(Request(method, path, body))
    if not yes:
        raise UsageError(detail=f"POST {path} may spend money and is sent only with --yes", reason="NeedsYes")
    return _spent(rt, path, body)


def _spent(rt: Runtime, path: str, body: bytes | None) -> Answer:
    """The answer to a request under the profile's limits, journalled: the same command again finishes it."""
    from hashlib import sha256

    from cpctl.broker.exactly_once import send_raw
    from cpctl.commands.buying import market_of

    plain = _as_routed(path)
    _refuse_unbounded(rt, plain)
    if PLACING.fullmatch(plain):
        body = _limited(rt, body)
    rt.say(f"POST {path} to {rt.profile.title}")
    text = _text(body)
    return send_raw(market_of(rt), sha256(f"{path}\n{text}".encode()).hexdigest()[:16], path, text)


def _text(body: bytes | None) -> str:
    """The body as the journal keeps it."""
    try:
        return (body or b"").decode()
    except UnicodeDecodeError as error:
        raise UsageError(detail="the body is not UTF-8") from error


def _as_routed(path: str) -> str:
    """The path as a lenient server may read it, without its query."""
    from urllib.parse import unquote

    return re.sub("/+", "/", unquote(path.partition("?")[0]))


def _refuse_unbounded(rt: Runtime, plain: str) -> None:
    """Raises LimitExceeded where a raw request cannot be held to what the profile says."""
    is_call = plain.startswith("/openai/")
    if is_call and "max-call" in rt.profile.limits:
        limit = rt.profile.limits["max-call"]
        raise LimitExceeded(
            detail=f"max-call ({limit.value}, {limit.set_by}) cannot be checked for a raw request", hint="cpctl call"
        )
    if rt.profile.residency and (is_call or PLACING.fullmatch(plain)):
        raise LimitExceeded(
            reason="Residency",
            detail=f"profile {rt.profile.name} keeps to {', '.join(rt.profile.residency)}, "
            "which cannot be checked for a raw request",
            hint="cpctl call" if is_call else "cpctl apply",
        )


def _limited(rt: Runtime, body: bytes | None) -> bytes:
    """The body with the least of its own limits and the profile's."""
    import json

    from cpctl.profiles.resolve import Limit, tightest
    from cpctl.units import price

    document = _object(body)
    own = document.get("limits") or {}
    if not isinstance(own, dict):
        raise UsageError(detail="limits in the body is no object")
    asked = {name: Limit(str(price(str(own[f]))), "the body") for name, f in LIMIT_FIELDS.items() if f in own}
    least = tightest(asked, {name: rt.profile.limits[name] for name in LIMIT_FIELDS if name in rt.profile.limits})
    if least:
        document["limits"] = {**own, **{LIMIT_FIELDS[name]: limit.value for name, limit in least.items()}}
    return json.dumps(document, ensure_ascii=False).encode()


def _object(body: bytes | None) -> dict[str, Any]:
    import json

    try:
        document = json.loads(body or b"")
    except (ValueError, RecursionError) as error:
        raise UsageError(detail="the body is not JSON") from error
    if not isinstance(document, dict):
        raise UsageError(detail="the body is no JSON object")
    return document


def _body(rt: Runtime, pairs: Sequence[tuple[str, str]], source: str | None) -> bytes | None:
    import json

    if source is None:
        return json.dumps(dict(pairs), ensure_ascii=False).encode() if pairs else None
    if pairs:
        raise UsageError(detail="--input and -f are two bodies; give one")
    return _read(rt, source)


def _read(rt: Runtime, source: str) -> bytes:
    """At most BODY_LIMIT bytes of a file or stdin."""
    if source == "-":
        body = rt.taken_in(BODY_LIMIT + 1)
    else:
        try:
            with open(source, "rb") as file:  # noqa: PTH123  (a name may be "-x" or a device: no Path needed)
                body = file.read(BODY_LIMIT + 1)
        except (OSError, ValueError) as error:
            raise LocalFailure(detail=f"cannot read {source}: {getattr(error, 'strerror', error)}") from error
    if len(body) > BODY_LIMIT:
        raise UsageError(detail=f"the body is larger than {BODY_LIMIT // 1_048_576} MiB")
    return body


def _pairs(fields: Sequence[str] | None) -> list[tuple[str, str]]:
    pairs = [field.partition("=") for field in fields or ()]
    for name, equals, _ in pairs:
        if not name or not equals:
            raise UsageError(detail=f'-f "{name}" is not NAME=VALUE')
    return [(name, value) for name, _, value in pairs]


def _queried(path: str, pairs: Sequence[tuple[str, str]]) -> str:
    from urllib.parse import quote, urlencode

    query = urlencode(pairs, quote_via=quote, safe=",~:")
    return f"{path}{'&' if '?' in path else '?'}{query}" if query else path


def _pages(rt: Runtime, method: str, path: str, fields: Sequence[str] | None, source: str | None) -> Iterator[str]:
    from urllib.parse import parse_qsl

    from cpctl.output.printers import PRINTERS
    from cpctl.output.view import View
    from cpctl.registry import KINDS

    if method != "GET" or source is not None:
        raise UsageError(detail="--paginate reads lists: GET")
    plain, _, query = path.partition("?")
    asked = dict([*parse_qsl(query, keep_blank_values=True), *_pairs(fields)])
    size = asked.pop("limit", None)
    chunk = int(size) if size and size.isdecimal() and len(size) < 6 else 1000
    rt.output_is_json = True
    pages = rt.platform.pages(plain, asked, chunk=chunk)
    kind = next((kind for kind in KINDS if kind.path == plain), KINDS[0])
    yield from PRINTERS["json"].printer(View(kind, pages, now=rt.clock.now()))


def _contract() -> Iterator[str]:
    from importlib.resources import files

    yield files("cpctl.api").joinpath("openapi.yaml").read_text(encoding="utf-8")
