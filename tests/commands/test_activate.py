"""`activate`: billing starts for the order that was named, once."""

from __future__ import annotations

import pytest

from money import manifest, new_name, orders_of, rolled_back, through
from proxy import RecordingProxy


@pytest.fixture
def held(cp, sandbox, tmp_path):
    made = manifest(tmp_path)
    assert cp("apply", "-f", str(made)).code == 0
    with rolled_back(sandbox, made.name):
        yield made


def test_twice_is_once(cp, sandbox, held):
    command = ("activate", f"order/{held.name}", "--yes", "--wait", "-o", "json")
    with RecordingProxy(sandbox.url) as proxy:
        first, again = (cp(*command, env=through(cp, proxy)) for _ in range(2))
        assert len(proxy.sent("POST", f"/v1/orders/{held.name}/activate")) == 1
    assert (first.code, first.json["result"], first.json["status"]["phase"]) == (0, "active", "Active")
    assert (again.code, again.json["result"]) == (0, "unchanged")
    assert first.json["metadata"]["uid"] == again.json["metadata"]["uid"]


def test_without_waiting_it_says_that_cards_are_coming_up(cp, sandbox, held):
    sandbox.admin.activation(secondsPerCard=5)
    assert cp("activate", "order", held.name, "--yes").out == f"order/{held.name} activating\n"


def test_several_orders_are_one_list(cp, sandbox, held, tmp_path):
    other = manifest(tmp_path)
    assert cp("apply", "-f", str(other)).code == 0
    with rolled_back(sandbox, other.name):
        result = cp("activate", f"order/{held.name}", f"od/{other.name}", "--yes", "--wait", "-o", "json")
    assert [item["result"] for item in result.json["items"]] == ["active", "active"]


def test_it_asks_on_a_terminal_and_needs_yes_elsewhere(cp, sandbox, held):
    activate = ("activate", f"order/{held.name}")
    assert cp(*activate).code == 2
    refused = cp(*activate, stdin="n\n", tty=True)
    assert refused.code == 2 and sandbox.url in refused.err and "CNY at most? [y/N]" in refused.err
    assert orders_of(sandbox, held.name)[0]["status"]["phase"] == "Held"
    assert cp(*activate, "--wait", stdin="y\n", tty=True).code == 0


def test_an_activation_that_fails_is_5_with_the_reason(cp, sandbox, held):
    sandbox.admin.activation(failing=1)
    result = cp("activate", f"order/{held.name}", "--yes", "--wait")
    assert (result.code, result.out) == (5, "")
    assert "ActivationFailed" in result.err and "nothing is charged" in result.err


def test_an_order_that_has_ended_is_5_and_nothing_is_sent(cp, sandbox, held):
    assert cp("release", f"order/{held.name}").code == 0
    with RecordingProxy(sandbox.url) as proxy:
        result = cp("activate", f"order/{held.name}", "--yes", env=through(cp, proxy))
        assert not proxy.sent("POST", "/v1/orders")
    assert (result.code, result.out) == (5, "")
    assert "Released" in result.err


def test_a_later_order_of_the_name_is_never_touched(fresh_cp, fresh_sandbox, tmp_path):
    """The order lapses and is bought again between the look and the request."""
    from client import Client

    made, other = manifest(tmp_path), Client(tmp_path / "other", env=fresh_cp.env)
    assert fresh_cp("apply", "-f", str(made)).code == 0

    def replace(exchange):
        if exchange.line.startswith("POST") and "/activate" in exchange.line:
            fresh_sandbox.admin.advance(3600)
            assert other("apply", "-f", str(made)).code == 0

    with RecordingProxy(fresh_sandbox.url, before=replace) as proxy:
        result = fresh_cp("activate", f"order/{made.name}", "--yes", env=through(fresh_cp, proxy))
    assert (result.code, result.out) == (5, "")
    (now,) = orders_of(fresh_sandbox, made.name)
    assert now["status"]["phase"] == "Held"


def test_what_is_not_there_is_3_and_what_is_no_order_is_2(cp):
    assert cp("activate", f"order/{new_name()}", "--yes").code == 3
    assert cp("activate", "offer/x", "--yes").code == 2
    assert cp("activate", "--yes").code == 2


@pytest.mark.parametrize(("limit", "said"), [("CPCTL_MAX_ORDER", "max-order"), ("CPCTL_MAX_PRICE", "max-price")])
def test_an_order_above_the_limits_of_now_is_not_switched_on(cp, sandbox, held, limit, said):
    """Placed by another machine, or before the limit was lowered: switching on is spending too."""
    command = ("activate", f"order/{held.name}", "--yes", "-o", "json")
    with RecordingProxy(sandbox.url) as proxy:
        refused = cp(*command, env=through(cp, proxy) | {limit: "0.05"})
        again = cp("apply", "-f", str(held), "--activate", env=through(cp, proxy) | {limit: "0.05"})
        assert not proxy.sent("POST", f"/v1/orders/{held.name}/activate")
    assert (refused.code, refused.error["reason"]) == (7, "LimitExceeded"), refused.err
    assert f"{said} of {limit}" in refused.err and "nothing was switched on" in refused.err
    assert again.code == 7
    assert orders_of(sandbox, held.name)[0]["status"]["phase"] == "Held"
