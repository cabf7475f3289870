"""Tables: every column begins at one cell, no value is cut, and the words are kubectl's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpctl.output.cells import SHOWS
from cpctl.output.safe import safe
from cpctl.output.tables import Grid, table
from cpctl.output.width import cells
from cpctl.registry import KINDS, Column, find
from cpctl.resources.page import Page
from tests.output.output_samples import NOW, metadata, offer, order, printed, view

CELLS = st.text(alphabet=st.sampled_from("ab-9.山西é\u202e👍⚠️\x1b"), min_size=1, max_size=8)
ROWS = st.integers(1, 5).flatmap(lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=1, max_size=6))


def begins(line: str, row: list[str]) -> list[int]:
    """Where each cell of a row begins, in terminal cells."""
    places, at = [], 0
    for text in row:
        at = line.index(text, at)
        places.append(cells(line[:at]))
        at += len(text)
    return places


@given(ROWS)
def test_every_column_begins_at_one_cell(rows):
    titles = [f"T{i}" for i in range(len(rows[0]))]
    lines = table(titles, rows).splitlines()
    shown = [titles, *([safe(text) for text in row] for row in rows)]
    widths = [max(cells(row[i]) for row in shown) for i in range(len(titles))]
    starts = [sum(widths[:i]) + 3 * i for i in range(len(titles))]
    assert len(lines) == len(shown)
    for line, row in zip(lines, shown, strict=True):
        for text, start in zip(row, starts, strict=True):
            assert any(cells(line[:i]) == start and line.startswith(text, i) for i in range(len(line) + 1))
    assert all(cells(line) == starts[-1] + cells(row[-1]) for line, row in zip(lines, shown, strict=True))


@given(ROWS)
def test_right_aligned_columns_end_at_one_cell(rows):
    titles = ["T"] * len(rows[0])
    lines = table(titles, rows, aligns=["right"] * len(titles)).splitlines()
    assert len({cells(line) for line in lines}) == 1


def test_a_table_by_hand():
    rows = [["shanxi", "山西", "8"], ["ningxia", "宁夏回族", "16"]]
    assert table(["ID", "中文", "N"], rows, aligns=["left", "left", "right"]) == (
        "ID        中文        N\nshanxi    山西        8\nningxia   宁夏回族   16\n"
    )
    assert table(["A", "B"], []) == "A   B\n"
    assert table(["A", "B"], [["1", "2"]], headers=False) == "1   2\n"


def test_widths_only_grow_and_titles_come_once():
    grid = Grid(["A", "B"])
    assert grid.text([["xx"], ["1"]]) == "A    B\nxx   1\n"
    assert grid.text([["y"], ["2"]]) == "y    2\n"
    assert grid.text([["zzz"], ["3"]]) == "zzz   3\n"


def test_pages_stream_with_one_line_of_titles():
    pages = list(printed_pages(view([offer(1)], [], [offer(2)])))
    assert len(pages) == 2
    assert "".join(pages).count("NAME") == 1


def printed_pages(shown):
    from cpctl.output.columns import table as columns

    return columns(shown)


def test_nothing_to_show_prints_nothing():
    assert printed("table", view([])) == ""
    assert printed("wide", view()) == ""


def test_a_page_is_printed_before_the_next_is_asked_for():
    asked = []

    def pages():
        for number in (1, 2):
            asked.append(number)
            yield Page([offer(number)], metadata())

    text = printed_pages(view()._replace(pages=pages()))
    assert "of-000001" in next(text) and asked == [1]


KIND = find("offers")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "<none>"),
        ("", "<none>"),
        ([], "<none>"),
        ({}, "<none>"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (1.5, "1.5"),
        (["a", "b"], "a,b"),
        ([1, None], "1,<none>"),
        ({"k": "v", "e": ""}, "k=v,e="),
        ("山西", "山西"),
    ],
)
def test_cells_of_plain_columns(value, shown):
    kind = KIND._replace(columns=(Column("X", "spec.x"),))
    assert printed("table", view([{"spec": {"x": value}}], kind=kind)) == f"X\n{shown}\n"


@pytest.mark.parametrize(
    ("show", "value", "shown"),
    [
        ("age", "2026-06-01T11:59:00Z", "60s"),
        ("age", "2026-06-01T11:50:30Z", "9m30s"),
        ("age", "2026-05-30T09:00:00Z", "2d3h"),
        ("age", "2023-01-01T20:00:00+08:00", "3y152d"),
        ("age", None, "<unknown>"),
        ("age", "", "<unknown>"),
        ("age", "yesterday", "<unknown>"),
        ("age", "2026-05-30T09:00:00", "<unknown>"),
        ("age", 12, "<unknown>"),
        ("age", "2026-06-01T13:00:00Z", "<invalid>"),
        ("ratio", "0.8200", "82%"),
        ("ratio", "0.8255", "82.55%"),
        ("ratio", "1.0000", "100%"),
        ("ratio", "0.0000", "0%"),
        ("ratio", "NaN", "NaN"),
        ("ratio", "much", "much"),
        ("ratio", None, "<none>"),
        ("labels", {"b": "2", "a": "1"}, "a=1,b=2"),
        ("labels", {}, "<none>"),
        ("labels", "x", "x"),
        ("cards", {"total": 16, "active": 3}, "3/16"),
        ("cards", None, "<none>"),
        ("provinces", [{"province": "shanxi"}, {"province": "ningxia"}, {"province": "shanxi"}], "shanxi,ningxia"),
        ("provinces", [], "<none>"),
        ("provinces", ["x"], "<none>"),
        ("province-zh", "shanxi", "山西"),
        ("province-zh", "atlantis", "atlantis"),
        ("about", {"kind": "Order", "name": "train-7b"}, "order/train-7b"),
        ("about", None, "<none>/<none>"),
        ("list", ["chat", "code"], "chat,code"),
    ],
)
def test_ways_to_show(show, value, shown):
    assert SHOWS[show]([value], NOW) == [shown]


def test_every_way_the_registry_asks_for_is_known():
    assert {column.show for kind in KINDS for column in kind.columns} <= set(SHOWS)


@pytest.mark.parametrize("item", [{}, {"spec": None}, {"spec": "x", "metadata": [], "status": 7}])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.plural)
def test_objects_with_things_missing_still_have_a_row(item, kind):
    for name in ("table", "wide", "name"):
        assert printed(name, view([item, item], kind=kind)).count("\n") >= 2


def test_labels_project_and_kind_are_added_when_asked_for():
    text = printed("table", view([order()], kind="orders", labels=True, all_projects=True, qualified=True))
    title, row = text.splitlines()
    assert title.startswith("PROJECT   NAME") and title.endswith("LABELS")
    assert row.startswith("default   order/train-7b") and row.endswith("stage=预训练,team=nlp")


def test_no_headers():
    assert printed("table", view([offer(1)], headers=False)).startswith("of-000001")
