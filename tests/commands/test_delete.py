"""`delete`: an order that holds cards is released first; then lists omit it, and its name and bills stay."""

from __future__ import annotations

import pytest

from money import manifest, new_name, orders_of, rolled_back


@pytest.fixture
def wanted(sandbox, tmp_path):
    made = manifest(tmp_path)
    with rolled_back(sandbox, made.name):
        yield made


@pytest.mark.parametrize("flags", [(), ("--activate",), ("--activate", "--wait")], ids=["held", "coming up", "active"])
def test_an_order_is_released_and_hidden(cp, sandbox, wanted, flags):
    assert cp("apply", "-f", str(wanted), *flags).code == 0
    result = cp("delete", f"order/{wanted.name}")
    assert (result.code, result.out) == (0, f"order/{wanted.name} deleted\n")
    assert orders_of(sandbox, wanted.name) == []
    assert [line for line in sandbox.ledger() if line["ref"] == wanted.name and line["kind"] == "unreserve"]
    assert cp("get", f"order/{wanted.name}").code == 3


def test_again_it_is_not_there(cp, wanted):
    assert cp("apply", "-f", str(wanted)).code == 0
    assert cp("delete", f"order/{wanted.name}", "-o", "name").out == f"order/{wanted.name}\n"
    assert cp("delete", f"order/{wanted.name}").code == 3
    ignored = cp("delete", f"order/{wanted.name}", "--ignore-not-found")
    assert (ignored.code, ignored.out) == (0, "")


def test_a_lost_answer_of_the_hiding_is_no_failure(cp, sandbox, wanted):
    assert cp("apply", "-f", str(wanted)).code == 0
    sandbox.admin.faults(path=f"/v1/orders/{wanted.name}", method="DELETE", dropAfterCommit=True, count=1)
    assert cp("delete", "-f", str(wanted)).code == 0
    assert orders_of(sandbox, wanted.name) == []


def test_what_was_never_there_is_3(cp):
    assert cp("delete", f"order/{new_name()}").code == 3
    assert cp("delete").code == 2
