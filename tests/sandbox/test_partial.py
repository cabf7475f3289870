"""Sub-platforms that are down, slow, denied or behind: what lists show of them, and how long they wait."""

import time
import uuid

import pytest

HAVING_PROVINCES = ("providers", "products", "offers", "sources")
WAIT_S = 0.25


@pytest.fixture
def quick(sandbox):
    """The shared sandbox, whose aggregator waits a quarter of a second."""
    sandbox.admin.aggregator(WAIT_S)
    return sandbox


def states(answer):
    return {each["name"]: each["state"] for each in answer["metadata"]["subplatforms"] if each["state"] != "ok"}


def as_of(answer, name):
    return next(each["asOf"] for each in answer["metadata"]["subplatforms"] if each["name"] == name)


def timed(read):
    begin = time.monotonic()
    answer = read()
    return answer, time.monotonic() - begin


def test_several_that_are_late_are_waited_for_together_and_not_beyond_the_deadline(quick):
    for province in ("xinjiang", "jiangsu", "ningxia"):
        quick.admin.faults(province=province, latency="60s")
    for province in ("qinghai", "henan"):
        quick.admin.faults(province=province, down=True)
    answer, took_s = timed(lambda: quick.get("/v1/offers", limit=5000).json())
    assert WAIT_S <= took_s < 4 * WAIT_S
    late, gone = dict.fromkeys(("xinjiang", "jiangsu", "ningxia"), "slow"), dict.fromkeys(("qinghai", "henan"), "down")
    assert states(answer) == late | gone
    assert answer["metadata"]["complete"] is False
    there = {each["spec"]["province"] for each in answer["items"]}
    assert there.isdisjoint(gone) and there >= set(late)


def test_a_delay_below_the_deadline_is_only_a_delay(quick):
    quick.admin.faults(province="jiangsu", latency=0.1)
    quick.admin.faults(province="henan", latency=0.15)
    answer, took_s = timed(lambda: quick.get("/v1/providers").json())
    assert 0.15 <= took_s < WAIT_S
    assert (states(answer), answer["metadata"]["complete"]) == ({}, True)


def test_the_deadline_is_two_seconds(sandbox):
    assert sandbox.admin.state()["aggregator"] == {"deadlineSeconds": 2.0}
    sandbox.admin.faults(province="henan", latency="1h")
    answer, took_s = timed(lambda: sandbox.get("/v1/offers", limit=1).json())
    assert 2 <= took_s < 2.5
    assert states(answer) == {"henan": "slow"}


def test_a_cursor_waits_for_nobody(quick):
    quick.admin.faults(province="henan", latency="60s")
    first = quick.get("/v1/offers", limit=5).json()
    second, took_s = timed(lambda: quick.get("/v1/offers", **{"continue": first["metadata"]["continue"]}).json())
    assert took_s < WAIT_S
    assert second["metadata"]["subplatforms"] == first["metadata"]["subplatforms"]


@pytest.mark.parametrize("fault", [{"latency": "60s"}, {"slow": True}, {"stale": True}])
def test_rows_that_were_good_then_say_so(fresh_sandbox, fault):
    sandbox = fresh_sandbox
    sandbox.admin.aggregator(0.05)
    offer = sandbox.offer(province="ningxia")
    name, least = offer["metadata"]["name"], offer["spec"]["minCards"]
    body = sandbox.order_body("meanwhile", {name: least})
    sandbox.admin.faults(province="ningxia", method="GET", **fault)
    assert sandbox.post("/v1/orders", body).status_code == 201
    sandbox.admin.advance(300)
    state = "ok" if "stale" in fault else "slow"
    lists = {plural: sandbox.get(f"/v1/{plural}", limit=5000).json() for plural in (*HAVING_PROVINCES, "subplatforms")}
    for answer in lists.values():
        told = next(each for each in answer["metadata"]["subplatforms"] if each["name"] == "ningxia")
        assert told["state"] == state and answer["metadata"]["complete"] is False
        assert told["asOf"] < as_of(answer, "henan")
    then = as_of(lists["offers"], "ningxia")
    for plural in HAVING_PROVINCES:
        now = as_of(lists[plural], "henan")
        assert {each["status"]["asOf"] for each in lists[plural]["items"]} == {then, now}, plural
    shown = next(each for each in lists["offers"]["items"] if each["metadata"]["name"] == name)
    assert shown["status"] == offer["status"] | {"asOf": then}
    assert sandbox.get(f"/v1/offers/{name}").json() == shown
    provider = offer["spec"]["provider"]
    assert sandbox.get(f"/v1/providers/{provider}").json()["status"]["asOf"] == then
    assert sandbox.get("/v1/subplatforms/ningxia").json()["status"]["asOf"] == then
    own = next(each for each in lists["subplatforms"]["items"] if each["metadata"]["name"] == "ningxia")
    assert (own["status"]["state"], own["status"]["asOf"]) == (state, then)
    rows = sandbox.get(
        "/v1/offers", fieldSelector=f"metadata.name={name}", fields="status.free,status.asOf", **{"as": "rows"}
    ).json()["rows"]
    assert rows == [[offer["status"]["free"], then]]
    sandbox.admin.clear_faults()
    live = sandbox.get(f"/v1/offers/{name}").json()["status"]
    assert live["free"] == offer["status"]["free"] - least and live["asOf"] > then


def test_what_is_behind_for_a_minute_is_still_complete(fresh_sandbox):
    fresh_sandbox.admin.faults(province="ningxia", stale=True)
    fresh_sandbox.admin.advance(50)
    assert fresh_sandbox.get("/v1/offers", limit=1).json()["metadata"]["complete"] is True
    fresh_sandbox.admin.advance(20)
    assert fresh_sandbox.get("/v1/offers", limit=1).json()["metadata"]["complete"] is False


@pytest.mark.parametrize(("fault", "state"), [("down", "down"), ("denied", "denied")])
@pytest.mark.parametrize("plural", HAVING_PROVINCES)
def test_no_rows_of_one_that_is_absent(sandbox, plural, fault, state):
    mine = sandbox.items(f"/v1/{plural}", province="henan")
    whole = sandbox.items(f"/v1/{plural}")
    sandbox.admin.faults(province="henan", **{fault: True})
    answer = sandbox.get(f"/v1/{plural}", limit=5000).json()
    assert (states(answer), answer["metadata"]["complete"]) == ({"henan": state}, False)
    left = {each["metadata"]["name"] for each in answer["items"]}
    assert left == {each["metadata"]["name"] for each in whole} - {each["metadata"]["name"] for each in mine}
    one = sandbox.get(f"/v1/{plural}/{mine[0]['metadata']['name']}")
    refusal = (403, "Forbidden") if fault == "denied" else (503, "Overloaded")
    assert (one.status_code, one.json()["reason"], one.json()["subplatform"]) == (*refusal, "henan")
    assert "henan" in one.json()["detail"]


def test_all_of_them_down(sandbox):
    for province in sandbox.items("/v1/subplatforms"):
        sandbox.admin.faults(province=province["metadata"]["name"], down=True)
    answer = sandbox.get("/v1/offers").json()
    assert (answer["items"], answer["metadata"]["complete"]) == ([], False)
    assert set(states(answer).values()) == {"down"}
    view = sandbox.get("/v1/overview").json()
    assert view["status"]["total"]["capacityCards"] == 0 and view["metadata"]["complete"] is False


@pytest.mark.parametrize(
    ("plural", "narrowed"),
    [
        ("offers", {"excludeProvince": "henan"}),
        ("offers", {"province": "shanxi,jiangsu"}),
        ("providers", {"subplatform": "shanxi"}),
        ("offers", {"provider": "of-shanxi"}),
        ("models", {}),
        ("scenarios", {}),
        ("models", {"province": "shanxi"}),
    ],
)
def test_who_is_not_asked_cannot_make_a_list_incomplete(sandbox, plural, narrowed):
    if narrowed.get("provider"):
        narrowed = {"provider": sandbox.items("/v1/providers", province="shanxi")[0]["metadata"]["name"]}
    sandbox.admin.faults(province="henan", down=True)
    answer = sandbox.get(f"/v1/{plural}", limit=1, **narrowed).json()
    assert answer["metadata"]["complete"] is True
    assert "henan" not in {each["name"] for each in answer["metadata"]["subplatforms"]}


def test_models_of_a_province_are_those_of_the_ones_that_answer(sandbox):
    def names(**query):
        return {each["metadata"]["name"] for each in sandbox.items("/v1/models", **query)}

    shanxi, both = names(province="shanxi"), names(province="shanxi,henan")
    sandbox.admin.faults(province="henan", down=True)
    assert names(province="shanxi,henan") == shanxi <= both
    answer = sandbox.get("/v1/models", province="henan").json()
    assert (answer["items"], states(answer)) == ([], {"henan": "down"})
    unknown = sandbox.get("/v1/models", province="atlantis")
    assert (unknown.status_code, unknown.json()["reason"]) == (422, "UnknownValue")


def test_the_worst_of_several_faults_is_told(quick):
    quick.admin.faults(province="henan", slow=True)
    quick.admin.faults(province="henan", latency="60s")
    quick.admin.faults(province="henan", down=True)
    assert states(quick.get("/v1/offers", limit=1).json()) == {"henan": "down"}
    quick.admin.faults(province="henan", denied=True)
    assert states(quick.get("/v1/offers", limit=1).json()) == {"henan": "denied"}


def test_a_fault_of_one_list_is_counted_once_a_list(quick):
    quick.admin.faults(province="henan", latency="60s", count=2)
    told = [states(quick.get("/v1/offers", limit=1).json()) for _ in range(3)]
    assert told == [{"henan": "slow"}, {"henan": "slow"}, {}]
    offer = quick.offer(province="henan")["metadata"]["name"]
    quick.admin.faults(province="henan", down=True, count=1)
    assert [quick.get(f"/v1/offers/{offer}").status_code for _ in range(2)] == [503, 200]


def test_orders_of_a_denied_province_are_refused(sandbox):
    offer = sandbox.offer(province="henan")
    body = sandbox.order_body(f"denied-{uuid.uuid4().hex[:6]}", {offer["metadata"]["name"]: offer["spec"]["minCards"]})
    sandbox.admin.faults(province="henan", denied=True)
    answer = sandbox.post("/v1/orders", body)
    assert (answer.status_code, answer.json()["reason"], answer.json()["subplatform"]) == (403, "Forbidden", "henan")


def test_the_overview_shows_who_is_behind_and_leaves_out_who_is_absent(fresh_sandbox):
    sandbox = fresh_sandbox
    before = {each["name"]: each for each in sandbox.get("/v1/overview").json()["status"]["subplatforms"]}
    sandbox.admin.aggregator(0.05)
    sandbox.admin.faults(province="ningxia", latency="60s", path="/v1/overview")
    sandbox.admin.faults(province="henan", denied=True)
    offer = sandbox.offer(province="ningxia")
    sandbox.buy("behind", {offer["metadata"]["name"]: offer["spec"]["minCards"]})
    sandbox.admin.advance(100)
    view = sandbox.get("/v1/overview").json()
    rows = {each["name"]: each for each in view["status"]["subplatforms"]}
    assert rows["ningxia"]["freeCards"] == before["ningxia"]["freeCards"]
    assert (rows["ningxia"]["state"], rows["ningxia"]["asOf"]) == ("slow", as_of(view, "ningxia"))
    assert rows["ningxia"]["asOf"] < rows["shanxi"]["asOf"] == as_of(view, "shanxi")
    assert (rows["henan"]["state"], rows["henan"]["capacityCards"]) == ("denied", 0)
    total = sum(each["capacityCards"] for name, each in before.items() if name != "henan")
    assert view["status"]["total"]["capacityCards"] == total


@pytest.mark.parametrize("speed", [1, 36_000])
def test_what_is_of_now_is_of_the_time_the_answer_tells(tmp_path, speed):
    """However fast the clock runs: ages are reckoned against X-Ccpp-Time."""
    from sandbox_server import running

    with running(tmp_path / "fast", seed=1, speed=speed) as fast:
        answer = fast.get("/v1/offers", limit=1)
        assert answer.json()["items"][0]["status"]["asOf"] == answer.headers["x-ccpp-time"]


def test_denied_and_stale_are_of_a_province(sandbox):
    for effect in ("denied", "stale", "slow"):
        with pytest.raises(AssertionError, match=f"is required with {effect}"):
            sandbox.admin.faults(**{effect: True})
