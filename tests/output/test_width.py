"""Widths are cells of a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpctl.output.width import cells, left, right


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("", 0),
        ("abc", 3),
        ("山西", 4),
        ("（示例）", 8),
        ("ａ", 2),
        ("ｱ", 1),
        ("é", 1),
        ("e\u0301", 1),
        ("—", 1),
        ("α", 1),
        ("한국", 4),
        ("각", 2),
        ("👍", 2),
        ("👍🏽", 2),
        ("⚠", 1),
        ("⚠️", 2),
        ("1️⃣", 2),
        ("👩‍💻", 2),
        ("👨‍👩‍👧‍👦", 2),
        ("🇨🇳", 2),
        ("𠮷", 2),
    ],
)
def test_cells(text, width):
    assert cells(text) == width


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "Mn"])), st.integers(0, 40))
def test_padding_reaches_the_width_and_never_cuts(text, width):
    for padded in (left(text, width), right(text, width)):
        assert cells(padded) == max(width, cells(text)) and text in padded
