"""Where a call of a model goes: one source of a platform, or an endpoint that is none; within every limit."""

from __future__ import annotations

from typing import NamedTuple

from cpctl.errors import LimitExceeded, NotFound, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal
    from typing import Any

    from cpctl.inference.call import Asked
    from cpctl.inference.cost import Prices
    from cpctl.inference.routing import Source, Wish
    from cpctl.profiles.resolve import Limit
    from cpctl.resources.exchange import Sender
    from cpctl.runtime import Runtime

PLATFORM_PATH = "/openai/v1/chat/completions"
ENDPOINT_PATH = "/chat/completions"


class Route(NamedTuple):
    """Where a call goes; source and prices are None where no platform tells them."""

    sender: Sender
    path: str
    model: str
    source: Source | None = None
    prices: Prices | None = None


def routed(rt: Runtime, wish: Wish, asked: Asked) -> tuple[Route, Asked]:
    """The route, and the call as it is made on it: within `max-call`, whatever was asked for."""
    from cpctl.inference.cost import answer_limit, prompt_bound

    limit = rt.profile.limits.get("max-call")
    if rt.profile.models:
        route = _to_endpoint(rt, wish)
        return route, asked._replace(model=route.model, path=route.path)
    prompt = prompt_bound(asked.messages)
    route = _to_platform(rt, wish, prompt, asked.max_tokens)
    most = answer_limit(asked.max_tokens, prompt, *_limit(route.prices, limit)) if route.prices else asked.max_tokens
    return route, asked._replace(model=route.model, path=route.path, max_tokens=most, key=_key())


def _limit(prices: Prices, limit: Limit | None) -> tuple[Prices, Decimal | None, str]:
    from decimal import Decimal

    return prices, Decimal(limit.value) if limit else None, f"max-call ({limit.set_by})" if limit else ""


def _key() -> str:
    """Names this call, so that a request that comes twice is charged once."""
    from uuid import uuid4

    return f"call-{uuid4()}"


def _to_platform(rt: Runtime, wish: Wish, prompt: int, answer: int | None) -> Route:
    from cpctl.inference.cost import ANSWER_TOKENS, Prices, Tokens, bound
    from cpctl.inference.routing import choose, sources_of

    tokens = Tokens(prompt, answer or ANSWER_TOKENS)
    sources = sources_of(_items(rt, wish.model))
    source = choose(sources, wish, lambda one: bound(tokens, Prices(one.price_in, one.price_out)))
    return Route(rt.sender, PLATFORM_PATH, source.address, source, Prices(source.price_in, source.price_out))


def _items(rt: Runtime, model: str) -> list[Mapping[str, Any]]:
    """The model's sources, as the platform sent them.

    Raises:
        NotFound: The platform knows no such model.
    """
    try:
        return [item for page in rt.platform.pages("/v1/sources", {"model": model}) for item in page.items]
    except UsageError as error:
        if error.values.get("field") != "model":
            raise
        raise _unknown(model, error.values.get("allowed")) from error


def _unknown(model: str, known: object) -> NotFound:
    from difflib import get_close_matches

    near = get_close_matches(model, [str(word) for word in known] if isinstance(known, list) else [], n=1)
    hint = f"cpctl call {near[0]}, or: cpctl get models" if near else "cpctl get models"
    return NotFound(detail=f'models "{model}" not found', hint=hint)


def _to_endpoint(rt: Runtime, wish: Wish) -> Route:
    """An endpoint that is no platform: nobody says what it costs or in which province it stands."""
    from cpctl.profiles.models import ModelsToken

    models = rt.profile.models
    assert models is not None
    if wish.provinces:
        raise UsageError(detail=f"{models.url} is no platform: it has no provinces to choose from")
    if not models.loopback:
        _refuse_unknown(rt, models.url)
    name = f"{wish.model}@{wish.provider}" if wish.provider else wish.model
    return Route(rt.sender_to(models, ModelsToken(rt.env, rt.profile)), ENDPOINT_PATH, name)


def _refuse_unknown(rt: Runtime, url: str) -> None:
    limit = rt.profile.limits.get("max-call")
    if limit:
        raise LimitExceeded(
            reason="MaxCall", detail=f"what a call costs at {url} is unknown, and {limit.set_by} limits it"
        )
    if rt.profile.residency:
        allowed = ", ".join(rt.profile.residency)
        raise LimitExceeded(
            reason="Residency", detail=f"where {url} stands is unknown, and prompts go to {allowed} only"
        )
