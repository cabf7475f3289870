"""Provinces that are down, slow, denied or behind, as a user sees them: one warning, ages, and codes for scripts."""

from __future__ import annotations

import time

import pytest

from cpctl.resources.partial import OLD_AFTER_S
from cpctl.runtime import SystemClock
from fake_platform import listed, platform

WAIT_S = 0.1
AGED = ("offers", "providers", "products", "sources")
FORMS = ("table", "wide", "json", "yaml", "name")


@pytest.fixture
def cold(fresh_sandbox, fresh_cp):
    """Two provinces are down and one is slow, ten minutes ago."""
    fresh_sandbox.admin.aggregator(WAIT_S)
    for province in ("qinghai", "henan"):
        fresh_sandbox.admin.faults(province=province, down=True)
    fresh_sandbox.admin.faults(province="xinjiang", latency="60s")
    fresh_sandbox.admin.advance(600)
    return fresh_cp


def warnings(result):
    return [line for line in result.err.splitlines() if line.startswith("warning: ")]


def columns(result, title):
    """The cells of a column."""
    at = result.lines[0].split().index(title)
    return [line.split()[at] for line in result.lines[1:]]


def test_two_are_down_and_one_is_slow(cold):
    begin = time.monotonic()
    result = cold("get", "offers")
    assert time.monotonic() - begin < WAIT_S + 1
    assert result.code == 0
    said = "warning: incomplete: henan is down, qinghai is down, xinjiang is slow (rows as of 10m ago)\n"
    assert result.err == said
    ages = dict(zip(columns(result, "PROVINCE"), columns(result, "AS-OF"), strict=True))
    assert ages.pop("xinjiang") == "10m"
    assert set(ages.values()) <= {"0s", "1s"} and not ages.keys() & {"qinghai", "henan"}
    strict = cold("get", "offers", "--require-complete")
    assert (strict.code, strict.out.count("\n")) == (10, result.out.count("\n"))
    assert strict.err.startswith(said) and strict.err.count("\n") == 2 and "--require-complete" in strict.err


@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_it_once(cold, form):
    result, strict = cold("get", "offers", "-o", form), cold("get", "offers", "-o", form, "--require-complete")
    assert (result.code, strict.code) == (0, 10)
    assert len(warnings(result)) == len(warnings(strict)) == 1
    assert result.err.count("\n") == 1 and strict.err.count("\n") == 2
    if form == "json":
        assert result.json["metadata"]["complete"] is strict.json["metadata"]["complete"] is False
        assert {each["state"] for each in result.json["metadata"]["subplatforms"]} == {"ok", "slow", "down"}
        assert strict.error["code"] == 10
        shown = {each["spec"]["province"]: each["status"]["asOf"] for each in result.json["items"]}
        assert shown["xinjiang"] < shown["shanxi"]


@pytest.mark.parametrize("plural", AGED)
def test_rows_of_another_time_say_so_in_every_kind(cold, plural):
    assert set(columns(cold("get", plural), "AS-OF")) == {"10m", "0s"}


def test_sub_platforms_tell_their_own_state(cold):
    result = cold("get", "sp")
    states = {line.split()[0]: (line.split()[1], line.split()[-1]) for line in result.lines[1:]}
    assert states["qinghai"] == ("down", "10m") and states["xinjiang"] == ("slow", "10m")
    assert states["shanxi"] == ("ok", "0s") and len(warnings(result)) == 1


def test_what_leaves_them_out_is_complete_and_has_no_ages(cold):
    for words in (["--exclude-province", "qinghai,henan,xinjiang"], ["--province", "shanxi,ningxia"]):
        result = cold("get", "offers", *words, "--require-complete")
        assert (result.code, result.err) == (0, "") and "AS-OF" not in result.lines[0]


def test_two_that_are_down_make_no_ages(cp, sandbox):
    sandbox.admin.faults(province="qinghai", down=True)
    sandbox.admin.faults(province="henan", denied=True)
    result = cp("get", "offers")
    assert result.err == "warning: incomplete: henan denied access, qinghai is down\n"
    assert "AS-OF" not in result.lines[0]


def test_all_of_them_down_is_an_empty_list_that_is_not_complete(cp, sandbox):
    for each in sandbox.items("/v1/subplatforms"):
        sandbox.admin.faults(province=each["metadata"]["name"], down=True)
    result, strict = cp("get", "offers"), cp("get", "offers", "-o", "json", "--require-complete")
    assert (result.code, result.out) == (0, "")
    assert result.err.splitlines()[0] == "No resources found"
    assert len(warnings(result)) == 1 and result.err.count(" is down") == 10
    assert strict.code == 10 and strict.json["items"] == [] and strict.json["metadata"]["complete"] is False


class Hurried(SystemClock):
    """Pauses before asking again take no time."""

    def sleep(self, seconds: float) -> None:
        """At once."""


def test_one_object_of_a_province_that_is_down_names_it(cp, sandbox):
    cp.clock = Hurried()
    name = sandbox.offer(province="qinghai")["metadata"]["name"]
    sandbox.admin.faults(province="qinghai", down=True)
    for verb in ("get", "describe"):
        result = cp(verb, "offer", name)
        assert (result.code, result.out) == (9, "") and "sub-platform qinghai does not answer" in result.err
    sandbox.admin.clear_faults()
    sandbox.admin.faults(province="qinghai", denied=True)
    denied = cp("get", "offer", name, "-o", "json")
    assert denied.code == 4 and "qinghai" in denied.error["message"]


def test_one_object_of_another_time_says_so(fresh_cp, fresh_sandbox):
    name = fresh_sandbox.offer(province="ningxia")["metadata"]["name"]
    fresh_sandbox.admin.faults(province="ningxia", slow=True)
    fresh_sandbox.admin.advance(600)
    result = fresh_cp("get", "offer", name)
    assert result.code == 0 and columns(result, "AS-OF") == ["10m"]
    assert result.err == f"warning: incomplete: offer/{name} is as of 10m ago\n"
    assert fresh_cp("get", "offer", name, "--require-complete").code == 10
    described = fresh_cp("describe", "offer", name)
    assert described.code == 0 and described.err == result.err
    assert fresh_cp("get", "sp/ningxia").err == "warning: incomplete: subplatform/ningxia is as of 10m ago\n"


def test_old_rows_that_are_called_good(fresh_cp, fresh_sandbox):
    fresh_sandbox.admin.faults(province="ningxia", stale=True)
    fresh_sandbox.admin.advance(OLD_AFTER_S + 20)
    result = fresh_cp("get", "offers", "--limit", "3")
    assert result.err.startswith("warning: incomplete: ningxia is as of 8") and "AS-OF" in result.lines[0]
    assert fresh_cp("get", "offers", "--limit", "3", "--require-complete").code == 10


def test_a_purchase_is_not_planned_with_last_good_rows(cold):
    """The cheapest may be long gone: what is chosen is of now, and what is passed over is named."""
    words = ("create", "order", "warm", "--accelerator", "H800", "--cards", "8", "--duration", "1h")
    result = cold(*words, "--province", "xinjiang", "--yes")
    assert result.code == 6 and "not answering: xinjiang" in result.err
    assert "xinjiang is slow (rows as of 10m ago); only offers of now are chosen from" in result.err


# ---- servers that contradict themselves

OFFER = {
    "apiVersion": "ccpp/v1",
    "kind": "Offer",
    "metadata": {"name": "of-1"},
    "spec": {"province": "shanxi"},
    "status": {"free": 8},
}
NOW = "2026-03-01T12:00:00Z"


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"complete": True, "subplatforms": [{"name": "shanxi", "state": "down", "asOf": NOW}]}, "shanxi is down"),
        ({"complete": False, "subplatforms": []}, "the platform does not say which sub-platform did not answer"),
        ({"complete": False}, "the platform does not say which sub-platform did not answer"),
        (
            {"complete": True, "subplatforms": [{"name": "shanxi", "state": "asleep", "asOf": NOW}]},
            'shanxi is in the unknown state "asleep" (rows as of ',
        ),
        (
            {"complete": True, "subplatforms": [{"name": "shanxi"}]},
            'state "<unknown>" (rows of an unknown age)',
        ),
        ({"complete": True, "subplatforms": [{}]}, "<unknown> is in the unknown state"),
        ({"complete": True, "subplatforms": [{"name": "shanxi", "state": "slow"}]}, "is slow (rows of an unknown age)"),
    ],
)
def test_the_platforms_own_word_alone_makes_nothing_complete(cp, metadata, said):
    with platform(lambda method, path: listed([OFFER], **metadata)) as env:
        result, strict = cp("get", "offers", env=env), cp("get", "offers", "-o", "json", "--require-complete", env=env)
    assert result.code == 0 and said in result.err and result.err.count("\n") == 1
    assert strict.code == 10 and strict.json["metadata"]["complete"] is False


def test_a_row_whose_age_nobody_tells_is_of_an_unknown_one(cp):
    with platform(lambda method, path: listed([OFFER], subplatforms=[{"name": "shanxi", "state": "slow"}])) as env:
        assert columns(cp("get", "offers", env=env), "AS-OF") == ["<unknown>"]


def test_many_names_are_cut_short(cp):
    told = [{"name": f"p{number}", "state": "down", "asOf": NOW} for number in range(1000)]
    with platform(lambda method, path: listed([OFFER], subplatforms=told)) as env:
        result = cp("get", "offers", env=env)
    assert result.err.endswith(", and 960 more\n") and result.err.count(" is down") == 40


def test_a_later_page_may_be_missing_something(cp):
    def answer(_method, path):
        if "continue=" not in path:
            return listed([OFFER], **{"continue": "more"})
        other = {**OFFER, "metadata": {**OFFER["metadata"], "name": "of-other"}}
        return listed([other], complete=False, subplatforms=[{"name": "henan", "state": "down", "asOf": NOW}])

    with platform(answer) as env:
        assert cp("get", "offers", env=env).err == "warning: incomplete: henan is down\n"
        assert cp("get", "offers", "-o", "json", env=env).json["metadata"]["complete"] is False


def test_the_overview_says_it_in_the_same_words(cold):
    result, strict = cold("overview"), cold("overview", "-o", "json", "--require-complete")
    assert warnings(result) == [
        "warning: incomplete: henan is down, qinghai is down, xinjiang is slow (rows as of 10m ago)"
    ]
    row = {line.split()[0]: line.split() for line in result.lines if line}
    assert row["xinjiang"][1:3] == ["slow", "10m"] and row["shanxi"][1:3] == ["ok", "0s"]
    assert row["qinghai"][2] == "<unknown>"
    assert "the total and the accelerators are without henan, qinghai" in result.out
    assert strict.code == 10 and strict.json["metadata"]["complete"] is False
