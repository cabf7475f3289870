"""Everything the sandbox has on offer, made from the tables beside this file: same seed and scale, same objects.

The providers are fictitious and the prices are sandbox prices; provinces, accelerators and models are real.
"""

from __future__ import annotations

from typing import Any, Final

from cpctl.sandbox.catalogue import models, providers, scenarios, stock

DEFAULT_SEED: Final = 1
DEFAULT_SCALE: Final = 1_200

Objects = list[dict[str, Any]]


def build(seed: int = DEFAULT_SEED, scale: int = DEFAULT_SCALE) -> dict[str, Objects]:
    """All catalogue objects by plural kind, each sorted by name, complete but for `metadata.resourceVersion`.

    Args:
        seed: Draws prices, quantities and who has what.
        scale: Number of offers.
    """
    sites = providers.sites(seed)
    goods = stock.goods(seed, sites)
    lots = stock.lots(seed, goods, scale)
    services = models.services(seed, sites)
    kinds = {
        "subplatforms": providers.subplatform_objects(seed, lots),
        "providers": providers.provider_objects(seed, sites, lots),
        "products": stock.product_objects(seed, goods, lots),
        "offers": [stock.offer_object(seed, lot) for lot in lots],
        "models": models.model_objects(seed, services),
        "sources": models.source_objects(seed, services),
        "scenarios": scenarios.scenario_objects(seed),
    }
    return {plural: sorted(objects, key=lambda one: str(one["metadata"]["name"])) for plural, objects in kinds.items()}
