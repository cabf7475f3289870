"""describe: everything about an object, on a terminal and in a pipe."""

from __future__ import annotations

import pytest

from cpctl.registry import KINDS
from fake_platform import ORDER, holding, platform, samples
from tests.client import Client

KIND = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.plural)


@pytest.fixture(scope="module")
def real(shared_sandbox):
    return samples(shared_sandbox)


def leaves(value):
    """Every text and figure of an object."""
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from leaves(one)
    elif value is not None and value != "" and not isinstance(value, bool):
        yield str(value)


@KIND
def test_every_field_is_there(cp, real, kind):
    item = real[kind.plural][0]
    with platform(holding({kind.plural: [item]})) as env:
        result = cp("describe", kind.name, item["metadata"]["name"], env=env)
        shown = cp("describe", f"{kind.short}/x", env=env, tty=True)
    assert result.code == 0 and result.err == ""
    assert [text for text in leaves(item) if text not in result.out] == []
    assert result.lines[0].split() == ["Name:", item["metadata"]["name"]]
    assert "\x1b" not in shown.out and len(shown.lines) == len(result.lines)


@KIND
def test_all_of_a_kind(cp, real, kind):
    result = cp("describe", kind.plural)
    if kind.name == "event":
        assert result.code == 2 and "cpctl get events" in result.err
        return
    assert result.code == 0
    names = [line.split(maxsplit=1)[1] for line in result.lines if line.startswith("Name:")]
    assert names == cp("get", kind.plural, "-o", "name").out.replace(f"{kind.name}/", "").split()


@KIND
def test_nothing_to_describe(cp, kind):
    with platform(holding({})) as env:
        result = cp("describe", kind.plural, env=env)
    assert result.code == (2 if kind.name == "event" else 0) and result.out == ""
    assert kind.name == "event" or result.err.startswith("No resources found")


def test_chinese_stands_beside_ids(cp):
    out = cp("describe", "sp", "shanxi").out
    assert "shanxi (山西)" in out and "山西分平台" in out


def test_an_order_with_its_events(cp, real):
    out = cp("describe", "order", ORDER).out
    events = out[out.index("Events:") :]
    assert "Released" in events and events.index("Held") < events.index("Released")


def test_an_active_order_with_the_way_to_its_cards(cp, sandbox):
    sandbox.buy("reach-me", {sandbox.offer(2)["metadata"]["name"]: 2})
    sandbox.act(sandbox.get("/v1/orders/reach-me").json(), "activate")
    order = sandbox.wait("reach-me", "Active")
    hosts = sandbox.get("/v1/access/reach-me").json()["status"]["hosts"]
    result = cp("describe", "order/reach-me")
    sandbox.act(order, "release")
    assert result.code == 0 and all(host["host"] in result.out for host in hosts)
    assert result.out.index("Access:") < result.out.index("Events:")


def test_access_that_is_not_to_be_had_does_not_hide_the_order(cp, real, sandbox):
    order = sandbox.get(f"/v1/orders/{ORDER}").json()
    active = {**order, "status": {**order["status"], "phase": "Active"}}
    with platform(holding({"orders": [active]})) as env:
        result = cp("describe", "order", "x", env=env)
    assert result.code == 0 and "how to reach the cards is not known" in result.err and ORDER in result.out


def test_many_objects_of_many_kinds(cp, real):
    result = cp("describe", "sp/henan", "sp/shanxi", "project/default")
    assert [line.split()[1] for line in result.lines if line.startswith("Name:")] == ["henan", "shanxi", "default"]
    partly = cp("describe", "sp", "henan", "nowhere")
    assert partly.code == 3 and "henan" in partly.out and 'subplatforms "nowhere" not found' in partly.err


def test_somebody_elses_order_is_not_found(cp, sandbox, tmp_path, real):
    other = Client(tmp_path / "other", env={**sandbox.env, "CPCTL_TOKEN": sandbox.token_of("other")})
    assert other("describe", "order", ORDER, "-n", "other").code == 3
    assert other("describe", "order", ORDER).code == 4
