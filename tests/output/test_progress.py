"""Progress: a line per change off a terminal, the last state left standing on one."""

from __future__ import annotations

import io

import pytest

from cpctl.output.progress import progress, state_of
from tests.output.output_samples import order


def at(phase: str, active: int, name: str = "train-7b") -> dict:
    made = order()
    made["metadata"]["name"] = name
    made["status"] |= {"phase": phase, "cards": {"total": 16, "active": active}}
    return made


def test_off_a_terminal_only_changes_are_said():
    err = io.StringIO()
    shown = progress(err, is_terminal=False, color=False)
    for step in (at("Held", 0), at("Held", 0), at("Activating", 0), at("Activating", 9), at("Active", 16)):
        shown.update(step)
    shown.close()
    assert err.getvalue() == (
        "order/train-7b: Held, 0 of 16 cards active\n"
        "order/train-7b: Activating, 0 of 16 cards active\n"
        "order/train-7b: Activating, 9 of 16 cards active\n"
        "order/train-7b: Active, 16 of 16 cards active\n"
    )


def test_on_a_terminal_each_order_has_one_line_and_the_cursor_comes_back():
    err = io.StringIO()
    shown = progress(err, is_terminal=True, color=False)
    for step in (at("Activating", 3), at("Held", 0, "other"), at("Active", 16)):
        shown.update(step)
    shown.close()
    last = err.getvalue().rsplit("\x1b[2K", 1)[1]
    assert "16/16 cards" in err.getvalue() and "0/16 cards" in last and "\x1b[?25h" in err.getvalue()
    assert "\x1b[3" not in err.getvalue()


@pytest.mark.parametrize(
    "order", [{}, {"metadata": None, "status": []}, {"status": {"cards": {"total": "x", "active": -1}}}]
)
def test_an_order_with_things_missing_is_unknown_not_active(order):
    assert str(state_of(order)) == "order/<unknown>: <unknown>, 0 of 0 cards active"
