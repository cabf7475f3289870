"""explain: every field of every kind, as the contract has it and in kubectl's layout; without a platform."""

from __future__ import annotations

import re

import pytest

from client import Client
from cpctl.fields import Field, fields_of, meaning
from cpctl.output.explain import Explained, plaintext, wrapped
from cpctl.output.width import cells
from cpctl.registry import KINDS, find
from kube_api import kubernetes

KIND = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.plural)
LINE = re.compile(r"^( +)(\S+)\t<(\S+)>( -required-)?$", re.MULTILINE)
NAMED_SCHEMA = re.compile(r"^(\[\])?[A-Z]\w*$")  # kubectl names the schema of an object: <OrderSpec>, <[]Condition>


@pytest.fixture
def alone(tmp_path):
    """cpctl where no platform is known."""
    return Client(tmp_path)


def tree(text):
    """Depth, name, type and need of every field of a recursive answer, in the order of names."""
    found = LINE.findall(text)
    return sorted((len(indent), name, NAMED_SCHEMA.sub(r"\1object", kind), need) for indent, name, kind, need in found)


@KIND
def test_every_field_is_explained_and_has_its_place_in_the_tree(alone, kind):
    known = fields_of(kind)
    whole = alone("explain", kind.plural, "--recursive", "-o", "json").json
    assert [row["path"] for row in whole["fields"]] == list(known)
    assert len(tree(alone("explain", kind.short, "--recursive").out)) == len(known)
    for path, field in known.items():
        result = alone("explain", f"{kind.name}.{path}")
        assert result.code == 0 and f"FIELD: {path.rpartition('.')[2]} <{field.type}>" in result.out
        assert " ".join(result.out.split()).count(" ".join(field.description.split())) >= 1


@KIND
def test_no_description_is_empty_or_only_repeats_the_name(kind):
    assert len(meaning(kind)) > 20
    for path, field in fields_of(kind).items():
        assert field.description.strip() and field.description.lower() != path.rpartition(".")[2].lower()


@pytest.mark.parametrize("path", ["offers.spec", "offers.status", "orders.spec", "orders.status.conditions"])
def test_the_tree_is_kubectls(alone, path):
    with kubernetes({}) as kubectl:
        theirs = kubectl("explain", path, "--recursive")
    ours = alone("explain", path, "--recursive")
    assert theirs.code == ours.code == 0 and tree(ours.out) == tree(theirs.out)


def test_the_layout_is_kubectls(alone):
    with kubernetes({}) as kubectl:
        theirs = kubectl("explain", "orders.status.conditions")
    ours = alone("explain", "orders.status.conditions")
    heads = [line for line in theirs.out.splitlines() if re.match(r"^(KIND|FIELD|DESCRIPTION|FIELDS)", line)]
    assert [line.replace("Condition>", "object>") for line in heads] == [
        line.replace(" -required-", "") for line in ours.lines if re.match(r"^(KIND|FIELD|DESCRIPTION|FIELDS)", line)
    ]
    shared = "  type\t<string> -required-\n  enum: Placed, Held, Active, Released\n    "
    assert shared in theirs.out and shared in ours.out


def test_lines_are_folded_by_cells_and_nothing_is_lost():
    text = " ".join(["算力券" * 3, "voucher"] * 20)
    lines = list(wrapped(text, "    "))
    assert max(map(cells, lines)) <= 80 and " ".join(" ".join(lines).split()) == text
    assert list(wrapped("x" * 200, "  ")) == ["  " + "x" * 200]


def test_what_would_act_on_a_terminal_is_shown():
    field = Field("spec.x", "string", "a \x1b[31mred\u202e word", ("\x1b]0;t\x07",), "\x9b2J")
    told = "".join(plaintext(Explained(find("offers"), field, field.description, [field]), recursive=False))
    assert not set(told) & set("\x1b\x07\x9b\u202e")


def test_every_way_to_write_a_path_means_the_same(alone):
    ways = ["order.status.allocations.offer", "OD.STATUS.Allocations[].Offer", "orders.status.allocations[*].offer"]
    assert len({alone("explain", way).out for way in ways}) == 1


def test_the_form_a_profile_prefers_is_left_aside_when_there_is_none_such(alone):
    plain = alone("explain", "offers").out
    assert alone("explain", "offers", env={"CPCTL_OUTPUT": "wide"}).out == plain
    assert alone("explain", "offers", env={"CPCTL_OUTPUT": "json"}).json["kind"] == "Offer"
