"""Plans: constraints, totals, and what is said when there is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from cpctl.broker.beside import rejected, savings
from cpctl.broker.constraints import Offer, PlanRequest, VoucherTerms
from cpctl.broker.offers import listed, offer_of, query
from cpctl.broker.planner import paid_seconds, plan
from cpctl.errors import BadAnswer, NoPlan
from cpctl.resources.page import Page

ITEM: dict[str, Any] = {
    "metadata": {"name": "of-a"},
    "spec": {
        "product": "pd-a",
        "provider": "sbx-sx-01",
        "subplatform": "shanxi",
        "province": "shanxi",
        "accelerator": "H800",
        "vendor": "nvidia",
        "memoryGiB": 80,
        "interconnect": "NVLink4",
        "billing": "on-demand",
        "price": "11.2000",
        "minCards": 8,
        "stepCards": 8,
        "pue": "1.24",
        "green": "0.8200",
        "latencyClass": "regional",
    },
    "status": {"state": "ok", "free": 64},
}
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OFFER = offer_of(ITEM)
REQUEST = PlanRequest(accelerators=("H800",), cards=16, seconds=86_400)


def offers(**by_name: dict[str, Any]) -> list[Offer]:
    return [replace(OFFER, name=f"of-{name}", **fields) for name, fields in by_name.items()]


def test_a_plan_is_what_the_platform_will_ask_for() -> None:
    found = plan(
        REQUEST,
        offers(a={"price": Decimal("11.2001"), "free": 8}, b={"price": Decimal("11.90"), "province": "ningxia"}),
        ["qinghai"],
    )
    assert [(one.offer, one.cards, str(one.amount)) for one in found.allocations] == [
        ("of-a", 8, "2150.42"),
        ("of-b", 8, "2284.80"),
    ]
    assert (str(found.total), f"{found.per_hour:f}", found.absent) == ("4435.22", "184.8008", ("qinghai",))


@pytest.mark.parametrize(
    ("billing", "seconds", "paid"),
    [("on-demand", 90, 90), ("spot", 90, 90), ("daily", 86_401, 172_800), ("monthly", 1, 2_592_000)],
)
def test_days_and_months_are_paid_whole(billing: str, seconds: int, paid: int) -> None:
    assert paid_seconds(billing, seconds) == paid
    found = plan(replace(REQUEST, billing=billing, seconds=seconds, cards=8), offers(a={"billing": billing}))
    assert found.paid_s == paid
    assert found.total == (Decimal("11.2") * 8 * paid / 3600).quantize(Decimal("0.01"))


NARROW: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"accelerators": ("H20",)}, {"accelerator": "H20"}),
    ({"billing": "spot"}, {"billing": "spot"}),
    ({"provinces": ("ningxia",)}, {"province": "ningxia"}),
    ({"exclude_provinces": ("shanxi",)}, {"province": "ningxia"}),
    ({"providers": ("other",)}, {"provider": "other"}),
    ({"exclude_providers": ("sbx-sx-01",)}, {"provider": "other"}),
    ({"vendors": ("Huawei",)}, {"vendor": "huawei"}),
    ({"min_memory_gib": 96}, {"memory_gib": 96}),
    ({"interconnect": "hccs"}, {"interconnect": "HCCS 2"}),
    ({"latency_classes": ("metro", "x")}, {"latency_class": "metro"}),
    ({"max_pue": Decimal("1.2")}, {"pue": Decimal("1.20")}),
    ({"min_green": Decimal("0.9")}, {"green": Decimal("0.9")}),
    ({"max_price": Decimal("10")}, {"price": Decimal("10.0000")}),
]


@pytest.mark.parametrize(("wanted", "has"), NARROW, ids=[next(iter(wanted)) for wanted, _ in NARROW])
def test_each_constraint_holds_and_is_named_when_it_stands_in_the_way(
    wanted: dict[str, Any], has: dict[str, Any]
) -> None:
    request = replace(REQUEST, **wanted)
    other = {"billing": wanted["billing"]} if "billing" in wanted else {}
    found = plan(
        request, offers(cheap={"price": Decimal("1")} if "max_price" not in wanted else {}, fits={**has, **other})
    )
    assert [one.offer for one in found.allocations] == ["of-fits"]
    with pytest.raises(NoPlan) as refused:
        plan(request, offers(a={}))
    (name,) = refused.value.without
    assert name.replace("-", "_").rstrip("s") in next(iter(wanted))
    assert f"without {name} there are enough" in str(refused.value)


def test_offers_that_are_not_known_to_be_good_are_left_alone() -> None:
    for state in ("sold-out", "down", "withdrawn", "Ok", "paid", ""):
        with pytest.raises(NoPlan, match="no offer passes"):
            plan(REQUEST, offers(a={"state": state}))


def test_what_is_missing_is_said() -> None:
    with pytest.raises(NoPlan, match="8 are free in the 1 offers that fit; not answering: qinghai"):
        plan(REQUEST, offers(a={"free": 8}), ["qinghai"])
    with pytest.raises(NoPlan, match="minimum and step quantities, which make 8 below that"):
        plan(replace(REQUEST, cards=12), offers(a={"free": 64}))
    with pytest.raises(NoPlan, match="no offer passes accelerator and billing and province"):
        plan(replace(REQUEST, provinces=("hunan",), accelerators=("H800", "H20")), offers(a={}))


def test_no_name_is_favoured_and_the_same_request_is_planned_the_same_way() -> None:
    same = offers(a={}, b={}, c={}, d={})
    chosen = [plan(replace(REQUEST, seconds=3_600 * hours), same).allocations[0].offer for hours in range(1, 200)]
    assert all(30 <= chosen.count(offer.name) <= 70 for offer in same)
    again = [plan(replace(REQUEST, seconds=3_600 * hours), same[::-1]).allocations[0].offer for hours in range(1, 200)]
    assert again == chosen


HOMES = {"aaa": "shanxi", "abc": "ningxia", "mmm": "qinghai", "nnn": "shanxi", "zyx": "ningxia", "zzz": "qinghai"}
ALIKE = [
    replace(OFFER, name=f"of-{i}-{who}", provider=who, province=at, free=16) for who, at in HOMES.items() for i in "ab"
]


@pytest.mark.parametrize(
    ("wanted", "some"),
    [
        ({}, 1),
        ({"colocate": "provider"}, 1),
        ({"colocate": "province"}, 1),
        ({"max_providers": 1}, 1),
        ({"cards": 64, "max_providers": 2}, 2),
        ({"cards": 64, "max_providers": 2, "colocate": "province"}, 2),
    ],
    ids=str,
)
def test_providers_that_are_alike_win_alike_often_whatever_they_are_called(wanted: dict[str, Any], some: int) -> None:
    """Six with the same offers, two in each province: neither names of providers nor the order of rows matter."""
    wins = dict.fromkeys(HOMES, 0)
    rounds = 900
    for number in range(rounds):
        chance, request = Random(number), replace(REQUEST, seconds=3_600 * (number + 1), **wanted)
        found = plan(request, ALIKE)
        assert len(found.providers) == some
        for name in found.providers:
            wins[name] += 1
        others = dict(zip(HOMES, chance.sample(list(HOMES), len(HOMES)), strict=True))
        renamed = [replace(offer, provider=others[offer.provider]) for offer in chance.sample(ALIKE, len(ALIKE))]
        again = plan(request, renamed)
        assert [one.offer for one in again.allocations] == [one.offer for one in found.allocations]
    fair = rounds * some / len(HOMES)
    assert all(0.7 * fair <= count <= 1.3 * fair for count in wins.values()), wins


def test_what_is_together_or_of_few_is_named_when_it_stands_in_the_way() -> None:
    apart = offers(
        a={"free": 8}, b={"free": 8, "provider": "other"}, c={"free": 8, "provider": "far", "province": "ningxia"}
    )
    for wanted, cards, said in (
        ({"colocate": "provider"}, 16, "not of one provider; without colocate"),
        ({"colocate": "province"}, 24, "not in one province; without colocate"),
        ({"max_providers": 2}, 24, "not of at most 2 providers; without max-providers"),
        ({"max_providers": 1, "colocate": "province"}, 16, "not in one province and of at most 1 providers"),
    ):
        with pytest.raises(NoPlan, match=said):
            plan(replace(REQUEST, cards=cards, **wanted), apart)


def test_a_budget_names_what_would_do_without() -> None:
    there = offers(near={"price": Decimal("12")}, far={"price": Decimal("10"), "province": "ningxia"})
    request = replace(REQUEST, provinces=("shanxi",), max_pue=Decimal("1.5"), budget=Decimal("3840.00"))
    with pytest.raises(NoPlan, match=r"costs 4608\.00 CNY, the budget is 3840\.00; without province") as refused:
        plan(request, there)
    assert (refused.value.without, refused.value.least) == (("budget", "province"), Decimal("4608.00"))
    assert plan(replace(request, budget=Decimal("4608")), there).total == Decimal("4608.00")


def test_a_voucher_is_taken_off_line_by_line_until_nothing_is_left_of_it() -> None:
    there = offers(
        a={"free": 8, "price": Decimal("10.0001")}, b={"free": 8, "product": "pd-b"}, c={"free": 8, "province": "henan"}
    )
    voucher = VoucherTerms(Decimal("0.1"), Decimal("300.00"), province="shanxi", products=("pd-a", "pd-b"))
    found = plan(replace(REQUEST, cards=24, voucher=voucher), there)
    assert [(one.offer, str(one.amount), str(one.discount)) for one in found.allocations] == [
        ("of-a", "1728.02", "192.00"),
        ("of-b", "2042.40", "108.00"),
        ("of-c", "2150.40", "0.00"),
    ]
    assert found.total == Decimal("5920.82") == sum(one.amount for one in found.allocations)


def test_each_cheaper_looking_offer_has_the_plainest_reason() -> None:
    low = {"price": Decimal("9")}
    there = offers(
        taken={"free": 8},
        also={"free": 8, "price": Decimal("12")},
        dear={"price": Decimal("12.0001")},
        spot=low | {"billing": "spot"},
        warm=low | {"pue": Decimal("1.45")},
        gone=low | {"state": "withdrawn"},
        few=low | {"free": 7},
        big=low | {"min_cards": 32},
        away=low | {"province": "ningxia", "free": 8},
        odd=low | {"min_cards": 3, "step_cards": 5, "free": 3},
    )
    request = replace(REQUEST, max_pue=Decimal("1.4"), colocate="province")
    found = plan(request, there)
    assert {one.offer for one in found.allocations} == {"of-taken", "of-also"}
    assert {one.offer: (one.reason, one.detail) for one in rejected(found, there)} == {
        "of-spot": ("billing", "spot"),
        "of-warm": ("max-pue", "1.45"),
        "of-gone": ("state", "withdrawn"),
        "of-few": ("free", "7 free, sold from 8"),
        "of-big": ("minimum", "sold from 32"),
        "of-away": ("colocate", "in ningxia, the others in shanxi"),
        "of-odd": ("quantity", "sold from 3 in steps of 5, which makes the whole no cheaper"),
    }
    assert [(one.without, str(one.total), str(one.saved)) for one in savings(found, there)] == [
        ("max-pue", "3456.00", "998.40"),
        ("colocate", "3878.40", "576.00"),
    ]


# ---- what platforms list


def test_rows_of_sub_platforms_that_did_not_answer_are_left_out() -> None:
    other = {**ITEM, "metadata": {"name": "of-b"}, "spec": {**ITEM["spec"], "subplatform": "qinghai"}}
    states = [{"name": "shanxi", "state": "slow"}, {"name": "qinghai", "state": "down"}]
    there = {
        **ITEM,
        "metadata": {"name": "of-c"},
        "spec": {**ITEM["spec"], "subplatform": "henan", "province": "henan"},
    }
    found = listed([Page([ITEM, other, there], {"subplatforms": states})], lambda: NOW)
    assert [offer.name for offer in found.offers] == ["of-c"]
    assert found.absent == ("qinghai", "shanxi")


@pytest.mark.parametrize("state", ["slow", "down", "denied", "sleeping", "", None, 5])
def test_only_rows_of_now_are_planned_with(state: object) -> None:
    """Last good rows may be sold by now, or dearer."""
    assert listed([Page([ITEM], {"subplatforms": [{"name": "shanxi", "state": state}]})], lambda: NOW).offers == []


@pytest.mark.parametrize(("seconds", "kept"), [(0, 1), (60, 1), (61, 0)])
def test_rows_that_are_called_good_and_are_old_are_left_out(seconds: int, kept: int) -> None:
    told = [{"name": "shanxi", "state": "ok", "asOf": (NOW - timedelta(seconds=seconds)).isoformat()}]
    assert len(listed([Page([ITEM], {"subplatforms": told})], lambda: NOW).offers) == kept
    later = [Page([], {}), Page([ITEM], {"subplatforms": told})]
    assert len(listed(later, lambda: NOW).offers) == 1, "a later page is as old as the list"


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("spec", "price", "-1"),
        ("spec", "price", 11.2),
        ("spec", "price", "NaN"),
        ("spec", "minCards", 0),
        ("spec", "stepCards", 0),
        ("spec", "minCards", True),
        ("status", "free", "8"),
        ("status", "free", 10**30),
        ("metadata", "name", None),
        ("spec", "pue", "x"),
    ],
)
def test_a_row_that_is_no_offer_is_refused(part: str, field: str, value: Any) -> None:
    with pytest.raises(BadAnswer, match=rf"{part}\.{field}"):
        offer_of({**ITEM, part: {**ITEM[part], field: value}})
    with pytest.raises(BadAnswer):
        offer_of({"metadata": ITEM["metadata"], "spec": None})


def test_the_platform_is_asked_for_no_more_than_is_needed() -> None:
    asked = query(replace(REQUEST, provinces=("shanxi", "ningxia")))
    assert (
        asked["province"] == "shanxi,ningxia"
        and "vendor" not in asked
        and asked["as"] == "rows"
        and "status.free" in asked["fields"]
    )
