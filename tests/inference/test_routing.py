"""A call names one source: the cheapest that serves, within residency, whatever else is asked."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpctl.errors import CpctlError, LimitExceeded, NotFound, Unreachable, UsageError
from cpctl.inference.routing import Source, Wish, choose, sources_of, split


def source(provider="p1", province="shanxi", state="ok", price="2", unit="1M-tokens"):
    return Source(f"m.{provider}", "m", provider, province, state, Decimal(price), Decimal(price), unit)


def price(one: Source) -> Decimal:
    return one.price_in


def chosen(sources, **wish):
    return choose(sources, Wish("m", **wish), price).provider


def test_the_cheapest_then_the_first_by_name():
    assert chosen([source("p3"), source("p1", price="2.1"), source("p2")]) == "p2"
    assert source().address == "m@p1"


def test_what_is_well_goes_before_what_is_slow_and_the_rest_never_serves():
    assert chosen([source("p1", state="slow", price="0"), source("p2", price="9")]) == "p2"
    assert chosen([source("p1", state="slow"), source("p2", state="down", price="0")]) == "p1"
    with pytest.raises(Unreachable):
        chosen([source(state="down"), source("p2", state="denied"), source("p3", state="novel")])


@pytest.mark.parametrize("provider", ["p2", "m.p2"])
def test_a_provider_or_a_source_may_be_named(provider):
    assert chosen([source("p1", price="0"), source("p2")], provider=provider) == "p2"


@pytest.mark.parametrize("wish", [{"provider": "p9"}, {"provinces": ("xinjiang",)}])
def test_nothing_that_fits_is_not_found_and_says_what_is_there(wish):
    with pytest.raises(NotFound) as caught:
        chosen([source("p1"), source("p2", "ningxia")], **wish)
    assert "m@p1 (shanxi), m@p2 (ningxia)" in caught.value.message


def test_an_unknown_model_is_not_found():
    with pytest.raises(NotFound) as caught:
        chosen([])
    assert caught.value.message == 'Error from server (NotFound): models "m" not found'


def test_a_model_that_is_not_paid_by_token_is_not_called_with_text():
    with pytest.raises(UsageError):
        chosen([source(unit="image")])


ALL = [source(f"p{i}", where, state, cost) for i, (where, state, cost) in enumerate(
    itertools.product(("shanxi", "ningxia", "shanghai"), ("ok", "slow", "down"), ("1", "2")))]  # fmt: skip
PLACES = st.sets(st.sampled_from(["shanxi", "ningxia", "shanghai", "xinjiang"]))


@given(st.sets(st.sampled_from(ALL)), PLACES, PLACES.filter(bool), st.sampled_from([None, "p1", "m.p4", "p9"]))
def test_nothing_relaxes_residency(sources, provinces, residency, provider):
    try:
        found = choose(list(sources), Wish("m", provider, sorted(provinces), sorted(residency)), price)
    except CpctlError as error:
        outside = [one for one in sources if one.province not in residency]
        assert error.exit_code in (3, 7, 9) and (error.exit_code != 7 or outside)
    else:
        assert found.province in residency and (not provinces or found.province in provinces)


def test_outside_residency_is_refused_by_policy():
    with pytest.raises(LimitExceeded) as caught:
        chosen([source()], residency=("shanghai", "jiangsu"))
    assert caught.value.exit_code == 7 and caught.value.reason == "Residency"
    assert caught.value.advice == "choose a model served there: cpctl get models --province shanghai,jiangsu"


def item(**spec):
    made = {"model": "m", "provider": "p", "province": "shanxi", "priceIn": "2.000000", "priceOut": "8.000000"}
    return {"metadata": {"name": "m.p"}, "spec": made | {"priceUnit": "1M-tokens"} | spec, "status": {"state": "ok"}}


def test_sources_are_read_from_objects_and_odd_ones_are_left_out():
    good = Source("m.p", "m", "p", "shanxi", "ok", Decimal(2), Decimal(8), "1M-tokens")
    odd = [{}, {"metadata": None}, item(priceIn="x"), item(priceIn="1e99"), item(priceOut="-1"), item(priceIn=None)]
    assert sources_of([item(), *odd, item() | {"status": {}}]) == [good]


@pytest.mark.parametrize(
    ("text", "parts"), [("m", ("m", None)), ("m@p", ("m", "p")), ("m@", ("m", None)), ("m@p@q", ("m", "p@q"))]
)
def test_split(text, parts):
    assert split(text) == parts
