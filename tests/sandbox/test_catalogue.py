"""The catalogue: as large as the platform says it is, true to its tables, the same again for the same seed."""

from __future__ import annotations

import json
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from cpctl import units
from cpctl.accelerators import ACCELERATORS
from cpctl.places import CONNECTED, PROVINCES
from cpctl.sandbox.catalogue import build, facts, stock

CONTRACT = Path(__file__).parents[2] / "cpctl" / "api" / "openapi.yaml"
SCHEMAS = {
    "subplatforms": "SubPlatform",
    "providers": "Provider",
    "products": "Product",
    "offers": "Offer",
    "models": "Model",
    "sources": "Source",
    "scenarios": "Scenario",
}
SEEDS = [1, 2, 77, 123_456_789]
TEXT_TASKS = {"chat", "embedding"}


@pytest.fixture(scope="module")
def catalogue():
    return build(seed=1, scale=1_200)


@pytest.fixture(scope="module")
def contract():
    return yaml.load(CONTRACT.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


def named(objects):
    return {one["metadata"]["name"]: one for one in objects}


def test_it_has_the_size_the_platform_is_known_for(catalogue):
    sizes = {plural: len(objects) for plural, objects in catalogue.items()}
    assert sizes["subplatforms"] == 10 and sizes["providers"] == 120 and sizes["offers"] == 1_200
    assert sizes["products"] >= 110 and sizes["models"] >= 90 and sizes["sources"] >= 150
    assert sum(one["status"]["free"] for one in catalogue["offers"]) >= 9_000


@pytest.mark.parametrize("plural", SCHEMAS)
def test_every_object_is_what_the_contract_says(catalogue, contract, plural):
    schema = {**contract["components"]["schemas"][SCHEMAS[plural]], "components": contract["components"]}
    validator = Draft202012Validator(schema)
    for one in catalogue[plural]:
        versioned = {**one, "metadata": {**one["metadata"], "resourceVersion": "1"}}
        assert [error.message for error in validator.iter_errors(versioned)] == []


def test_the_same_seed_and_scale_make_the_same_objects(catalogue):
    assert json.dumps(build(seed=1, scale=1_200)) == json.dumps(catalogue)
    other = build(seed=2, scale=1_200)
    assert named(other["offers"]).keys() != named(catalogue["offers"]).keys()


def test_names_and_uids_are_unique_and_lists_sorted(catalogue):
    for objects in catalogue.values():
        names = [one["metadata"]["name"] for one in objects]
        assert names == sorted(set(names))
    uids = Counter(one["metadata"]["uid"] for objects in catalogue.values() for one in objects)
    assert max(uids.values()) == 1


@pytest.mark.parametrize("scale", [1, 30, 300, 1_201])
def test_scale_is_the_number_of_offers(scale):
    assert len(build(seed=5, scale=scale)["offers"]) == scale


def test_names_stay_unique_in_a_large_catalogue():
    assert len(named(build(seed=3, scale=20_000)["offers"])) == 20_000


def test_references_lead_somewhere(catalogue):
    providers, products, models = (named(catalogue[plural]) for plural in ("providers", "products", "models"))
    for offer in catalogue["offers"]:
        product, provider = products[offer["spec"]["product"]], providers[offer["spec"]["provider"]]
        assert product["spec"]["provider"] == provider["metadata"]["name"]
        same = ("accelerator", "vendor", "memoryGiB", "interconnect")
        assert all(offer["spec"][key] == product["spec"][key] for key in same)
        assert offer["spec"]["province"] == offer["spec"]["subplatform"] == provider["spec"]["province"]
    for source in catalogue["sources"]:
        assert source["spec"]["model"] in models and source["spec"]["provider"] in providers
        assert source["spec"]["upstreamId"] == f"{source['spec']['model']}@{source['spec']['provider']}"


@pytest.mark.parametrize("seed", SEEDS)
def test_prices_stay_in_their_accelerators_band(seed):
    catalogue = build(seed=seed, scale=1_200)
    sku_of = {one["metadata"]["name"]: one["spec"]["sku"] for one in catalogue["products"]}
    for offer in catalogue["offers"]:
        sku = facts.skus()[sku_of[offer["spec"]["product"]]]
        assert sku.low <= Decimal(offer["spec"]["price"]) * 10_000 <= sku.high


def test_stock_adds_up_and_can_be_bought(catalogue):
    for offer in catalogue["offers"]:
        spec, status = offer["spec"], offer["status"]
        assert status["held"] + status["active"] + status["free"] == status["capacity"] >= spec["minCards"]
        assert (status["capacity"] - spec["minCards"]) % spec["stepCards"] == 0
    for plural, key in (("providers", "provider"), ("products", "product"), ("subplatforms", "subplatform")):
        free = Counter()
        for offer in catalogue["offers"]:
            free[offer["spec"][key]] += offer["status"]["free"]
        assert all(one["status"]["freeCards"] == free[one["metadata"]["name"]] for one in catalogue[plural])


def test_spot_is_cheaper_than_on_demand_for_the_same_product(catalogue):
    prices = {}
    for offer in catalogue["offers"]:
        prices.setdefault((offer["spec"]["product"], offer["spec"]["billing"]), []).append(
            Decimal(offer["spec"]["price"])
        )
    pairs = [(found, prices[product, "on-demand"]) for (product, billing), found in prices.items() if billing == "spot"]
    assert pairs and all(max(spot) <= min(steady) for spot, steady in pairs)


@pytest.mark.parametrize("seed", SEEDS)
def test_common_cards_are_in_every_province(seed):
    offers = build(seed=seed, scale=300)["offers"]
    for accelerator in ("Ascend-910B", "H800", "RTX-4090", "A100", "L20"):
        found = [
            one for one in offers if one["spec"]["accelerator"] == accelerator and one["spec"]["billing"] == "on-demand"
        ]
        assert {one["spec"]["province"] for one in found} == set(CONNECTED)
        assert all(
            any(one["spec"]["minCards"] == 1 for one in found if one["spec"]["province"] == p) for p in CONNECTED
        )


def test_the_west_is_greener_and_cheaper(catalogue):
    by = {one["metadata"]["name"]: one["status"] for one in catalogue["subplatforms"]}
    for west in ("qinghai", "ningxia", "xinjiang"):
        assert Decimal(by[west]["green"]) > Decimal(by["shanghai"]["green"])
        assert Decimal(by[west]["pue"]) < Decimal(by["shanghai"]["pue"])

    def mean(province):
        found = [one["spec"] for one in catalogue["offers"] if one["spec"]["province"] == province]
        return sum(
            Decimal(s["price"]) for s in found if s["accelerator"] == "H800" and s["billing"] == "on-demand"
        ) / sum(s["accelerator"] == "H800" and s["billing"] == "on-demand" for s in found)

    assert mean("ningxia") < mean("shanghai") and mean("qinghai") < mean("jiangsu")


@pytest.mark.parametrize("seed", SEEDS)
def test_every_scenario_can_be_ordered_and_its_models_answer(seed):
    catalogue = build(seed=seed, scale=1_200)
    models = named(catalogue["models"])
    hosted = {one["spec"]["model"] for one in catalogue["sources"]}
    for scenario in catalogue["scenarios"]:
        order = scenario["spec"]["order"]
        fitting = [one for one in catalogue["offers"] if fits(one["spec"], order)]
        assert sum(one["status"]["free"] for one in fitting if one["spec"]["minCards"] == 1) >= order["cards"], scenario
        assert units.duration_s(order["duration"]) > 0
        for model in scenario["spec"]["models"]:
            assert model in hosted and TEXT_TASKS & set(models[model]["spec"]["tasks"])


def fits(offer, order):
    placement, needs = order.get("placement", {}), order.get("requirements", {})
    return (
        offer["accelerator"] in order["accelerator"]
        and offer["billing"] == order["billing"]
        and offer["province"] in placement.get("provinces", CONNECTED)
        and offer["memoryGiB"] >= needs.get("minMemoryGiB", 0)
        and Decimal(offer["pue"]) <= Decimal(needs.get("maxPUE", "9"))
        and Decimal(offer["green"]) >= Decimal(needs.get("minGreen", "0"))
        and offer["interconnect"].startswith(needs.get("interconnect", ""))
        and offer["vendor"] in needs.get("vendor", [offer["vendor"]])
    )


def test_every_industry_has_a_scenario_and_every_image_runs(catalogue):
    industries = {one["spec"]["industry"] for one in catalogue["scenarios"]}
    assert {one["spec"]["domain"] for one in catalogue["models"]} <= industries
    assert {"energy", "industrial"} <= industries  # their own models are closed
    images = {image for one in catalogue["products"] for image in one["spec"]["images"]}
    assert {one["spec"]["order"].get("image", "ubuntu-22.04-cuda12.6") for one in catalogue["scenarios"]} <= images


def test_models_are_served_from_several_places(catalogue):
    sources = Counter(one["spec"]["model"] for one in catalogue["sources"])
    provinces = Counter(one["spec"]["province"] for one in catalogue["sources"])
    assert set(provinces) == set(CONNECTED) and sum(count > 1 for count in sources.values()) > 90
    kinds = {one["metadata"]["name"]: one["spec"]["kind"] for one in catalogue["providers"]}
    by_kind = Counter(kinds[one["spec"]["provider"]] for one in catalogue["sources"])
    assert by_kind.most_common(1)[0][0] == "maas"
    assert "deepseek-v3.2.sbx-sx-11" in named(catalogue["sources"])


def test_closed_industry_models_are_not_hosted(catalogue):
    closed = {"pangu-mine", "guangming-power", "megawatt-csg", "kunlun-cnpc", "cosmo-gpt", "cma-fengqing", "ringmo"}
    assert not closed & named(catalogue["models"]).keys()


def test_nobody_mistakes_a_name_for_a_real_company(catalogue):
    for provider in catalogue["providers"]:
        assert re.search("示例|演示|模拟", provider["spec"]["nameZh"])
    for product in catalogue["products"]:
        assert re.search("示例|演示|模拟", product["spec"]["description"])


def test_a_card_of_two_dies_is_explained(catalogue):
    packages = [one["spec"] for one in catalogue["products"] if one["spec"]["accelerator"] == "Ascend-910C"]
    assert packages and all(spec["memoryGiB"] == 64 and "两个裸片" in spec["description"] for spec in packages)


def test_every_accelerator_of_the_tables_is_on_sale_somewhere(catalogue):
    assert {one["spec"]["sku"] for one in catalogue["products"]} == set(facts.skus())


def test_client_and_sandbox_read_accelerators_and_provinces_alike():
    assert {one.accelerator for one in facts.skus().values()} <= {row[0] for row in ACCELERATORS}
    assert all(units.accelerator(one.sku) == one.accelerator for one in facts.skus().values())
    codes = {one.id: (one.gbt2260, one.short_zh) for one in PROVINCES}
    assert {one.id: (one.gbt2260, one.short_zh) for one in facts.regions().values()} == {p: codes[p] for p in CONNECTED}


def test_staples_name_what_their_holders_hold():
    kinds = {firm.number: firm.kind for firm in facts.firms()}
    for staple in stock.STAPLES:
        assert kinds[staple.number] in facts.skus()[staple.sku].held_by
