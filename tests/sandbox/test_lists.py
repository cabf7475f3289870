"""Lists: every filter against a plain reading of all rows, pages that stay as they were, three ways of writing."""

import threading
from decimal import Decimal

import pytest

FILTERS = {
    "province": ("shanxi,ningxia", lambda spec, status: spec["province"] in ("shanxi", "ningxia")),
    "excludeProvince": ("shanxi", lambda spec, status: spec["province"] != "shanxi"),
    "subplatform": ("henan", lambda spec, status: spec["subplatform"] == "henan"),
    "cards": (
        "16",
        lambda spec, status: (
            status["free"] >= 16 >= spec["minCards"] and (16 - spec["minCards"]) % spec["stepCards"] == 0
        ),
    ),
    "minMemory": ("80", lambda spec, status: spec["memoryGiB"] >= 80),
    "maxPrice": ("5.5", lambda spec, status: Decimal(spec["price"]) <= Decimal("5.5")),
    "maxPue": ("1.2", lambda spec, status: Decimal(spec["pue"]) <= Decimal("1.2")),
    "minGreen": ("0.5", lambda spec, status: Decimal(spec["green"]) >= Decimal("0.5")),
    "billing": ("spot", lambda spec, status: spec["billing"] == "spot"),
    "interconnect": ("nvlink", lambda spec, status: spec["interconnect"].lower().startswith("nvlink")),
    "latencyClass": ("metro", lambda spec, status: spec["latencyClass"] == "metro"),
    "fieldSelector": (
        "spec.price<12,status.free>=8,spec.billing in (spot,daily),metadata.name!=x",
        lambda spec, status: (
            Decimal(spec["price"]) < 12 and status["free"] >= 8 and spec["billing"] in ("spot", "daily")
        ),
    ),
}


@pytest.fixture(scope="module")
def offers(shared_sandbox):
    return shared_sandbox.items("/v1/offers")


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_keeps_what_it_says(sandbox, offers, name):
    text, keeps = FILTERS[name]
    wanted = [each["metadata"]["name"] for each in offers if keeps(each["spec"], each["status"])]
    assert 0 < len(wanted) < len(offers)
    assert [each["metadata"]["name"] for each in sandbox.items("/v1/offers", **{name: text})] == wanted


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("offers", {"province": "shanxi,atlantis"}, "province"),
        ("offers", {"accelerator": "H9000"}, "accelerator"),
        ("offers", {"billing": "yearly"}, "billing"),
        ("models", {"task": "chat,cook"}, "task"),
        ("models", {"kind": "diagonal"}, "kind"),
        ("sources", {"model": "nothing"}, "model"),
        ("providers", {"kind": "barn"}, "kind"),
    ],
)
def test_an_unknown_value_is_told_with_the_known_ones(sandbox, path, query, field):
    answer = sandbox.get(f"/v1/{path}", **query)
    assert (answer.status_code, answer.json()["reason"], answer.json()["field"]) == (422, "UnknownValue", field)
    known = answer.json()["allowed"]
    assert sandbox.get(f"/v1/{path}", **{field: known[0]}).status_code == 200


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "5001"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"as": "rows"}, "fields"),
        ({"as": "cards"}, "as"),
        ({"maxPrice": "1,5"}, "maxPrice"),
        ({"cards": "0"}, "cards"),
        ({"fieldSelector": "spec.nothing=1"}, "spec.nothing"),
        ({"fieldSelector": "spec.price~1"}, "fieldSelector"),
        ({"labelSelector": "a in b"}, "labelSelector"),
        ({"sortBy": "spec.nothing"}, "spec.nothing"),
        ({"sortBy": "~"}, "sortBy"),
    ],
)
def test_what_cannot_be_read_is_refused(sandbox, query, field):
    answer = sandbox.get("/v1/offers", **query)
    assert (answer.status_code, answer.json()["reason"], answer.json()["field"]) == (422, "Invalid", field)


def test_unknown_parameters_are_ignored(sandbox):
    assert sandbox.get("/v1/offers", limit=1, fromTheFuture="yes").status_code == 200


def test_sorting_is_by_number_and_stable(sandbox, offers):
    rows = sandbox.items("/v1/offers", sortBy="spec.accelerator,~spec.price")
    plain = sorted(offers, key=lambda each: (each["spec"]["accelerator"], -Decimal(each["spec"]["price"])))
    assert [each["metadata"]["name"] for each in rows] == [each["metadata"]["name"] for each in plain]


def test_names_order_lists_by_default(offers):
    names = [each["metadata"]["name"] for each in offers]
    assert names == sorted(names)


def test_three_ways_of_writing(sandbox, offers):
    fields = "metadata.name,spec.price,status.nothing"
    rows = sandbox.get("/v1/offers", limit=3, fields=fields, **{"as": "rows"}).json()
    assert rows["kind"] == "Rows"
    assert rows["fields"] == fields.split(",")
    assert rows["rows"] == [[each["metadata"]["name"], each["spec"]["price"], None] for each in offers[:3]]
    parts = sandbox.get("/v1/offers", limit=1, fields=fields).json()
    assert parts["items"] == [
        {"metadata": {"name": offers[0]["metadata"]["name"]}, "spec": {"price": offers[0]["spec"]["price"]}}
    ]
    for answer in (rows, parts):
        assert list(answer)[-1] == "metadata"
        assert answer["metadata"]["complete"] is True
        assert [each["state"] for each in answer["metadata"]["subplatforms"]] == ["ok"] * 10


def test_a_list_asks_only_the_provinces_it_needs(sandbox):
    metadata = sandbox.get("/v1/offers", limit=1, province="shanxi").json()["metadata"]
    assert [each["name"] for each in metadata["subplatforms"]] == ["shanxi"]


def test_pages_stay_as_they_were(fresh_sandbox):
    """While cards are sold from under it, a list shows each offer once, as it was when the list began."""
    sandbox = fresh_sandbox
    before = {each["metadata"]["name"]: each for each in sandbox.items("/v1/offers", sortBy="status.free")}
    sellable = [each for each in before.values() if each["spec"]["billing"] == "on-demand" and each["status"]["free"]][
        :60
    ]
    stop = threading.Event()

    def sell():
        for number, each in enumerate(sellable):
            sandbox.buy(f"sold-{number}", {each["metadata"]["name"]: each["spec"]["minCards"]})
            if stop.is_set():
                return

    first = sandbox.get("/v1/offers", sortBy="status.free", limit=100).json()
    seller = threading.Thread(target=sell)
    seller.start()
    rows, metadata = first["items"], first["metadata"]
    import httpx

    with httpx.Client(
        base_url=sandbox.url, headers={"Authorization": f"Bearer {sandbox.token}"}, trust_env=False
    ) as client:
        while "continue" in metadata:
            page = client.get("/v1/offers", params={"continue": metadata["continue"], "limit": 100}).json()
            assert page["metadata"]["resourceVersion"] == metadata["resourceVersion"]
            rows, metadata = rows + page["items"], page["metadata"]
    stop.set()
    seller.join()
    assert list(map(undated, rows)) == list(map(undated, before.values()))
    assert metadata.get("remainingItemCount") is None


def undated(offer):
    """An offer without the second at which it was read."""
    return {**offer, "status": {name: value for name, value in offer["status"].items() if name != "asOf"}}


def test_a_cursor_that_was_altered_or_belongs_elsewhere(sandbox):
    cursor = sandbox.get("/v1/offers", limit=1).json()["metadata"]["continue"]
    for altered in (cursor[:-1] + ("0" if cursor[-1] != "0" else "1"), "x", cursor.replace("-1-", "-2-")):
        answer = sandbox.get("/v1/offers", **{"continue": altered})
        assert (answer.status_code, answer.json()["reason"]) == (400, "BadRequest")
    assert sandbox.get("/v1/models", **{"continue": cursor}).status_code == 400
    assert sandbox.get("/v1/offers", "ci", **{"continue": cursor}).status_code == 400


def test_a_cursor_that_is_no_longer_kept(fresh_sandbox):
    cursor = fresh_sandbox.get("/v1/offers", limit=1).json()["metadata"]["continue"]
    fresh_sandbox.restart()
    answer = fresh_sandbox.get("/v1/offers", **{"continue": cursor})
    assert (answer.status_code, answer.json()["reason"]) == (410, "Expired")


def test_an_unchanged_list_is_not_sent_again(fresh_sandbox):
    sandbox = fresh_sandbox
    first = sandbox.get("/v1/offers", limit=5)
    match = {"If-None-Match": first.headers["etag"]}
    again = sandbox.client().get("/v1/offers", params={"limit": 5}, headers=match)
    assert (again.status_code, again.content) == (304, b"")
    offer = sandbox.offer()
    sandbox.buy("change", {offer["metadata"]["name"]: offer["spec"]["minCards"]})
    assert sandbox.client().get("/v1/offers", params={"limit": 5}, headers=match).status_code == 200


@pytest.mark.parametrize(
    "plural", ["subplatforms", "providers", "products", "models", "sources", "scenarios", "projects"]
)
def test_every_row_is_the_object(sandbox, plural):
    for item in sandbox.items(f"/v1/{plural}")[:5]:
        one = sandbox.get(f"/v1/{plural}/{item['metadata']['name']}").json()
        for each in (one, item):
            each["status"].pop("asOf", None)
        assert one == item
    answer = sandbox.get(f"/v1/{plural}/nothing")
    assert (answer.status_code, answer.json()["detail"]) == (404, f'{plural} "nothing" not found')


def test_the_overview_adds_up(sandbox, offers):
    figures = sandbox.get("/v1/overview").json()["status"]
    assert figures["total"]["capacityCards"] == sum(each["status"]["capacity"] for each in offers)
    for part in ("subplatforms", "accelerators"):
        assert sum(each["capacityCards"] for each in figures[part]) == figures["total"]["capacityCards"]
    prices = [Decimal(each["spec"]["price"]) for each in offers]
    assert (Decimal(figures["total"]["priceFrom"]), Decimal(figures["total"]["priceTo"])) == (min(prices), max(prices))


def test_a_cursor_outlives_many_short_lists(sandbox):
    first = sandbox.get("/v1/offers", limit=10).json()
    for number in range(1, 250):
        assert sandbox.get("/v1/offers", limit=5000, maxPrice=f"{number}.5").status_code == 200
    second = sandbox.get("/v1/offers", limit=10, **{"continue": first["metadata"]["continue"]})
    assert second.status_code == 200 and second.json()["items"][0] != first["items"][0]
