"""What `-o` says, and which fields each form reads."""

from __future__ import annotations

import pytest

from cpctl.errors import UnknownName, UsageError
from cpctl.output.forms import Chosen, parsed
from cpctl.output.printers import PRINTERS
from cpctl.registry import KINDS
from tests.output.output_samples import view

LEGAL = ("table", "json", "jsonpath", "custom-columns")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("json", Chosen("json")),
        ("jsonpath={.a=b}", Chosen("jsonpath", "{.a=b}")),
        ("jsonpath==", Chosen("jsonpath", "=")),
        ("custom-columns=A:.b,C:.d", Chosen("custom-columns", "A:.b,C:.d")),
    ],
)
def test_a_form_and_what_it_is_given(text, wanted):
    assert parsed(text, LEGAL) == wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "one of: table, json, jsonpath, custom-columns"),
        ("jsn", 'Did you mean "json"?'),
        ("jsnpath={.a}", 'Did you mean "jsonpath"?'),
        ("json=x", '"json=x"'),
        ("json=", '"json="'),
        ("JSON", 'Did you mean "json"?'),
        ("wide", "one of"),
    ],
)
def test_no_form(text, said):
    with pytest.raises(UnknownName, match=said.replace("?", "[?]")):
        parsed(text, LEGAL)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("jsonpath", "template format specified but no template given"),
        ("jsonpath=", "template format specified but no template given"),
        ("custom-columns", "custom-columns format specified but no custom columns given"),
    ],
)
def test_a_form_that_is_given_nothing(text, said):
    with pytest.raises(UsageError) as caught:
        parsed(text, LEGAL)
    assert str(caught.value) == said and caught.value.advice.startswith("-o ")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.plural)
def test_a_table_reads_its_columns(kind):
    shown = view(kind=kind)
    narrow, wide = PRINTERS["table"].reads(shown), PRINTERS["wide"].reads(shown)
    age = (
        {"status.asOf"} if kind.plural in ("products", "subplatforms") else set()
    )  # no column tells their province, whose age it were
    assert set(narrow) <= set(wide) == {column.path for column in kind.columns} | age
    assert "metadata.labels" in PRINTERS["table"].reads(shown._replace(labels=True))
    assert PRINTERS["name"].reads(shown) == ("metadata.name",)
    assert PRINTERS["json"].reads(shown) is None is PRINTERS["yaml"].reads(shown)
