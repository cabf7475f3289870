"""What is shown is what is held is what is billed: to the fen, a line per order, offer and Beijing day."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpctl.sandbox import ledger
from cpctl.sandbox.money import amount_fen, fen, paid_seconds, yuan
from cpctl.sandbox.problems import Problem
from cpctl.sandbox.times import beijing_day, days, next_midnight
from sandbox_inside import MORNING, Inside

HOUR_S, DAY_S = 3600, 86_400
TO_MIDNIGHT_S = next_midnight(MORNING) - int(MORNING)


@pytest.fixture
def inside(tmp_path):
    platform = Inside(tmp_path)
    yield platform
    platform.check()
    platform.store.close()


def formula(price: str, cards: int, seconds: int) -> Decimal:
    """round(price × cards × seconds / 3600), said another way."""
    return (Decimal(price) * cards * seconds / 3600).quantize(Decimal("0.01"), ROUND_HALF_UP)


@given(st.integers(0, 10**9), st.integers(1, 10**5), st.integers(0, 10**8))
def test_amounts_are_rounded_half_up(price, cards, seconds):
    text = f"{price // 10**4}.{price % 10**4:04d}"
    exact = Decimal(price * cards * seconds) / 36_000_000
    assert abs(Decimal(amount_fen(text, cards, seconds)) / 100 - exact) <= Decimal("0.005")
    assert fen(yuan(amount_fen(text, cards, seconds))) == amount_fen(text, cards, seconds)


def test_halves_go_up():
    assert amount_fen("0.0050", 1, 3600) == 1
    assert amount_fen("0.0049", 1, 3600) == 0


@given(st.integers(0, 2 * 10**9), st.integers(1, 10**6))
def test_days_are_beijings(start, length):
    cut = days(start, start + length)
    assert cut[0][0] == start
    assert cut[-1][1] == start + length
    assert all(end == following for (_, end), (following, _) in pairwise(cut))
    for begin, end in cut:
        assert beijing_day(begin) == beijing_day(end - 1)
        assert datetime.fromtimestamp(end, UTC).hour == 16 or end == start + length


def finals(inside):
    return [
        (bill["spec"]["offer"], bill["spec"]["seconds"], bill["status"]["amount"], bill["status"]["state"])
        for bill in sorted(inside.bills(), key=lambda bill: (bill["spec"]["from"], bill["spec"]["offer"]))
    ]


def test_each_line_is_the_formula_and_their_sum_the_charge(inside):
    inside.place("run", {"of-a": 7, "of-b": 5}, duration="72h")
    inside.activate("run", step_s=1.0)
    inside.pass_time(12)
    started = inside.order("run").started_s
    assert started == MORNING + 12
    inside.pass_time(TO_MIDNIGHT_S - 12 + DAY_S + 1234)
    inside.release("run")
    lengths = (TO_MIDNIGHT_S - 12, DAY_S, 1234)
    expected = [
        (offer, seconds, str(formula(price, cards, seconds)), "final")
        for seconds in lengths
        for offer, price, cards in (("of-a", "11.2345", 7), ("of-b", "0.8333", 5))
    ]
    assert finals(inside) == expected
    order = inside.order("run")
    assert yuan(order.charged) == str(sum(Decimal(amount) for _, _, amount, _ in expected))
    inside.pass_time(5)
    assert inside.order("run").phase == "Released"
    assert ledger.funds(inside.store, "default").reserved == 0


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 40), st.integers(1, 24), st.integers(60, 5 * DAY_S), st.integers(0, DAY_S))
def test_what_is_shown_is_the_most_that_is_charged(tmp_path_factory, a, b, duration, later):
    inside = Inside(tmp_path_factory.mktemp("total"))
    inside.pass_time(later)
    shown = inside.place("run", {"of-a": a, "of-b": b}, duration=f"{duration}s").total
    inside.activate("run", step_s=0)
    inside.pass_time(duration + 10)
    order = inside.order("run")
    assert order.phase == "Released"
    assert order.reason == "EndReached"
    assert order.charged <= shown
    a_second = Decimal("11.2345") * a / 36 + Decimal("0.8333") * b / 36
    assert shown - order.charged <= a_second + 10, "a second more would have passed it"
    assert duration - 60 <= order.ends_s - order.started_s <= duration
    inside.check()
    inside.store.close()


def test_daily_and_monthly_are_whole_periods_paid_at_the_start(inside):
    assert (paid_seconds("daily", 25 * HOUR_S), paid_seconds("monthly", 31 * DAY_S)) == (2 * DAY_S, 60 * DAY_S)
    day = inside.place("day", {"of-d": 3}, duration="25h")
    month = inside.place("month", {"of-m": 2}, duration="1d")
    assert yuan(day.total) == str(formula("9.9999", 3, 2 * DAY_S))
    assert yuan(month.total) == str(formula("7.0001", 2, 30 * DAY_S))
    inside.activate("day")
    inside.activate("month")
    inside.pass_time(10)
    assert (inside.order("day").charged, inside.order("month").charged) == (day.total, month.total)
    assert {bill["status"]["state"] for bill in inside.bills()} == {"final"}
    inside.release("day")
    inside.pass_time(31 * DAY_S)
    assert inside.order("day").charged == day.total, "no refund, and nothing more"
    assert inside.order("month").ended_s - inside.order("month").started_s == 30 * DAY_S + 1
    assert len(inside.bills()) == 2


def test_a_hold_that_lapses_gives_back_once(inside):
    inside.place("late", {"of-a": 40})
    with pytest.raises(Problem, match="0 free cards"):
        inside.place("second", {"of-a": 1})
    inside.pass_time(15 * 60)
    order = inside.order("late")
    assert (order.phase, order.reason, order.charged) == ("Expired", "HoldExpired", 0)
    for _ in range(3):
        inside.pass_time(15 * 60)
    with pytest.raises(Problem, match="Expired"):
        inside.activate("late")
    inside.release("late")
    inside.check()
    assert inside.place("second", {"of-a": 40}).phase == "Held"


def test_the_platform_releases_at_the_end(inside):
    inside.place("run", {"of-b": 2}, duration="1h")
    inside.activate("run", step_s=2.5)
    inside.pass_time(10 * DAY_S)
    order = inside.order("run")
    assert (order.phase, order.reason) == ("Released", "EndReached")
    assert order.started_s == MORNING + 5
    assert order.stopped_s - order.started_s == 3600
    assert order.charged == order.total


def test_a_day_limit_counts_what_is_reserved_and_spent(inside):
    first = inside.place("first", {"of-b": 10}, duration="1h")
    inside.activate("first", step_s=0)
    inside.pass_time(3700)
    assert inside.order("first").phase == "Released"
    second = inside.place("second", {"of-b": 3}, duration="1h")
    spent = ledger.spent_on(inside.store, "default", beijing_day(inside.now()))
    assert spent == first.charged or spent == inside.order("first").charged
    figure = spent + second.total + amount_fen("0.8333", 1, 3600)
    body_limit = yuan(figure - 1)
    with pytest.raises(Problem) as refused:
        place_within(inside, body_limit)
    assert refused.value.members == {"limit": "maxDay", "figure": yuan(figure), "setBy": body_limit}
    assert place_within(inside, yuan(figure)).phase == "Held"


def place_within(inside, max_day):
    from cpctl.sandbox import placing

    body = {
        "metadata": {"name": "within"},
        "spec": {"allocations": [{"offer": "of-b", "cards": 1}], "duration": "1h"},
        "allocations": [{"offer": "of-b", "cards": 1, "price": "0.8333"}],
        "limits": {"maxDay": max_day},
    }
    with inside.store.change() as change:
        return placing.place(change, body, "default", "dev", inside.now())


def test_model_calls_add_up_before_they_become_fen(inside):
    for _ in range(7):
        inside.platform.charge_call("dev", "default", "m@p", Decimal("0.001001"))
    lines, _ = ledger.lines(inside.store, "default", 1, 100)
    assert [(line["kind"], line["ref"], line["amount"]) for line in lines] == [("call", "m@p", "-0.01")]
    inside.pass_time(DAY_S)
    inside.platform.charge_call("dev", "default", "m@p", Decimal("1.234567"))
    assert ledger.lines(inside.store, "default", 1, 100)[0][-1]["amount"] == "-1.23"


def test_the_ledger_is_append_only(inside):
    import sqlite3

    for sql in ("UPDATE ledger SET amount = 0", "DELETE FROM ledger"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            inside.store.db.execute(sql)
