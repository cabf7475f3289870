"""What people type, read exactly, printed back, and refused at once with a sentence that helps."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpctl import spellings, units
from cpctl.accelerators import ACCELERATORS, VENDOR_NAMES, VENDOR_WORDS
from cpctl.errors import BadValue, UnknownName
from cpctl.places import CONNECTED, PROVINCES

PARSERS = {
    "price": units.price,
    "money": units.money,
    "ratio": units.ratio,
    "pue": units.pue,
    "whole": units.whole,
    "memory": units.memory_gib,
    "duration": units.duration_s,
    "instant": units.instant,
}

HOSTILE = [
    "", " ", "-1", "+1", "-0", "NaN", "nan", "sNaN", "Infinity", "-inf", "1e400", "1E3", "0x10", "1_000", "1,000",
    "１２", "١", "²", "1.", ".5", "1.2.3", "1 2", "1\n", "\n1", "1\x00", "１h", "9" * 5_000, "0." + "9" * 5_000,
    "9" * 5_000 + "h", "9" * 5_000 + "Gi", "9" * 5_000 + "%", "T" * 5_000, "h" * 5_000, "0" * 5_000,
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:12]))
@pytest.mark.parametrize("name", PARSERS)
def test_hostile_numbers_are_refused_at_once_with_a_short_sentence(name, text):
    begun = time.perf_counter()
    with pytest.raises(BadValue) as refused:
        PARSERS[name](text)
    assert time.perf_counter() - begun < 0.05
    assert " is not a" in refused.value.message and len(refused.value.message) < 250


@given(st.text())
def test_no_text_makes_a_parser_fail_in_another_way(text):
    for parse in PARSERS.values():
        try:
            parse(text)
        except BadValue:
            continue
    assert units.accelerator(text) == text or units.accelerator(text) in {row[0] for row in ACCELERATORS}


# ---- provinces


@pytest.mark.parametrize(
    ("text", "id_"),
    [
        ("shanxi", "shanxi"), ("SHANXI", "shanxi"), ("山西", "shanxi"), ("山西省", "shanxi"), ("晋", "shanxi"),
        ("SX", "shanxi"), ("sx", "shanxi"), ("CN-SX", "shanxi"), ("140000", "shanxi"), ("ＳＸ", "shanxi"),
        ("shaanxi", "shaanxi"), ("陕西", "shaanxi"), ("陕", "shaanxi"), ("秦", "shaanxi"), ("SN", "shaanxi"),
        ("HE", "hebei"), ("HA", "henan"), ("HB", "hubei"), ("HN", "hunan"), ("HI", "hainan"), ("HL", "heilongjiang"),
        ("宁夏", "ningxia"), ("宁夏回族自治区", "ningxia"), ("Inner Mongolia", "neimenggu"), ("内蒙古", "neimenggu"),
        ("沪", "shanghai"), ("申", "shanghai"), (" 青海 ", "qinghai"),
    ],
)  # fmt: skip
def test_a_province_is_known_by_all_its_names(text, id_):
    assert units.province(text).id == id_


def test_every_spelling_of_every_province_is_its_own():
    for one in PROVINCES:
        for text in (one.id, one.name_zh, one.short_zh, one.abbr_zh, one.iso, one.iso[3:], one.gbt2260):
            assert units.province(text) == one
    assert len(PROVINCES) == 31 and len(CONNECTED) == 10


def test_an_unknown_province_gets_a_suggestion_or_the_list():
    with pytest.raises(UnknownName, match='Did you mean "shanxi"'):
        units.province("shanx")
    with pytest.raises(UnknownName, match="one of: shanxi, qinghai"):
        units.province("atlantis!", ["shanxi", "qinghai"])
    with pytest.raises(UnknownName) as refused:
        units.province("山" * 5_000)
    assert len(refused.value.message) < 500


# ---- accelerators


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("H800", "H800"), ("h800", "H800"), ("nvidia-h800", "H800"), ("英伟达H800", "H800"), ("NVIDIA H800", "H800"),
        ("nvidia-h800-sxm5-80g", "H800"), ("H800 80GB", "H800"), ("A100-PCIE-40GB", "A100"), ("Tesla T4", "T4"),
        ("昇腾910B", "Ascend-910B"), ("ascend-910b", "Ascend-910B"), ("ascend910b", "Ascend-910B"),
        ("910B", "Ascend-910B"), ("Ascend 910B3", "Ascend-910B"), ("ascend-910b3-64g", "Ascend-910B"),
        ("华为昇腾910B", "Ascend-910B"), ("Huawei Ascend 910B", "Ascend-910B"), ("昇腾９１０Ｂ", "Ascend-910B"),
        ("ascend-910b4-1-64g", "Ascend-910B"), ("ascend-910c-128g", "Ascend-910C"), ("Atlas 300I Duo", "Ascend-310P"),
        ("4090", "RTX-4090"), ("rtx4090", "RTX-4090"), ("GeForce RTX 4090", "RTX-4090"), ("RTX 4090 D", "RTX-4090D"),
        ("思元590", "MLU590"), ("寒武纪MLU370-X8", "MLU370-X8"), ("K100_AI", "DCU-K100-AI"), ("海光K100", "DCU-K100"),
        ("摩尔线程S5000", "MTT-S5000"), ("曦云C500", "MetaX-C500"), ("天垓150", "BI-V150"),
        ("昆仑芯P800", "Kunlun-P800"),
        ("壁砺104P", "BR104P"), ("云燧T20", "Enflame-T20"), ("真武810E", "PPU-ZW810E"), ("V100", "V100"),
    ],
)  # fmt: skip
def test_an_accelerator_has_one_name_however_it_is_written(text, name):
    assert units.accelerator(text) == name


@pytest.mark.parametrize(
    "text", ["", "H9000", "huawei-h800", "英伟达910B", "ascend", "80g", "昇腾", "x" * 5_000, "\x1b[31m"]
)
def test_an_unknown_accelerator_goes_to_the_server_as_typed(text):
    assert units.accelerator(text) == text


def test_one_spelling_never_stands_for_two_names():
    names = [row[0] for row in ACCELERATORS]
    assert len(set(names)) == len(names) and {row[1] for row in ACCELERATORS} == set(VENDOR_WORDS) == set(VENDOR_NAMES)
    assert all(units.accelerator(name) == name for name in names)
    with pytest.raises(ValueError, match="stands for A and for B"):
        spellings.alias_table([("A", ["x-1"]), ("B", ["X1"])])


# ---- numbers

CENTS = st.decimals(min_value=0, max_value=999_999_999_999, places=2)


@given(CENTS)
def test_money_comes_back_as_it_was_printed(amount):
    assert units.money(units.yuan(amount)) == amount


@given(st.decimals(min_value=0, max_value=999_999_999_999, places=4))
def test_a_price_comes_back_as_it_was_printed(amount):
    assert units.price(units.card_hour(amount)) == amount


def test_halves_of_a_fen_go_up():
    assert [units.yuan(Decimal(text)) for text in ("0.005", "0.0049", "2.675", "1e3")] == [
        "0.01",
        "0.00",
        "2.68",
        "1000.00",
    ]


@pytest.mark.parametrize(("parse", "text"), [(units.price, "1.23456"), (units.money, "1.234"), (units.whole, "1.5")])
def test_more_places_than_exist_are_refused_not_rounded(parse, text):
    with pytest.raises(BadValue):
        parse(text)


def test_ratios_are_shares_or_percentages():
    assert units.ratio("50%") == units.ratio("0.5") == Decimal("0.5")
    assert (units.ratio("0"), units.ratio("100%"), units.ratio("12.5%")) == (0, 1, Decimal("0.125"))
    for text in ("50", "101%", "1.01", "%", "50%%"):
        with pytest.raises(BadValue, match=r"50% or 0\.5"):
            units.ratio(text)


def test_pue_is_never_below_one():
    assert units.pue("1.25") == Decimal("1.25")
    with pytest.raises(BadValue):
        units.pue("0.99")


def test_memory_is_gib():
    assert [units.memory_gib(text) for text in ("80Gi", "80GiB", "80", "1Ti")] == [80, 80, 80, 1024]
    for text in ("80G", "80GB", "80gi", "Gi", "80.5Gi", "80 Gi", "80iG"):
        with pytest.raises(BadValue, match="80Gi"):
            units.memory_gib(text)


def test_whole_numbers_say_what_they_are_of():
    assert units.whole("8", what="cards", least=1) == 8
    with pytest.raises(BadValue, match='cards "0" is not a whole number, 1 or more'):
        units.whole("0", what="cards", least=1)


# ---- times


def test_durations_have_units():
    texts = {"90s": 90, "30m": 1_800, "24h": 86_400, "7d": 604_800, "1h30m": 5_400, "1d2h3m4s": 93_784}
    assert {text: units.duration_s(text) for text in texts} == texts
    for text in ("90", "1m1h", "1h1h", "1h30", "h", "1.5h", "1H", "0s", "3651d", "1w"):
        with pytest.raises(BadValue, match="such as 90s"):
            units.duration_s(text)
    assert units.duration_s("0s", least=0) == 0


@given(st.integers(min_value=1, max_value=units.LONGEST_S))
def test_a_duration_comes_back_as_it_was_printed(seconds):
    assert units.duration_s(units.duration(seconds)) == seconds


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-12))])))
def test_an_instant_comes_back_as_it_was_printed(moment):
    if datetime.min.year < moment.year < datetime.max.year:
        assert units.instant(moment.isoformat()) == moment


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31",
        "2026-01-31T08:00:00",
        "2026-02-30T08:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "20260131T080000Z",
        "now",
    ],
)
def test_a_time_without_zone_or_calendar_is_refused(text):
    with pytest.raises(BadValue, match="with its zone"):
        units.instant(text)


def test_instants_are_utc():
    assert units.instant("2026-01-31T16:00:00+08:00").isoformat() == "2026-01-31T08:00:00+00:00"


# kubectl's own figures (apimachinery/pkg/util/duration).
@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-2, "<invalid>"), (-1, "0s"), (0, "0s"), (119, "119s"), (120, "2m"), (121, "2m1s"), (599, "9m59s"),
        (600, "10m"), (10_799, "179m"), (10_800, "3h"), (10_860, "3h1m"), (28_799, "7h59m"), (28_800, "8h"),
        (172_799, "47h"), (172_800, "2d"), (176_400, "2d1h"), (691_199, "7d23h"), (691_200, "8d"),
        (63_071_999, "729d"), (63_072_000, "2y"), (63_158_400, "2y1d"), (252_287_999, "7y364d"), (252_288_000, "8y"),
    ],
)  # fmt: skip
def test_ages_are_printed_as_kubectl_does(seconds, text):
    assert units.age(seconds) == text
