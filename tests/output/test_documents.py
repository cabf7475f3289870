"""JSON and YAML: one document, the object as it was, valid also when the line is cut."""

from __future__ import annotations

import json
import math

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cpctl.errors import BadAnswer, Unreachable
from cpctl.output.json_document import json_line, json_text
from cpctl.output.printers import PRINTERS
from cpctl.output.yaml_document import yaml_string, yaml_text
from cpctl.resources.page import Page
from tests.output.output_samples import HOSTILE, broken, metadata, offer, order, pieces, printed, raw, view

READERS = {"json": json.loads, "yaml": yaml.safe_load}
DOCUMENTS = sorted(READERS)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
WORDY = st.text(
    alphabet=st.sampled_from("yntruefalsno01.x_+-:#&*!|>'\"%@`,[]{}? \n\t~=山\u0085\u2028\ufeff🙂"), max_size=6
)


@given(VALUES)
def test_json_reads_back_as_what_it_was(value):
    assert json.loads(json_text(value)) == value == json.loads(json_line(value))


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_json_strings_are_exact_and_harmless(text):
    string = json_text(text)
    string.encode()
    assert json.loads(string) == text and raw(string) == [] and "\n" not in string


@given(VALUES)
@settings(max_examples=150)
def test_yaml_reads_back_as_what_it_was(value):
    text = yaml_text(value)
    assert raw(text) == []
    assert yaml.safe_load(text) == value == yaml.load(text, yaml.CSafeLoader)


@given(st.dictionaries(WORDY, WORDY, max_size=3))
@settings(max_examples=300)
def test_yaml_words_stay_strings(value):
    text = yaml_text(value)
    assert yaml.safe_load(text) == value == yaml.load(text, yaml.CSafeLoader)


@pytest.mark.parametrize(
    "word",
    [
        "yes",
        "n",
        "NULL",
        "1e3",
        "0o17",
        "0x1F",
        "12.5000",
        "2026-01-01",
        "1:30",
        "~",
        "=",
        "<<",
        ".inf",
        "",
        " a",
        "a ",
        "-",
        "- a",
    ],
)
def test_yaml_quotes_what_some_reader_takes_for_something_else(word):
    assert yaml_string(word) == f'"{word}"'


@pytest.mark.parametrize(
    "word", ["train-7b", "山西省", "Ascend-910B", "on-demand", "cny per card-hour", "NVLink (4.0)", "ccpp/v1"]
)
def test_yaml_leaves_plain_words_plain(word):
    assert yaml_string(word) == word


def test_figures_that_are_none_become_null():
    assert json_text([math.nan, math.inf]).split() == ["[", "null,", "null", "]"]
    assert yaml_text([math.nan, -math.inf]) == "- null\n- null\n"


def test_yaml_shows_a_surrogate_as_the_replacement_character():
    assert yaml_text("\ud800") == '"\ufffd"\n'


@pytest.mark.parametrize("name", DOCUMENTS)
def test_one_object_is_printed_alone(name):
    assert READERS[name](printed(name, view([order()], kind="orders", single=True))) == order()


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("sizes", [(), (0,), (1,), (2, 2, 1), (0, 3), (1, 0, 1)], ids=str)
def test_pages_make_one_list_with_metadata_last(name, sizes):
    items = [offer(number) for number in range(sum(sizes))]
    pages = [[items[sum(sizes[:i]) + k] for k in range(size)] for i, size in enumerate(sizes)]
    read = READERS[name](printed(name, view(*pages)))
    assert list(read) == ["apiVersion", "kind", "items", "metadata"]
    assert read["kind"] == "List" and read["items"] == items
    assert read["metadata"] == (metadata() if sizes else {"complete": True})


@pytest.mark.parametrize("name", DOCUMENTS)
def test_one_incomplete_page_leaves_the_list_incomplete(name):
    pages = [Page([offer(1)], metadata(complete=False)), Page([offer(2)], metadata())]
    assert READERS[name](printed(name, view()._replace(pages=pages)))["metadata"]["complete"] is False


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("error", [Unreachable(detail="cut"), KeyboardInterrupt()], ids=["cut", "ctrl-c"])
def test_a_later_failure_closes_the_document(name, error):
    pages = [Page([offer(1)], metadata()), Page([offer(2)], metadata())]
    text = ""
    with pytest.raises(type(error)):
        for piece in pieces(name, view()._replace(pages=broken(pages, error))):
            text += piece
    read = READERS[name](text)
    assert read["items"] == [offer(1), offer(2)] and read["metadata"] == metadata(complete=False)


@pytest.mark.parametrize("name", sorted(PRINTERS))
@pytest.mark.parametrize("single", [True, False])
def test_a_failure_before_the_first_page_prints_nothing(name, single):
    shown = view(single=single)._replace(pages=broken([], Unreachable(detail="down")))
    with pytest.raises(Unreachable):
        next(pieces(name, shown))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_page_is_printed_before_the_next_is_asked_for(name):
    shown = view()._replace(pages=broken([Page([offer(1)], metadata())], Unreachable(detail="cut")))
    assert "of-000001" in next(pieces(name, shown))


def deep(levels: int) -> dict[str, object]:
    item: dict[str, object] = {}
    for _ in range(levels):
        item = {"a": item}
    return item


@pytest.mark.parametrize("name", DOCUMENTS)
def test_an_answer_nested_too_deeply_is_a_bad_answer(name):
    with pytest.raises(BadAnswer):
        next(pieces(name, view([deep(5000)])))
    with pytest.raises(BadAnswer):
        next(pieces(name, view([deep(5000)], single=True)))
    text, pages = "", [Page([offer(1)], metadata()), Page([deep(5000)], metadata())]
    with pytest.raises(BadAnswer):
        for piece in pieces(name, view()._replace(pages=pages)):
            text += piece
    assert READERS[name](text)["metadata"]["complete"] is False


@pytest.mark.parametrize("name", DOCUMENTS)
def test_chinese_stays_readable(name):
    assert "太原" in printed(name, view([offer(1)])) and "产地" in printed(name, view([offer(1)]))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_json_keeps_hostile_text_exactly(text):
    item = offer(1, provider=text)
    assert json.loads(printed("json", view([item])))["items"] == [item]
