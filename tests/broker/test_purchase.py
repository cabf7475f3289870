"""Whatever becomes of an answer, the same command again finishes the same order, and money moves once."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from money import (
    LOST,
    Trouble,
    forget,
    manifest,
    new_name,
    orders_of,
    problem,
    record_files,
    reservations,
    rolled_back,
    through,
)
from proxy import RecordingProxy

UNKNOWN = 11
SHORT = ("lost", "cut in body", "500", "html", "no order")


@pytest.fixture
def wanted(tmp_path, sandbox):
    made = manifest(tmp_path)
    with rolled_back(sandbox, made.name):
        yield made


@pytest.fixture
def proxy(sandbox):
    with RecordingProxy(sandbox.url) as running:
        yield running


def phase(sandbox, name):
    (order,) = orders_of(sandbox, name)
    return order["status"]["phase"]


# the answer of the order request


@pytest.mark.parametrize("wiped", [False, True], ids=["journal", "wiped"])
@pytest.mark.parametrize("lost", LOST)
def test_an_order_whose_answer_was_lost_is_finished_by_the_same_command(cp, sandbox, proxy, wanted, lost, wiped):
    proxy.instead = Trouble("/v1/orders?", LOST[lost])
    first = cp("apply", "-f", str(wanted), env=through(cp, proxy))
    assert (first.code, first.out) == (UNKNOWN, ""), first.err
    assert wanted.name in first.err and "same command again" in first.err
    if wiped:
        forget(cp)
    again = cp("apply", "-f", str(wanted), "-o", "json", env=through(cp, proxy))
    assert again.code == 0, again.err
    assert again.json["result"] == ("unchanged" if wiped else "resumed")
    assert len(orders_of(sandbox, wanted.name)) == len(reservations(sandbox, wanted.name)) == 1
    sent = proxy.sent("POST", "/v1/orders?")
    assert len(sent) == (1 if wiped else 2)
    assert len({(one.body, one.header("Idempotency-Key")) for one in sent}) == 1


@pytest.mark.parametrize("lost", SHORT)
def test_a_lost_answer_of_create_is_finished_by_create(cp, sandbox, proxy, tmp_path, lost):
    name = new_name()
    command = ("create", "order", name, "--gpu", "H800", "--cards", "8", "--duration", "1h", "--yes")
    proxy.instead = Trouble("/v1/orders?", LOST[lost])
    with rolled_back(sandbox, name):
        assert cp(*command, env=through(cp, proxy)).code == UNKNOWN
        assert cp(*command, env=through(cp, proxy)).code == 0
        assert len(reservations(sandbox, name)) == 1
        assert cp(*command, env=through(cp, proxy)).code == 5


def test_an_answer_lost_in_the_sandbox_itself_is_found_again(cp, sandbox, wanted):
    for effect in ("dropAfterCommit", "truncate"):
        sandbox.admin.faults(path="/v1/orders", method="POST", count=1, **{effect: True})
        assert cp("apply", "-f", str(wanted)).code == UNKNOWN
    assert cp("apply", "-f", str(wanted)).code == 0
    assert len(reservations(sandbox, wanted.name)) == 1


def test_an_error_before_anything_was_done_is_unknown_too_and_then_bought_once(cp, sandbox, wanted):
    for status in (500, 503, 504):
        sandbox.admin.faults(path="/v1/orders", method="POST", count=1, error=status)
        assert cp("apply", "-f", str(wanted)).code == UNKNOWN
    assert cp("apply", "-f", str(wanted)).code == 0
    assert len(reservations(sandbox, wanted.name)) == 1


@pytest.mark.soak
def test_an_answer_that_never_comes_is_unknown_at_the_deadline(cp, sandbox, wanted):
    sandbox.admin.faults(path="/v1/orders", method="POST", count=1, latency=40)
    assert cp("apply", "-f", str(wanted)).code == UNKNOWN
    assert cp("apply", "-f", str(wanted)).code == 0
    assert len(reservations(sandbox, wanted.name)) == 1


# activate and release


@pytest.mark.parametrize("wiped", [False, True], ids=["journal", "wiped"])
@pytest.mark.parametrize("lost", SHORT)
def test_a_lost_answer_of_activate_and_of_release_is_finished_by_the_same_command(
    cp, sandbox, proxy, wanted, lost, wiped
):
    assert cp("apply", "-f", str(wanted)).code == 0
    proxy.instead = Trouble("/activate", LOST[lost])
    activate = ("activate", f"order/{wanted.name}", "--yes", "--wait")
    assert cp(*activate, env=through(cp, proxy)).code == UNKNOWN
    if wiped:
        forget(cp)
    assert cp(*activate, env=through(cp, proxy)).code == 0
    assert phase(sandbox, wanted.name) == "Active"
    proxy.instead = Trouble("/release", LOST[lost])
    release = ("release", f"order/{wanted.name}")
    assert cp(*release, env=through(cp, proxy)).code == UNKNOWN
    if wiped:
        forget(cp)
    assert cp(*release, env=through(cp, proxy)).code == 0
    assert phase(sandbox, wanted.name) == "Released"
    bills = [bill for bill in sandbox.items("/v1/bills") if bill["spec"]["order"] == wanted.name]
    assert len(bills) <= 1
    assert [bill["status"]["state"] for bill in bills] == ["final"] * len(bills)


def test_apply_activate_finishes_after_a_lost_activation(cp, sandbox, proxy, wanted):
    proxy.instead = Trouble("/activate", LOST["lost"])
    command = ("apply", "-f", str(wanted), "--activate", "--wait")
    assert cp(*command, env=through(cp, proxy)).code == UNKNOWN
    assert cp(*command, env=through(cp, proxy)).code == 0
    assert len(proxy.sent("POST", f"/v1/orders/{wanted.name}/activate")) <= 2
    assert phase(sandbox, wanted.name) == "Active"


@pytest.mark.parametrize("verb", ["apply", "activate"])
def test_an_order_that_came_up_meanwhile_leaves_no_record_open(cp, sandbox, proxy, wanted, verb):
    commands = {
        "apply": ("apply", "-f", str(wanted), "--activate"),
        "activate": ("activate", f"order/{wanted.name}", "--yes"),
    }
    assert cp("apply", "-f", str(wanted), env=through(cp, proxy)).code == 0
    proxy.instead = Trouble("/activate", LOST["lost"])
    assert cp(*commands[verb], env=through(cp, proxy)).code == UNKNOWN
    sandbox.wait(wanted.name, "Active")
    assert cp(*commands[verb], env=through(cp, proxy)).code == 0
    (record,) = record_files(cp, "activate")
    assert 'state = "done"' in record.read_text()


def test_an_activation_whose_order_failed_meanwhile_is_not_told_as_activating(cp, sandbox, proxy, wanted):
    """The answer to the bytes sent again is the first one, which is older than the failure."""
    assert cp("apply", "-f", str(wanted)).code == 0
    sandbox.admin.activation(failing=1)
    proxy.instead = Trouble("/activate", LOST["lost"])
    assert cp("activate", f"order/{wanted.name}", "--yes", env=through(cp, proxy)).code == UNKNOWN
    sandbox.wait(wanted.name, "Failed")
    again = cp("activate", f"order/{wanted.name}", "--yes", env=through(cp, proxy))
    assert (again.code, again.out) == (5, "")
    assert "Failed" in again.err


def test_an_order_released_since_the_answer_was_lost_is_not_told_as_held(cp, sandbox, proxy, wanted):
    proxy.instead = Trouble("/v1/orders?", LOST["lost"])
    assert cp("apply", "-f", str(wanted), env=through(cp, proxy)).code == UNKNOWN
    (order,) = orders_of(sandbox, wanted.name)
    sandbox.act(order, "release")
    again = cp("apply", "-f", str(wanted), env=through(cp, proxy))
    assert (again.code, again.out) == (5, "")
    assert "Released" in again.err


# nothing happened


def test_an_overloaded_platform_is_9_and_nothing_was_bought(cp, sandbox, proxy, wanted):
    from money import TestClock

    proxy.instead = Trouble("/v1/orders?", problem(503, "Overloaded"), times=10**6)
    proxy.upstream = sandbox.url
    sandbox.admin.faults(path="/v1/orders", method="POST", error=429)  # the platform does nothing either
    patient = replace(cp, clock=TestClock())
    result = patient("apply", "-f", str(wanted), env=through(cp, proxy))
    assert (result.code, result.out) == (9, "")
    assert orders_of(sandbox, wanted.name) == []
    sandbox.admin.clear_faults()
    assert cp("apply", "-f", str(wanted)).code == 0


def test_a_platform_that_is_not_there_is_9_and_nothing_was_bought(cp, sandbox, wanted):
    result = cp("apply", "-f", str(wanted), env={"CPCTL_SERVER": "http://127.0.0.1:9"})
    assert (result.code, result.out) == (9, "")
    assert orders_of(sandbox, wanted.name) == []


def test_a_platform_that_goes_away_after_the_purchase_is_never_nothing_happened(cp, sandbox, proxy, wanted):
    from money import TestClock

    proxy.instead = Trouble("/activate", problem(503, "Overloaded"), times=10**6)
    sandbox.admin.faults(path=f"/v1/orders/{wanted.name}", method="POST", error=429)
    command = ("apply", "-f", str(wanted), "--activate")
    result = replace(cp, clock=TestClock())(*command, env=through(cp, proxy))
    assert result.code == UNKNOWN
    assert wanted.name in result.err and "same command again" in result.err
    sandbox.admin.clear_faults()
    assert cp(*command).code == 0
    assert len(reservations(sandbox, wanted.name)) == 1


# what is wanted has changed since


def test_a_begun_order_of_another_spec_is_never_bought(cp, sandbox, proxy, wanted):
    sandbox.admin.faults(path="/v1/orders", method="POST", count=1, error=500)
    assert cp("apply", "-f", str(wanted)).code == UNKNOWN
    wanted.change(duration="2h")
    assert cp("apply", "-f", str(wanted)).code == 0
    (order,) = orders_of(sandbox, wanted.name)
    assert order["spec"]["duration"] == "2h"


def test_a_begun_order_is_not_bought_above_the_limit_of_now(cp, sandbox, wanted):
    sandbox.admin.faults(path="/v1/orders", method="POST", count=1, error=500)
    assert cp("apply", "-f", str(wanted)).code == UNKNOWN
    result = cp("apply", "-f", str(wanted), env={"CPCTL_MAX_ORDER": "1.00"})
    assert result.code == 7, result.err
    assert orders_of(sandbox, wanted.name) == []


def test_a_record_of_another_account_or_endpoint_is_refused(cp, sandbox, proxy, wanted):
    sandbox.admin.faults(path="/v1/orders", method="POST", count=1, error=500)
    assert cp("apply", "-f", str(wanted)).code == UNKNOWN
    for env in ({"CPCTL_TOKEN": sandbox.token_of("ci")}, {"CPCTL_SERVER": proxy.url}):
        result = cp("apply", "-f", str(wanted), env=env)
        assert (result.code, result.out) == (5, ""), result.err
        assert "was begun by dev" in result.err
    assert not proxy.sent("POST", "/v1/orders?")
    assert orders_of(sandbox, wanted.name) == []
    assert cp("apply", "-f", str(wanted)).code == 0


def test_a_refusal_that_settles_nothing_leaves_the_record_to_be_sent_again(cp, sandbox, proxy, wanted):
    """A token that is refused now says nothing about the request whose answer was lost."""
    for answer, code in ((LOST["lost"], UNKNOWN), (problem(403, "Forbidden"), 4)):
        proxy.instead = Trouble("/v1/orders?", answer)
        assert cp("apply", "-f", str(wanted), env=through(cp, proxy)).code == code
    assert cp("apply", "-f", str(wanted), env=through(cp, proxy)).code == 0
    sent = proxy.sent("POST", "/v1/orders?")
    assert (len(sent), len({one.header("Idempotency-Key") for one in sent})) == (3, 1)
    assert len(reservations(sandbox, wanted.name)) == 1


def test_json_failures_say_that_it_may_be_tried_again(cp, proxy, wanted):
    proxy.instead = Trouble("/v1/orders?", LOST["lost"])
    result = cp("apply", "-f", str(wanted), "-o", "json", env=through(cp, proxy))
    assert (result.code, result.out) == (UNKNOWN, "")
    assert (result.error["code"], result.error["retryable"]) == (UNKNOWN, True)
    assert json.dumps(result.error)


def test_an_order_held_at_more_than_was_agreed_is_not_switched_on(cp, sandbox, proxy, wanted):
    def dearer(exchange):
        if not exchange.line.startswith("POST /v1/orders?"):
            return None
        head, _, body = exchange.answer.partition(b"\r\n\r\n")
        order = json.loads(body)
        order["status"]["total"] = "999.00"
        sent = json.dumps(order).encode()
        kept = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
        return b"\r\n".join([*kept, f"Content-Length: {len(sent)}".encode()]) + b"\r\n\r\n" + sent

    proxy.instead = dearer
    result = cp("apply", "-f", str(wanted), "--activate", env=through(cp, proxy))
    assert result.code == 1 and "is held at 999.00 CNY" in result.err
    assert not proxy.sent("POST", f"/v1/orders/{wanted.name}/activate")
    assert phase(sandbox, wanted.name) == "Held"
