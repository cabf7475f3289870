"""Demands: one held order of their name once stock fits within all limits, whatever dies in between."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest

from cpctl.sandbox import controls, demanding, placing
from cpctl.sandbox.problems import Problem
from cpctl.sandbox.store import Store
from cpctl.sandbox.times import rfc3339
from sandbox_inside import MORNING, Inside

ALL = 40 + 24  # cards that the small catalogue sells on demand


@pytest.fixture
def inside(tmp_path):
    inside = Inside(tmp_path)
    yield inside
    inside.check()
    inside.store.close()


def refused(act):
    with pytest.raises(Problem) as caught:
        act()
    return caught.value


def reopened(inside):
    """What a crash leaves: memory is lost, what was committed is there again."""
    inside.store.db.close()
    inside.store = inside.platform.store = Store(inside.store.path)


def events(inside, name):
    return [
        item.obj["spec"]["reason"]
        for item in inside.store.items("events", "default")
        if item.obj["spec"]["about"] == {"kind": "Demand", "name": name}
    ]


def test_it_is_matched_at_once_when_stock_fits(inside):
    demand = inside.demand("now", 30)
    order = inside.order("now")
    assert (demand.phase, demand.match, order.phase) == ("Matched", "now", "Held")
    assert [(line.offer, line.cards) for line in order.lines] == [("of-b", 24), ("of-a", 6)]  # the cheapest first
    assert order.spec == demand.order_spec
    assert "until" not in order.spec
    assert events(inside, "now") == ["Published", "Matched"]


def test_it_waits_for_stock_and_takes_what_is_freed(inside):
    inside.place("before", {"of-a": 40, "of-b": 20})
    demand = inside.demand("later", 8)
    assert (demand.phase, demand.reason, demand.match) == ("Open", "NoCapacity", None)
    inside.release("before")
    assert inside.found("later").phase == "Matched"
    assert inside.order("later").lines[0].offer == "of-b"


def test_a_hold_that_lapses_frees_stock_in_its_own_time(inside):
    inside.place("lapses", {"of-a": 40, "of-b": 24})
    inside.demand("waits", ALL, spec={"until": rfc3339(MORNING + 901)})
    inside.pass_time(2_000)  # the hold lapsed after 900 s, the demand's end came after 901
    assert inside.found("waits").phase == "Matched"
    assert inside.found("waits").matched_s == MORNING + 900
    assert inside.order("waits").phase == "Expired"  # and its hold lapsed in turn, for nobody switched it on


def test_one_match_only(inside):
    inside.demand("once", 8)
    inside.pass_time(1_000)
    assert inside.order("once").phase == "Expired"
    inside.release("once")
    assert inside.found("once").phase == "Matched"
    assert [order.name for order in inside.all_orders()] == ["once"]
    body_of = {"of-b": 8}
    problem = refused(lambda: inside.place("once", body_of))
    assert (problem.reason, problem.members["phase"]) == ("AlreadyExists", "Expired")


def test_it_is_over_at_its_end(inside):
    inside.demand("over", ALL + 1)
    inside.pass_time(86_401)
    demand = inside.found("over")
    assert (demand.phase, demand.reason, demand.closed_s) == ("Expired", "NoCapacity", MORNING + 86_400)
    assert events(inside, "over") == ["Published", "Expired"]
    inside.pass_time(86_400)
    assert inside.all_orders() == []


@pytest.mark.parametrize(
    ("limits", "own", "reason"),
    [
        ({"maxPrice": "11.0000"}, {}, "NoCapacity"),
        ({}, {"maxPrice": "11.0000"}, "NoCapacity"),
        ({"maxOrder": "2000.00"}, {}, "LimitExceeded"),
        ({}, {"budget": "2000.00"}, "LimitExceeded"),
        ({"maxDay": "2000.00"}, {}, "LimitExceeded"),
    ],
)
def test_no_limit_is_passed(inside, limits, own, reason):
    """30 cards are 24 at 0.8333 and 6 at 11.2345: 2097.75 CNY for a day."""
    demand = inside.demand("limited", 30, limits, {"limits": own} if own else {})
    assert (demand.phase, demand.reason) == ("Open", reason)
    assert inside.all_orders() == []
    assert inside.demand("enough", 30, {"maxOrder": "2097.75", "maxDay": "2097.75"}).phase == "Matched"


def test_the_day_s_limit_lets_it_through_when_the_day_is_over(inside):
    """22:13 in Beijing: what the project has spent today is not tomorrow's."""
    inside.place("today", {"of-b": 8}, duration="1h")
    inside.activate("today", step_s=0.1)
    inside.pass_time(600)
    inside.release("today")
    inside.pass_time(2)
    spent = inside.order("today").charged
    assert spent > 0
    demand = inside.demand("tomorrow", 24, {"maxDay": "480.00"})  # 479.98 CNY by itself
    assert (demand.phase, demand.reason) == ("Open", "LimitExceeded")
    inside.pass_time(2 * 3600)
    assert inside.found("tomorrow").phase == "Matched"


def test_a_price_that_falls_lets_it_through(inside):
    inside.demand("cheap", 30, {"maxPrice": "5.0000"})
    controls.set_price(inside.platform, {"offer": "of-a", "price": "5.0001"})
    assert inside.found("cheap").phase == "Open"
    controls.set_price(inside.platform, {"offer": "of-a", "price": "5"})
    assert inside.found("cheap").phase == "Matched"


def test_placement_is_kept(inside):
    assert inside.demand("split", 41, spec={"placement": {"colocate": "province"}}).phase == "Open"
    assert inside.demand("one", 41, spec={"placement": {"maxProviders": 1}}).phase == "Open"
    assert inside.demand("dear", 25, spec={"placement": {"colocate": "province"}}).phase == "Matched"
    assert [line.offer for line in inside.order("dear").lines] == ["of-a"]
    assert inside.demand("spot", 8, spec={"billing": "spot"}).phase == "Matched"
    assert [line.offer for line in inside.order("spot").lines] == ["of-c"]


def test_funds_that_are_freed_let_it_through(inside):
    with inside.store.change() as change:
        change.db.execute("UPDATE projects SET quota = 50 WHERE name = 'default'")
    inside.place("holds", {"of-a": 40})
    demand = inside.demand("quota", 11)
    assert (demand.phase, demand.reason) == ("Open", "LimitExceeded")
    inside.release("holds")
    assert inside.found("quota").phase == "Matched"


def test_the_earlier_demand_comes_first(inside):
    inside.place("all", {"of-a": 40, "of-b": 24})
    inside.demand("b-first", ALL)
    inside.demand("a-second", ALL)
    inside.release("all")
    assert (inside.found("b-first").phase, inside.found("a-second").phase) == ("Matched", "Open")


def test_a_province_that_does_not_answer_is_left_out(inside):
    inside.platform.faults.add({"province": "ningxia", "down": True}, lambda _: {}, inside.now())
    with inside.store.change() as change:
        body = {"metadata": {"name": "shut"}, "spec": {"accelerator": ["H800"], "cards": 41, "duration": "1h"}}
        body["spec"]["until"] = rfc3339(inside.now() + 3600)
        shut = inside.platform.faults.shut()
        assert demanding.publish(change, body, "default", "dev", inside.now(), shut).phase == "Open"
    inside.platform.settle()
    assert inside.found("shut").phase == "Open"
    inside.platform.faults.clear()
    assert inside.found("shut").phase == "Matched"


def test_names_stand_for_a_demand_or_an_order_both_ways(inside):
    inside.place("an-order", {"of-a": 1})
    problem = refused(lambda: inside.demand("an-order", 1))
    assert (problem.reason, problem.members["phase"], problem.members["specEqual"]) == ("AlreadyExists", "Held", False)
    demand = inside.demand("a-demand", ALL + 1)
    problem = refused(lambda: inside.place("a-demand", {"of-a": 1}))
    assert (problem.reason, problem.members["uid"]) == ("AlreadyExists", demand.uid)
    inside.close("a-demand")
    assert refused(lambda: inside.place("a-demand", {"of-a": 1})).members["phase"] == "Closed"
    again = refused(lambda: inside.demand("a-demand", ALL + 1, {"maxDay": "1.00"}))
    assert (again.members["specEqual"], again.members["phase"]) == (True, "Closed")
    assert refused(lambda: inside.demand("a-demand", ALL)).members["specEqual"] is False


def test_an_order_cannot_replace_a_demand(inside):
    demand = inside.demand("kept", ALL + 1)
    inside.close("kept")
    body = {
        "metadata": {"name": "kept"},
        "spec": {"allocations": [{"offer": "of-a", "cards": 1}], "duration": "1h"},
        "allocations": [{"offer": "of-a", "cards": 1, "price": "11.2345"}],
        "replaces": demand.uid,
    }
    with inside.store.change() as change:
        problem = refused(lambda: placing.place(change, body, "default", "dev", inside.now()))
    assert problem.reason == "AlreadyExists"


@pytest.mark.parametrize("dies", ["place", "tell", "save"])
def test_a_match_that_is_cut_off_leaves_nothing(inside, dies, monkeypatch):
    """kill -9 at any moment of it: the transaction is not there, and the next look makes the match."""
    inside.place("all", {"of-a": 40, "of-b": 24})
    inside.demand("cut", 8)

    class Killed(BaseException):
        pass

    def kill(*_args, **_kwargs):
        raise Killed

    where = {"place": demanding.placing, "tell": demanding, "save": demanding.demands}[dies]
    with monkeypatch.context() as patch:
        patch.setattr(where, dies, kill)
        with pytest.raises(Killed):
            inside.release("all")
    reopened(inside)
    inside.check()
    assert (inside.found("cut").phase, inside.order("all").phase) == ("Open", "Held")
    inside.release("all")
    assert inside.found("cut").phase == "Matched"
    reopened(inside)
    assert (inside.found("cut").phase, inside.order("cut").phase) == ("Matched", "Held")


def test_a_refused_placing_is_undone_wholly(inside, monkeypatch):
    """Also when the refusal comes after cards were taken."""
    hold = demanding.placing.hold

    def late(*args):
        hold(*args)
        raise Problem("InsufficientBalance", "too late")

    with monkeypatch.context() as patch:
        patch.setattr(demanding.placing, "hold", late)
        demand = inside.demand("late", 8)
    assert (demand.phase, demand.reason) == ("Open", "InsufficientBalance")
    inside.check()
    assert inside.all_orders() == []
    with inside.store.change() as change:
        change.eased = True
        inside.platform.match(change, inside.now())
    assert inside.found("late").phase == "Matched"


@pytest.mark.parametrize(
    ("spec", "reason", "field"),
    [
        ({"until": "2020-01-01T00:00:00Z"}, "Invalid", "spec.until"),
        ({"until": "2026-02-30T00:00:00Z"}, "Invalid", "spec.until"),
        ({"duration": "0s"}, "Invalid", "spec.duration"),
        ({"accelerator": ["H900"]}, "UnknownValue", "spec.accelerator"),
        ({"placement": {"provinces": ["atlantis"]}}, "UnknownValue", "spec.placement.provinces"),
        ({"placement": {"providers": ["nobody"]}}, "UnknownValue", "spec.placement.providers"),
    ],
)
def test_what_can_never_be_is_refused(inside, spec, reason, field):
    problem = refused(lambda: inside.demand("never", 8, spec=spec))
    assert (problem.reason, problem.members["field"]) == (reason, field)


def test_one_known_word_will_do(inside):
    """A profile's residency may name provinces that are not connected yet."""
    known = {"accelerator": ["H900", "H800"], "placement": {"provinces": ["atlantis", "shanxi"]}}
    assert inside.demand("some", 8, spec=known).phase == "Matched"


# over HTTP


def unique(stem):
    return f"{stem}-{uuid.uuid4().hex[:8]}"


def test_published_matched_switched_on_and_given_back(sandbox):
    name = unique("whole")
    demand = sandbox.demand(name, cards=2)
    assert (demand["kind"], demand["status"]["phase"], demand["status"]["match"]) == ("Demand", "Matched", name)
    assert sandbox.get(f"/v1/demands/{name}").json() == demand
    order = sandbox.get(f"/v1/orders/{name}").json()
    sandbox.act(order, "activate")
    sandbox.wait(name, "Active")
    sandbox.act(order, "release")
    sandbox.wait(name, "Released")


def test_a_key_publishes_once(sandbox):
    body, key = sandbox.demand_body(unique("key"), cards=90_000), uuid.uuid4().hex
    first, again = (sandbox.post("/v1/demands", body, key=key) for _ in range(2))
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    third = sandbox.post("/v1/demands", body)
    assert (third.status_code, third.json()["specEqual"]) == (409, True)


def test_viewers_may_look_and_not_publish(sandbox):
    name = unique("role")
    sandbox.demand(name, cards=90_000)
    assert sandbox.get(f"/v1/demands/{name}", "viewer").status_code == 200
    assert sandbox.post("/v1/demands", sandbox.demand_body(unique("no")), account="viewer").status_code == 403
    asked = sandbox.post("/v1/can-i", {"verb": "create", "resource": "demands"}, account="viewer", key=None).json()
    assert asked["allowed"] is False


def test_a_deleted_demand_is_hidden_and_its_order_stays(sandbox):
    waiting, matched = sandbox.demand(unique("gone"), cards=90_000), sandbox.demand(unique("stays"), cards=1)
    for demand, phase in ((waiting, "Closed"), (matched, "Matched")):
        name, uid = demand["metadata"]["name"], demand["metadata"]["uid"]
        answer = sandbox.client().delete(f"/v1/demands/{name}", params={"uid": uid})
        assert (answer.status_code, answer.json()["status"]["phase"]) == (200, phase)
        assert sandbox.get(f"/v1/demands/{name}").status_code == 404
        assert sandbox.post("/v1/demands", sandbox.demand_body(name)).json()["reason"] == "AlreadyExists"
    order = sandbox.get(f"/v1/orders/{matched['metadata']['name']}").json()
    assert order["status"]["phase"] == "Held"
    sandbox.act(order, "release")


def test_deleting_and_freeing_at_once_is_one_or_the_other(fresh_sandbox):
    """A demand that is deleted as the cards come free has an order, or it has none and never will."""
    offer = fresh_sandbox.offer(cards=1)
    province, accelerator = offer["spec"]["province"], offer["spec"]["accelerator"]
    same = fresh_sandbox.items("/v1/offers", province=province, accelerator=accelerator, billing="on-demand")
    same = [each for each in same if each["status"]["free"]]
    least = min(each["spec"]["minCards"] for each in same)
    wanted = {"accelerator": [accelerator], "cards": least, "placement": {"provinces": [province]}}
    seen = set()
    for turn in range(12):
        fillers = [
            fresh_sandbox.buy(f"filler-{turn}-{count}", {each["metadata"]["name"]: most_of(each)}, duration="1h")
            for count, each in enumerate(same)
        ]
        demand = fresh_sandbox.demand(f"race-{turn}", **wanted)
        assert demand["status"]["phase"] == "Open"
        name, uid = demand["metadata"]["name"], demand["metadata"]["uid"]
        told = at_once(
            partial(fresh_sandbox.client("dev").delete, f"/v1/demands/{name}", params={"uid": uid}),
            partial(fresh_sandbox.act, fillers[0], "release", account="ci"),
        )
        phase = told[0].json()["status"]["phase"]
        orders = [each for each in fresh_sandbox.orders() if each["metadata"]["name"] == name]
        assert len(orders) == (phase == "Matched")
        seen.add(phase)
        for order in [*fillers[1:], *orders]:
            fresh_sandbox.act(order, "release")
        assert [each for each in fresh_sandbox.orders() if each["metadata"]["name"] == name] == (
            [] if phase == "Closed" else [fresh_sandbox.get(f"/v1/orders/{name}").json()]
        )
    assert seen <= {"Matched", "Closed"}
    fresh_sandbox.check_stock()


def at_once(*deeds):
    """What they answer, done at the same time."""
    with ThreadPoolExecutor(len(deeds)) as pool:
        return [done.result() for done in [pool.submit(deed) for deed in deeds]]


def most_of(offer):
    """As many cards as an offer can sell."""
    sold, free = offer["spec"], offer["status"]["free"]
    return free - (free - sold["minCards"]) % sold["stepCards"]


def test_killed_between_commit_and_answer(fresh_sandbox):
    """The line is cut after the commit, the process killed: the same bytes find the same demand, and one order."""
    body, key = fresh_sandbox.demand_body("killed", cards=4), uuid.uuid4().hex
    fresh_sandbox.admin.faults(path="/v1/demands", method="POST", dropAfterCommit=True, count=1)
    with pytest.raises(httpx.HTTPError):
        fresh_sandbox.post("/v1/demands", body, key=key)
    fresh_sandbox.kill()
    fresh_sandbox.restart()
    again = fresh_sandbox.post("/v1/demands", body, key=key)
    assert (again.status_code, again.json()["status"]["phase"]) == (201, "Matched")
    assert [each["metadata"]["name"] for each in fresh_sandbox.orders()] == ["killed"]
    assert [each["metadata"]["name"] for each in fresh_sandbox.items("/v1/demands")] == ["killed"]


def test_a_watch_tells_of_the_match(sandbox):
    name = unique("watched")
    version = sandbox.get("/v1/demands").json()["metadata"]["resourceVersion"]
    sandbox.demand(name, cards=1)
    query = {"watch": "true", "timeoutSeconds": 0}
    told = sandbox.client().get("/v1/demands", params=query, headers={"Last-Event-ID": version}).text
    assert "event: ADDED" in told
    assert f'"match":"{name}"' in told
    sandbox.act(sandbox.get(f"/v1/orders/{name}").json(), "release")


def test_labels_go_to_the_order(inside):
    with inside.store.change() as change:
        body = {
            "metadata": {"name": "labelled", "labels": {"team": "nlp"}},
            "spec": {"accelerator": ["H800"], "cards": 1, "duration": "1h", "until": rfc3339(inside.now() + 60)},
        }
        demanding.publish(change, body, "default", "dev", inside.now(), frozenset())
    assert inside.order("labelled").labels == {"team": "nlp"}
