"""overview: the sums are those of the offers, and what is not known is not shown as a figure."""

from __future__ import annotations

import pytest


def row(result, name):
    return next(line.split() for line in result.lines if line.startswith(f"{name} "))


def test_it_adds_up(cp, sandbox):
    offers = sandbox.items("/v1/offers")
    result = cp("overview")
    assert result.code == 0 and result.err == ""
    total = row(result, "total")
    assert int(total[1]) == sum(o["status"]["capacity"] for o in offers)
    assert int(total[2]) == sum(o["status"]["free"] for o in offers)
    shanxi = [o for o in offers if o["spec"]["province"] == "shanxi"]
    line = row(result, "shanxi")
    assert int(line[2]) == sum(o["status"]["capacity"] for o in shanxi)
    assert line[4] == min((o["spec"]["price"] for o in shanxi), key=float)
    h800 = row(result, "H800")
    assert int(h800[2]) == sum(o["status"]["capacity"] for o in offers if o["spec"]["accelerator"] == "H800")
    assert result.lines[0].startswith(f"10 subplatforms, 120 providers, {len(sandbox.items('/v1/products'))} products")


def test_json_is_what_the_platform_sent(cp, sandbox):
    assert cp("overview", "-o", "json").json["status"] == sandbox.get("/v1/overview").json()["status"]
    assert cp("overview", "-o", "yaml").out.startswith("apiVersion: ccpp/v1\n")


def test_on_a_terminal_the_same(cp):
    shown = cp("overview", tty=True)
    assert shown.out == cp("overview").out and "\x1b" not in shown.out


@pytest.mark.parametrize("form", [None, "json", "yaml"])
def test_a_province_that_is_down_is_unknown_and_not_perfect(cp, sandbox, form):
    sandbox.admin.faults(province="qinghai", down=True)
    words = ["overview", *(["-o", form] if form else [])]
    result, strict = cp(*words), cp(*words, "--require-complete")
    assert (result.code, strict.code) == (0, 10)
    assert result.err.startswith("warning: incomplete: qinghai is down") and result.err.count("\n") == 1
    if form is None:
        assert set(row(result, "qinghai")[2:]) == {"<unknown>"}
        assert "<unknown>" not in row(result, "shanxi")
    if form == "json":
        assert result.json["metadata"]["complete"] is False


def test_a_form_it_does_not_have(cp):
    result = cp("overview", "-o", "name")
    assert result.code == 2 and "table, json, yaml" in result.err
