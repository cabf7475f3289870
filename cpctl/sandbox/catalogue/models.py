"""Models and the sources that serve them: who hosts what, at which price per unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from cpctl.sandbox.catalogue import facts
from cpctl.sandbox.catalogue.objects import draw, places6, thing
from cpctl.sandbox.catalogue.providers import Site

# Served in every division, by its model service: examples, scenarios and tests lean on them.
EVERYWHERE: Final = frozenset({"deepseek-v3.2", "qwen3-32b", "glm-4.6", "bge-m3"})
MOST_SOURCES: Final = 4
HOSTS: Final = ("11", "11", "11", "04", "05")  # the model service mostly, else one of the clouds
TEXT_TASKS: Final = frozenset({"chat", "code", "ocr", "translation"})
FIRST_TASK: Final[dict[str, tuple[str, ...]]] = {"embedding": ("embeddings",), "ocr": ("stream", "vision")}

# What a unit costs where no price is public, in millionths of a yuan: (least, most) in, and out as a multiple of in.
SANDBOX_PRICES: Final[dict[str, tuple[int, int, int]]] = {
    "1M-tokens": (500_000, 4_000_000, 3),
    "image": (50_000, 300_000, 0),
    "second": (100_000, 500_000, 0),
    "1M-bytes": (30_000_000, 60_000_000, 0),
    "call": (20_000, 500_000, 0),
}
DEARNESS: Final = (88, 108)  # percent of the list price
MILLION: Final = 1_000_000


class Service(NamedTuple):
    """A model at one provider; prices in millionths of a yuan per unit."""

    model: facts.ModelFact
    site: Site
    price_in: int
    price_out: int
    latency_ms: int
    tokens_per_second: int


def services(seed: int, sites: dict[str, Site]) -> dict[str, list[Service]]:
    """The sources of every model, by model id."""
    homes = list(facts.regions())
    return {model.id: list(_services(seed, place, model, homes, sites)) for place, model in enumerate(facts.models())}


def _services(
    seed: int, place: int, model: facts.ModelFact, homes: Sequence[str], sites: dict[str, Site]
) -> Iterator[Service]:
    rng = draw(seed, "model", model.id)
    listed = list_price(seed, model)
    count = len(homes) if model.id in EVERYWHERE else rng.randint(1, MOST_SOURCES)
    for turn in range(count):
        home = homes[(place + turn * 3) % len(homes)]
        number = "11" if model.id in EVERYWHERE else rng.choice(HOSTS)
        site = next(one for one in sites.values() if one.firm.province == home and one.firm.number == number)
        share = rng.randint(*DEARNESS)
        price_in, price_out = (price * share // 100 for price in listed)
        speed = rng.randint(25, 120) if model.unit == "1M-tokens" else 0
        yield Service(model, site, price_in, price_out, rng.randint(60, 900), speed)


def list_price(seed: int, model: facts.ModelFact) -> tuple[int, int]:
    """Price in and out, in millionths of a yuan; drawn where none is public."""
    if model.price_in:
        return int(Decimal(model.price_in) * MILLION), int(Decimal(model.price_out) * MILLION)
    least, most, multiple = SANDBOX_PRICES[model.unit]
    drawn = draw(seed, "price", model.id).randrange(least, most, 10_000)
    return drawn, drawn * multiple


def model_objects(seed: int, services: dict[str, list[Service]]) -> list[dict[str, Any]]:
    """The Model objects."""
    return [_model(seed, hosted) for hosted in services.values()]


def _model(seed: int, hosted: Sequence[Service]) -> dict[str, Any]:
    model = hosted[0].model
    spec = {
        "kind": model.kind,
        "nameZh": f"{model.name}（{model.publisher_zh}）",
        "tasks": list(model.tasks),
        "domain": model.domain,
        "publisher": model.publisher,
        "contextTokens": model.context,
        "modalities": list(model.modalities),
        "licence": model.licence,
        "openWeights": model.open_weights,
    }
    status = {
        "sources": len(hosted),
        "priceInFrom": places6(min(one.price_in for one in hosted)),
        "priceOutFrom": places6(min(one.price_out for one in hosted)),
    }
    return thing(seed, "Model", model.id, spec, status)


def capabilities(model: facts.ModelFact) -> list[str]:
    """What a call to the model may ask for."""
    if "chat" not in model.tasks:
        return list(FIRST_TASK.get(model.tasks[0], ("stream",) if model.tasks[0] in TEXT_TASKS else ("other",)))
    extra = [task for task in ("reasoning", "vision") if task in model.tasks]
    return ["stream", "tools", "json-schema", *extra]


def source_objects(seed: int, services: dict[str, list[Service]]) -> list[dict[str, Any]]:
    """The Source objects."""
    return [_source(seed, one) for hosted in services.values() for one in hosted]


def _source(seed: int, one: Service) -> dict[str, Any]:
    firm = one.site.firm
    spec = {
        "model": one.model.id,
        "provider": firm.id,
        "subplatform": firm.province,
        "province": firm.province,
        "upstreamId": f"{one.model.id}@{firm.id}",
        "capabilities": capabilities(one.model),
        "priceIn": places6(one.price_in),
        "priceOut": places6(one.price_out),
        "priceUnit": one.model.unit,
    }
    status = {"state": "ok", "latencyMs": one.latency_ms, "tokensPerSecond": one.tokens_per_second}
    return thing(seed, "Source", f"{one.model.id}.{firm.id}", spec, status)
