"""Rehearsals: each fault does what it says, to what it names, as often as it was told."""

import time
import uuid

import httpx
import pytest


def test_a_province_that_is_down_is_missing_and_said_so(sandbox):
    there = sandbox.get("/v1/offers", province="qinghai", limit=1).json()["items"][0]
    sandbox.admin.faults(province="qinghai", down=True)
    answer = sandbox.get("/v1/offers", limit=5000).json()
    assert "qinghai" not in {each["spec"]["province"] for each in answer["items"]}
    assert answer["metadata"]["complete"] is False
    assert {each["name"]: each["state"] for each in answer["metadata"]["subplatforms"]}["qinghai"] == "down"
    assert sandbox.get("/v1/offers", province="shanxi", limit=1).json()["metadata"]["complete"] is True
    homes = {each["metadata"]["name"] for each in sandbox.items("/v1/providers")}
    assert not any(name.startswith("sbx-qh") for name in homes)
    states = {each["metadata"]["name"]: each["status"]["state"] for each in sandbox.items("/v1/subplatforms")}
    assert (states["qinghai"], states["shanxi"]) == ("down", "ok")
    assert sandbox.get("/v1/overview").json()["metadata"]["complete"] is False
    one = sandbox.get(f"/v1/offers/{there['metadata']['name']}")
    assert (one.status_code, one.json()["reason"], one.headers["retry-after"]) == (503, "Overloaded", "1")
    sandbox.admin.clear_faults()
    body = sandbox.order_body(f"down-{uuid.uuid4().hex[:6]}", {there["metadata"]["name"]: there["spec"]["minCards"]})
    sandbox.admin.faults(province="qinghai", down=True)
    placed = sandbox.post("/v1/orders", body)
    assert (placed.status_code, placed.json()["reason"]) == (503, "Overloaded")
    assert sandbox.get(f"/v1/orders/{body['metadata']['name']}").status_code == 404
    sandbox.admin.clear_faults()
    assert sandbox.get("/v1/offers", limit=1).json()["metadata"]["complete"] is True


def test_a_slow_province_shows_what_it_was(sandbox):
    offer = sandbox.offer(province="ningxia")
    name = offer["metadata"]["name"]
    sandbox.admin.faults(province="ningxia", slow=True)
    order = sandbox.buy(f"slow-{uuid.uuid4().hex[:6]}", {name: offer["spec"]["minCards"]})
    answer = sandbox.get("/v1/offers", province="ningxia", limit=5000).json()
    shown = next(each for each in answer["items"] if each["metadata"]["name"] == name)
    assert shown["status"]["asOf"] >= offer["status"]["asOf"]  # when the fault was set: a second may have passed
    assert shown | {"status": shown["status"] | {"asOf": offer["status"]["asOf"]}} == offer
    assert answer["metadata"]["complete"] is False
    assert answer["metadata"]["subplatforms"][0]["state"] == "slow"
    sandbox.act(order, "release")


def test_latency_waits(sandbox):
    sandbox.admin.faults(path="/v1/offers", latency=0.3, count=1)
    begin = time.monotonic()
    sandbox.get("/v1/offers", limit=1)
    assert time.monotonic() - begin >= 0.3
    sandbox.admin.faults(province="henan", latency="1s", count=1)
    begin = time.monotonic()
    sandbox.get("/v1/offers", limit=1, province="shanxi")
    assert time.monotonic() - begin < 0.9
    sandbox.get("/v1/offers", limit=1, province="henan")
    assert time.monotonic() - begin >= 1


def test_errors_come_as_often_as_told(sandbox):
    sandbox.admin.faults(path="/v1/whoami", error=503, count=2)
    assert [sandbox.get("/v1/whoami").status_code for _ in range(4)] == [503, 503, 200, 200]
    sandbox.admin.faults(path="/v1/whoami", error=502, rate=0.5)
    statuses = [sandbox.get("/v1/whoami").status_code for _ in range(100)]
    assert 20 < statuses.count(502) < 80
    assert statuses.count(502) + statuses.count(200) == 100


def test_a_method_is_named_alone(sandbox):
    sandbox.admin.faults(path="/v1/quotes", method="POST", error=500)
    assert sandbox.post("/v1/quotes", {}, key=None).status_code == 422, "a bad request is refused before faults act"
    assert sandbox.get("/v1/offers", limit=1).status_code == 200


def test_sold_out_is_a_race_lost(sandbox):
    offer = sandbox.offer()
    body = sandbox.order_body(f"sold-{uuid.uuid4().hex[:6]}", {offer["metadata"]["name"]: offer["spec"]["minCards"]})
    sandbox.admin.faults(province=offer["spec"]["province"], soldOut=True, count=1)
    answer = sandbox.post("/v1/orders", body)
    assert (answer.status_code, answer.json()["reason"], answer.json()["available"]) == (409, "NoCapacity", 0)
    assert sandbox.post("/v1/orders", body).status_code == 201


def test_html_instead_of_an_answer(sandbox):
    sandbox.admin.faults(path="/v1/offers", html=True, count=1)
    answer = sandbox.get("/v1/offers")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize("path", ["/v1/offers", "/openai/v1/models"])
def test_half_a_body(sandbox, path):
    sandbox.admin.faults(path=path, truncate=True, count=1)
    with pytest.raises(httpx.RemoteProtocolError):
        sandbox.get(path)
    assert sandbox.get(path).status_code == 200


def test_a_line_cut_without_a_byte(sandbox):
    sandbox.admin.faults(path="/v1/whoami", dropAfterCommit=True, count=1)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        sandbox.get("/v1/whoami")
    assert sandbox.get("/v1/whoami").status_code == 200


def test_a_drip_is_slow_and_whole(sandbox):
    whole = sandbox.get("/v1/subplatforms", fields="metadata.name").json()["items"]
    sandbox.admin.faults(path="/v1/subplatforms", slowDrip=True, count=1)
    begin = time.monotonic()
    assert sandbox.get("/v1/subplatforms", fields="metadata.name").json()["items"] == whole
    assert time.monotonic() - begin > 1


def test_faults_are_shown_and_cleared(sandbox):
    rule = sandbox.admin.faults(province="henan", path="/v1/offers", latency="2s", rate=0.5, count=7)
    assert rule["left"] == 7
    assert sandbox.admin.state()["faults"] == [rule]
    sandbox.admin.clear_faults()
    assert sandbox.admin.state()["faults"] == []


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"province": "henan"},
        {"down": "yes"},
        {"province": "atlantis", "down": True},
        {"error": 200},
        {"rate": 2, "down": True},
    ],
)
def test_a_fault_that_cannot_be(sandbox, rule):
    with pytest.raises(AssertionError, match="Invalid"):
        sandbox.admin.faults(**rule)


def test_model_calls_meet_faults_too(sandbox):
    sandbox.admin.faults(path="/openai/v1/models", error=503, count=1)
    answer = sandbox.get("/openai/v1/models")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "Unavailable")
