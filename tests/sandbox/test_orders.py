"""An order's life over real HTTP: every refusal leaves everything as it was, every step happens once."""

import uuid

import pytest


def unique(stem: str) -> str:
    return f"{stem}-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def offer(sandbox):
    """An offer sold card by card, with room."""
    return next(
        each for each in sandbox.items("/v1/offers", cards=4, billing="on-demand") if each["spec"]["stepCards"] == 1
    )


def refusal(answer, status, reason):
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    problem = answer.json()
    assert problem["reason"] == reason, problem
    assert problem["type"] == f"urn:ccpp:problem:{reason}"
    assert problem["requestId"] == answer.headers["x-request-id"]
    return problem


def test_placing_holds_cards_and_funds(sandbox, offer):
    name, before = unique("hold"), sandbox.balance_sheet()
    order = sandbox.buy(name, {offer["metadata"]["name"]: 4}, duration="2h")
    assert order["status"]["phase"] == "Held"
    after = sandbox.get(f"/v1/offers/{offer['metadata']['name']}").json()["status"]
    assert after["held"] == offer["status"]["held"] + 4
    assert after["free"] == offer["status"]["free"] - 4
    assert str(sandbox.balance_sheet()["reserved"] - before["reserved"]) == order["status"]["total"]
    sandbox.act(order, "release")
    assert sandbox.balance_sheet() == before


def test_cards_come_up_one_by_one(sandbox, offer):
    sandbox.admin.activation(secondsPerCard=0.4)
    name = unique("cards")
    order = sandbox.act(sandbox.buy(name, {offer["metadata"]["name"]: 4}), "activate")
    assert order["status"]["phase"] == "Activating"
    seen = set()
    while order["status"]["phase"] == "Activating":
        order = sandbox.get(f"/v1/orders/{name}").json()
        cards = sandbox.items("/v1/cards", order=name)
        phases = [card["status"]["phase"] for card in cards]
        seen.update(phases)
        assert sum(phase in ("Allocating", "Booting") for phase in phases) <= 1
    assert seen >= {"Pending", "Allocating", "Booting", "Active"}
    assert order["status"]["cards"] == {"total": 4, "active": 4}
    access = sandbox.get(f"/v1/access/{name}").json()
    assert [host["card"] for host in access["status"]["hosts"]] == [card["metadata"]["name"] for card in cards]
    sandbox.act(order, "release")
    sandbox.wait(name, "Released")
    assert {card["status"]["phase"] for card in sandbox.items("/v1/cards", order=name)} == {"Released"}
    assert sandbox.get(f"/v1/offers/{offer['metadata']['name']}").json()["status"]["free"] == offer["status"]["free"]


def test_access_needs_an_active_order(sandbox, offer):
    name = unique("access")
    order = sandbox.buy(name, {offer["metadata"]["name"]: 1})
    assert refusal(sandbox.get(f"/v1/access/{name}"), 409, "WrongPhase")["phase"] == "Held"
    sandbox.act(order, "release")


def test_a_name_stands_for_one_order(sandbox, offer):
    name = unique("name")
    body = sandbox.order_body(name, {offer["metadata"]["name"]: 2})
    order = sandbox.post("/v1/orders", body).json()
    same = refusal(sandbox.post("/v1/orders", body | {"limits": {"maxDay": "9999999.00"}}), 409, "AlreadyExists")
    assert (same["specEqual"], same["uid"], same["createdBy"]) == (True, order["metadata"]["uid"], "dev")
    other = sandbox.order_body(name, {offer["metadata"]["name"]: 1})
    assert refusal(sandbox.post("/v1/orders", other, account="ci"), 409, "AlreadyExists")["specEqual"] is False
    assert refusal(sandbox.post("/v1/orders", body | {"replaces": order["metadata"]["uid"]}), 409, "WrongPhase")
    sandbox.act(order, "release")
    assert refusal(sandbox.post("/v1/orders", body | {"replaces": str(uuid.uuid4())}), 409, "AlreadyExists")
    second = sandbox.post("/v1/orders", body | {"replaces": order["metadata"]["uid"]})
    assert second.status_code == 201
    assert second.json()["metadata"]["uid"] != order["metadata"]["uid"]
    assert [each["metadata"]["uid"] for each in sandbox.orders() if each["metadata"]["name"] == name] == [
        second.json()["metadata"]["uid"]
    ]
    late = sandbox.post(f"/v1/orders/{name}/activate", {"uid": order["metadata"]["uid"]})
    assert refusal(late, 409, "UidMismatch")["uid"] == second.json()["metadata"]["uid"]
    sandbox.act(second.json(), "release")


def test_a_hidden_order_keeps_its_name(sandbox, offer):
    name = unique("hide")
    body = sandbox.order_body(name, {offer["metadata"]["name"]: 1})
    order = sandbox.post("/v1/orders", body).json()
    uid = {"uid": order["metadata"]["uid"]}
    client = sandbox.client()
    assert refusal(client.delete(f"/v1/orders/{name}", params=uid), 409, "WrongPhase")["phase"] == "Held"
    sandbox.act(order, "release")
    assert refusal(client.delete(f"/v1/orders/{name}"), 400, "BadRequest")
    assert client.delete(f"/v1/orders/{name}", params=uid).json()["status"]["phase"] == "Released"
    assert refusal(sandbox.get(f"/v1/orders/{name}"), 404, "NotFound")
    assert name not in [each["metadata"]["name"] for each in sandbox.orders()]
    assert refusal(sandbox.post("/v1/orders", body), 409, "AlreadyExists")["phase"] == "Released"


def test_activate_and_release_are_no_ops_when_already_so(sandbox, offer):
    name = unique("again")
    order = sandbox.buy(name, {offer["metadata"]["name"]: 1})
    assert sandbox.act(order, "activate")["status"]["phase"] == "Activating"
    sandbox.wait(name, "Active")
    assert sandbox.act(order, "activate")["status"]["phase"] == "Active"
    assert sandbox.act(order, "release")["status"]["phase"] == "Releasing"
    assert sandbox.act(order, "release")["status"]["phase"] in ("Releasing", "Released")
    sandbox.wait(name, "Released")
    assert sandbox.act(order, "release")["status"]["phase"] == "Released"
    late = sandbox.post(f"/v1/orders/{name}/activate", {"uid": order["metadata"]["uid"]})
    assert refusal(late, 409, "WrongPhase")["phase"] == "Released"


def test_a_failing_activation_costs_nothing(sandbox, offer):
    sandbox.admin.activation(failing=1)
    name, before = unique("fail"), sandbox.balance_sheet()
    sandbox.act(sandbox.buy(name, {offer["metadata"]["name"]: 3}), "activate")
    order = sandbox.wait(name, "Failed")
    assert order["status"]["reason"] == "ActivationFailed"
    assert order["status"]["charged"] == "0.00"
    assert sandbox.balance_sheet() == before
    assert sandbox.get(f"/v1/offers/{offer['metadata']['name']}").json()["status"]["free"] == offer["status"]["free"]
    assert sandbox.buy(unique("next"), {offer["metadata"]["name"]: 1})["status"]["phase"] == "Held"


def test_a_moved_price_buys_nothing(fresh_sandbox):
    sandbox = fresh_sandbox
    offer = sandbox.offer()["metadata"]["name"]
    body = sandbox.order_body("moved", {offer: sandbox.offer()["spec"]["minCards"]})
    sandbox.admin.set_price(offer, "99.5")
    problem = refusal(sandbox.post("/v1/orders", body), 409, "PriceChanged")
    assert (problem["offer"], problem["price"]) == (offer, "99.5000")
    assert sandbox.orders() == []
    assert len(sandbox.ledger()) == 1


@pytest.mark.parametrize(
    ("limits", "spec_limits", "name"),
    [
        ({"maxPrice": "0.0001"}, {}, "maxPrice"),
        ({"maxOrder": "0.01"}, {}, "maxOrder"),
        ({"maxDay": "0.01"}, {}, "maxDay"),
        ({}, {"maxPrice": "0.01"}, "spec.limits.maxPrice"),
        ({}, {"budget": "0.01"}, "spec.limits.budget"),
    ],
)
def test_limits_hold(sandbox, offer, limits, spec_limits, name):
    before = sandbox.balance_sheet()
    body = sandbox.order_body(unique("limit"), {offer["metadata"]["name"]: 2}, limits=spec_limits) | {"limits": limits}
    assert refusal(sandbox.post("/v1/orders", body), 402, "LimitExceeded")["limit"] == name
    assert sandbox.balance_sheet() == before


def test_the_quota_and_the_balance_hold(sandbox):
    rich = most_of(sandbox.items("/v1/offers", billing="monthly"))
    body = sandbox.order_body(unique("rich"), rich, duration="3650d")
    problem = refusal(sandbox.post("/v1/orders", body, account="other"), 402, "InsufficientBalance")
    assert problem["available"] == "1000000.00"
    many = most_of(sandbox.items("/v1/offers", billing="on-demand", sortBy="~status.free", limit=100))
    body = sandbox.order_body(unique("many"), many, duration="60s")
    assert refusal(sandbox.post("/v1/orders", body, account="other"), 402, "LimitExceeded")["limit"] == "quota.cards"


def most_of(offers):
    """All that each offer can sell now; other tests may have left one with less than its minimum."""
    steps = {each["metadata"]["name"]: (each["spec"], each["status"]["free"]) for each in offers}
    return {
        name: spec["minCards"] + (free - spec["minCards"]) // spec["stepCards"] * spec["stepCards"]
        for name, (spec, free) in steps.items()
        if free >= spec["minCards"]
    }


@pytest.mark.parametrize(
    ("change", "status", "reason", "field"),
    [
        ({"spec": {"duration": "0s"}}, 422, "Invalid", "spec.duration"),
        ({"spec": {"duration": "24"}}, 422, "Invalid", "spec.duration"),
        ({"spec": {"billing": "monthly"}}, 422, "Invalid", "allocations[0].offer"),
        ({"spec": {"cards": 7}}, 422, "Invalid", "allocations"),
        ({"spec": {"placement": {"provinces": ["atlantis"]}}}, 422, "Invalid", "allocations[0].offer"),
        ({"spec": {"surprise": 1}}, 422, "Invalid", "spec.surprise"),
        ({"metadata": {"name": "Bad Name"}}, 422, "Invalid", "metadata.name"),
        ({"metadata": {"labels": {"a": "\x00"}}}, 422, "Invalid", "metadata.labels.a"),
    ],
)
def test_a_request_that_is_not_allowed_is_told_where(sandbox, offer, change, status, reason, field):
    body = sandbox.order_body(unique("bad"), {offer["metadata"]["name"]: 2})
    for part, values in change.items():
        body[part] = body[part] | values
    assert refusal(sandbox.post("/v1/orders", body), status, reason)["field"] == field


@pytest.mark.parametrize(
    ("placement", "field"),
    [
        ({"colocate": "province"}, "allocations"),
        ({"colocate": "provider"}, "allocations"),
        ({"maxProviders": 1}, "allocations"),
        ({"colocate": "city"}, "spec.placement.colocate"),
        ({"maxProviders": 0}, "spec.placement.maxProviders"),
        ({"maxProviders": 1001}, "spec.placement.maxProviders"),
        ({"colocate": "none", "maxProviders": 2}, None),
    ],
)
def test_cards_are_together_as_the_spec_asks(sandbox, placement, field):
    offers = sandbox.items("/v1/offers", accelerator="H800", billing="on-demand")
    one = offers[0]
    other = next(each for each in offers if each["spec"]["province"] != one["spec"]["province"])
    lines = {each["metadata"]["name"]: each["spec"]["minCards"] for each in (one, other)}
    body = sandbox.order_body(unique("near"), lines)
    del body["spec"]["allocations"]
    body["spec"] |= {"accelerator": ["H800"], "cards": sum(lines.values()), "placement": placement}
    quoted = sandbox.post(
        "/v1/quotes",
        {
            "spec": body["spec"],
            "allocations": [{key: each[key] for key in ("offer", "cards")} for each in body["allocations"]],
        },
    )
    placed = sandbox.post("/v1/orders", body)
    if field is None:
        assert (quoted.status_code, placed.status_code) == (200, 201), placed.text
        sandbox.act(placed.json(), "release")
        return
    assert refusal(placed, 422, "Invalid")["field"] == refusal(quoted, 422, "Invalid")["field"] == field


@pytest.mark.parametrize("cards", [0, -1, 1.5, True, "2", None, 10**9, float("1e30")])
def test_cards_are_whole_and_more_than_none(sandbox, offer, cards):
    body = sandbox.order_body(unique("bad"), {offer["metadata"]["name"]: 2})
    body["allocations"][0]["cards"] = cards
    assert refusal(sandbox.post("/v1/orders", body), 422, "Invalid")["field"] == "allocations[0].cards"


def test_minimum_and_step_are_kept(sandbox):
    stepped = next(each for each in sandbox.items("/v1/offers", billing="on-demand") if each["spec"]["stepCards"] > 1)
    body = sandbox.order_body(unique("step"), {stepped["metadata"]["name"]: stepped["spec"]["minCards"] + 1})
    assert refusal(sandbox.post("/v1/orders", body), 422, "Invalid")["field"] == "allocations[0].cards"


def test_an_offer_that_is_not_there_is_gone(sandbox, offer):
    body = sandbox.order_body(unique("gone"), {offer["metadata"]["name"]: 1})
    for part in (body["allocations"], body["spec"]["allocations"]):
        part[0]["offer"] = "of-nowhere"
    assert refusal(sandbox.post("/v1/orders", body), 422, "OfferGone")["offer"] == "of-nowhere"


def test_all_allocations_or_none(sandbox, offer):
    other = next(
        each
        for each in sandbox.items("/v1/offers", billing="on-demand")
        if each["status"]["free"] and each["metadata"]["name"] != offer["metadata"]["name"]
    )
    step = other["spec"]["stepCards"]
    too_many = other["spec"]["minCards"] + (other["status"]["free"] // step + 1) * step
    before = sandbox.balance_sheet()
    body = sandbox.order_body(unique("none"), {offer["metadata"]["name"]: 1, other["metadata"]["name"]: too_many})
    problem = refusal(sandbox.post("/v1/orders", body), 409, "NoCapacity")
    assert (problem["offer"], problem["available"]) == (other["metadata"]["name"], other["status"]["free"])
    after = sandbox.get(f"/v1/offers/{offer['metadata']['name']}").json()["status"]
    assert after | {"asOf": ""} == offer["status"] | {"asOf": ""}
    assert sandbox.balance_sheet() == before


def test_labels_change_only_what_was_read(sandbox, offer):
    name = unique("label")
    order = sandbox.buy(name, {offer["metadata"]["name"]: 1})
    patch = {"metadata": {"labels": {"team": name, "old": None}}}
    version = order["metadata"]["resourceVersion"]
    client = sandbox.client()
    changed = client.patch(f"/v1/orders/{name}", json=patch, headers={"If-Match": f'"{version}"'})
    assert changed.json()["metadata"]["labels"] == {"team": name}
    stale = client.patch(f"/v1/orders/{name}", json=patch, headers={"If-Match": version})
    refusal(stale, 409, "StaleVersion")
    refusal(client.patch(f"/v1/orders/{name}", json=patch), 400, "BadRequest")
    assert [each["metadata"]["name"] for each in sandbox.items("/v1/orders", labelSelector=f"team={name}")] == [name]
    sandbox.act(order, "release")


def test_a_quote_is_what_is_charged_at_most(sandbox, offer):
    body = sandbox.order_body(unique("quote"), {offer["metadata"]["name"]: 3}, duration="7h")
    lines = [{"offer": each["offer"], "cards": each["cards"]} for each in body["allocations"]]
    quote = sandbox.post("/v1/quotes", {"spec": body["spec"], "allocations": lines}, key=None).json()
    order = sandbox.post("/v1/orders", body).json()
    assert quote["status"]["total"] == order["status"]["total"] == order["status"]["reserved"]
    assert quote["status"]["lines"][0]["amount"] == quote["status"]["total"]
    sandbox.act(order, "release")


def test_another_project_is_not_mine(sandbox):
    refusal(sandbox.get("/v1/orders", project="other"), 403, "Forbidden")
    refusal(sandbox.get("/v1/orders", project="nowhere"), 404, "NotFound")
    assert [each["metadata"]["name"] for each in sandbox.items("/v1/projects", "other")] == ["other"]
    refusal(sandbox.get("/v1/projects/default", "other"), 404, "NotFound")


def test_events_tell_an_orders_story(sandbox, offer):
    name = unique("story")
    order = sandbox.buy(name, {offer["metadata"]["name"]: 1})
    sandbox.act(order, "activate")
    sandbox.wait(name, "Active")
    sandbox.act(order, "release")
    sandbox.wait(name, "Released")
    reasons = [event["spec"]["reason"] for event in sandbox.items("/v1/events", kind="Order", name=name)]
    assert reasons == ["Held", "Activating", "Active", "Releasing", "Released"]
