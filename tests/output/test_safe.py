"""Nothing a server wrote acts on a terminal, and nothing people write is spoiled."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpctl.output.safe import safe, safe_lines, safe_stream
from tests.output.output_samples import HOSTILE, raw


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_shown_not_obeyed(text):
    assert raw(safe(text)) == [] and "\n" not in safe(text)
    assert [c for c in raw(safe_lines(text)) if c != "\t"] == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2K\rPAID", "\\x1b[2K\\rPAID"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202eexe", "\\u202eexe"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
        ("tra\u200din", "tra\\u200din"),
        ("a\ufe0f", "a\\ufe0f"),
        ("\u200d👩", "\\u200d👩"),
        ("[/closing]", "[/closing]"),
    ],
)
def test_what_is_hidden_says_its_code_point(text, shown):
    assert safe(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "of-00a1",
        "山西省 太原市",
        "（示例）算力　中心",
        "café naïve",
        "עברית",
        "हिन्दी",
        "⚠️ 1️⃣ 👩‍💻 👍🏽 🇨🇳 ☕",
        "a\u00a0b",
        "𠮷野家",
    ],
)
def test_what_people_write_stays(text):
    assert safe(text) == text == safe_lines(text)


def test_prose_keeps_its_lines():
    assert safe_lines("一\n\t二\r\n") == "一\n\t二\\r\n"


@given(st.text())
def test_any_text_comes_out_harmless_and_encodes(text):
    shown = safe(text)
    shown.encode()
    assert [c for c in raw(shown) if c != "\u200d"] == []
    assert "\n" not in shown


@given(st.text())
def test_safe_text_is_left_alone(text):
    assert safe(safe(text)) == safe(text)


hard_to_cut = st.text(alphabet="a1#\ufe0f\u200d\u20e3👩💻⚠\x1b\n\u202e", max_size=12)


@given(hard_to_cut, st.lists(st.integers(0, 12)))
def test_a_stream_shows_the_same_wherever_it_is_cut(text, cuts):
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = [text[a:b] for a, b in pairwise(places)]
    assert "".join(safe_stream(pieces)) == safe_lines(text)


def test_a_stream_holds_nothing_back_that_could_be_shown():
    assert [next(iter(safe_stream([piece]))) for piece in ("a", "算", "\x1b", "👩")] == ["a", "算", "\\x1b", "👩"]
