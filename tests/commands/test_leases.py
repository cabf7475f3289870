"""Orders whose cards go back soon are named on stderr beside a table of orders, and nowhere else."""

from __future__ import annotations

import pytest

from client import Client
from fake_platform import holding, platform
from fixed_platform import objects
from money import manifest, rolled_back


def held(cp, sandbox, tmp_path, duration):
    wanted = manifest(tmp_path, duration=duration)
    assert cp("apply", "-f", str(wanted), "--activate", "--wait").code == 0
    return wanted


@pytest.mark.parametrize("words", [("get", "orders"), ("get", "orders", "-o", "wide"), ("get", "orders,cards")])
def test_one_that_ends_within_half_an_hour(cp, sandbox, tmp_path, words):
    wanted = held(cp, sandbox, tmp_path, "2h")
    with rolled_back(sandbox, wanted.name):
        assert f"order/{wanted.name} ends" not in cp(*words).err
        sandbox.admin.advance(91 * 60)
        said = cp(*words)
        assert said.code == 0 and f"warning: order/{wanted.name} ends in 2" in said.err
        assert f"cpctl extend order/{wanted.name} --until" in said.err and "warning" not in said.out
        assert f"order/{wanted.name} ends in" in cp("get", "order", wanted.name).err


@pytest.mark.parametrize("form", ["json", "yaml", "name", "csv", "jsonpath={.items[*].metadata.name}"])
def test_programs_are_not_warned(cp, sandbox, tmp_path, form):
    wanted = held(cp, sandbox, tmp_path, "10m")
    with rolled_back(sandbox, wanted.name):
        assert cp("get", "orders", "-o", form).err == ""


def test_a_hold_that_lapses_within_five_minutes(cp, sandbox, tmp_path):
    wanted = manifest(tmp_path)
    with rolled_back(sandbox, wanted.name):
        assert cp("apply", "-f", str(wanted)).code == 0
        assert "lapses" not in cp("get", "orders").err
        sandbox.admin.advance(11 * 60)
        assert f"order/{wanted.name} lapses in" in cp("get", "orders").err


def orders(**status):
    """The fixed running order, with other values of its status, eight times."""
    one = next(item for item in objects()["orders"] if item["metadata"]["name"] == "train-7b")
    return [
        {**one, "metadata": {**one["metadata"], "name": f"run-{n}"}, "status": {**one["status"], **status}}
        for n in range(8)
    ]


def told(tmp_path, items):
    with platform(holding({"orders": items})) as env:
        return Client(tmp_path, env=env)("get", "orders")


def test_many_are_counted(tmp_path):
    result = told(tmp_path, orders(endsAt="2020-01-01T00:00:00Z"))
    assert (result.code, result.err.count("warning: order/run-")) == (0, 5)
    assert "warning: 3 more orders end soon" in result.err and "ends in 0s" in result.err


@pytest.mark.parametrize("value", [None, "", "soon", 7, {"at": 1}, "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59"])
def test_an_end_that_makes_no_sense_is_no_warning(tmp_path, value):
    result = told(tmp_path, orders(endsAt=value))
    assert result.code == 0 and "warning: order" not in result.err and "Traceback" not in result.err


def test_a_phase_of_a_newer_platform_is_none_of_ours(tmp_path):
    result = told(tmp_path, orders(phase="Paused", endsAt="2020-01-01T00:00:00Z"))
    assert result.code == 0 and "warning: order" not in result.err
