"""explain: kubectl reads the same schemas and tells the same fields.

Ours stand in the contract's order, below a head that has neither kubectl's group nor its spare empty lines.
"""

from __future__ import annotations

import pytest

from kube_api import kubernetes
from line_runs import machine

PATHS = ("orders.status.conditions", "projects.status", "cards.spec", "bills.status")


def fields(text):
    """The paragraphs below FIELDS, by name."""
    return sorted(text.partition("FIELDS:\n")[2].strip("\n").split("\n\n"))


@pytest.fixture(scope="module")
def both():
    with kubernetes({}) as kubectl, machine() as here:
        yield kubectl, here.client


@pytest.mark.parametrize("path", PATHS)
def test_the_fields_are_told_alike(both, path):
    theirs, ours = (program("explain", path) for program in both)
    assert fields(ours.out) == fields(theirs.out) != [""]
