"""Whole command lines: what each prints on stdout and stderr, to the letter, and what it ends with (tests/lines/)."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cache

import jsonschema
import pytest

from contract import document
from fixed_platform import documents, objects
from line_runs import cases, groups, machine_of
from transcripts import read, written

LINES = [(group, case) for group in groups() for case in cases(group)]
LEAST_LINES = 150
DOCUMENTS = {
    "/v1": "Service",
    "/v1/whoami": "Identity",
    "/v1/can-i?project=default": "Permission",
    "/v1/can-i?project=lab": "Permission",
    "/v1/access/train-7b": "Access",
    "/v1/overview": "Overview",
    "/v1/account": "Account",
}


@pytest.fixture(scope="module")
def machines():
    """The machine of each group, made when its first line is run."""
    with ExitStack() as stack:
        yield cache(lambda group: stack.enter_context(machine_of(group)))


@pytest.mark.parametrize(("group", "case"), LINES, ids=[f"{group.stem}: {case.line}" for group, case in LINES])
def test_a_line_prints_what_it_printed(machines, group, case):
    today = machines(group).ran(case)
    assert (today.out, today.err, today.code) == (case.out, case.err, case.code)


def test_a_file_says_what_its_cases_say():
    for group in groups():
        text = group.read_text(encoding="utf-8")
        assert written(*read(text)) == text


def test_there_are_enough_and_each_is_there_once():
    assert len(LINES) >= LEAST_LINES
    assert len({(group, case.line) for group, case in LINES}) == len(LINES)


@pytest.mark.parametrize("plural", objects())
def test_the_fixed_objects_are_as_the_contract_says(plural):
    for item in objects()[plural]:
        jsonschema.validate(item, schema(item["kind"]))


@pytest.mark.parametrize(("path", "name"), DOCUMENTS.items())
def test_the_fixed_documents_are_as_the_contract_says(path, name):
    jsonschema.validate(documents()[path], schema(name))


def schema(name):
    return {"$ref": f"#/components/schemas/{name}", "components": document()["components"]}


def test_every_fixed_document_is_checked():
    assert set(documents()) == set(DOCUMENTS)
