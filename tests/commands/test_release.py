"""`release`: billing stops, exactly the cards taken come back."""

from __future__ import annotations

import pytest

from money import manifest, new_name, orders_of, rolled_back, through
from proxy import RecordingProxy


def free_cards(sandbox):
    return {offer["metadata"]["name"]: offer["status"]["free"] for offer in sandbox.items("/v1/offers")}


@pytest.fixture
def wanted(sandbox, tmp_path):
    made = manifest(tmp_path)
    with rolled_back(sandbox, made.name):
        yield made


def test_exactly_the_stock_taken_comes_back(cp, sandbox, wanted):
    before = free_cards(sandbox)
    assert cp("apply", "-f", str(wanted), "--activate", "--wait").code == 0
    during = free_cards(sandbox)
    assert sum(before.values()) - sum(during.values()) == 8
    result = cp("release", f"order/{wanted.name}", "-o", "json")
    assert (result.code, result.json["result"], result.json["status"]["phase"]) == (0, "released", "Released")
    assert free_cards(sandbox) == before
    assert "CNY charged" in result.err and sandbox.url in result.err


def test_again_is_unchanged_and_asks_the_platform_for_nothing(cp, sandbox, wanted):
    assert cp("apply", "-f", str(wanted)).code == 0
    assert cp("release", f"order/{wanted.name}").out == f"order/{wanted.name} released\n"
    with RecordingProxy(sandbox.url) as proxy:
        again = cp("release", f"order/{wanted.name}", "-o", "json", env=through(cp, proxy))
        assert not proxy.sent("POST", "/v1/orders")
    assert (again.code, again.json["result"]) == (0, "unchanged")


def test_by_manifest_without_yes_and_without_waiting(cp, sandbox, wanted):
    assert cp("apply", "-f", str(wanted), "--activate", "--wait").code == 0
    assert cp("release", "-f", str(wanted), "--no-wait", "-o", "name").out == f"order/{wanted.name}\n"
    assert orders_of(sandbox, wanted.name)[0]["status"]["phase"] in ("Releasing", "Released")


def test_a_manifest_of_another_project_never_releases_an_order_of_this_one(cp, sandbox, wanted, tmp_path):
    """The same name in two projects is two orders."""
    assert cp("apply", "-f", str(wanted), "--activate", "--wait").code == 0
    foreign = manifest(tmp_path / "..", wanted.name, project="other")
    for verb in ("release", "delete"):
        result = cp(verb, "-f", str(foreign))
        assert result.code in (3, 4), result.err
    assert orders_of(sandbox, wanted.name)[0]["status"]["phase"] == "Active"
    foreign.path.unlink()


def test_a_manifest_s_project_is_where_it_is_released(cp, sandbox, tmp_path):
    other = {"CPCTL_TOKEN": sandbox.token_of("other")}
    made = manifest(tmp_path, project="other")
    assert cp("apply", "-f", str(made), env=other).code == 0
    assert cp("release", "-f", str(made), env=other).out == f"order/{made.name} released\n"
    assert cp("delete", "-f", str(made), env=other).code == 0


def test_names_and_manifests_together_nothing_and_missing_ones(cp, wanted):
    assert cp("release", f"order/{wanted.name}", "-f", str(wanted)).code == 2
    assert cp("release").code == 2
    assert cp("release", f"order/{new_name()}").code == 3
