"""`extend`: more time for an order that runs, once, and only for the total that was shown."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from money import LOST, Trouble, forget, manifest, new_name, orders_of, record_files, reservations, rolled_back, through
from proxy import RecordingProxy

UNKNOWN = 11


@pytest.fixture
def running(cp, sandbox, tmp_path):
    made = manifest(tmp_path)
    with rolled_back(sandbox, made.name):
        assert cp("apply", "-f", str(made), "--activate", "--wait").code == 0
        yield made


def order(sandbox, name):
    (found,) = orders_of(sandbox, name)
    return found


def later(sandbox, name, **more):
    end = datetime.fromisoformat(order(sandbox, name)["status"]["endsAt"]) + timedelta(**more)
    return f"{end:%Y-%m-%dT%H:%M:%SZ}"


def test_extended_once_and_the_same_again_is_unchanged(cp, sandbox, running):
    before, until = order(sandbox, running.name)["status"], later(sandbox, running.name, hours=2)
    first = cp("extend", f"order/{running.name}", "--until", until, "--yes", "-o", "json")
    assert (first.code, first.json["result"]) == (0, "extended"), first.err
    status = first.json["status"]
    assert status["endsAt"] <= until and Decimal(status["total"]) > 2 * Decimal(before["total"])
    again = cp("extend", f"order/{running.name}", "--until", until, "--yes")
    assert (again.code, len(reservations(sandbox, running.name))) == (0, 2), again.err
    assert order(sandbox, running.name)["status"]["total"] == status["total"]
    unchanged = cp("extend", "order", running.name, "--until", status["endsAt"], "--yes", "-o", "json")
    assert (unchanged.code, unchanged.json["result"]) == (0, "unchanged")


def test_the_total_shown_is_the_total_held(cp, sandbox, running):
    until = later(sandbox, running.name, minutes=77)
    asked = cp("extend", f"order/{running.name}", "--until", until, tty=True, stdin="y\n")
    assert asked.code == 0, asked.err
    total = order(sandbox, running.name)["status"]["total"]
    assert f"{total} CNY in all" in asked.err and sandbox.url in asked.err and "[y/N]" in asked.err


def test_it_asks_on_a_terminal_and_needs_yes_elsewhere(cp, sandbox, running):
    command = ("extend", f"order/{running.name}", "--until", later(sandbox, running.name, hours=1))
    assert cp(*command).code == 2
    assert cp(*command, tty=True, stdin="n\n").code == 2
    assert len(reservations(sandbox, running.name)) == 1 and record_files(cp, "extend") == []


@pytest.mark.parametrize("wiped", [False, True], ids=["journal", "wiped"])
@pytest.mark.parametrize("lost", LOST)
def test_whatever_becomes_of_the_answer_it_is_extended_once(cp, sandbox, running, lost, wiped):
    command = ("extend", f"order/{running.name}", "--until", later(sandbox, running.name, hours=2), "--yes")
    with RecordingProxy(sandbox.url) as proxy:
        proxy.instead = Trouble("/extend?", LOST[lost])
        failed = cp(*command, env=through(cp, proxy))
        assert failed.code == UNKNOWN and "it is not known whether extending order" in failed.err, failed.err
        if wiped:
            forget(cp)
        again = cp(*command, env=through(cp, proxy))
    assert again.code == 0, again.err
    assert len(reservations(sandbox, running.name)) == 2
    assert not [path for path in record_files(cp, "extend") if 'state = "prepared"' in path.read_text()]


def test_a_record_of_another_end_is_not_sent_again(cp, sandbox, running):
    name = running.name
    with RecordingProxy(sandbox.url) as proxy:
        proxy.instead = Trouble("/extend?", LOST["lost"])
        assert (
            cp(
                "extend", f"order/{name}", "--until", later(sandbox, name, hours=1), "--yes", env=through(cp, proxy)
            ).code
            == UNKNOWN
        )
        done = cp("extend", f"order/{name}", "--until", later(sandbox, name, hours=3), "--yes", env=through(cp, proxy))
        sent = [json.loads(one.body)["endsAt"] for one in proxy.sent("POST", f"/v1/orders/{name}/extend")]
    assert done.code == 0, done.err
    assert len(sent) == len(set(sent)) == 2


@pytest.mark.parametrize(
    ("env", "flags", "said"),
    [
        ({"CPCTL_MAX_ORDER": "1.00"}, (), "max-order of CPCTL_MAX_ORDER"),
        ({"CPCTL_MAX_PRICE": "0.01"}, (), "max-price of CPCTL_MAX_PRICE"),
        ({}, ("--budget", "1.00"), "max-order of --budget"),
        ({}, ("--max-price", "0.01"), "max-price of --max-price"),
        ({"CPCTL_MAX_DAY": "1.00"}, (), "max-day of CPCTL_MAX_DAY"),
    ],
)
def test_limits_refuse_with_the_figure_and_who_set_it(cp, sandbox, running, env, flags, said):
    until = later(sandbox, running.name, hours=2)
    refused = cp("extend", f"order/{running.name}", "--until", until, "--yes", *flags, env=env)
    assert refused.code == 7 and said in refused.err and "nothing was extended" in refused.err, refused.err
    assert len(reservations(sandbox, running.name)) == 1


def test_the_order_s_own_budget_holds(cp, sandbox, tmp_path):
    made = manifest(tmp_path, limits={"budget": "200.00"})
    with rolled_back(sandbox, made.name):
        assert cp("apply", "-f", str(made), "--activate", "--wait").code == 0
        refused = cp("extend", f"order/{made.name}", "--until", later(sandbox, made.name, hours=9), "--yes")
    assert refused.code == 7 and "(budget)" in refused.err, refused.err


@pytest.mark.parametrize(
    "until", ["24h", "+24h", "2033-01-01", "2033-01-01T00:00:00", "tomorrow", "", "99999-01-01T00:00:00Z", "$(id)"]
)
def test_what_is_no_time_is_2_and_nothing_is_asked_for(cp, until):
    refused = cp("extend", f"order/{new_name()}", "--until", until, "--yes", env={"CPCTL_SERVER": "http://127.0.0.1:1"})
    assert refused.code == 2 and "a time with its zone" in refused.err


def test_what_does_not_run_and_what_is_not_there(cp, sandbox, tmp_path):
    made = manifest(tmp_path)
    until = ("--until", "2033-01-01T00:00:00Z", "--yes")
    assert cp("extend", f"order/{made.name}", *until).code == 3
    assert cp("extend", *until).code == 2
    assert cp("extend", f"order/{made.name}", "--yes").code == 2
    with rolled_back(sandbox, made.name):
        assert cp("apply", "-f", str(made)).code == 0
        held = cp("extend", f"order/{made.name}", *until)
        assert held.code == 5 and "is Held; only one that is Active can be extended" in held.err


def test_an_earlier_end_is_2(cp, sandbox, running):
    refused = cp("extend", f"order/{running.name}", "--until", later(sandbox, running.name, minutes=-5), "--yes")
    assert refused.code == 2 and "is not later than its end" in refused.err


def test_days_are_extended_by_whole_ones_and_the_same_again_is_unchanged(cp, sandbox, tmp_path):
    offer = sandbox.offer(billing="daily")
    lines = [{"offer": offer["metadata"]["name"], "cards": offer["spec"]["minCards"]}]
    made = manifest(tmp_path, allocations=lines, billing="daily")
    with rolled_back(sandbox, made.name):
        assert cp("apply", "-f", str(made), "--activate", "--wait").code == 0
        before = order(sandbox, made.name)["status"]
        command = ("extend", f"order/{made.name}", "--until", later(sandbox, made.name, hours=2), "--yes", "-o", "json")
        done, again = cp(*command), cp(*command)
        assert (done.code, again.code, again.json["result"]) == (0, 0, "unchanged"), done.err
        days = datetime.fromisoformat(done.json["status"]["endsAt"]) - datetime.fromisoformat(before["startedAt"])
        assert days == timedelta(days=2)
        assert done.json["status"]["charged"] == done.json["status"]["total"]
        assert Decimal(done.json["status"]["total"]) == 2 * Decimal(before["total"])
