"""Labels, fields and order: what they mean, where they do not parse, and that the sandbox reads them alike."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpctl.errors import BadValue, UnknownName, UsageError
from cpctl.registry import find
from cpctl.resources.page import Page, RowPage
from cpctl.sandbox import selectors as theirs
from cpctl.sandbox.store import stamped
from cpctl.selectors.condition import failing, meets
from cpctl.selectors.fields import field_conditions
from cpctl.selectors.labels import label_conditions
from cpctl.selectors.sorting import SortKey, in_order, is_sorted, sort_keys

OFFERS, ORDERS, MODELS = find("offers"), find("orders"), find("models")


def offer(**fields):
    spec = {"price": "9.0000", "memoryGiB": 80, "province": "shanxi", "accelerator": "H800", "green": "0.5000"}
    metadata = {"name": "of-1", "labels": {"team": "nlp"}, "createdAt": "2026-01-02T03:04:05Z"}
    return {"metadata": metadata, "spec": {**spec, **fields}, "status": {"free": 8}}


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("team=nlp", True),
        ("team==nlp", True),
        ("team=cv", False),
        ("team!=nlp", False),
        ("team!=cv", True),
        ("stage!=dev", True),  # as in Kubernetes: what has no such label differs from it
        ("team", True),
        ("!team", False),
        ("! stage", True),
        ("team in (nlp, cv)", True),
        ("team notin (nlp)", False),
        ("stage notin (dev)", True),
        ("team=nlp,!stage,team in (nlp)", True),
        ("team=nlp,stage=dev", False),
        ("team=", False),
    ],
)
def test_labels(text, passes):
    assert meets(label_conditions(text), offer()) is passes


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("spec.price<12", True),
        ("spec.price<9", False),
        ("spec.price<=9", True),
        ("spec.price=9", True),  # as a number: 9.0000
        ("spec.price==9.0", True),
        ("spec.price!=9", False),
        ("price>8.9999", True),  # in short
        (".spec.price>8", True),  # kubectl's spelling
        ("spec.memoryGiB>=80", True),
        ("spec.memoryGiB>=80Gi", True),
        ("spec.memoryGiB>=1Ti", False),
        ("spec.green>=50%", True),
        ("spec.green>0.5", False),
        ("spec.province=山西", True),
        ("spec.province in (SX, 140000)", True),
        ("spec.province notin (宁夏,qinghai)", True),
        ("spec.accelerator=nvidia-h800", True),
        ("metadata.createdAt>2026-01-01", True),
        ("metadata.createdAt>2026-01-02T11:04:05+08:00", False),  # the same moment
        ("metadata.createdAt>=2026-01-02T11:04:05+08:00", True),
        ("metadata.labels.team=nlp", True),
        ("metadata.labels.app.kubernetes.io/name!=x", True),
        ("metadata.name=of-1,status.free>7", True),
        ("spec.city=", True),  # nothing stands there
        ('metadata.name="of-1"', True),
        ("metadata.name in ('a,b', of-1)", True),
        ("metadata.name='(x)'", False),
    ],
)
def test_fields(text, passes):
    conditions = field_conditions(text, OFFERS)
    assert meets(conditions, offer()) is passes
    paths = [path for one in conditions for path in one.paths]
    rows = RowPage({path: Page([offer()]).values(path) for path in paths}, 1)
    assert (not failing(conditions, rows)) is passes


def test_a_list_is_met_by_one_of_its_entries():
    item = {"spec": {"tasks": ["chat", "code"]}}
    assert meets(field_conditions("spec.tasks=code", MODELS), item)
    assert not meets(field_conditions("spec.tasks!=code", MODELS), item)
    assert meets(field_conditions("spec.tasks in (image,chat)", MODELS), item)


def test_what_the_contract_has_no_words_for_is_tested_here_alone():
    assert [one.wire for one in field_conditions("spec.city='a,b',spec.price<3", OFFERS)] == ["", "spec.price<3"]
    assert field_conditions("spec.province in (山西,SX)", OFFERS)[0].wire == "spec.province in (shanxi,shanxi)"


@pytest.mark.parametrize(
    ("read", "text", "column", "expected"),
    [
        (label_conditions, "team=nlp,,x", 10, "a condition"),
        (label_conditions, "team=nlp,", 10, "a condition"),
        (label_conditions, "team in nlp", 5, "=, ==, !=, in (…) or notin (…)"),
        (label_conditions, "team in (nlp", 13, "a closing bracket"),
        (label_conditions, "team in (nlp, *x)", 15, "a label's value"),
        (label_conditions, "team)", 5, "no closing bracket"),
        (label_conditions, "-team=x", 1, "a label's name"),
        (label_conditions, "team=~x", 5, "=, ==, !=, in (…) or notin (…)"),
        (label_conditions, "team in ()", 10, "a label's value"),
        (field_conditions, "spec.price in ( )", 16, "a value"),
        (field_conditions, "spec.price", 11, "=, !=, <, <=, >, >=, in (…) or notin (…)"),
        (field_conditions, "spec.price ~ 3", 11, "=, !=, <, <=, >, >=, in (…) or notin (…)"),
        (field_conditions, "spec.price<<3", 12, "a value (in quotes, if it holds a sign)"),
        (field_conditions, "  ,spec.price<3", 3, "a condition"),
        (field_conditions, "<3", 1, "a field such as spec.price"),
        (field_conditions, "metadata.name='x", 17, "a closing quote"),
        (field_conditions, "山西=1", 1, "a field such as spec.price"),
        (sort_keys, "spec.price,,x", 12, "a condition"),
        (sort_keys, "~", 1, "a field such as spec.price, or ~spec.price"),
        (sort_keys, "{spec.price", 1, "a field such as spec.price, or ~spec.price"),
    ],
)
def test_what_does_not_parse_is_told_with_its_place(read, text, column, expected):
    with pytest.raises(UsageError) as refused:
        read(text) if read is label_conditions else read(text, OFFERS)
    assert f"expected {expected} at column {column}" in refused.value.message and refused.value.advice


@pytest.mark.parametrize("text", ["spec.prise<3", "prise<3", "spec<3", "spec.price.x=1", "status.conditions[].type=x"])
def test_unknown_fields_name_the_legal_ones(text):
    with pytest.raises(UsageError) as refused:
        field_conditions(text, OFFERS)
    assert isinstance(refused.value, UnknownName) == (text != "spec<3")


@pytest.mark.parametrize(
    "text",
    ["metadata.createdAt>yesterday", "spec.province=atlantis", "spec.green>=150%", "price<cheap", "status.free>many"],
)
def test_a_value_that_is_none_of_its_field(text):
    with pytest.raises((BadValue, UnknownName)):
        field_conditions(text, OFFERS)


@pytest.mark.parametrize("spelling", ["spec.price", ".spec.price", "{.spec.price}", "{spec.price}", "price"])
def test_an_order_may_be_spelled_as_kubectl_does(spelling):
    assert sort_keys(spelling, OFFERS) == (SortKey("spec.price"),)
    assert sort_keys(f"~{spelling},~free", OFFERS) == (SortKey("spec.price", True), SortKey("status.free", True))


@pytest.mark.parametrize("path", ["spec", "metadata.labels", "status.conditions", "status.conditions[].type"])
def test_only_single_values_have_an_order(path):
    with pytest.raises(UsageError, match="cannot be sorted by"):
        sort_keys(path, ORDERS)


VALUES = st.one_of(
    st.none(), st.sampled_from(["1", "1.0", "10", "9", "abc", "", "山西", "0.50"]), st.integers(-3, 12), st.booleans()
)
OBJECTS = st.lists(
    st.fixed_dictionaries({"price": VALUES, "city": VALUES, "memoryGiB": VALUES}).map(lambda spec: offer(**spec)),
    max_size=12,
)
TERMS = st.sampled_from(
    (
        *("spec.price<9.5", "spec.price>=10", "spec.price=1", "spec.price!=1.00", "spec.city=abc", "spec.city>a"),
        *("spec.city=", "spec.city in (abc,山西)", "spec.city notin (abc)", "spec.memoryGiB<=9"),
        *("metadata.labels.team=nlp", "status.free>3"),
    )
)


@given(OBJECTS, st.lists(TERMS, min_size=1, max_size=3))
@settings(max_examples=150, deadline=None)
def test_the_sandbox_reads_conditions_alike(items, terms):
    text = ",".join(terms)
    conditions = field_conditions(text, OFFERS)
    assert ",".join(one.wire for one in conditions) == text
    expected = [all(test(item) for _, test in theirs.field_tests(text)) for item in items]
    assert [meets(conditions, item) for item in items] == expected


@given(
    OBJECTS, st.lists(st.sampled_from(["price", "~spec.city", "~price", "spec.city", "free"]), min_size=1, max_size=3)
)
@settings(max_examples=150, deadline=None)
def test_the_sandbox_sorts_alike(items, words):
    keys = sort_keys(",".join(words), OFFERS)
    known = [stamped({**item, "metadata": {**item["metadata"], "name": f"of-{n}"}}, n) for n, item in enumerate(items)]
    wire = ",".join(key.wire for key in keys)
    expected = [item.name for item in theirs.in_order(known, theirs.sort_terms(wire))]
    page = Page([item.obj for item in known])
    mine = [known[place].name for place in in_order(page, keys)]
    assert mine == expected
    assert is_sorted(Page([known[place].obj for place in in_order(page, keys)]), keys)


def test_a_page_behind_another_is_seen_to_be_out_of_order():
    keys = (SortKey("spec.price"),)
    page = Page([offer(price="5.0000"), offer(price="6.0000")])
    assert is_sorted(page, keys) and is_sorted(page, keys, ["5"]) and not is_sorted(page, keys, ["5.5"])
    assert not is_sorted(Page(page.items[::-1]), keys)
    assert is_sorted(Page([]), keys, ["5"])
