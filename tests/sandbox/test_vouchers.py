"""Vouchers: what is shown with one is what is held and billed, and what is not used comes back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpctl.sandbox import controls
from cpctl.sandbox.money import fen
from cpctl.sandbox.problems import Problem
from cpctl.sandbox.times import rfc3339
from sandbox_inside import Inside

DAY = 86_400
SORTS = ("national", "small")  # valid ones that cover everything: the largest, the one with 12.34 CNY left


@pytest.fixture
def inside(tmp_path):
    made = Inside(tmp_path)
    yield made
    made.store.db.close()


def valid(inside, sort="national"):
    usable = [one for one in inside.vouchers() if one.state(inside.now()) == "Valid" and not one.province]
    return {"small": min, "national": max}[sort](usable, key=lambda one: one.left)


def left(inside, voucher):
    return next(one.left for one in inside.vouchers() if one.name == voucher.name)


def refusal(act):
    with pytest.raises(Problem) as raised:
        act()
    return raised.value


LINES = (
    st.dictionaries(st.sampled_from(["of-a", "of-b"]), st.integers(1, 24), min_size=1)
    | st.dictionaries(st.just("of-d"), st.integers(1, 16), min_size=1)
    | st.dictionaries(st.just("of-m"), st.integers(1, 16), min_size=1)
)


@settings(deadline=None, max_examples=60)
@given(LINES, st.integers(60, 5 * DAY), st.integers(0, DAY), st.integers(0, 6 * DAY), st.sampled_from(SORTS))
def test_shown_is_held_is_billed(tmp_path_factory, lines, duration, later, stop, sort):
    inside = Inside(tmp_path_factory.mktemp("vouchers"))
    inside.pass_time(later)
    voucher = valid(inside, sort)
    spec = {"voucher": voucher.name, "duration": f"{duration}s"}
    shown, order = inside.quote(lines, **spec), inside.place("run", lines, **spec)
    assert fen(shown["total"]) == order.total == sum(fen(line["amount"]) for line in shown["lines"])
    assert order.discount.left == sum(fen(line["discount"]) for line in shown["lines"]) <= voucher.left
    assert left(inside, voucher) == voucher.left - order.discount.left
    inside.activate("run", step_s=0)
    inside.pass_time(1)
    inside.pass_time(stop)
    inside.check()
    inside.release("run")
    inside.pass_time(5)
    inside.check()
    ended, bills = inside.order("run"), inside.bills()
    assert sum(fen(bill["status"]["amount"]) for bill in bills) == ended.charged <= order.total
    used = sum(fen(bill["status"]["discount"]) for bill in bills)
    assert left(inside, voucher) == voucher.left - used
    inside.store.db.close()


def test_two_orders_cannot_use_the_same_rest(inside):
    voucher = valid(inside, "small")
    first = inside.place("first", {"of-a": 8}, voucher=voucher.name)
    assert first.discount.left == voucher.left and left(inside, voucher) == 0
    assert refusal(lambda: inside.place("second", {"of-a": 8}, voucher=voucher.name)).reason == "VoucherRefused"
    inside.release("first")
    assert left(inside, voucher) == voucher.left
    inside.place("second", {"of-a": 8}, voucher=voucher.name)


def test_more_than_the_total_shown_is_not_held(inside):
    """Another order used up most of the voucher between quote and hold."""
    voucher = valid(inside, "small")
    shown = inside.quote({"of-a": 8}, voucher=voucher.name)["total"]
    inside.place("other", {"of-b": 1}, voucher=voucher.name, duration="2h")
    assert 0 < left(inside, voucher) < voucher.left
    said = refusal(lambda: inside.place("mine", {"of-a": 8}, total=shown, voucher=voucher.name))
    assert (said.reason, said.status) == ("PriceChanged", 409)
    now = inside.quote({"of-a": 8}, voucher=voucher.name)["total"]
    assert said.members["total"] == now and fen(now) > fen(shown)
    assert inside.place("mine", {"of-a": 8}, total=now, voucher=voucher.name).total == fen(now)


@pytest.mark.parametrize(("state", "says"), [("NotYet", "not valid yet"), ("Lapsed", "no longer valid")])
def test_out_of_its_time_it_is_refused_and_nothing_is_held(inside, state, says):
    name = inside.voucher(state).name
    said = refusal(lambda: inside.place("run", {"of-a": 8}, voucher=name))
    assert (said.reason, said.status) == ("VoucherRefused", 402) and says in said.detail
    assert inside.all_orders() == []


def test_an_unknown_one_and_one_that_covers_nothing(inside):
    said = refusal(lambda: inside.place("run", {"of-a": 8}, voucher="vc-nosuch"))
    assert (said.reason, said.members["field"]) == ("Invalid", "spec.voucher")
    local = next(one for one in inside.vouchers() if one.province)
    elsewhere = {"shanxi": "of-b", "ningxia": "of-a"}[local.province]
    said = refusal(lambda: inside.place("run", {elsewhere: 8}, voucher=local.name))
    assert said.reason == "VoucherRefused" and "covers none" in said.detail


def test_what_a_running_order_used_stays_used_when_the_voucher_lapses(inside):
    voucher = valid(inside)
    inside.place("run", {"of-a": 8}, voucher=voucher.name, duration="72h")
    inside.activate("run", step_s=0)
    inside.pass_time(1)
    inside.pass_time(voucher.until_s - inside.now() + 1)
    inside.check()
    assert inside.order("run").phase == "Released" and inside.order("run").discounted > 0
    assert inside.voucher("Lapsed", name=voucher.name).left == voucher.left - inside.order("run").discounted


def test_a_demand_waits_for_its_voucher_and_is_matched_the_moment_it_begins(inside):
    later = inside.voucher("NotYet")
    until = later.from_s + DAY
    inside.demand("patient", 8, spec={"voucher": later.name, "until": rfc3339(until)})
    assert (inside.found("patient").phase, inside.found("patient").reason) == ("Open", "VoucherRefused")
    inside.pass_time(later.from_s - inside.now() + 10 * 60)
    assert inside.found("patient").matched_s == later.from_s and inside.order("patient").discount.left > 0
    inside.check()


def test_a_demand_with_an_unknown_voucher_is_not_published(inside):
    said = refusal(lambda: inside.demand("run", 8, spec={"voucher": "vc-nosuch"}))
    assert (said.reason, said.members["field"]) == ("Invalid", "spec.voucher")


@pytest.mark.parametrize("elsewhere", ["9.0000", "5.0001", "4.0000"])
def test_a_demand_takes_the_cheapest_cards_with_what_the_voucher_takes_off(inside, elsewhere):
    """A voucher of one province halves 10.0000 there. Cheaper ones that it does not cover are not what it was for."""
    local = next(one for one in inside.vouchers() if one.province)
    offers = {"shanxi": "of-a", "ningxia": "of-b"}
    mine = offers.pop(local.province)
    (other,) = offers.values()
    for offer, price in ((mine, "10.0000"), (other, elsewhere)):
        controls.set_price(inside.platform, {"offer": offer, "price": price})
    demand = inside.demand("run", 8, spec={"voucher": local.name})
    if elsewhere == "4.0000":
        assert (demand.phase, demand.reason) == ("Open", "VoucherRefused") and "covers none" in demand.message
        return
    assert demand.phase == "Matched", demand.message
    order = inside.order("run")
    assert [line.offer for line in order.lines] == [mine]
    assert order.total == order.discount.left  # the ratio is a half
