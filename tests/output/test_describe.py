"""describe: everything about one object."""

from __future__ import annotations

import pytest

from cpctl.errors import BadAnswer
from cpctl.output.describe import describe, title
from tests.output.output_samples import NOW, order


def described(item, events=None):
    return "".join(describe(item, events, NOW))


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("heldUntil", "Held Until"),
        ("phase", "Phase"),
        ("memoryGiB", "Memory GiB"),
        ("maxPUE", "Max PUE"),
        ("asOf", "As Of"),
        ("价格", "价格"),
    ],
)
def test_titles(key, words):
    assert title(key) == words


def test_no_events_section_for_kinds_without_events():
    assert "Events" not in described(order()) and described(order(), []).endswith("Events:  <none>\n")


def test_times_say_how_far_they_are():
    text = described(order())
    assert "2026-06-01T09:00:00Z (3h ago)" in text and "2026-06-02T09:02:11Z (in 21h)" in text


def test_values_of_more_lines_keep_their_column():
    lines = described({"metadata": {"name": "x"}, "spec": {"text": "一\n二", "keys": ["k1", "k2"]}}).splitlines()
    assert lines[-4:] == ["  Text:  一", "         二", "  Keys:  k1", "         k2"]


@pytest.mark.parametrize("item", [{}, {"metadata": None, "spec": []}, {"metadata": "x", "status": [[], {}, None]}])
def test_odd_objects_are_described_all_the_same(item):
    assert described(item, [{}, {"spec": 1, "status": "x"}]).startswith("Name:")


def test_an_answer_nested_too_deeply_is_a_bad_answer():
    item: dict = {}
    for _ in range(5000):
        item = {"a": item}
    with pytest.raises(BadAnswer):
        described(item)
