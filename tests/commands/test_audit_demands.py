"""`audit` knows the demands that runs of this machine were publishing: finishes them, or sees that they buy nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from client import Client
from money import LOST, TestClock, Trouble, new_name, orders_of, record_files, rolled_back
from proxy import RecordingProxy
from sandbox_server import running

FINISH, CANCEL = ("audit", "--resolve=finish", "--yes"), ("audit", "--resolve=cancel", "--yes")
UNKNOWN = 11
HERE, NEVER = "8", "90000"  # cards that are there, and that never are


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    with running(tmp_path_factory.mktemp("shop"), seed=8) as sandbox:
        yield sandbox


@pytest.fixture
def front(shop):
    with RecordingProxy(shop.url) as proxy:
        yield proxy


@pytest.fixture
def cp(shop, front, tmp_path):
    return Client(tmp_path / "home", env=shop.env | {"CPCTL_SERVER": front.url})


@pytest.fixture
def name(shop):
    made = new_name()
    with rolled_back(shop, made):
        yield made
        if demand(shop, made):
            shop.client().delete(f"/v1/demands/{made}", params={"uid": demand(shop, made)["metadata"]["uid"]})


def demand(shop, name):
    answer = shop.get(f"/v1/demands/{name}")
    return answer.json() if answer.status_code == 200 else None


def published(cp, name, cards):
    return cp(
        "create", "demand", name, "--gpu", "H800", "--cards", cards, "--duration", "1h",
        "--until", "2099-01-01T00:00:00Z", "--budget", "900", "--yes",
    )  # fmt: skip


def unheard(cp, front, name, cards):
    """Published, and the answer lost on its way."""
    front.instead = Trouble("/v1/demands?", LOST["lost"], times=99)
    assert published(cp, name, cards).code == UNKNOWN
    front.instead = None


def unsent(cp, front, name, cards):
    """The request itself was lost."""

    def lost(exchange):
        if exchange.line.startswith("POST /v1/demands?"):
            raise OSError

    front.before = lost
    assert published(cp, name, cards).code == UNKNOWN
    front.before = lambda _: None


def later(cp, **age):
    return replace(cp, clock=TestClock(ahead=timedelta(**age)))


def state(cp):
    (record,) = record_files(cp, "publish")
    return next(line for line in record.read_text().splitlines() if line.startswith("state"))


def test_one_that_came_to_its_end_is_no_finding(cp, name):
    assert published(cp, name, NEVER).code == 0
    assert cp("audit", "-o", "name").code == 0
    assert cp("delete", f"demand/{name}").code == 0
    assert cp("audit").code == 0 and "deleted" in state(cp)


@pytest.mark.parametrize(("cards", "phase"), [(HERE, "Matched, its order Held"), (NEVER, "Open")])
def test_an_unheard_answer_is_found_and_finished(cp, front, shop, name, cards, phase):
    unheard(cp, front, name, cards)
    found = cp("audit")
    assert found.code == 1 and "unfinished" in found.out and f"the demand is {phase}" in found.out
    done = cp(*FINISH)
    assert done.code == 0 and f"publish demand/{name}" in done.err and "done" in state(cp), done.err
    assert len({one.header("Idempotency-Key") for one in front.sent("POST", "/v1/demands?")}) == 1
    assert cp("audit").code == 0


def test_one_that_never_came_is_sent_again_with_the_same_bytes(cp, front, shop, name):
    unsent(cp, front, name, NEVER)
    assert demand(shop, name) is None and "there is no such demand" in cp("audit").out
    first = front.sent("POST", "/v1/demands?")[0]
    assert cp(*FINISH).code == 0 and demand(shop, name)["status"]["phase"] == "Open"
    again = front.sent("POST", "/v1/demands?")[-1]
    assert (again.body, again.header("Idempotency-Key")) == (first.body, first.header("Idempotency-Key"))


def test_limits_of_now_hold(cp, front, shop, name):
    unsent(cp, front, name, NEVER)
    held = cp(*FINISH, env={"CPCTL_MAX_ORDER": "10"})
    assert held.code == 1 and "higher max-order" in held.out + held.err and demand(shop, name) is None


@pytest.mark.parametrize("age", [{"days": 7}, {"days": 40}])
def test_one_too_old_is_never_sent_again(cp, front, shop, name, age):
    unsent(cp, front, name, NEVER)
    assert later(cp, **age)(*FINISH).code == 0
    assert demand(shop, name) is None and "outdated" in state(cp)


def test_cancelled_while_open_it_is_closed(cp, front, shop, name):
    unheard(cp, front, name, NEVER)
    assert cp(*CANCEL).code == 0
    assert demand(shop, name) is None and "cancelled" in state(cp) and orders_of(shop, name) == []
    assert cp("audit").code == 0


def test_cancelled_once_matched_its_order_is_given_back(cp, front, shop, name):
    unheard(cp, front, name, HERE)
    (order,) = orders_of(shop, name)
    assert order["status"]["phase"] == "Held"
    assert cp(*CANCEL).code == 0
    (order,) = orders_of(shop, name)
    assert order["status"]["phase"] == "Released" and "cancelled" in state(cp)


def test_cancelled_and_there_all_the_same_it_is_found_again(cp, front, shop, name):
    unsent(cp, front, name, NEVER)
    early = cp(*CANCEL)
    assert early.code == 1 and "on its way" in early.out + early.err
    assert later(cp, minutes=2)(*CANCEL).code == 0 and "cancelled" in state(cp)
    sent = front.sent("POST", "/v1/demands?")[0]
    body, key = sent.body, sent.header("Idempotency-Key")
    headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
    assert shop.client().post("/v1/demands?project=default", content=body, headers=headers).status_code == 201
    found = later(cp, minutes=3)("audit")
    assert found.code == 1 and "unexpected" in found.out and "looked for all the same" in found.out
    assert later(cp, minutes=3)(*CANCEL).code == 0 and demand(shop, name) is None


def test_somebody_elses_of_the_same_name_is_left_alone(cp, front, shop, name):
    unsent(cp, front, name, NEVER)
    shop.demand(name, account="ci", cards=99_000)
    assert cp(*FINISH).code == 0 and "refused" in state(cp)
    assert demand(shop, name)["status"]["createdBy"] == "ci"


def test_an_order_of_the_same_name_is_left_alone(cp, front, shop, name):
    unsent(cp, front, name, NEVER)
    offer = shop.offer(cards=8)["metadata"]["name"]
    shop.buy(name, {offer: 8})
    assert later(cp, minutes=2)(*CANCEL).code == 0
    (order,) = orders_of(shop, name)
    assert order["status"]["phase"] == "Held"
