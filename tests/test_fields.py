"""The fields that explain, selectors and sort keys know are those of the contract, and each says what it means."""

from __future__ import annotations

import copy

import pytest

from cpctl.errors import UnknownName
from cpctl.fields import field, fields_of
from cpctl.registry import KINDS, find
from cpctl.schemas import Unknown, contract, fields_of_schema

KIND = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.plural)


@KIND
def test_every_column_is_a_field(kind):
    known = fields_of(kind)
    assert {column.path for column in kind.columns} <= set(known)
    assert known["metadata.name"].required and known["metadata.createdAt"].meaning == "time"


@KIND
def test_every_field_of_a_real_object_is_known(kind, shared_sandbox):
    from fake_platform import samples

    def paths(value, above=""):
        for key, one in value.items():
            yield f"{above}{key}"
            if isinstance(one, dict) and f"{above}{key}" not in ("metadata.labels",):
                yield from paths(one, f"{above}{key}.")
            if isinstance(one, list):
                for entry in one:
                    yield from paths(entry, f"{above}{key}[].") if isinstance(entry, dict) else ()

    for item in samples(shared_sandbox)[kind.plural]:
        assert set(paths(item)) <= set(fields_of(kind))


def test_what_a_field_is():
    price = field(find("offers"), "spec.price")
    assert (price.type, price.meaning, price.example, price.required) == ("string", "price", "11.2000", True)
    billing = field(find("offers"), "spec.billing")
    assert billing.enum == ("on-demand", "daily", "monthly", "spot")
    assert field(find("models"), "spec.tasks").type == "[]string"
    assert field(find("orders"), "status.conditions[].type").is_scalar is False
    assert field(find("orders"), "status.heldUntil").meaning == "time"
    assert field(find("orders"), "metadata.labels.team").is_scalar


def test_an_unknown_field_names_the_legal_ones():
    with pytest.raises(UnknownName) as refused:
        field(find("offers"), "spec.prise")
    assert 'unknown field of offers "spec.prise". Did you mean "spec.price"?' in refused.value.message
    with pytest.raises(UnknownName) as refused:
        field(find("offers"), "qqq")
    assert "spec.memoryGiB, " in refused.value.message


def test_a_field_without_a_description_stops_the_build():
    document = copy.deepcopy(contract())
    del document["components"]["schemas"]["Offer"]["properties"]["spec"]["properties"]["city"]["description"]
    with pytest.raises(Unknown, match=r"spec\.city"):
        fields_of_schema("Offer", document)


def test_a_field_of_an_odd_type_stops_the_build():
    document = copy.deepcopy(contract())
    document["components"]["schemas"]["Offer"]["properties"]["spec"]["properties"]["city"]["type"] = [
        "string",
        "integer",
    ]
    with pytest.raises(Unknown, match=r"spec\.city"):
        fields_of_schema("Offer", document)
