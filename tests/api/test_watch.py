"""Following a list: nothing lost and nothing told twice, whatever happens to the line, the server, or its memory."""

from __future__ import annotations

import itertools
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from wires import FakeClock, Token, WallClock, Wire, answer, problem, raw, talking_to

from cpctl.api.platform import Platform
from cpctl.api.transport import Transport
from cpctl.api.watch import Watch
from cpctl.errors import BadAnswer, Forbidden, NotFound
from cpctl.resources.endpoint import endpoint
from cpctl.resources.exchange import Request
from cpctl.resources.known import Change, Known
from cutting import CuttingProxy
from sandbox_server import Sandbox
from sse import until_now, version

Row = tuple[str, str, str]


def row(event: str, item: Any) -> Row:
    return event, item["metadata"]["name"], item["metadata"]["resourceVersion"]


# ---- through 200 cuts: the client's report against the platform's own


class Sender(Transport):
    """The client's transport, in which a test may plant a fault."""

    plant: Callable[[Request], Request] = staticmethod(lambda request: request)

    def stream(self, request: Request) -> Any:
        return super().stream(self.plant(request))


class Credulous(Known):
    """Believes whatever it is told, however often: the fault of a client that does not compare."""

    def told(self, event: str, item: Any) -> Change:
        return Change(event, item)


class Follower:
    """A watch of one list of a sandbox, through a network, in a thread of its own."""

    def __init__(self, sandbox: Sandbox, url: str, plural: str, known: type[Known] = Known, plant: Any = None) -> None:
        self.plural, self.since = plural, version(sandbox, plural)
        self.rows: list[Row] = []
        self.log: list[Row] = []  # what the sandbox itself says it changed
        self._logged = self.since
        self.failure: Exception | None = None
        sender = Sender(endpoint(url), Token(sandbox.token), clock=WallClock(), jitter=lambda: 0.0)
        sender.plant = plant() if plant else sender.plant
        held = known()
        held.hold(sandbox.items(f"/v1/{plural}", limit=5000))
        platform = Platform(sender, "default", clock=WallClock())
        watch = Watch(platform, f"/v1/{plural}", {}, held, clock=WallClock(), say=lambda text: None, jitter=lambda: 0.0)
        threading.Thread(target=self._follow, args=(watch,), daemon=True).start()

    def agrees(self, sandbox: Sandbox) -> bool:
        """Whether what was reported is what the sandbox changed, up to now."""
        events = until_now(sandbox, self.plural, self._logged)
        self._logged = events[-1].version if events else self._logged
        self.log += [row(each.event, each.data) for each in events if each.event != "BOOKMARK"]
        return self.rows == self.log

    def _follow(self, watch: Watch) -> None:
        try:
            for change in watch.changes(self.since):
                self.rows.append(row(change.event, change.object))
        except Exception as failure:  # for the test to raise
            self.failure = failure


def trade(sandbox: Sandbox, offer: str, number: int) -> None:
    """A little of everything: an order bought, sometimes switched on, given back; a price moved."""
    order = sandbox.buy(f"held-{uuid.uuid4().hex[:8]}", {offer: 1})
    if number % 4 == 0:
        sandbox.act(order, "activate")
    sandbox.admin.set_price(offer, f"{7 + number % 90}.0000")
    sandbox.act(order, "release")


FAR_BEHIND = 500
"""Changes; the sandbox keeps four times as many at least, and after that a list has to do."""


def held_through(
    sandbox: Sandbox, cuts: int, plurals: tuple[str, ...] = ("orders", "offers"), settle_s: float = 10, **planted: Any
) -> tuple[list[Follower], CuttingProxy]:
    """Lists followed while so many lines are cut, until the sandbox is quiet again."""
    offers = [each["metadata"]["name"] for each in sandbox.items("/v1/offers", billing="on-demand", cards=1)]
    turns = enumerate(itertools.cycle(offers))
    sandbox.admin.activation(secondsPerCard=0.01)
    with CuttingProxy(sandbox.url) as proxy:
        followers = [Follower(sandbox, proxy.url, plural, **planted) for plural in plurals]
        deadline = time.monotonic() + 60 + cuts / 5
        while proxy.cuts < cuts and time.monotonic() < deadline:
            if any(len(each.log) - len(each.rows) > FAR_BEHIND for each in followers):
                time.sleep(0.02)  # a line this bad carries less than the sandbox can change
                continue
            number, offer = next(turns)
            trade(sandbox, offer, number)
            time.sleep(0.01)
            if number % 50 == 0:
                agree(sandbox, followers)  # reads the log, which the sandbox does not keep for ever
        proxy.is_cutting = False
        while any(each["status"]["phase"] in ("Activating", "Releasing") for each in sandbox.orders()):
            time.sleep(0.05)
        settle = time.monotonic() + settle_s
        while time.monotonic() < settle and not agree(sandbox, followers):
            time.sleep(0.05)
    for each in followers:
        assert each.failure is None, each.failure
    return followers, proxy


def agree(sandbox: Sandbox, followers: list[Follower]) -> bool:
    found = [each.agrees(sandbox) for each in followers]  # each reads its log, whatever the others say
    return all(found)


def test_a_watch_held_through_200_cuts_reports_exactly_what_the_sandbox_changed(fresh_sandbox):
    followers, proxy = held_through(fresh_sandbox, 200)
    for each in followers:
        assert each.agrees(fresh_sandbox) and len(each.rows) > 50
    assert proxy.cuts >= 200 and proxy.resumed == proxy.watches > 200


def without_id() -> Callable[[Request], Request]:
    return lambda request: request._replace(headers={"accept": request.headers["accept"]})


def one_behind() -> Callable[[Request], Request]:
    """Goes on from where it went on the last time, too."""
    last: list[dict[str, str]] = []

    def plant(request: Request) -> Request:
        last.append(dict(request.headers))
        return request._replace(headers=last[-2] if len(last) > 1 else last[-1])

    return plant


def test_the_same_test_sees_a_client_that_does_not_say_where_it_was(fresh_sandbox):
    followers, _ = held_through(fresh_sandbox, 6, ("orders",), 1, plant=without_id)
    assert not agree(fresh_sandbox, followers)


def test_the_same_test_sees_a_client_that_does_not_compare(fresh_sandbox):
    followers, _ = held_through(fresh_sandbox, 15, ("orders",), 1, plant=one_behind, known=Credulous)
    assert not agree(fresh_sandbox, followers)


def test_what_is_told_again_is_not_reported_again(fresh_sandbox):
    followers, proxy = held_through(fresh_sandbox, 15, ("orders",), plant=one_behind)
    assert agree(fresh_sandbox, followers) and proxy.cuts >= 15


@pytest.mark.soak
def test_a_watch_held_through_2000_cuts(fresh_sandbox):
    followers, proxy = held_through(fresh_sandbox, 2000)
    assert proxy.cuts >= 2000
    assert agree(fresh_sandbox, followers)


def test_a_killed_platform_that_comes_back_has_lost_nobody(fresh_sandbox):
    bought = fresh_sandbox.buy("before", {fresh_sandbox.offer()["metadata"]["name"]: 1})
    follower = Follower(fresh_sandbox, fresh_sandbox.url, "orders")
    time.sleep(0.3)
    fresh_sandbox.kill()
    fresh_sandbox.start()
    fresh_sandbox.act(bought, "release")
    fresh_sandbox.buy("after", {fresh_sandbox.offer()["metadata"]["name"]: 1})
    wanted = [("MODIFIED", "before"), ("ADDED", "after")]
    deadline = time.monotonic() + 15
    while len(follower.rows) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [each[:2] for each in follower.rows] == wanted and follower.failure is None


# ---- servers that a test writes


def thing(name: str, version: int, phase: str = "Held", **more: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "resourceVersion": str(version), "uid": name},
        "status": {"phase": phase, **more},
    }


def listed(*items: Any, version: int = 5, headers: tuple[str, ...] = (), **metadata: Any) -> Any:
    document = {
        "kind": "List",
        "items": items,
        "metadata": {"resourceVersion": str(version), "complete": True, **metadata},
    }
    return answer(json.dumps(document), headers=headers)


def event(name: str, item: Any, id_: object = None) -> str:
    data = item if isinstance(item, str) else json.dumps(item)
    return f"event: {name}\n" + (f"id: {id_}\n" if id_ is not None else "") + f"data: {data}\n\n"


def stream(*events: str) -> Any:
    """Events, and then the line is cut."""
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\nContent-Length: 999999999\r\n\r\n"
    )
    return raw((head + "".join(events)).encode())


EXPIRED = {"status": 410, "reason": "Expired", "detail": "list again"}


@contextmanager
def following(*scripts: Any, held: tuple[Any, ...] = (), lasts_s: float = 60.0, **more: Any) -> Iterator[Any]:
    """A watch over fake time; (wire, watch, what was said)."""
    wire, clock, said = Wire(*scripts), FakeClock(), []
    known = Known(**more)
    known.hold(held)
    with talking_to(wire, Token(), clock) as transport:
        platform = Platform(transport, "default", clock=clock)
        watch = Watch(
            platform, "/v1/orders", {}, known, clock=clock, say=said.append, jitter=lambda: 0.0, lasts_s=lasts_s
        )
        yield wire, watch, said


def told(*scripts: Any, **more: Any) -> tuple[list[Row], list[str], list[bytes]]:
    """Everything until the fake minute is over, what was said, and what was asked."""
    with following(*scripts, **more) as (wire, watch, said):
        rows = [row(*change) for change in watch.changes("5")]
        return rows, said, wire.requests


DOWN = raw(b"")


def test_events_become_changes_and_the_last_id_goes_along():
    first = stream(
        event("ADDED", thing("a", 6), 6), event("MODIFIED", thing("a", 7), 7), event("BOOKMARK", thing("", 9), 9)
    )
    rows, _, requests = told(first, stream(event("DELETED", thing("a", 10), 10)), DOWN)
    assert rows == [("ADDED", "a", "6"), ("MODIFIED", "a", "7"), ("DELETED", "a", "10")]
    asked = [request.lower().split(b"last-event-id: ")[1].split(b"\r\n")[0] for request in requests[:3]]
    assert asked == [b"5", b"9", b"10"]


def test_an_event_that_is_cut_off_is_not_believed():
    whole = event("ADDED", thing("a", 6), 6)
    for end in range(1, len(whole)):
        rows, _, _ = told(stream(whole[:end]), stream(whole), DOWN, lasts_s=2)
        assert rows == [("ADDED", "a", "6")]


def test_a_version_that_is_too_old_is_a_list_and_its_differences():
    held = (thing("a", 1), thing("b", 2), thing("c", 3))
    again = listed(thing("a", 1), thing("b", 8, "Active"), thing("d", 9), version=9)
    for start in (problem(410, "Expired"), stream(event("error", EXPIRED))):
        rows, _, requests = told(start, again, stream(event("ADDED", thing("e", 10), 10)), DOWN, held=held)
        assert rows == [("DELETED", "c", "3"), ("MODIFIED", "b", "8"), ("ADDED", "d", "9"), ("ADDED", "e", "10")]
        assert b"last-event-id: 9\r\n" in requests[2].lower()


def test_a_list_that_is_not_whole_proves_nothing_gone():
    rows, _, _ = told(
        problem(410, "Expired"), listed(thing("a", 9), complete=False), DOWN, held=(thing("a", 1), thing("b", 2))
    )
    assert rows == [("MODIFIED", "a", "9")]


def test_an_object_of_another_uid_is_another_object():
    other = {**thing("a", 9), "metadata": {"name": "a", "resourceVersion": "9", "uid": "other"}}
    rows, _, _ = told(problem(410, "Expired"), listed(other), DOWN, held=(thing("a", 1),))
    assert rows == [("DELETED", "a", "1"), ("ADDED", "a", "9")]


def test_a_server_that_begins_anew_each_time_tells_nothing_twice():
    history = (event("ADDED", thing("a", 6)), event("MODIFIED", thing("a", 7)), event("DELETED", thing("a", 8)))
    rows, _, _ = told(stream(*history), stream(*history), stream(*history, event("ADDED", thing("a", 9))), DOWN)
    assert rows == [("ADDED", "a", "6"), ("MODIFIED", "a", "7"), ("DELETED", "a", "8"), ("ADDED", "a", "9")]


def test_only_its_age_is_no_change():
    old, new = thing("a", 1, asOf="2026-01-01T00:00:00Z"), thing("a", 1, asOf="2026-01-01T00:00:09Z")
    assert told(stream(event("MODIFIED", new)), DOWN, held=(old,))[0] == []


def test_what_was_not_asked_for_is_not_believed():
    rows, _, _ = told(
        stream(event("ADDED", thing("a", 6), 6), event("ADDED", thing("b", 7, "Active"), 7)),
        stream(event("MODIFIED", thing("a", 8, "Active"), 8)),
        DOWN,
        keeps=lambda item: item["status"]["phase"] == "Held",
    )
    assert rows == [("ADDED", "a", "6"), ("DELETED", "a", "8")]


@pytest.mark.parametrize(
    "refusal",
    [
        problem(400, "BadRequest"),
        problem(404, "NotFound"),
        problem(405, "MethodNotAllowed"),
        problem(422, "Invalid"),
        answer("<html>", kind="text/html"),
        listed(thing("a", 1)),
    ],
)
def test_a_server_without_a_watch_is_asked_in_turns(refusal):
    first = listed(thing("a", 6), headers=('ETag: W/"1"',))
    same = answer(b"", "304 Not Modified")
    rows, said, requests = told(refusal, first, same, listed(thing("b", 7), headers=('ETag: W/"2"',)), same, lasts_s=22)
    assert rows == [("ADDED", "a", "6"), ("DELETED", "a", "6"), ("ADDED", "b", "7")]
    assert said == ["warning: the platform has no watch for /v1/orders; asking every 5 s"]
    assert len(requests) == 5 and b'if-none-match: w/"1"' in requests[2].lower()


def test_a_server_that_says_it_has_not_built_it_is_asked_in_turns_too():
    refusal = answer("no", "501 Not Implemented", "text/plain")
    rows, _, requests = told(*[refusal] * 4, listed(thing("a", 6)), lasts_s=9)  # a 5xx is asked for four times
    assert rows == [("ADDED", "a", "6")] and len(requests) == 5


@pytest.mark.parametrize(
    ("refusal", "error"), [(problem(403, "Forbidden"), Forbidden), (problem(404, "NotFound"), NotFound)]
)
def test_a_list_that_is_refused_ends_it(refusal, error):
    with pytest.raises(error):
        told(refusal)


def test_a_platform_that_is_away_is_said_once_and_so_is_its_return():
    rows, said, requests = told(*[DOWN] * 40, stream(event("ADDED", thing("a", 6), 6)), DOWN, lasts_s=200)
    assert rows == [("ADDED", "a", "6")]
    assert [text.endswith("trying again") for text in said] == [True, False, True] and said[
        1
    ] == "the platform answers again"
    assert len(requests) < 250  # pauses grow: four sendings every four seconds in the end


def test_an_expired_token_is_renewed():
    ended = {"status": 401, "reason": "TokenExpired", "detail": "over"}
    scripts = (
        stream(event("error", ended)),
        problem(401, "TokenExpired"),
        stream(event("ADDED", thing("a", 6), 6)),
        DOWN,
    )
    wire, clock = Wire(*scripts), FakeClock()
    bearer = Token(fresh="canary-second")
    with talking_to(wire, bearer, clock) as transport:
        platform = Platform(transport, "default", clock=clock)
        watch = Watch(platform, "/v1/orders", {}, Known(), clock=clock, say=lambda text: None, lasts_s=20)
        assert [row(*change) for change in watch.changes("5")] == [("ADDED", "a", "6")]
    assert bearer.renewals == 1 and b"canary-second" in wire.requests[2]


@pytest.mark.parametrize(
    ("garbage", "said"),
    [
        (event("ADDED", "{"), "without an object"),
        (event("ADDED", "[]"), "without an object"),
        (event("ADDED", "[" * 100_000), "without an object"),
        (event("MODIFIED", {"metadata": {}}), "without a name"),
        (event("MODIFIED", {"metadata": 7}), "without a name"),
        ("data: " + "x" * (17 << 20), "larger than 16 MiB"),
        ("data: x\n" * (3 << 20), "larger than 16 MiB"),
    ],
)
def test_garbage_is_bounded_and_ends_it(garbage, said):
    with pytest.raises(BadAnswer, match=said):
        told(stream(garbage))


def test_events_of_a_newer_platform_are_passed_over_and_said_once():
    newer = (event("SHUFFLED", thing("a", 6), 6), event("SHUFFLED", thing("a", 6), 6), event("", "{}"))
    rows, said, _ = told(stream(*newer, event("ADDED", thing("a", 7), "x\x7f y")), DOWN, lasts_s=2)
    assert rows == [("ADDED", "a", "7")]
    assert [text for text in said if "does not know (SHUFFLED)" in text] == said[:1]


def test_a_server_that_ends_every_watch_at_once_is_not_asked_at_once():
    ending = answer(event("BOOKMARK", thing("", 5), 5), kind="text/event-stream")
    _, _, requests = told(ending, lasts_s=60)
    assert len(requests) < 30


def test_a_dead_line_is_noticed():
    def dead(connection: Any, request: bytes) -> None:
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 99\r\n\r\n: hello\n\n"
        )
        time.sleep(3)

    clock = WallClock()
    wire = Wire(dead, stream(event("ADDED", thing("a", 6), 6)), DOWN)
    with talking_to(wire, Token(), clock) as transport:
        platform = Platform(transport, "default", clock=clock)
        watch = Watch(platform, "/v1/orders", {}, Known(), clock=clock, say=lambda text: None, lasts_s=8, idle_s=0.3)
        begin = time.monotonic()
        assert row(*next(watch.changes("5"))) == ("ADDED", "a", "6")
        assert time.monotonic() - begin < 2
