"""Whole outputs as expected files; `CPCTL_WRITE_EXPECTED=1` writes them anew, and the difference is reviewed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cpctl.output.describe import describe
from cpctl.output.printers import PRINTERS
from tests.output.output_samples import NOW, event, offer, order, printed, view

EXPECTED = Path(__file__).parent.parent / "expected" / "output"


def check(name: str, text: str) -> None:
    file = EXPECTED / name
    if os.environ.get("CPCTL_WRITE_EXPECTED"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def offers() -> list[dict]:
    return [
        offer(8),
        offer(123, province="ningxia", provider="sbx-nx-11", city="中卫", accelerator="H800", billing="spot"),
        offer(4000, province="xinjiang", provider="sbx-xj-02", city="Ürümqi 乌鲁木齐", interconnect=None),
    ]


@pytest.mark.parametrize("name", sorted(PRINTERS))
def test_offers(name):
    check(f"offers.{name}.txt", printed(name, view(offers()[:2], offers()[2:])))


@pytest.mark.parametrize("name", sorted(PRINTERS))
def test_one_order(name):
    check(f"order.{name}.txt", printed(name, view([order()], kind="orders", single=True)))


def test_describe_order():
    events = [
        event("Held", "16 张卡已预留 for 15m", "2026-06-01T09:00:00Z"),
        event("CardActive", "card cd-0001 is active", "2026-06-01T11:59:10Z", 3),
    ]
    check("order.describe.txt", "".join(describe(order(), events, NOW)))


def test_describe_offer():
    check("offer.describe.txt", "".join(describe(offers()[2], None, NOW)))
