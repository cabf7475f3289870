"""api: the raw platform, under the profile's limits."""

from __future__ import annotations

import json
import uuid

import pytest

from client import Client
from proxy import RecordingProxy


@pytest.fixture
def cp(tmp_path, sandbox):
    return Client(tmp_path, env=sandbox.env)


def cheapest(sandbox):
    """An offer that one card can be had of."""
    return min(
        (o for o in sandbox.items("/v1/offers", billing="on-demand", cards=1) if o["spec"]["minCards"] == 1),
        key=lambda offer: float(offer["spec"]["price"]),
    )


def order(sandbox, **more):
    offer = cheapest(sandbox)
    name, price = offer["metadata"]["name"], offer["spec"]["price"]
    document = {
        "metadata": {"name": f"raw-{uuid.uuid4().hex[:10]}"},
        "spec": {"accelerator": [offer["spec"]["accelerator"]], "cards": 1, "duration": "1h"},
        "allocations": [{"offer": name, "cards": 1, "price": price}],
    }
    return json.dumps(document | more)


PLACE = ("api", "POST", "/v1/orders?project=default", "--input", "-")


def test_get_prints_the_answer(cp):
    assert cp("api", "GET", "/v1").json["contract"] == "v1"
    assert cp("api", "v1/offers", "-f", "limit=2", "-f", "billing=spot").json["kind"] == "List"
    assert cp("api", "get", "/v1/offers?limit=1").json["items"][0]["kind"] == "Offer"


def test_paginate_prints_one_document_with_every_object(cp, sandbox):
    document = cp("api", "GET", "/v1/offers?limit=100", "--paginate", "-f", "province=shanxi").json
    assert document["kind"] == "List" and len(document["items"]) == len(sandbox.items("/v1/offers", province="shanxi"))
    assert cp("api", "GET", "/v1", "--paginate").code == 1
    assert cp("api", "POST", "/v1/quotes", "--paginate").code == 2


def test_the_contract_is_printed(cp):
    out = cp("api", "--openapi").out
    assert out.startswith("openapi: 3.1.0") and "/v1/orders" in out


def test_errors_keep_their_words_and_codes(cp):
    missing = cp("api", "GET", "/v1/orders/none?project=default")
    assert (missing.code, missing.err) == (3, 'Error from server (NotFound): orders "none" not found\n')
    assert cp("api", "GET", "/v1/offers?province=atlantis").code == 2


@pytest.mark.parametrize(
    "path",
    ["https://evil.example/v1", "//evil.example/v1", "/v1/../sandbox", "/v1/%2e%2e/x", "/v1 x", "/v1\n", "/v1/价"],
)
def test_no_path_leaves_the_platform(cp, path):
    done = cp("api", "GET", path)
    assert done.code == 2 and len(done.err.splitlines()) == 1


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["FROB", "/v1"],
        ["GET", "/v1", "--input", "-"],
        ["POST", "/v1/quotes", "-f", "x"],
        ["POST", "/v1/quotes", "-f", "=x"],
        ["POST", "/v1/quotes", "-f", "a=b", "--input", "-"],
        ["POST", "/v1/quotes", "--input", "/none"],
    ],
)
def test_calls_that_mean_nothing_are_one_line(cp, words):
    done = cp("api", *words)
    assert done.code in (1, 2) and len(done.err.splitlines()) == 1


def test_an_order_is_placed_only_with_yes(cp, sandbox):
    body = order(sandbox)
    refused = cp(*PLACE, stdin=body)
    assert refused.code == 2 and "--yes" in refused.err
    name = json.loads(body)["metadata"]["name"]
    assert cp("api", "GET", f"/v1/orders/{name}?project=default").code == 3
    placed = cp(*PLACE, "--yes", stdin=body)
    assert placed.code == 0 and placed.json["status"]["phase"] == "Held" and sandbox.url in placed.err
    uid = json.dumps({"uid": placed.json["metadata"]["uid"]})
    assert cp("api", "POST", f"/v1/orders/{name}/activate?project=default", "--input", "-", stdin=uid).code == 2
    released = cp("api", "POST", f"/v1/orders/{name}/release?project=default", "--input", "-", stdin=uid)
    assert released.code == 0, released.err
    assert cp(*PLACE, "--yes", stdin=body.replace('"1h"', '"2h"')).code == 5


@pytest.mark.parametrize(
    "path", ["/v1//orders?project=default", "/v1/%6frders?project=default", "/v1/orders/?project=default"]
)
def test_an_order_spelled_otherwise_needs_yes_too(cp, sandbox, path):
    assert cp("api", "POST", path, "--input", "-", stdin=order(sandbox)).code == 2


def test_the_least_limit_travels_with_the_request(cp, sandbox):
    for limits, env in (({}, "0.01"), ({"maxOrder": "9999.00"}, "0.01"), ({"maxOrder": "0.01"}, "9999.00")):
        done = cp(*PLACE, "--yes", stdin=order(sandbox, limits=limits), env={"CPCTL_MAX_ORDER": env})
        assert done.code == 7, done.err
    assert cp(*PLACE, "--yes", stdin=order(sandbox, limits=5)).code == 2
    assert cp(*PLACE, "--yes", stdin="[").code == 2


def test_a_raw_call_cannot_be_held_to_max_call_or_residency(cp, sandbox):
    words = ("api", "POST", "/openai/v1/chat/completions", "--yes", "--input", "-")
    body = json.dumps({"model": "deepseek-v3.2", "messages": [{"role": "user", "content": "你好"}], "max_tokens": 8})
    assert cp(*words, stdin=body).json["object"] == "chat.completion"
    assert cp(*words, stdin=body, env={"CPCTL_MAX_CALL": "1.00"}).code == 7
    cp("config", "set", "server", sandbox.url, "--profile", "here")
    cp("config", "set", "residency.provinces", "shanghai")
    assert cp(*words, stdin=body).code == 7
    assert cp(*PLACE, "--yes", stdin=order(sandbox)).code == 7


def test_an_order_whose_answer_was_lost_is_finished_by_the_same_command(cp, sandbox):
    body = order(sandbox)
    name = json.loads(body)["metadata"]["name"]
    with RecordingProxy(sandbox.url, lambda one: 0 if one.line.startswith("POST") else None) as proxy:
        lost = cp(*PLACE, "--yes", stdin=body, env={"CPCTL_SERVER": proxy.url})
        proxy.cut = lambda one: None
        again = cp(*PLACE, "--yes", stdin=body, env={"CPCTL_SERVER": proxy.url})
        first, second = proxy.sent("POST", "/v1/orders?")
    assert lost.code == 11 and "POST /v1/orders" in lost.err and "same command again" in lost.err
    assert again.code == 0 and again.json["metadata"]["name"] == name
    assert first.body == second.body and first.header("idempotency-key") == second.header("idempotency-key")
    assert sum(line["ref"] == name and line["kind"] == "reserve" for line in sandbox.ledger()) == 1


def test_secret_fields_are_masked(cp, sandbox):
    body = order(sandbox)
    name = json.loads(body)["metadata"]["name"]
    placed = cp(*PLACE, "--yes", stdin=body).json
    sandbox.act(placed, "activate")
    active = sandbox.wait(name, "Active")
    shown = cp("api", f"/v1/access/{name}?project=default")
    sandbox.act(active, "release")
    assert shown.json["status"]["kubeconfig"] == "***"
    assert sandbox.get(f"/v1/access/{name}").json() != shown.json
