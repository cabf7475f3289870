"""Several orders, of which some fail, or the platform goes away between them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import yaml

from cpctl.errors import ExitCode

NAMES = ("first", "second", "third")


@pytest.fixture
def held(fresh_cp, fresh_sandbox):
    """Three held orders of their own."""
    offer = fresh_sandbox.offer(8)["metadata"]["name"]
    for name in NAMES:
        assert fresh_cp("create", "order", name, "--offer", f"{offer}=1", "--duration", "1h", "--yes").code == 0
    return fresh_cp


def phases(cp) -> list[str]:
    return [cp("get", "order", name, "-o", "jsonpath={.status.phase}").out.strip() for name in NAMES]


@pytest.mark.parametrize("form", [None, "json"])
def test_release_tries_every_order(held, form):
    words = ("-o", form) if form else ()
    said = held("release", "order/first", "order/missing", "order/gone", "order/third", *words)
    assert said.code == ExitCode.NOT_FOUND
    assert phases(held) == ["Released", "Held", "Released"]
    heard = said.err.replace('\\"', '"')
    assert '"missing" not found' in heard and '"gone" not found' in heard
    if form:
        assert [one["metadata"]["name"] for one in said.json["items"]] == ["first", "third"]
        assert said.json["metadata"]["complete"] is False
    else:
        assert said.lines == ["order/first released", "order/third released"]


def test_label_and_delete_try_every_order(held):
    said = held("label", "order/first", "order/missing", "order/third", "team=x")
    assert (said.code, said.lines) == (ExitCode.NOT_FOUND, ["order/first labeled", "order/third labeled"])
    said = held("delete", "order/first", "order/missing", "order/third")
    assert (said.code, said.lines) == (ExitCode.NOT_FOUND, ["order/first deleted", "order/third deleted"])
    said = held("delete", "order/first", "order/missing", "order/second", "--ignore-not-found")
    assert (said.code, said.lines[-1]) == (0, "order/second deleted")


@pytest.mark.parametrize("verb", ["release", "delete"])
def test_all_are_stopped_before_one_is_waited_for(held, verb):
    """The first takes its time to end; the others are no longer billed meanwhile."""
    for name in NAMES:
        assert held("activate", f"order/{name}", "--wait", "--yes").code == 0
    said = held(verb, *(f"order/{name}" for name in NAMES), "-v", "6")
    assert said.code == 0, said.err
    sent = [line for line in said.err.splitlines() if "/v1/orders/" in line]
    stops = [number for number, line in enumerate(sent) if "POST" in line and "/release" in line]
    assert len(stops) == 3 and len(sent) > stops[-1] + 1
    assert len(sent[: stops[-1]]) == 5  # each is looked at, and stopped


def test_a_project_that_cannot_be_asked_keeps_none_of_the_others(held, fresh_sandbox, tmp_path):
    """Manifests name projects; who we are is asked once for each."""
    offer = fresh_sandbox.offer(1)["metadata"]["name"]
    document = "apiVersion: ccpp/v1\nkind: Order\nmetadata: {%s}\nspec: {allocations: [%s], duration: 1h}\n---\n"
    share = f"{{offer: {offer}, cards: 1}}"
    of_each = ["name: first", "name: elsewhere, project: elsewhere", "name: third"]
    path = tmp_path / "orders.yaml"
    path.write_text("".join(document % (one, share) for one in of_each))
    fresh_sandbox.admin.faults(path="/v1/whoami", error=403, count=1)
    said = held("release", "-f", str(path))
    assert said.code != 0 and phases(held)[2] == "Released", said.err


@pytest.mark.parametrize("names", [("missing", "first"), ("first", "missing")])
def test_what_is_not_there_hides_no_order_that_is_still_billed(held, fresh_sandbox, names):
    fresh_sandbox.admin.faults(path="/v1/orders/first", error=503)
    said = held("release", *(f"order/{name}" for name in names), "--request-timeout", "2s")
    fresh_sandbox.admin.clear_faults()
    assert (said.code, phases(held)[0]) == (ExitCode.UNREACHABLE, "Held")
    assert '"missing" not found' in said.err and "503" in said.err


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_several_labelled_orders_are_one_document(held, form):
    said = held("label", "order/first", "order/third", "team=x", "-o", form)
    parsed = yaml.safe_load(said.out)
    assert (said.code, parsed["kind"], parsed["metadata"]["complete"]) == (0, "List", True)
    assert [one["metadata"]["labels"] for one in parsed["items"]] == [{"team": "x"}] * 2
    said = held("label", "order/missing", "order/third", "team=x", "-o", form)
    parsed = yaml.safe_load(said.out)
    assert (said.code, parsed["metadata"]["complete"], len(parsed["items"])) == (ExitCode.NOT_FOUND, False, 1)
    assert yaml.safe_load(held("label", "order/first", "team=x", "-o", form).out)["kind"] == "Order"


def later(sandbox) -> str:
    return f"{datetime.fromtimestamp(sandbox.admin.now() + 7_200, UTC):%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize("verb", ["activate", "extend", "release"])
def test_a_platform_that_goes_away_in_between_is_half_way(held, fresh_sandbox, verb):
    """ "Nothing happened" (9) would be wrong: something was bought, or given back, before."""
    if verb == "extend":
        for name in NAMES:
            assert held("activate", f"order/{name}", "--wait", "--yes").code == 0
    before = phases(held)
    for name in NAMES[1:]:
        fresh_sandbox.admin.faults(path=f"/v1/orders/{name}", error=503)
    more = {"activate": ["--yes"], "extend": ["--until", later(fresh_sandbox), "--yes"], "release": ["--no-wait"]}
    said = held(verb, *(f"order/{name}" for name in NAMES), *more[verb], "--request-timeout", "2s")
    fresh_sandbox.admin.clear_faults()
    assert said.code == ExitCode.OUTCOME_UNKNOWN, said.err
    assert "HalfWay" in said.err and "the same command again" in said.err
    if verb != "extend":
        assert phases(held)[0] != before[0] and phases(held)[1:] == before[1:]


def test_deleting_what_was_released_first_is_half_way(held, fresh_sandbox):
    fresh_sandbox.admin.faults(method="DELETE", error=503)
    said = held("delete", "order/first", "--request-timeout", "2s")
    fresh_sandbox.admin.clear_faults()
    assert (said.code, phases(held)[0]) == (ExitCode.OUTCOME_UNKNOWN, "Released")
    assert held("delete", "order/first").code == 0


def test_a_platform_that_is_away_from_the_start_is_unreachable(held, fresh_sandbox):
    fresh_sandbox.admin.faults(path="/v1/orders", error=503)
    said = held("release", *(f"order/{name}" for name in NAMES), "--request-timeout", "2s")
    fresh_sandbox.admin.clear_faults()
    assert said.code == ExitCode.UNREACHABLE and phases(held) == ["Held"] * 3
