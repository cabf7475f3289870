"""More time for an order: priced as held, reserved before it is given, charged to the fen and never beyond."""

import threading
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpctl.sandbox import ledger
from cpctl.sandbox.billing import gross_fen
from cpctl.sandbox.money import yuan
from cpctl.sandbox.problems import Problem
from sandbox_inside import MORNING, Inside

HOUR_S, DAY_S = 3_600, 86_400


@pytest.fixture
def inside(tmp_path):
    platform = Inside(tmp_path)
    yield platform
    platform.check()
    platform.store.close()


def running(inside, lines, duration="24h"):
    inside.place("run", lines, duration=duration)
    inside.activate("run", step_s=0)
    inside.pass_time(1)
    return inside.order("run")


def test_the_end_moves_and_what_it_costs_is_reserved(inside):
    before = running(inside, {"of-a": 7, "of-b": 5})
    spec, funds = before.spec, ledger.funds(inside.store, "default")
    after = inside.extend("run", before.started_s + 30 * HOUR_S)
    assert after.total == gross_fen(before.lines, 30 * HOUR_S)
    assert ledger.funds(inside.store, "default").reserved - funds.reserved == after.total - before.total
    assert (after.spec, after.uid) == (spec, before.uid)
    inside.pass_time(26 * HOUR_S)
    assert inside.order("run").phase == "Active", "the old end is none any more"
    inside.pass_time(5 * HOUR_S)
    over = inside.order("run")
    assert (over.phase, over.reason) == ("Released", "EndReached")
    assert over.charged <= after.total and ledger.funds(inside.store, "default").reserved == 0


@pytest.mark.parametrize("end", ["ends_s", "asked"])
def test_the_end_it_has_or_was_asked_to_have_changes_nothing(inside, end):
    before = running(inside, {"of-a": 7, "of-b": 5})
    lines = inside.store.db.execute("SELECT count(*) FROM ledger").fetchone()
    ends = {"ends_s": before.ends_s, "asked": before.started_s + before.paid_s}
    assert inside.extend("run", ends[end]) == before
    assert inside.store.db.execute("SELECT count(*) FROM ledger").fetchone() == lines


@pytest.mark.parametrize(
    ("seconds", "words"), [(-HOUR_S, "before"), (-10 * DAY_S, "before"), (4_000 * DAY_S, "ten years")]
)
def test_an_earlier_end_and_one_beyond_all_measure_are_refused(inside, seconds, words):
    order = running(inside, {"of-a": 7})
    with pytest.raises(Problem, match=words) as refused:
        inside.extend("run", order.ends_s + seconds)
    assert (refused.value.status, refused.value.reason) == (422, "Invalid")
    assert inside.order("run") == order


@pytest.mark.parametrize("phase", ["Held", "Activating", "Releasing", "Released", "Expired"])
def test_only_what_runs_is_extended(inside, phase):
    inside.place("run", {"of-a": 1})
    if phase == "Expired":
        inside.pass_time(HOUR_S)
    if phase == "Activating":
        inside.activate("run", step_s=60)
    if phase in ("Releasing", "Released"):
        inside.activate("run", step_s=0)
        inside.pass_time(1)
        inside.release("run")
    if phase == "Released":
        inside.pass_time(5)
    assert inside.order("run").phase == phase
    with pytest.raises(Problem, match=phase):
        inside.extend("run", MORNING + 99 * HOUR_S)


@pytest.mark.parametrize(
    ("limits", "spec_limits", "name"),
    [
        ({"maxPrice": "1.0"}, {}, "maxPrice"),
        ({"maxOrder": "2000.00"}, {}, "maxOrder"),
        ({"maxDay": "2000.00"}, {}, "maxDay"),
        ({}, {"budget": "1900.00"}, "spec.limits.budget"),
    ],
)
def test_limits_hold(inside, limits, spec_limits, name):
    inside.place("run", {"of-a": 7}, limits=spec_limits)
    inside.activate("run", step_s=0)
    inside.pass_time(1)
    order = inside.order("run")
    with pytest.raises(Problem) as refused:
        inside.extend("run", order.ends_s + 24 * HOUR_S, **limits)
    assert (refused.value.status, refused.value.members["limit"]) == (402, name)
    assert inside.order("run") == order


def test_a_balance_that_does_not_last_is_no_extension(inside):
    order = running(inside, {"of-a": 40})
    with pytest.raises(Problem) as refused:
        inside.extend("run", order.started_s + 3_600 * DAY_S)
    assert refused.value.reason == "InsufficientBalance"


@pytest.mark.parametrize(("offer", "period"), [("of-d", DAY_S), ("of-m", 30 * DAY_S)])
def test_prepaid_time_is_extended_by_whole_periods_and_charged_at_once(inside, offer, period):
    before = running(inside, {offer: 3})
    after = inside.extend("run", before.started_s + period + 1)
    assert after.ends_s - after.started_s == 2 * period
    assert after.charged == after.total == 2 * before.total and after.reserved == 0
    assert inside.extend("run", before.started_s + period + HOUR_S) == after, "that period is paid"
    assert len(inside.bills()) == 2


@settings(deadline=None, max_examples=40)
@given(
    st.dictionaries(st.sampled_from(["of-a", "of-b"]), st.integers(1, 24), min_size=1),
    st.lists(st.integers(1, 2 * DAY_S), min_size=1, max_size=4),
    st.integers(0, 3 * DAY_S),
)
def test_whatever_is_added_the_bills_are_the_charge_and_never_pass_the_total(tmp_path_factory, lines, more, stop):
    inside = Inside(tmp_path_factory.mktemp("more"))
    order = running(inside, lines, duration="5000s")
    for seconds in more:
        shown = gross_fen(order.lines, order.started_s and order.paid_s + seconds)
        order = inside.extend("run", order.started_s + order.paid_s + seconds)
        assert order.total == shown
        inside.check()
    inside.pass_time(stop)
    inside.release("run")
    inside.pass_time(5)
    over = inside.order("run")
    billed = sum(Decimal(bill["status"]["amount"]) for bill in inside.bills())
    assert (yuan(over.charged), over.phase) == (f"{billed:.2f}", "Released")
    assert over.charged <= order.total
    assert ledger.funds(inside.store, "default").reserved == 0
    inside.check()
    inside.store.close()


# over HTTP


def active(sandbox, name):
    offer = sandbox.offer()
    order = sandbox.buy(name, {offer["metadata"]["name"]: offer["spec"]["minCards"]})
    sandbox.act(order, "activate")
    return sandbox.wait(name, "Active")


def test_a_key_is_one_extension_and_a_replay_tells_it_again(sandbox):
    order = active(sandbox, "extend-replay")
    path, uid = "/v1/orders/extend-replay/extend", order["metadata"]["uid"]
    later = datetime.fromisoformat(order["status"]["endsAt"]) + timedelta(hours=3)
    body = {"uid": uid, "endsAt": f"{later:%Y-%m-%dT%H:%M:%SZ}"}
    assert sandbox.post(path, body, key=None).json()["reason"] == "BadRequest"
    first, again = (sandbox.post(path, body, key="extend-replay-key") for _ in range(2))
    assert first.status_code == again.status_code == 200 and first.content == again.content
    assert again.headers["Idempotent-Replayed"] == "true"
    reserves = [line for line in sandbox.ledger() if line["ref"] == "extend-replay" and line["kind"] == "reserve"]
    assert len(reserves) == 2
    other = {**body, "uid": "00000000-0000-4000-8000-000000000000"}
    assert sandbox.post(path, other).json()["reason"] == "UidMismatch"
    sandbox.act(order, "release")


def test_many_at_once_never_pass_the_limit_of_a_day(fresh_sandbox):
    sandbox = fresh_sandbox
    orders = [active(sandbox, f"rush-{number}") for number in range(8)]
    reserved = sandbox.balance_sheet()["reserved"]
    cheapest = min(Decimal(order["status"]["total"]) for order in orders)
    most = reserved + cheapest * 5 // 2
    taken = []

    def ask(order):
        later = datetime.fromisoformat(order["status"]["endsAt"]) + timedelta(hours=2)
        body = {"uid": order["metadata"]["uid"], "endsAt": f"{later:%Y-%m-%dT%H:%M:%SZ}"}
        answer = sandbox.post(
            f"/v1/orders/{order['metadata']['name']}/extend", body | {"limits": {"maxDay": f"{most:.2f}"}}
        )
        taken.append(answer.status_code)

    threads = [threading.Thread(target=ask, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(taken) == {200, 402}
    assert sandbox.balance_sheet()["reserved"] <= most
