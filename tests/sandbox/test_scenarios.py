"""Every scenario's template order can be placed as it stands."""

from decimal import Decimal

NAMED = {
    "accelerator": "accelerator",
    "provinces": "province",
    "excludeProvinces": "excludeProvince",
    "providers": "provider",
    "minMemoryGiB": "minMemory",
    "maxPUE": "maxPue",
    "minGreen": "minGreen",
    "interconnect": "interconnect",
    "vendor": "vendor",
    "latencyClass": "latencyClass",
}


def query_of(spec):
    """The list of offers that a spec allows."""
    asked = {**spec, **spec.get("placement", {}), **spec.get("requirements", {})}
    named = {NAMED[key]: value for key, value in asked.items() if key in NAMED and value}
    texts = {key: ",".join(value) if isinstance(value, list) else value for key, value in named.items()}
    return {"billing": spec.get("billing", "on-demand"), "sortBy": "spec.price", **texts}


def chosen(offers, cards):
    """Cards taken from the cheapest offers, by their minimum and step."""
    lines = {}
    for offer in offers:
        least, step = offer["spec"]["minCards"], offer["spec"]["stepCards"]
        most = min(cards, offer["status"]["free"])
        taken = least + (most - least) // step * step if most >= least else 0
        if taken:
            lines[offer["metadata"]["name"]] = taken
            cards -= taken
        if not cards:
            return lines
    return None


def test_every_scenario_orders_as_it_says(fresh_sandbox):
    sandbox = fresh_sandbox
    scenarios = sandbox.items("/v1/scenarios")
    assert len(scenarios) >= 10
    for scenario in scenarios:
        spec = scenario["spec"]["order"]
        lines = chosen(sandbox.items("/v1/offers", **query_of(spec)), spec["cards"])
        assert lines, f"{scenario['metadata']['name']} cannot be served"
        body = sandbox.order_body(scenario["metadata"]["name"], lines)
        placed = sandbox.post("/v1/orders", body | {"spec": spec})
        assert placed.status_code == 201, placed.text
        assert Decimal(placed.json()["status"]["total"]) > 0
