"""overview: the sums are those of the offers, and what is not known is not shown as a figure."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cpctl.commands.overview import _share
from cpctl.output.bars import FigureColumn, Screen, bar, has_blocks, scaled, with_bars
from cpctl.output.width import cells


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


WIDE, NARROW = {"COLUMNS": "200", "NO_COLOR": "1"}, {"COLUMNS": "40", "NO_COLOR": "1"}
BAR = str.maketrans(dict.fromkeys("█▏▎▍▌▋▊▉·#", " "))


@pytest.mark.parametrize("env", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_terminal_is_shown_the_same_facts_with_bars(cp, env):
    plain, shown = cp("overview"), cp("overview", tty=True, env=env)
    assert "█" not in plain.out and shown.err == plain.err
    assert len(plain.lines) == len(shown.lines)
    for bare, barred in zip(plain.lines, shown.lines, strict=True):
        assert barred.translate(BAR).removesuffix("FREE CARDS").rstrip() == bare.rstrip()
        assert cells(barred) <= max(cells(bare), int(env["COLUMNS"]))
    assert ("FREE CARDS" in shown.out) is (env is WIDE) and "······" in shown.out


def test_the_longest_bar_is_of_the_most_free_cards(cp):
    free = {line.split()[0]: line for line in cp("overview", tty=True, env=WIDE).lines if line.endswith(("█", "·"))}
    most = max((row for row in free.values()), key=lambda row: int(row.split()[3]))
    assert most.endswith("█" * 24) and "total" not in free


def test_colour_as_everywhere_and_never_on_a_pipe(cp):
    assert "\x1b[32m" in cp("overview", tty=True, env={"COLUMNS": "200"}).out
    assert "\x1b" not in cp("overview", tty=True, env={"COLUMNS": "200", "TERM": "dumb"}).out
    assert "\x1b" not in cp("overview", "--color", "never", tty=True, env={"COLUMNS": "200"}).out
    piped = cp("overview", "--color", "always").out
    assert "\x1b" not in piped and "█" not in piped and "·" not in piped
    assert "·" not in cp("overview", "-o", "json", tty=True).out


@pytest.mark.parametrize(
    ("share", "drawn"),
    [("0", "····"), ("1", "████"), ("0.5", "██··"), ("0.0001", "▏···"), ("0.9999", "███▉"), ("0.28125", "█▏··")],
)
def test_a_bar(share, drawn):
    assert bar(Decimal(share), 4) == drawn
    plain = bar(Decimal(share), 4, blocks=False)
    assert len(plain) == 4 and plain.isascii() and ("#" in plain) is (share != "0") and ("." in plain) is (share != "1")


def test_bars_where_the_locale_has_no_blocks():
    assert has_blocks("utf-8") and has_blocks(None) and not has_blocks("ascii") and not has_blocks("latin-1")
    columns = [FigureColumn("UTILISATION", ["50%", "<unknown>"])]
    screen, shares = Screen(80, blocks=False, color=True), [Decimal("0.5"), None]
    text = with_bars(columns, share_title="UTILISATION", shares=shares, counts=[4, None], screen=screen)
    assert text.isascii() and "###...  50%" in text and "<unknown>" in text


def test_nothing_free_and_nothing_known_have_no_bar():
    assert scaled([0, None, 0], 3) == ["···", "", "···"] and scaled([], 3) == []


@pytest.mark.parametrize("share", ["1e99999999", "NaN", "-1", "17", None, [], "\x1b[2J"])
def test_a_share_that_is_none_is_unknown(share):
    assert _share(share) == "<unknown>"


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
