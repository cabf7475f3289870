"""Industry scenarios: an order template that can be placed as it stands, and hosted models that answer."""

from __future__ import annotations

from typing import Any

from cpctl.sandbox.catalogue import facts
from cpctl.sandbox.catalogue.objects import thing


def scenario_objects(seed: int) -> list[dict[str, Any]]:
    """The Scenario objects."""
    return [_scenario(seed, row) for row in facts.scenarios()]


def _scenario(seed: int, row: dict[str, Any]) -> dict[str, Any]:
    spec = {
        "title": row["title"],
        "titleZh": row["titleZh"],
        "industry": row["industry"],
        "order": row["order"],
        "models": row["models"],
    }
    return thing(seed, "Scenario", row["name"], spec, {})
