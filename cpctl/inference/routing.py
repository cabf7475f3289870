"""One source for a call, chosen here and named in it: the platform serves that one or refuses."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from cpctl.errors import CpctlError, LimitExceeded, NotFound, Unreachable, UsageError
from cpctl.inference.cost import token_price

TOKENS = "1M-tokens"
SERVING = ("ok", "slow")  # the first is preferred whatever it costs


class Source(NamedTuple):
    """A model served by one provider.

    Attributes:
        price_in, price_out: CNY per million tokens.
    """

    name: str
    model: str
    provider: str
    province: str
    state: str
    price_in: Decimal
    price_out: Decimal
    unit: str = TOKENS

    @property
    def address(self) -> str:
        """What a call names."""
        return f"{self.model}@{self.provider}"


class Wish(NamedTuple):
    """What a source must be.

    Attributes:
        provider: The provider's or the source's name; None leaves the choice to us.
        provinces: Only these, as asked for; empty is anywhere.
        residency: Only these, as the profile demands; empty is anywhere. Nothing relaxes it.
    """

    model: str
    provider: str | None = None
    provinces: Collection[str] = ()
    residency: Collection[str] = ()


def split(model: str) -> tuple[str, str | None]:
    """`model@provider` as its two parts; without a provider, None."""
    name, _, provider = model.partition("@")
    return name, provider or None


def sources_of(items: Iterable[Mapping[str, Any]]) -> list[Source]:
    """The sources among what a platform sent; what is not one is left out."""
    return [source for item in items if (source := _source(item))]


def _source(item: Mapping[str, Any]) -> Source | None:
    try:
        spec, name, state = item["spec"], item["metadata"]["name"], item["status"]["state"]
        words = tuple(str(spec[key]) for key in ("model", "provider", "province"))
        price_in, price_out, unit = token_price(spec["priceIn"]), token_price(spec["priceOut"]), str(spec["priceUnit"])
    except (KeyError, TypeError):
        return None
    if price_in is None or price_out is None:
        return None
    model, provider, province = words
    return Source(str(name), model, provider, province, str(state), price_in, price_out, unit)


def choose(sources: Sequence[Source], wish: Wish, cost: Callable[[Source], Decimal]) -> Source:
    """The cheapest source that serves; of equals the first by name.

    Args:
        sources: Those of the model.
        cost: What a call would cost at most with a source, CNY.

    Raises:
        NotFound: The model has no source, or none of the provider or in the provinces asked for.
        LimitExceeded: Those that fit are all outside the residency provinces.
        UsageError: The model is not one that is paid by token.
        Unreachable: Those that fit do not serve now.
    """
    asked = [one for one in sources if _is_asked(one, wish)]
    if not asked:
        raise _missing(sources, wish)
    allowed = [one for one in asked if not wish.residency or one.province in wish.residency]
    if not allowed:
        raise _outside(asked, wish)
    chats = [one for one in allowed if one.unit == TOKENS]
    if not chats:
        raise UsageError(detail=f"{wish.model} is not called with text: it is priced per {allowed[0].unit}")
    serving = [one for one in chats if one.state in SERVING]
    if not serving:
        states = ", ".join(f"{one.address} is {one.state}" for one in chats)
        raise Unreachable(reason="NoSource", detail=f"no source of {wish.model} serves now: {states}")
    return min(serving, key=lambda one: (SERVING.index(one.state), cost(one), one.name))


def _is_asked(source: Source, wish: Wish) -> bool:
    provider_fits = wish.provider in (None, source.provider, source.name)
    return provider_fits and (not wish.provinces or source.province in wish.provinces)


def _missing(sources: Sequence[Source], wish: Wish) -> CpctlError:
    if not sources:
        return NotFound(detail=f'models "{wish.model}" not found', hint="cpctl get models")
    of_provider = f" of provider {wish.provider}" if wish.provider else ""
    where = f" in {', '.join(wish.provinces)}" if wish.provinces else ""
    there = ", ".join(sorted(f"{one.address} ({one.province})" for one in sources))
    return NotFound(
        detail=f"{wish.model} has no source{of_provider}{where}; there is {there}",
        hint=f"cpctl get sources --model {wish.model}",
    )


def _outside(asked: Sequence[Source], wish: Wish) -> CpctlError:
    there = ", ".join(sorted({one.province for one in asked}))
    return LimitExceeded(
        reason="Residency",
        detail=f"{wish.model} is served in {there}, and this profile's prompts go to {', '.join(wish.residency)} only",
        hint="choose a model served there: cpctl get models --province {provinces}",
        provinces=",".join(wish.residency),
    )
