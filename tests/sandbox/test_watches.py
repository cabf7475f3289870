"""Watches: every change once and in order, from any version that is kept, to whoever may see it, as long as asked."""

from __future__ import annotations

import socket
import time
import uuid
from contextlib import ExitStack, suppress
from typing import Any

import httpx
import pytest

from contract_walk import Ground
from cpctl.sandbox.feed import Feed, Turn
from cpctl.sandbox.problems import Problem
from sandbox_server import Sandbox
from sse import until_now, version, watching


def name() -> str:
    return f"watch-{uuid.uuid4().hex[:8]}"


def bought(sandbox: Sandbox, cards: int = 1, **more: Any) -> Any:
    return sandbox.buy(name(), {sandbox.offer(cards)["metadata"]["name"]: cards}, **more)


def open_watches(sandbox: Sandbox) -> int:
    return int(sandbox.admin.state()["watches"])


# ---- what is told


def test_without_a_version_all_that_is_there_comes_first(sandbox):
    listed = sandbox.items("/v1/subplatforms")
    *objects, last = until_now(sandbox, "subplatforms", None)
    assert {(each.event, each.version) for each in objects} == {("ADDED", "")}
    assert [each.data["metadata"] for each in objects] == [each["metadata"] for each in listed]
    assert (last.event, last.data) == ("BOOKMARK", {"metadata": {"resourceVersion": last.version}})
    assert until_now(sandbox, "subplatforms", last.version) == []


def test_every_step_of_an_order_is_told_once_and_in_order(sandbox):
    since = version(sandbox, "orders")
    order = bought(sandbox, 2)
    sandbox.act(order, "activate")
    sandbox.wait(order["metadata"]["name"], "Active")
    released = sandbox.act(order, "release")
    sandbox.wait(order["metadata"]["name"], "Released")
    sandbox.client().delete(f"/v1/orders/{released['metadata']['name']}", params={"uid": order["metadata"]["uid"]})
    events = [each for each in until_now(sandbox, "orders", since) if each.name == order["metadata"]["name"]]
    phases = [each.phase for each in events]
    assert [each.event for each in events] == ["ADDED", *["MODIFIED"] * (len(events) - 2), "DELETED"]
    assert list(dict.fromkeys(phases)) == ["Held", "Activating", "Active", "Releasing", "Released"]
    assert [each.version for each in events] == [each.data["metadata"]["resourceVersion"] for each in events]
    versions = [int(each.version) for each in events]
    assert versions == sorted(set(versions)) and versions[0] > int(since)
    middle = events[len(events) // 2]
    rest = [each for each in until_now(sandbox, "orders", middle.version) if each.name == middle.name]
    assert rest == events[len(events) // 2 + 1 :]


def test_an_object_that_begins_or_ceases_to_match_comes_and_goes(sandbox):
    since = version(sandbox, "orders")
    order = bought(sandbox)
    patch = {"metadata": {"labels": {"team": "watch"}}}
    headers = {"If-Match": order["metadata"]["resourceVersion"]}
    path = f"/v1/orders/{order['metadata']['name']}"
    assert sandbox.client().patch(path, json=patch, headers=headers).status_code == 200
    sandbox.act(order, "release")
    held = until_now(sandbox, "orders", since, fieldSelector="status.phase=Held")
    mine = [(each.event, each.phase) for each in held if each.name == order["metadata"]["name"]]
    assert mine == [("ADDED", "Held"), ("MODIFIED", "Held"), ("DELETED", "Released")]
    teams = until_now(sandbox, "orders", since, labelSelector="team=watch")
    assert [(each.event, each.phase) for each in teams if each.event != "BOOKMARK"] == [
        ("ADDED", "Held"),
        ("MODIFIED", "Released"),
    ]


def test_filters_by_name_apply(sandbox):
    since = version(sandbox, "cards")
    order = bought(sandbox, 2)
    sandbox.act(order, "activate")
    sandbox.wait(order["metadata"]["name"], "Active")
    assert until_now(sandbox, "cards", since, order="another-order")[0].event == "BOOKMARK"
    cards = until_now(sandbox, "cards", since, order=order["metadata"]["name"])
    assert {each.data["spec"]["order"] for each in cards if each.event != "BOOKMARK"} == {order["metadata"]["name"]}


def test_bills_begin_grow_and_become_final(sandbox):
    since = version(sandbox, "bills")
    order = bought(sandbox)
    where = {"order": order["metadata"]["name"], "timeoutSeconds": 20}
    with watching(sandbox, "bills", since, **where) as events:
        sandbox.act(order, "activate")
        first = next(events)
        assert (first.event, first.data["status"]["state"]) == ("ADDED", "open")
        resumed = until_now(sandbox, "bills", first.version, order=order["metadata"]["name"])
        assert ("MODIFIED", first.name) in {(each.event, each.name) for each in resumed}
        sandbox.act(order, "release")
        last = next(each for each in events if each.event != "BOOKMARK")
        assert (last.event, last.name, last.data["status"]["state"]) == ("MODIFIED", first.name, "final")


def test_bills_of_another_order_are_never_told(sandbox):
    mine, other = bought(sandbox), bought(sandbox)
    for order in (mine, other):
        sandbox.act(order, "activate")
    sandbox.wait(other["metadata"]["name"], "Active")
    told = until_now(sandbox, "bills", version(sandbox, "bills"), order=mine["metadata"]["name"])
    for order in (mine, other):
        sandbox.act(order, "release")
    assert {each.data["spec"]["order"] for each in told if each.event != "BOOKMARK"} <= {mine["metadata"]["name"]}


def test_time_is_told_without_anybody_asking(fresh_sandbox):
    since = version(fresh_sandbox, "orders")
    order = bought(fresh_sandbox)
    fresh_sandbox.admin._ask("POST", "clock", {"speed": 3000})
    with watching(fresh_sandbox, "orders", since) as events:
        seen = [next(events), next(events)]
    assert [(each.name, each.phase) for each in seen] == [
        (order["metadata"]["name"], each) for each in ("Held", "Expired")
    ]


# ---- which versions


@pytest.mark.parametrize(
    ("since", "status", "reason"),
    [("0", 410, "Expired"), ("999999999", 410, "Expired"), ("7a", 400, "BadRequest"), ("", 400, "BadRequest")],
)
def test_a_version_that_is_not_kept_is_refused(sandbox, since, status, reason):
    answer = sandbox.client().get(
        "/v1/orders", params={"watch": "true", "timeoutSeconds": 0}, headers={"Last-Event-ID": since}
    )
    assert (answer.status_code, answer.json()["reason"]) == (status, reason)


@pytest.mark.parametrize(
    "more", [{"fields": "kind"}, {"continue": "x"}, {"as": "objects"}, {"timeoutSeconds": "soon"}, {"watch": "maybe"}]
)
def test_what_means_nothing_here_is_refused(sandbox, more):
    answer = sandbox.get("/v1/offers", **{"watch": "true", "timeoutSeconds": 0, **more})
    assert (answer.status_code, answer.json()["field"]) == (422, next(iter(more)))


def test_a_feed_forgets_the_oldest_and_says_so():
    feed = Feed(10, kept=3)
    place = ("orders", "default")
    for at in range(11, 18):
        feed.add(place, [Turn(at, None, None)])
    assert [turn.version for turn in feed.since([place], 14, 17)] == [15, 16, 17]
    assert [turn.version for turn in feed.since([("cards", "default")], 10, 17)] == []
    for lost in (13, 18):
        with pytest.raises(Problem, match="list again"):
            feed.since([place], lost, 17)
    feed.break_off(place, 18)
    assert feed.since([place], 18, 18) == []
    with pytest.raises(Problem, match="list again"):
        feed.since([place], 17, 18)


def test_a_restart_keeps_the_last_version_and_no_other(fresh_sandbox):
    before = version(fresh_sandbox, "orders")
    bought(fresh_sandbox)
    last = version(fresh_sandbox, "orders")
    fresh_sandbox.kill()
    fresh_sandbox.start()
    assert until_now(fresh_sandbox, "orders", last) == []
    answer = fresh_sandbox.client().get(
        "/v1/orders", params={"watch": "true", "timeoutSeconds": 0}, headers={"Last-Event-ID": before}
    )
    assert answer.status_code == 410


def test_when_other_provinces_answer_the_list_begins_anew(sandbox):
    since = version(sandbox, "offers")
    with watching(sandbox, "offers", since) as events:
        sandbox.admin.faults(province="qinghai", down=True)
        end = next(events)
        assert (end.event, end.data["reason"], end.data["status"]) == ("error", "Expired", 410)
        assert list(events) == []
    since = version(sandbox, "offers")
    qinghai, shanxi = (sandbox.items("/v1/offers", province=each) for each in ("qinghai", "shanxi"))
    assert qinghai == [] and shanxi
    sandbox.admin.set_price(shanxi[0]["metadata"]["name"], shanxi[0]["spec"]["price"])
    told = [each.name for each in until_now(sandbox, "offers", since) if each.event != "BOOKMARK"]
    assert told == [shanxi[0]["metadata"]["name"]]


# ---- who sees what, and how long


def test_another_project_is_never_told(sandbox):
    dev, other = version(sandbox, "orders"), version(sandbox, "orders", "other", project="other")
    mine = bought(sandbox)
    theirs = sandbox.buy(name(), {sandbox.offer()["metadata"]["name"]: 1}, account="other")
    for plural in ("orders", "events"):
        names = str(until_now(sandbox, plural, dev, project="*"))
        assert mine["metadata"]["name"] in names and theirs["metadata"]["name"] not in names
    assert mine["metadata"]["name"] not in str(until_now(sandbox, "orders", other, "other"))
    refused = sandbox.get("/v1/orders", watch="true", timeoutSeconds=0, project="other")
    assert (
        refused.status_code,
        sandbox.client().get("/v1/orders?watch=true&timeoutSeconds=0", headers={"Authorization": ""}).status_code,
    ) == (403, 401)


def test_a_revoked_token_ends_its_watches(fresh_sandbox):
    login = Ground.logged_in(Login(fresh_sandbox))
    with watching(fresh_sandbox, "orders", None, token=login["access_token"]) as events:
        assert next(events).event == "BOOKMARK"
        fresh_sandbox.client().post("/oauth/revoke", data={"token": login["access_token"], "client_id": "cpctl"})
        end = next(events)
        assert (end.event, end.data["reason"]) == ("error", "Unauthorized")
        assert list(events) == []


class Login(Ground):
    """Only what a login needs of it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox


def test_it_ends_when_it_was_asked_to_and_says_how_far_it_came(sandbox):
    since = version(sandbox, "scenarios")
    begin = time.monotonic()
    with watching(sandbox, "scenarios", since, timeoutSeconds=4) as events:
        bought(sandbox)  # other lists move on, and the version with them
        ended = list(events)
    assert 3.9 < time.monotonic() - begin < 8
    assert [each.event for each in ended] == ["BOOKMARK"] and int(ended[0].version) > int(since)


def test_a_cut_line_is_a_cut_line(sandbox):
    with watching(sandbox, "orders", None) as events:
        next(events)
        assert sandbox.admin._ask("DELETE", "watches")["cut"] >= 1
        with pytest.raises(httpx.TransportError):
            list(events)


def test_hundreds_watch_at_once_and_leave_nothing_behind(sandbox):
    since = version(sandbox, "orders")
    head = f"GET /v1/orders?watch=true HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {sandbox.token}\r\n"
    with ExitStack() as lines:
        address = ("127.0.0.1", int(sandbox.url.rpartition(":")[2]))
        watchers = [lines.enter_context(socket.create_connection(address, timeout=20)) for _ in range(300)]
        for each in watchers:
            each.sendall(f"{head}Last-Event-ID: {since}\r\n\r\n".encode())
        heads = [each.recv(4096) for each in watchers]
        assert all(b"200 OK" in each for each in heads) and open_watches(sandbox) >= 300
        order = bought(sandbox)["metadata"]["name"].encode()
        for each in watchers:
            data = b""
            while order not in data:
                data += each.recv(65536)
    deadline = time.monotonic() + 5
    while open_watches(sandbox) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert open_watches(sandbox) == 0


def test_one_that_does_not_read_holds_up_nobody(sandbox):
    with socket.socket() as sleeper:
        sleeper.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sleeper.connect(("127.0.0.1", int(sandbox.url.rpartition(":")[2])))
        head = f"GET /v1/offers?watch=true HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {sandbox.token}\r\n\r\n"
        sleeper.sendall(head.encode())
        time.sleep(0.2)
        begin = time.monotonic()
        bought(sandbox)
        assert time.monotonic() - begin < 2


def test_it_stops_in_order_while_it_is_watched(fresh_sandbox):
    with watching(fresh_sandbox, "orders", None) as events:
        assert next(events).event == "BOOKMARK"
        begin = time.monotonic()
        with suppress(AssertionError):
            fresh_sandbox.stop()
        assert time.monotonic() - begin < 1.5
        assert list(events) == []
