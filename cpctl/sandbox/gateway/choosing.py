"""Which source serves a call: exactly the one it names, or else the cheapest whose sub-platform answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cpctl.sandbox.faults import ABSENT
from cpctl.sandbox.gateway.refusals import Refusal
from cpctl.sandbox.gateway.replies import Served
from cpctl.sandbox.stock import PLATFORM
from cpctl.sandbox.weather import endure

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from cpctl.sandbox.platform import Platform

Object = Mapping[str, Any]
MILLION: Final = Decimal(1_000_000)
MICRO: Final = Decimal("0.000001")
CHAT: Final = "stream"
EMBEDDINGS: Final = "embeddings"
DOES: Final = {CHAT: "chat or complete text", EMBEDDINGS: "make embeddings"}


class Source(NamedTuple):
    """A source, with its model and who runs it."""

    source: Object
    model: Object
    provider: Object

    @property
    def name(self) -> str:
        """The source's name."""
        return str(self.source["metadata"]["name"])

    @property
    def served(self) -> Served:
        """How replies see it."""
        can = self.source["spec"]["capabilities"]
        model, provider = self.model["spec"], self.provider["spec"]
        name = self.model["metadata"]["name"]
        return Served(name, provider["nameZh"], model["contextTokens"], "reasoning" in can, "vision" in can)

    def cost(self, prompt: int, completion: int) -> Decimal:
        """CNY with six places, half up."""
        spec = self.source["spec"]
        exact = (prompt * Decimal(spec["priceIn"]) + completion * Decimal(spec["priceOut"])) / MILLION
        return exact.quantize(MICRO, rounding="ROUND_HALF_UP")

    def headers(self) -> dict[str, str]:
        """Who answered, where, at which unit prices."""
        spec = self.source["spec"]
        return {
            "x-ccpp-source": spec["upstreamId"],
            "x-ccpp-province": spec["province"],
            "x-ccpp-price-in": spec["priceIn"],
            "x-ccpp-price-out": spec["priceOut"],
        }


def found(platform: Platform, plural: str, name: str) -> Object | None:
    """A catalogue object, or None."""
    item = platform.store.find(plural, PLATFORM, name)
    return item.obj if item else None


def candidates(platform: Platform, model: str) -> Sequence[Object]:
    """The sources a call to `model` or `model@provider` may be served by, the cheapest first. Raises Refusal."""
    name, at, provider = model.partition("@")
    if at:
        named = found(platform, "sources", f"{name}.{provider}")
        sources = [named] if named and named["spec"]["model"] == name else []
    else:
        sources = [one for one in platform.objects("sources") if one["spec"]["model"] == name]
    if not sources:
        raise Refusal("model_not_found", f"the model `{model}` does not exist", param="model")
    return sorted(sources, key=dearness)


def dearness(source: Object) -> tuple[Decimal, str]:
    """Price in and out together, then the name: the platform's neutral order."""
    spec = source["spec"]
    return Decimal(spec["priceIn"]) + Decimal(spec["priceOut"]), source["metadata"]["name"]


async def chosen(platform: Platform, request: Request, model: str, does: str) -> tuple[Source, Response | None]:
    """The source that serves the call, after the faults in force have acted, and what to answer instead, if anything.

    Raises:
        Refusal: There is no such model, it does something else, or no sub-platform that has it answers.
        Problem: What a fault at the chosen source asks for.
    """
    sources = candidates(platform, model)
    if does not in sources[0]["spec"]["capabilities"]:
        raise Refusal("unsupported_model", f"the model `{model}` does not {DOES[does]}", param="model")
    for place, one in enumerate(sources):
        effects = platform.faults.strike(request.method, request.url.path, [one["spec"]["province"]])
        is_absent = any(effect in effects for effect in (*ABSENT, "denied"))
        if is_absent and place + 1 < len(sources):
            continue
        interruption = await endure(request.scope["state"], effects)
        return _whole(platform, one), interruption
    raise AssertionError("the last candidate is served or refused")


def _whole(platform: Platform, source: Object) -> Source:
    model = found(platform, "models", source["spec"]["model"])
    provider = found(platform, "providers", source["spec"]["provider"])
    assert model is not None, f"{source['metadata']['name']} serves a model that is not in the catalogue"
    assert provider is not None, f"{source['metadata']['name']} is run by nobody in the catalogue"
    return Source(source, model, provider)
