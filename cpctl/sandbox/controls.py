"""The sandbox's own switches, outside the contract and with their own token: faults, clock, prices, activations."""

from __future__ import annotations

import hmac
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import JSONResponse, Response

from cpctl.sandbox import answering, stock
from cpctl.sandbox.bodies import MAX_PRICE, NAME
from cpctl.sandbox.endpoint import parsed, whole_body
from cpctl.sandbox.faults import Seconds, seconds
from cpctl.sandbox.platform import Activation, Platform
from cpctl.sandbox.problems import Problem
from cpctl.sandbox.shapes import Fields, Nullable, Whole
from cpctl.sandbox.times import rfc3339

if TYPE_CHECKING:
    from starlette.requests import Request

Act = Callable[[Platform, Any], Any]


class Figure:
    """Any number; what it may be is for the clock to say."""

    def check(self, value: Any, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Problem("Invalid", f"{path} must be a number", field=path)


CLOCK: Final = Fields({"advance": Figure(), "speed": Figure()})
PRICE: Final = Fields({"offer": NAME, "price": MAX_PRICE}, ("offer", "price"))
AGGREGATOR: Final = Fields({"deadlineSeconds": Seconds()}, ("deadlineSeconds",))
ACTIVATION: Final = Fields({"secondsPerCard": Nullable(Seconds()), "failing": Whole(0, 1_000_000)})


def control(platform: Platform, token: str, act: Act) -> Callable[[Request], Awaitable[Response]]:
    """Serve one switch; `act(platform, body)`, whose value is the answer."""

    async def serve(request: Request) -> Response:
        given = request.headers.get("x-sandbox-admin", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, token.encode()):
            raise Problem("Unauthorized", "the header X-Sandbox-Admin must carry the sandbox's admin token")
        raw = await whole_body(request)
        body = parsed(raw) if raw else {}
        platform.settle()
        return JSONResponse(act(platform, body))

    return serve


def state(platform: Platform, _body: Any) -> dict[str, Any]:
    """What this sandbox is, and how it goes."""
    count = platform.store.db.execute("SELECT count(*) FROM orders").fetchone()[0]
    return {
        "pid": os.getpid(),
        "seed": int(platform.store.meta("seed")),
        "scale": int(platform.store.meta("scale")),
        "orders": count,
        "version": platform.store.version,
        "watches": len(platform.watches),
        "clock": clock(platform, {}),
        "activation": activation(platform, {}),
        "aggregator": aggregator(platform, {}),
        **faults(platform, {}),
    }


def faults(platform: Platform, _body: Any) -> dict[str, Any]:
    """The rules in force."""
    return {"faults": [rule.shown() for rule in platform.faults.rules]}


def add_fault(platform: Platform, body: Any) -> dict[str, Any]:
    """Put a rule in force. Raises Problem."""
    if not isinstance(body, dict):
        raise Problem("Invalid", "a fault must be an object", field="body")
    rule = platform.faults.add(body, lambda province: answering.rows_of(platform, province), platform.clock.now())
    return rule.shown()


def clear_faults(platform: Platform, _body: Any) -> dict[str, Any]:
    """No faults any more."""
    platform.faults.clear()
    return {"faults": []}


def cut_watches(platform: Platform, _body: Any) -> dict[str, Any]:
    """Cut the line of every open watch, as a bad network would."""
    return {"cut": platform.watches.cut()}


def clock(platform: Platform, _body: Any) -> dict[str, Any]:
    """Sandbox time."""
    now_s = platform.clock.now()
    return {"now": rfc3339(now_s), "epoch": now_s, "speed": platform.clock.speed}


def move_clock(platform: Platform, body: Any) -> dict[str, Any]:
    """Jump ahead, or go on at another speed; what is due by then has happened when this answers. Raises Problem."""
    CLOCK.check(body, "")
    if "speed" in body:
        platform.clock.set_speed(float(body["speed"]))
    if "advance" in body:
        platform.clock.advance(float(body["advance"]))
    platform.settle()
    return clock(platform, body)


def set_price(platform: Platform, body: Any) -> dict[str, Any]:
    """Move an offer's price. Raises Problem."""
    PRICE.check(body, "")
    whole, _, places = body["price"].partition(".")
    price = f"{int(whole)}.{places:0<4}"
    with platform.store.change() as change:
        stock.set_price(change, body["offer"], price, platform.clock.now())
        platform.match(change, platform.clock.now())
    product = platform.store.collections["offers", stock.PLATFORM][body["offer"]].obj["spec"]["product"]
    prices = [each["spec"]["price"] for each in platform.objects("offers") if each["spec"]["product"] == product]
    with platform.store.change() as change:
        stock.price_from(change, product, prices)
    return {"offer": body["offer"], "price": price}


def aggregator(platform: Platform, _body: Any) -> dict[str, Any]:
    """How long lists wait for a sub-platform."""
    return {"deadlineSeconds": platform.deadline_s}


def set_aggregator(platform: Platform, body: Any) -> dict[str, Any]:
    """Wait shorter or longer, until the sandbox stops. Raises Problem."""
    AGGREGATOR.check(body, "")
    platform.deadline_s = seconds(body["deadlineSeconds"]) or 0.0
    return aggregator(platform, body)


def activation(platform: Platform, _body: Any) -> dict[str, Any]:
    """How activations go."""
    current = platform.activation
    return {"secondsPerCard": current.seconds_per_card, "failing": current.failing}


def set_activation(platform: Platform, body: Any) -> dict[str, Any]:
    """Change how activations go: seconds a card (null: quick), how many of the next ones fail. Raises Problem."""
    ACTIVATION.check(body, "")
    current = platform.activation
    asked = body.get("secondsPerCard", current.seconds_per_card)
    wanted = Activation(None if asked is None else seconds(asked), int(body.get("failing", current.failing)))
    with platform.store.change() as change:
        platform.keep_activation(change, wanted)
    return activation(platform, body)


CONTROLS: Final[tuple[tuple[str, str, Act], ...]] = (
    ("GET", "/sandbox/v1/state", state),
    ("GET", "/sandbox/v1/faults", faults),
    ("POST", "/sandbox/v1/faults", add_fault),
    ("DELETE", "/sandbox/v1/faults", clear_faults),
    ("DELETE", "/sandbox/v1/watches", cut_watches),
    ("GET", "/sandbox/v1/clock", clock),
    ("POST", "/sandbox/v1/clock", move_clock),
    ("POST", "/sandbox/v1/prices", set_price),
    ("GET", "/sandbox/v1/aggregator", aggregator),
    ("POST", "/sandbox/v1/aggregator", set_aggregator),
    ("GET", "/sandbox/v1/activation", activation),
    ("POST", "/sandbox/v1/activation", set_activation),
)
