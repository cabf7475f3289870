"""The rows of the registry against the contract: a path, filter or column that openapi.yaml lacks is an error here."""

from __future__ import annotations

import pytest

from contract import EVERY_LIST, document, operations, property_at, resolved
from cpctl.errors import UnknownName
from cpctl.output.cells import SHOWS
from cpctl.registry import KINDS, Kind, _by_spelling, find
from cpctl.verbs import VERBS

kinds = pytest.mark.parametrize("kind", KINDS, ids=[kind.plural for kind in KINDS])
BY_PATH = {(o.path, o.method): o for o in operations()}


@kinds
def test_the_contract_has_its_list_and_its_object(kind):
    assert (kind.path, "get") in BY_PATH and (f"{kind.path}/{{name}}", "get") in BY_PATH


@kinds
def test_its_filters_are_the_parameters_of_its_list(kind):
    queries = BY_PATH[kind.path, "get"].parameters("query")
    assert set(kind.filters) == set(queries) - EVERY_LIST
    assert set(queries) >= EVERY_LIST


@kinds
def test_what_is_yours_asks_for_the_project(kind):
    own = "project" in kind.filters or kind.name == "project"
    assert own == (kind.scope == "yours")


@kinds
def test_each_column_is_a_field_of_the_object(kind):
    schema = document()["components"]["schemas"][kind.kind]
    missing = [column.path for column in kind.columns if property_at(schema, column.path) is None]
    assert missing == []


@kinds
def test_a_list_of_objects_has_the_words_of_every_object(kind):
    schema = document()["components"]["schemas"][kind.kind]
    assert schema["required"] == ["apiVersion", "kind", "metadata", "spec", "status"]
    assert schema["properties"]["kind"]["const"] == kind.kind


@kinds
def test_figures_stand_right_and_words_left(kind):
    schema = document()["components"]["schemas"][kind.kind]
    for column in kind.columns:
        field = property_at(schema, column.path) or {}
        if field.get("type") == "integer":
            assert column.align == "right", column.title


@kinds
def test_columns_are_shown_in_ways_that_exist(kind):
    assert {column.show for column in kind.columns} <= set(SHOWS)


@kinds
def test_titles_are_unique_and_the_name_stands_somewhere(kind):
    titles = [column.title for column in kind.columns]
    assert len(titles) == len(set(titles)) and "metadata.name" in [column.path for column in kind.columns]


@kinds
def test_its_verbs_exist(kind):
    assert set(kind.verbs) <= set(VERBS)


@kinds
def test_every_spelling_finds_it(kind):
    for word in kind.spellings:
        assert find(word) is find(word.upper()) is kind


def test_every_list_of_the_contract_is_a_kind():
    lists = {o.path for o in operations() if o.method == "get" and "as" in o.parameters("query")}
    assert lists == {kind.path for kind in KINDS}


def test_a_list_s_items_are_its_kind():
    for kind in KINDS:
        answer = BY_PATH[kind.path, "get"].body["responses"]["200"]["content"]["application/json"]["schema"]
        whole = resolved(answer)["anyOf"][0]
        assert whole["properties"]["items"]["items"]["$ref"].rpartition("/")[2] == kind.kind


def test_two_kinds_with_one_spelling_are_refused():
    first, second = (Kind(name, "X", "xs", short, "yours", "x", ()) for name, short in (("x", "a"), ("y", "b")))
    with pytest.raises(ImportError, match='"xs"'):
        _by_spelling((first, second))


def test_an_unknown_kind_names_the_nearest():
    with pytest.raises(UnknownName, match='Did you mean "offers"'):
        find("ofers")
