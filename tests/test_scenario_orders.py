"""Every scenario of the catalogue orders as it says, through the command line, and its models answer."""

from __future__ import annotations

import tomllib
from decimal import Decimal

import pytest

from sandbox_server import ROOT

CATALOGUE = tomllib.loads((ROOT / "cpctl" / "sandbox" / "catalogue" / "scenarios.toml").read_text(encoding="utf-8"))
NAMES = [row["name"] for row in next(iter(CATALOGUE.values()))]


def test_the_list_is_that_of_the_catalogue(cp):
    assert cp("get", "scenarios", "-o", "name").out.split() == [f"scenario/{name}" for name in sorted(NAMES)]


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_orders_as_it_says(cp, sandbox, name):
    asked = sandbox.get(f"/v1/scenarios/{name}").json()["spec"]["order"]
    free = sum(offer["status"]["free"] for offer in sandbox.items("/v1/offers"))
    result = cp("create", "order", f"sc-{name}", "--scenario", name, "--yes")
    assert result.code == 0, result.err
    order = cp("get", "order", f"sc-{name}", "-o", "json").json
    assert order["status"]["phase"] == "Held"
    assert sum(line["cards"] for line in order["status"]["allocations"]) == asked["cards"]
    spec = order["spec"]
    assert (spec["duration"], spec.get("billing", "on-demand")) == (
        asked["duration"],
        asked.get("billing", "on-demand"),
    )
    for line in order["status"]["allocations"]:
        offer = sandbox.get(f"/v1/offers/{line['offer']}").json()["spec"]
        assert offer["accelerator"] in asked["accelerator"]
        assert offer["province"] in (asked.get("placement", {}).get("provinces") or [offer["province"]])
    assert Decimal(order["status"]["total"]) == Decimal(order["status"]["reserved"]) > 0
    assert cp("release", f"order/sc-{name}").code == 0
    assert sandbox.get(f"/v1/orders/sc-{name}").json()["status"]["charged"] == "0.00"
    assert sum(offer["status"]["free"] for offer in sandbox.items("/v1/offers")) == free


CHATTING = {"chat", "reasoning", "code", "vision", "translation"}


@pytest.mark.parametrize("name", NAMES)
def test_the_models_of_a_scenario_answer(cp, sandbox, name):
    models = sandbox.get(f"/v1/scenarios/{name}").json()["spec"]["models"]
    assert models
    for model in models:
        tasks = sandbox.get(f"/v1/models/{model}").json()["spec"]["tasks"]
        result = cp("call", model, "请用一句话介绍你自己", "--no-stream")
        if CHATTING & set(tasks):
            assert result.code == 0 and result.out.strip(), (model, tasks, result.err)
        else:
            assert result.code != 0 and result.err.count("\n") == 1, (model, tasks)
