"""Each hostile text through each printer: nothing raw, nothing lost, no exception."""

from __future__ import annotations

import io
import re

import pytest

from cpctl.output.describe import describe
from cpctl.output.printers import PRINTERS
from cpctl.output.progress import progress
from cpctl.registry import KINDS
from tests.output.output_samples import HOSTILE, NOW, event, offer, order, poisoned, printed, raw, view

LINES = ("table", "wide", "name", "csv", "custom-columns", "jsonpath")
TEXTS = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
RICH_OWN = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


@TEXTS
@pytest.mark.parametrize("name", sorted(PRINTERS))
def test_no_printer_passes_it_through(name, text):
    items = [offer(1), poisoned(offer(2), text)]
    shown = printed(name, view(items, labels=True))
    assert raw(shown) == []
    shown.encode()
    if name in LINES:
        assert shown.count("\n") == len(items) + (name not in ("name", "jsonpath"))


@TEXTS
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.plural)
def test_no_column_passes_it_through(kind, text):
    made: dict = {}
    for column in kind.columns:
        *parents, key = column.path.split(".")
        at = made
        for parent in parents:
            at = at.setdefault(parent, {})
        at[key] = [text, {text: text}] if column.show in ("list", "provinces") else text
    for name in ("table", "wide"):
        shown = printed(name, view([made], kind=kind))
        assert raw(shown) == [] and shown.count("\n") == 2


@TEXTS
def test_describe_does_not_pass_it_through(text):
    shown = "".join(
        describe(poisoned(order(), text), [poisoned(event("Held", "x", "2026-06-01T09:00:00Z"), text)], NOW)
    )
    assert [c for c in raw(shown) if c != "\t"] == []


@TEXTS
@pytest.mark.parametrize("is_terminal", [True, False])
@pytest.mark.parametrize("color", [True, False])
def test_progress_does_not_pass_it_through(text, is_terminal, color):
    err = io.StringIO()
    shown = progress(err, is_terminal=is_terminal, color=color)
    shown.update({"metadata": {"name": text}, "status": {"phase": text, "cards": {"total": 2, "active": text}}})
    shown.close()
    assert raw(RICH_OWN.sub("", err.getvalue()) if is_terminal else err.getvalue()) == []
    assert ("[/closing]" in err.getvalue()) == (text == "[/closing]")
