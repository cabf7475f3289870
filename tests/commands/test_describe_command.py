"""describe: everything about an object, on a terminal and in a pipe."""

from __future__ import annotations

import pytest

from cpctl.commands.describe import sellable
from cpctl.commands.related import RELATIONS
from cpctl.fields import fields_of
from cpctl.registry import KINDS, find
from cpctl.resources.yamldoc import yaml_documents
from fake_platform import ORDER, holding, listed, platform, problem, samples
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


@pytest.mark.parametrize("relation", [one for held in RELATIONS.values() for one in held], ids=lambda one: one.title)
def test_a_related_list_asks_for_what_there_is(relation):
    kind = find(relation.plural)
    assert {relation.field, *relation.columns} <= set(fields_of(kind))
    assert relation.parameter is None or relation.parameter in kind.filters


@pytest.mark.parametrize(
    ("kind", "name", "plural", "filter"),
    [
        ("subplatform", "shanxi", "providers", "subplatform"),
        ("provider", "sbx-sx-04", "products", "provider"),
        ("model", "deepseek-v3.2", "sources", "model"),
    ],
)
def test_what_belongs_to_an_object(cp, sandbox, kind, name, plural, filter):
    wanted = sandbox.items(f"/v1/{plural}", **{filter: name})
    shown = cp("describe", kind, name).out.partition(f"\n{plural.capitalize()}:\n")[2].splitlines()
    named = [one["spec"]["provider"] if kind == "model" else one["metadata"]["name"] for one in wanted]
    assert wanted and [line.split()[0] for line in shown[1 : len(wanted) + 1]] == named


def test_the_offers_of_a_product_and_how_many_of_each_can_be_bought(cp, sandbox):
    offer = sandbox.offer(8)
    result = cp("describe", "product", offer["spec"]["product"])
    assert f"  {offer['metadata']['name']} " in result.out.partition("\nOffers:\n")[2]
    assert f"Can Be Bought:     {sellable(offer)}\n" in cp("describe", "offer", offer["metadata"]["name"]).out


@pytest.mark.parametrize(
    ("least", "step", "free", "state", "said"),
    [
        (1, 1, 3, "ok", "1 to 3 cards"),
        (1, 1, 1, "ok", "1 card"),
        (8, 8, 71, "ok", "8 to 64 cards, in steps of 8"),
        (8, 8, 8, "ok", "8 cards"),
        (8, 8, 7, "ok", None),
        (4, 2, 11, "ok", "4 to 10 cards, in steps of 2"),
        (1, 1, 3, "down", None),
        (0, 0, 3, "ok", None),
        (1, "1", 3, "ok", None),
    ],
)
def test_how_many_cards_an_order_may_take(least, step, free, state, said):
    offer = {"spec": {"minCards": least, "stepCards": step}, "status": {"free": free, "state": state}}
    assert sellable(offer) == said


def test_a_scenario_is_a_manifest_that_apply_takes(cp, sandbox, tmp_path):
    out = cp("describe", "scenario", "agriculture-seeds").out
    lines = out.partition("\nManifest:\n")[2].splitlines()
    (order,) = yaml_documents("\n".join(line.removeprefix("  ") for line in lines))
    scenario = sandbox.get("/v1/scenarios/agriculture-seeds").json()
    assert (order["kind"], order["spec"]) == ("Order", scenario["spec"]["order"])
    manifest = tmp_path / "order.yaml"
    manifest.write_text("\n".join(line.removeprefix("  ") for line in lines), encoding="utf-8")
    assert cp("apply", "-f", str(manifest)).code == 0
    assert cp("release", "order/agriculture-seeds").code == 0


def test_an_order_tells_its_cards_by_machine_and_what_its_bills_come_to(cp, real, sandbox):
    out = cp("describe", "order", ORDER).out
    cards, bills = sandbox.items("/v1/cards", order=ORDER), sandbox.items("/v1/bills", order=ORDER)
    rows = out.partition("\nCards:\n")[2].partition("\nBills:\n")[0].splitlines()[1:]
    assert sum(int(row.split()[-1]) for row in rows) == len(cards)
    assert {row.split()[0] for row in rows} == {card["spec"]["node"] for card in cards}
    assert f"  Lines:       {len(bills)}\n" in out and bills[0]["status"]["amount"] in out


def refusing(plural, objects):
    """A platform that has these objects, and refuses one list."""
    answer = holding(objects)
    return lambda method, path: (
        problem(403, "Forbidden") if path.partition("?")[0] == f"/v1/{plural}" else answer(method, path)
    )


@pytest.mark.parametrize(
    ("kind", "plural"),
    [(name, one.plural) for name, held in RELATIONS.items() for one in held]
    + [("order", "events"), ("card", "events")],
)
def test_a_related_list_that_fails_is_said_and_hides_nothing(cp, real, kind, plural):
    item = real[find(kind).plural][0]
    with platform(refusing(plural, {find(kind).plural: [item]})) as env:
        result = cp("describe", kind, "x", env=env)
    assert result.code == 0 and item["metadata"]["name"] in result.out
    assert f"the {plural} of {kind}/{item['metadata']['name']} are not known: " in result.err
    assert "<unknown>" in next(line for line in result.lines if line.startswith(f"{plural.capitalize()}:"))


def test_amounts_that_are_none_are_not_summed(cp, real):
    order, bill = real["orders"][0], real["bills"][0]
    spoilt = {
        **bill,
        "spec": {**bill["spec"], "order": order["metadata"]["name"]},
        "status": {**bill["status"], "amount": "1e999999999"},
    }
    with platform(holding({"orders": [order], "bills": [spoilt]})) as env:
        result = cp("describe", "order", "x", env=env)
    assert result.code == 0 and "Bills:" in result.out and "are not known" in result.err


def test_a_server_that_ignores_the_filter_is_not_believed(cp, real):
    model, sources = real["models"][0], real["sources"]
    stranger = {**sources[0], "spec": {**sources[0]["spec"], "model": "another", "provider": "sbx-zz-99"}}
    with platform(holding({"models": [model], "sources": [stranger]})) as env:
        assert "sbx-zz-99" not in cp("describe", "model", "x", env=env).out


def test_a_long_related_list_is_cut_and_says_so(cp, real):
    model, source = real["models"][0], real["sources"][0]
    own = {**source, "spec": {**source["spec"], "model": model["metadata"]["name"]}}
    answer = holding({"models": [model]})

    def many(method, path):
        is_list = path.startswith("/v1/sources?")
        return listed([own] * 100, remainingItemCount=312, **{"continue": "x"}) if is_list else answer(method, path)

    with platform(many) as env:
        result = cp("describe", "model", "x", env=env)
    assert "Sources Not Shown: 312" in " ".join(result.out.split()) and result.out.count(own["spec"]["provider"]) == 100


def test_hostile_words_in_related_lists(cp, real):
    model, source = real["models"][0], real["sources"][0]
    evil = "\x1b]0;x\x07\u202e"
    own = {
        **source,
        "spec": {**source["spec"], "model": model["metadata"]["name"], "provider": evil, "priceUnit": evil},
    }
    with platform(holding({"models": [model], "sources": [own]})) as env:
        shown = cp("describe", "model", "x", env=env, tty=True).out + cp("describe", "source", "x", env=env).out
    assert not set(shown) & set("\x1b\x07\u202e")


def test_a_province_that_is_down_is_said_of_what_belongs_to_it(cp, sandbox):
    sandbox.admin.faults(province="qinghai", down=True)
    result = cp("describe", "model", "deepseek-v3.2")
    assert result.code == 0 and "incomplete: qinghai is down" in result.err and "sbx-sx-11" in result.out
    its_own = cp("describe", "sp", "qinghai")
    assert "Providers:         <unknown>\n" in its_own.out


def test_a_selector_chooses_what_is_described(cp, real, sandbox):
    def names(*words):
        return [line.split()[1] for line in cp("describe", *words).lines if line.startswith("Name:")]

    by_label = [one["metadata"]["name"] for one in sandbox.items("/v1/orders", labelSelector="!nosuch")]
    assert names("orders", "-l", "!nosuch") == by_label and ORDER in by_label
    assert names("sp", "--field-selector", "spec.province in (shanxi,henan)") == ["henan", "shanxi"]
    nothing = cp("describe", "orders", "-l", "team=nobody")
    assert (nothing.code, nothing.out) == (0, "") and nothing.err.startswith("No resources found")


@pytest.mark.parametrize(
    "words",
    [
        ["order", ORDER, "-l", "a=b"],
        ["order/x", "--field-selector", "status.phase=Held"],
        ["orders", "-l", "a=b=c"],
        ["orders", "--field-selector", "status.fase=Held"],
    ],
    ids=" ".join,
)
def test_selectors_that_cannot_be(cp, words):
    result = cp("describe", *words)
    assert result.code == 2 and result.out == "" and result.err.count("\n") == 1
