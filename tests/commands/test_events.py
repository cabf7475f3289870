"""events: the latest last, about one object, of one type; a platform that sends others is not believed."""

from __future__ import annotations

import pytest

from client import Client
from fake_platform import holding, platform
from fixed_platform import objects


def test_events_of_an_order_in_their_order(cp, sandbox):
    order = sandbox.buy("events-one", {sandbox.offer(1)["metadata"]["name"]: 1})
    sandbox.act(order, "release")
    sandbox.wait("events-one", "Released")
    shown = cp("events", "--for", "order/events-one", "-o", "json").json["items"]
    assert shown and {event["spec"]["about"]["name"] for event in shown} == {"events-one"}
    times = [event["status"]["at"] for event in shown]
    assert times == sorted(times)
    table = cp("events", "--for", "order/events-one")
    assert table.lines[0].split()[:2] == ["LAST", "SEEN"] and len(table.lines) == len(shown) + 1
    bare = cp("events", "--for", "order/events-one", "--no-headers").lines
    assert [line.split()[1:] for line in bare] == [line.split()[1:] for line in table.lines[1:]]
    warnings = cp("events", "--for", "od/events-one", "--types", "warning")
    assert (warnings.code, warnings.out, warnings.err) == (0, "", "No events found in default project.\n")
    assert cp("events", "-A", "-o", "name").code == 0


@pytest.fixture
def fixed(tmp_path):
    with platform(holding(objects())) as env:
        yield Client(tmp_path, env=env)


def test_a_platform_that_sends_all_of_them_is_not_believed(fixed):
    every = objects()["events"]
    name = every[0]["spec"]["about"]["name"]
    kind = every[0]["spec"]["about"]["kind"].lower()
    mine = [one for one in every if one["spec"]["about"]["name"] == name]
    assert len(mine) < len(every)
    result = fixed("events", "--for", f"{kind}/{name}", "-o", "json")
    assert sorted(e["metadata"]["name"] for e in result.json["items"]) == sorted(e["metadata"]["name"] for e in mine)
    assert f"warning: the platform ignored --for {kind}/{name}; rows left out: {len(every) - len(mine)}\n" in result.err


def test_at_most_so_many_the_oldest_first(fixed):
    every = sorted(objects()["events"], key=lambda event: event["status"]["at"])
    shown = fixed("events", "--limit", "2", "-o", "json").json["items"]
    assert [one["metadata"]["name"] for one in shown] == [one["metadata"]["name"] for one in every[:2]]


@pytest.mark.parametrize(
    "words", [("--limit", "-1"), ("--for", "order"), ("--for", "x/y"), ("--types", "Odd"), ("-o", "nosuch")]
)
def test_usage(fixed, words):
    result = fixed("events", *words)
    assert result.code == 2 and result.out == "" and result.err.count("\n") == 1
