"""`--voucher`: the total shown is the one held and billed, less what the voucher takes off; else nothing is bought."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from money import manifest, new_name, orders_of, reservations, rolled_back, through
from proxy import RecordingProxy

LIMIT = 7


@pytest.fixture
def name(sandbox):
    made = new_name()
    with rolled_back(sandbox, made):
        yield made


def vouchers(sandbox, state="Valid"):
    return [one for one in sandbox.items("/v1/vouchers") if one["status"]["state"] == state]


def anywhere(sandbox):
    """The name of a valid one that covers everything and has much left."""
    mine = [one for one in vouchers(sandbox) if one["spec"]["province"] is None]
    return max(mine, key=lambda one: Decimal(one["status"]["left"]))["metadata"]["name"]


def small(sandbox):
    """The valid one with the least left."""
    return min(vouchers(sandbox), key=lambda one: Decimal(one["status"]["left"]))["metadata"]["name"]


def left(sandbox, voucher):
    return Decimal(sandbox.get(f"/v1/vouchers/{voucher}").json()["status"]["left"])


def order(name, *more):
    return ("create", "order", name, "--gpu", "H800", "--cards", "8", "--duration", "1h", *more)


def test_planned_shown_held_and_given_back(cp, sandbox, name):
    voucher = anywhere(sandbox)
    before = left(sandbox, voucher)
    wanted = ("--gpu", "H800", "--cards", "8", "--duration", "1h", "--voucher", voucher, "-o", "json")
    planned = cp("plan", *wanted).json["status"]
    asked = cp(*order(name, "--voucher", voucher), tty=True, stdin="y\n")
    assert asked.code == 0, asked.err
    (made,) = orders_of(sandbox, name)
    off = Decimal(made["status"]["discount"])
    assert made["status"]["total"] == planned["total"] and f"total {planned['total']} CNY" in asked.err
    assert "DISCOUNT" in asked.err and off > 0 and left(sandbox, voucher) == before - off
    assert cp("release", f"order/{name}", "--yes").code == 0
    assert left(sandbox, voucher) == before


def test_bills_say_what_it_took_off(cp, sandbox, tmp_path):
    voucher = anywhere(sandbox)
    wanted = manifest(tmp_path, voucher=voucher)
    with rolled_back(sandbox, wanted.name):
        assert cp("apply", "-f", str(wanted), "--activate", "--wait").code == 0
        sandbox.admin.advance(1800)
        assert cp("release", f"order/{wanted.name}", "--yes").code == 0
        bills = cp("get", "bills", "-o", "json", "--order", wanted.name).json["items"]
        assert {bill["spec"]["voucher"] for bill in bills} == {voucher}
        assert all(Decimal(bill["status"]["discount"]) > 0 for bill in bills)


@pytest.mark.parametrize(("state", "says"), [("NotYet", "it is not valid yet"), ("Lapsed", "it is no longer valid")])
@pytest.mark.parametrize("verb", ["create", "plan"])
def test_one_that_cannot_be_used_now_is_a_limit(cp, sandbox, name, state, says, verb):
    voucher = vouchers(sandbox, state)[0]["metadata"]["name"]
    command = order(name, "--yes") if verb == "create" else ("plan", *order(name)[3:])
    result = cp(*command, "--voucher", voucher)
    assert (result.code, result.out) == (LIMIT, "") and says in result.err and "nothing was bought" in result.err
    assert orders_of(sandbox, name) == [] and reservations(sandbox, name) == []


def test_one_that_covers_nothing_of_it_is_a_limit(cp, sandbox, name):
    local = next(one for one in vouchers(sandbox) if one["spec"]["province"])
    voucher, province = local["metadata"]["name"], local["spec"]["province"]
    result = cp(*order(name, "--yes", "--exclude-province", province, "--voucher", voucher))
    assert (
        (result.code, result.out) == (LIMIT, "") and "covers none" in result.err and "without a voucher" in result.err
    )
    offer = next(
        one for one in sandbox.items("/v1/offers", billing="on-demand", cards=8) if one["spec"]["province"] != province
    )
    pinned = ("create", "order", name, "--offer", f"{offer['metadata']['name']}=8", "--duration", "1h")
    result = cp(*pinned, "--yes", "--voucher", voucher)
    assert (result.code, result.out) == (LIMIT, "") and "covers none" in result.err
    assert orders_of(sandbox, name) == []


@pytest.mark.parametrize(
    ("word", "code", "says"),
    [
        ("vc-nosuch", 3, 'vouchers "vc-nosuch" not found'),
        ("", 2, "voucher"),
        ("../orders", 2, "voucher"),
        ("vc 1", 2, "voucher"),
        ("券", 2, "voucher"),
    ],
)
def test_a_name_that_is_none(cp, sandbox, name, word, code, says):
    result = cp(*order(name, "--yes", "--voucher", word))
    assert (result.code, result.out) == (code, "") and says in result.err
    assert orders_of(sandbox, name) == []


def test_in_a_manifest_an_unknown_one_is_named(cp, sandbox, tmp_path):
    wanted = manifest(tmp_path, voucher="vc-nosuch")
    result = cp("apply", "-f", str(wanted))
    assert (result.code, result.out) == (3, "") and "vc-nosuch" in result.err
    assert orders_of(sandbox, wanted.name) == []


def test_used_up_between_quote_and_hold_the_higher_total_is_asked_about(cp, sandbox, name):
    """Somebody else takes most of it: the platform refuses the old total, and the new one is shown before anything."""
    voucher, other = small(sandbox), new_name()
    single = [one for one in sandbox.items("/v1/offers", billing="on-demand", cards=1) if one["spec"]["minCards"] == 1]
    offer = single[0]["metadata"]["name"]

    def used_up(exchange):
        if "POST /v1/orders?" in exchange.line and not orders_of(sandbox, other):
            sandbox.buy(other, {offer: 1}, voucher=voucher, duration="1h")

    with rolled_back(sandbox, other), RecordingProxy(sandbox.url) as proxy:
        proxy.before = used_up
        asked = cp(*order(name, "--voucher", voucher), tty=True, stdin="y\ny\n", env=through(cp, proxy))
        assert asked.code == 0, asked.err
        sent = [json.loads(one.body) for one in proxy.exchanges if "POST /v1/orders?" in one.line]
        totals = [Decimal(one["total"]) for one in sent]
        assert len(totals) == 2 and totals[0] < totals[1]
        (made,) = orders_of(sandbox, name)
        assert Decimal(made["status"]["total"]) == totals[1] and asked.err.count("[y/N]") == 2


def test_a_voucher_is_part_of_what_was_bought(cp, sandbox, tmp_path):
    voucher = anywhere(sandbox)
    wanted = manifest(tmp_path, voucher=voucher)
    with rolled_back(sandbox, wanted.name):
        assert cp("apply", "-f", str(wanted)).code == 0
        assert cp("apply", "-f", str(wanted)).out.endswith("unchanged\n")
        wanted.change(voucher=None)
        assert cp("apply", "-f", str(wanted)).code == 5
        assert cp("diff", "-f", str(wanted)).code == 1


def test_a_demand_names_one_too(cp, sandbox, name):
    voucher = anywhere(sandbox)
    result = cp(
        "create", "demand", name, "--gpu", "H800", "--cards", "8", "--duration", "1h",
        "--until", "2099-01-01T00:00:00Z", "--voucher", voucher, "--budget", "5000", "--yes",
    )  # fmt: skip
    assert result.code == 0, result.err
    (made,) = orders_of(sandbox, name)
    assert made["spec"]["voucher"] == voucher and Decimal(made["status"]["discount"]) > 0
