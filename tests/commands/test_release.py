"""`release`: billing stops, exactly the cards taken come back."""

from __future__ import annotations

import pytest

from money import manifest, new_name, orders_of, record_files, rolled_back, through
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


# by label


@pytest.fixture
def labelled(sandbox, tmp_path):
    """Two orders of one team, and one of another."""
    teams = {new_name(): team for team in ("nlp", "nlp", "cv")}
    for name, team in teams.items():
        made = manifest(tmp_path, name)
        made.document["metadata"]["labels"] = {"team": f"{team}-{tmp_path.name}"[:60].rstrip("-_")}
        made.change()
    first, second, third = teams
    with rolled_back(sandbox, first), rolled_back(sandbox, second), rolled_back(sandbox, third):
        yield list(teams), f"team=nlp-{tmp_path.name}"[:65].rstrip("-_"), tmp_path


def phases(sandbox, names):
    return [orders_of(sandbox, name)[0]["status"]["phase"] for name in names]


def test_a_label_needs_yes_where_nobody_can_be_asked_and_asks_nothing_before(cp, labelled):
    _, selector, _ = labelled
    for verb in ("release", "delete"):
        refused = cp(verb, "-l", selector, env={"CPCTL_SERVER": "http://127.0.0.1:1"})
        assert (refused.code, refused.out) == (2, "")
        assert f"to {verb} orders by label needs --yes" in refused.err
    assert cp("release", "-l", "", "--yes").code == 2
    assert cp("release", "-l", "team=x", "order/y", "--yes").code == 2


def test_released_by_label_are_those_and_no_others(cp, sandbox, labelled):
    names, selector, folder = labelled
    assert cp("apply", "-f", str(folder)).code == 0
    no = cp("release", "-l", selector, tty=True, stdin="n\n")
    assert (no.code, phases(sandbox, names)) == (2, ["Held"] * 3)
    assert all(name in no.err for name in names[:2]) and names[2] not in no.err and sandbox.url in no.err
    done = cp("release", "-l", selector, "--yes")
    assert done.code == 0, done.err
    assert sorted(done.lines) == sorted(f"order/{name} released" for name in names[:2])
    assert phases(sandbox, names) == ["Released", "Released", "Held"]
    again = cp("release", "-l", selector, "--yes", "-o", "json")
    assert (again.code, again.json["items"]) == (0, []) and "No resources found" in again.err
    gone = cp("delete", "-l", selector, tty=True, stdin="y\n")
    assert sorted(gone.lines) == sorted(f"order/{name} deleted" for name in names[:2])
    assert cp("get", "orders", "-l", selector, "-o", "name").out == ""


def test_a_platform_that_ignores_the_selector_releases_nothing_else(cp, sandbox, labelled):
    """Each row is tested here again before it is acted on."""
    names, selector, folder = labelled
    assert cp("apply", "-f", str(folder)).code == 0

    def forgets_the_selector(exchange):
        exchange.request = exchange.request.replace(b"labelSelector=", b"ignored=")

    with RecordingProxy(sandbox.url, before=forgets_the_selector) as proxy:
        done = cp("release", "-l", selector, "--yes", env=through(cp, proxy))
    assert done.code == 0, done.err
    assert phases(sandbox, names)[2] == "Held"


@pytest.mark.parametrize("verb", ["release", "delete"])
def test_a_journal_that_cannot_be_written_does_not_keep_cards_billed(cp, sandbox, tmp_path, verb):
    made = manifest(tmp_path)
    with rolled_back(sandbox, made.name):
        assert cp("apply", "-f", str(made), "--activate", "--wait").code == 0
        (tmp_path / "file").write_text("")
        result = cp(verb, f"order/{made.name}", env={"XDG_STATE_HOME": str(tmp_path / "file" / "state")})
        assert result.code == 0 and "warning: cannot" in result.err and "only stops the billing" in result.err
        assert [one["status"]["phase"] for one in orders_of(sandbox, made.name)] in (["Released"], [])


def test_what_was_released_is_no_run_left_to_finish(cp, sandbox, tmp_path):
    made = manifest(tmp_path)
    with rolled_back(sandbox, made.name):
        assert cp("apply", "-f", str(made)).code == 0
        (record,) = record_files(cp)
        record.write_text(
            record.read_text().replace('state = "done"', 'state = "placed"')
        )  # as a run that was killed left it
        assert "unfinished" in cp("audit").out
        assert cp("release", f"order/{made.name}").code == 0
        assert "unfinished" not in cp("audit").out
