"""label: kubectl's words and rules, against a live sandbox, also when somebody else is quicker."""

from __future__ import annotations

import json

import pytest

from client import Client
from cpctl.commands.label import divided
from cpctl.errors import UsageError
from fake_platform import good, platform, problem
from fixed_platform import objects


@pytest.fixture
def order(sandbox, request):
    name = "label-" + "".join(c if c.isalnum() else "-" for c in request.node.name)[-40:].strip("-").lower()
    bought = sandbox.buy(name, {sandbox.offer(1)["metadata"]["name"]: 1})
    yield name
    sandbox.act(bought, "release")


def labels(sandbox, name):
    return sandbox.get(f"/v1/orders/{name}").json()["metadata"]["labels"]


def test_labels_come_change_and_go(cp, sandbox, order):
    assert cp("label", f"order/{order}", "team=nlp", "stage=dev").out == f"order/{order} labeled\n"
    assert labels(sandbox, order) == {"team": "nlp", "stage": "dev"}
    assert cp("label", "order", order, "team=nlp").out == f"order/{order} not labeled\n"
    refused = cp("label", f"order/{order}", "team=cv", "new=1")
    assert (refused.code, refused.err) == (2, "error: 'team' already has a value (nlp), and --overwrite is false\n")
    assert labels(sandbox, order) == {"team": "nlp", "stage": "dev"}
    assert cp("label", f"order/{order}", "team=cv", "--overwrite").out == f"order/{order} labeled\n"
    assert cp("label", f"order/{order}", "stage-").out == f"order/{order} unlabeled\n"
    gone = cp("label", f"order/{order}", "stage-")
    assert (gone.out, gone.err, gone.code) == (f"order/{order} not labeled\n", 'label "stage" not found.\n', 0)
    assert labels(sandbox, order) == {"team": "cv"}
    assert cp("label", f"order/{order}", "a.example/b=", "--list").out == "a.example/b=\nteam=cv\n"
    assert cp("label", f"order/{order}", "x=y", "-o", "name").out == f"order/{order}\n"
    assert cp("label", f"order/{order}", "x-", "-o", "json").json["metadata"]["labels"] == {
        "a.example/b": "",
        "team": "cv",
    }
    assert cp("get", "orders", "-l", "team=cv", "-o", "name").out == f"order/{order}\n"


def test_labels_of_several_orders_are_told_apart(tmp_path):
    def answer(_method, path):
        name = path.partition("?")[0].rpartition("/")[2]
        return good({**objects()["orders"][0], "metadata": {"name": name, "labels": {"of": name}}})

    with platform(answer) as env:
        shown = Client(tmp_path, env=env)("label", "order/a1", "order/b1", "--list").out
    assert shown == "Listing labels for order/a1:\nof=a1\nListing labels for order/b1:\nof=b1\n"


def test_what_is_missing_or_no_order(cp):
    assert cp("label", "order/no-such-order", "a=b").code == 3
    offers = cp("label", "offer/of-1", "a=b")
    assert offers.code == 2 and "takes orders, not offers" in offers.err
    assert "no label given" in cp("label", "order/x").err


@pytest.mark.parametrize("word", ["=b", "a b=c", "-", "a=" + "x" * 64, "a=b c", "a=-b", "山西=1", "a=$(id)", "a=b\n"])
def test_no_label(word):
    with pytest.raises(UsageError):
        divided(["order/x", word])


def test_one_label_twice():
    with pytest.raises(UsageError, match="twice"):
        divided(["order/x", "a=b", "a-"])


@pytest.mark.parametrize(("stale", "code", "writes"), [(1, 0, 2), (2, 0, 3), (9, 5, 3)])
def test_somebody_else_is_quicker(tmp_path, stale, code, writes):
    order, sent, versions = objects()["orders"][0], [], iter(range(100, 200))

    def answer(method, path):
        if method == "GET":
            return good({**order, "metadata": {**order["metadata"], "resourceVersion": str(next(versions))}})
        sent.append(path)
        return problem(409, "StaleVersion") if len(sent) <= stale else good(order)

    with platform(answer) as env:
        result = Client(tmp_path, env=env)("label", "order/train-7b", "fresh=yes", "-o", "json")
    assert (result.code, len(sent)) == (code, writes)
    if code:
        assert result.error["reason"] == "StaleVersion" and json.loads(result.err)["error"]["code"] == 5
