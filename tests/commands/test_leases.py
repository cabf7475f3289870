"""Orders whose cards go back soon are named on stderr where people look at orders, and nowhere else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from client import Client
from fake_platform import holding, platform
from fixed_platform import NOW, documents, objects
from fixed_platform import holding as fixed
from money import manifest, rolled_back


def held(cp, sandbox, tmp_path, duration):
    wanted = manifest(tmp_path, duration=duration)
    assert cp("apply", "-f", str(wanted), "--activate", "--wait").code == 0
    return wanted


@pytest.mark.parametrize("words", [("get", "orders"), ("get", "orders", "-o", "wide"), ("get", "orders,cards")])
def test_one_that_ends_within_half_an_hour(cp, sandbox, tmp_path, words):
    wanted = held(cp, sandbox, tmp_path, "2h")
    with rolled_back(sandbox, wanted.name):
        assert f"order/{wanted.name} ends" not in cp(*words).err
        sandbox.admin.advance(91 * 60)
        said = cp(*words)
        assert said.code == 0 and f"warning: order/{wanted.name} ends in 2" in said.err
        assert f"cpctl extend order/{wanted.name} --until" in said.err and "warning" not in said.out
        assert f"order/{wanted.name} ends in" in cp("get", "order", wanted.name).err


def test_looking_at_it_switching_it_on_again_and_waiting_for_it_tell_too(cp, sandbox, tmp_path):
    wanted = held(cp, sandbox, tmp_path, "2h")
    name = f"order/{wanted.name}"
    commands = [("describe", name), ("activate", name), ("wait", name, "--for=condition=Active")]
    with rolled_back(sandbox, wanted.name):
        assert [cp(*words).err for words in commands] == [""] * 3
        sandbox.admin.advance(91 * 60)
        for words in commands:
            said = cp(*words)
            assert said.code == 0 and said.err.count(f"warning: {name} ends in 2") == 1, words
            assert f"cpctl extend {name} --until" in said.err and "warning" not in said.out
        assert cp("release", name).code == 0
        assert [cp(*words).err for words in (("describe", name), ("wait", name, "--for=condition=Released"))] == [
            ""
        ] * 2


def test_switching_on_for_a_short_time_is_no_warning(cp, sandbox, tmp_path):
    wanted = manifest(tmp_path, duration="10m")
    with rolled_back(sandbox, wanted.name):
        assert cp("apply", "-f", str(wanted)).code == 0
        assert "ends in" not in cp("activate", f"order/{wanted.name}", "--wait", "--yes").err


@pytest.mark.parametrize("form", ["json", "yaml", "name", "csv", "jsonpath={.items[*].metadata.name}"])
def test_programs_are_not_warned(cp, sandbox, tmp_path, form):
    wanted = held(cp, sandbox, tmp_path, "10m")
    with rolled_back(sandbox, wanted.name):
        assert cp("get", "orders", "-o", form).err == ""


def test_a_hold_that_lapses_within_five_minutes(cp, sandbox, tmp_path):
    wanted = manifest(tmp_path)
    with rolled_back(sandbox, wanted.name):
        assert cp("apply", "-f", str(wanted)).code == 0
        assert "lapses" not in cp("get", "orders").err
        sandbox.admin.advance(11 * 60)
        assert f"order/{wanted.name} lapses in" in cp("get", "orders").err


def orders(**status):
    """The fixed running order, with other values of its status, eight times."""
    one = next(item for item in objects()["orders"] if item["metadata"]["name"] == "train-7b")
    return [
        {**one, "metadata": {**one["metadata"], "name": f"run-{n}"}, "status": {**one["status"], **status}}
        for n in range(8)
    ]


def told(tmp_path, items):
    with platform(holding({"orders": items})) as env:
        return Client(tmp_path, env=env)("get", "orders")


def test_many_are_counted(tmp_path):
    result = told(tmp_path, orders(endsAt="2020-01-01T00:00:00Z"))
    assert (result.code, result.err.count("warning: order/run-")) == (0, 5)
    assert "warning: 3 more orders end soon" in result.err and "ends in 0s" in result.err


@pytest.mark.parametrize("value", [None, "", "soon", 7, {"at": 1}, "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59"])
def test_an_end_that_makes_no_sense_is_no_warning(tmp_path, value):
    result = told(tmp_path, orders(endsAt=value))
    assert result.code == 0 and "warning: order" not in result.err and "Traceback" not in result.err


def test_a_phase_of_a_newer_platform_is_none_of_ours(tmp_path):
    result = told(tmp_path, orders(phase="Paused", endsAt="2020-01-01T00:00:00Z"))
    assert result.code == 0 and "warning: order" not in result.err


def told_by(tmp_path, ends_at, before=None, clock=None):
    """What a table of the running order says where the profile warns so long before."""
    with platform(fixed({"orders": orders(endsAt=ends_at)[:1]}, documents())) as env:
        cp = Client(tmp_path, env=env, clock=clock)
        assert cp("config", "set", "server", env["CPCTL_SERVER"], "--profile", "lab").code == 0
        if before is not None:
            assert cp("config", "set", "warn-before", before, "--profile", "lab").code == 0
        return cp("get", "orders", "--profile", "lab").err


def after(**span):
    return f"{datetime.fromisoformat(NOW) + timedelta(**span):%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize(
    ("before", "ends_at", "is_told"),
    [
        (None, after(minutes=30), True),
        (None, after(minutes=30, seconds=1), False),
        ("2h", after(hours=2), True),
        ("2h", after(hours=2, seconds=1), False),
        ("1h30m", after(minutes=89), True),
        ("0s", after(seconds=1), False),
        ("0s", after(seconds=-1), True),
    ],
)
def test_a_profile_says_how_long_before(tmp_path, before, ends_at, is_told):
    assert ("warning: order/run-0 ends in" in told_by(tmp_path, ends_at, before)) == is_told


@pytest.mark.parametrize("word", ["30", "", "soon", "-5m", "11y", "1m1h", "٣m"])
def test_a_time_before_that_is_none_is_not_set(tmp_path, word):
    cp = Client(tmp_path)
    result = cp("config", "set", "--profile", "lab", "--", "warn-before", word)
    assert result.code == 2 and "warn-before" in result.err and not cp.config.exists()


class WrongClock:
    """A machine that lives in another year, and jumps at every look."""

    def __init__(self, year):
        self.time = datetime(year, 1, 1, tzinfo=UTC)

    def now(self):
        self.time += timedelta(days=40)
        return self.time

    def monotonic(self):
        return 0.0

    def sleep(self, seconds):
        pass


@pytest.mark.parametrize("year", [1971, 2026, 2090])
def test_the_platform_s_time_counts_whatever_this_machine_s_clock_says(tmp_path, year):
    near = told_by(tmp_path, after(minutes=29), clock=WrongClock(year))
    assert "warning: order/run-0 ends in 29m" in near
    assert "warning: order" not in told_by(tmp_path, after(minutes=31), clock=WrongClock(year))


@pytest.mark.parametrize("value", [None, "soon", 7, {"at": 1}])
@pytest.mark.parametrize("words", [("describe", "order/run-0"), ("wait", "order/run-0", "--for=condition=Placed")])
def test_one_whose_end_makes_no_sense_is_told_as_before(tmp_path, words, value):
    with platform(fixed({"orders": orders(endsAt=value)}, documents())) as env:
        result = Client(tmp_path, env=env)(*words)
    assert result.code == (1 if words[0] == "wait" and value is not None else 0), result.err
    assert "warning: order" not in result.err and "Traceback" not in result.err


def test_a_name_that_moves_the_cursor_is_made_safe(tmp_path):
    (one,) = orders(endsAt="2020-01-01T00:00:00Z")[:1]
    odd = {**one, "metadata": {**one["metadata"], "name": "run\x1b[2K\rPAID"}}
    assert "\x1b" not in told(tmp_path, [odd]).err
