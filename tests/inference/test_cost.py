"""What a call can cost is bounded before it is made; what it did cost is exact."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpctl.errors import LimitExceeded
from cpctl.inference.cost import (
    ANSWER_TOKENS,
    Prices,
    Tokens,
    answer_limit,
    bound,
    charged,
    cost,
    prices_told,
    prompt_bound,
)

PRICES = Prices(Decimal("2.000000"), Decimal("8.000000"))
AMOUNT = st.decimals(0, 1000, places=6)


def test_cost_is_exact_to_the_millionth():
    assert cost(Tokens(1000, 500), PRICES) == Decimal("0.006000")
    assert cost(Tokens(1, 0), Prices(Decimal("0.5"), Decimal(0))) == Decimal("0.000001")
    assert bound(Tokens(1, 0), Prices(Decimal("0.1"), Decimal(0))) == Decimal("0.000001")


def test_a_prompt_is_never_more_tokens_than_bytes_and_what_surrounds_it():
    assert prompt_bound([{"role": "user", "content": "算力"}]) == 16 + 16 + 6
    assert prompt_bound([]) == 16


@given(st.none() | st.integers(1, 10**6), st.integers(0, 10**7), AMOUNT, AMOUNT, st.decimals(0, 10, places=2))
def test_a_call_that_is_let_through_never_costs_more_than_the_limit(asked, prompt, price_in, price_out, limit):
    prices = Prices(price_in, price_out)
    try:
        allowed = answer_limit(asked, prompt, prices, limit, "max-call")
    except LimitExceeded:
        assert bound(Tokens(prompt, asked or 1), prices) > limit
    else:
        assert allowed is not None and bound(Tokens(prompt, allowed), prices) <= limit
        assert allowed == asked if asked else 1 <= allowed <= ANSWER_TOKENS


def test_without_a_limit_nothing_is_capped():
    assert answer_limit(None, 10**9, PRICES, None, "") is None
    assert answer_limit(7, 10**9, PRICES, None, "") == 7


def test_a_refusal_says_how_much_and_who():
    with pytest.raises(LimitExceeded) as caught:
        answer_limit(1_000_000, 100, PRICES, Decimal("1.00"), "profile ci")
    assert caught.value.message == "the call could cost 8.000200 CNY, and profile ci allows 1.00; nothing was sent"
    assert caught.value.exit_code == 7


@pytest.mark.parametrize(
    ("usage", "paid"),
    [
        ({"prompt_tokens": 1000, "completion_tokens": 500}, Decimal("0.006000")),
        ({"prompt_tokens": 0, "completion_tokens": 0}, Decimal("0.000000")),
        ({}, None),
        ({"prompt_tokens": 1}, None),
        ({"prompt_tokens": -1, "completion_tokens": 1}, None),
        ({"prompt_tokens": 10**4000, "completion_tokens": 1}, None),
        ({"prompt_tokens": "1", "completion_tokens": 1}, None),
        ({"prompt_tokens": True, "completion_tokens": 1}, None),
    ],
)
def test_charged(usage, paid):
    assert charged(usage, PRICES) == paid


@pytest.mark.parametrize("text", ["", "free", "NaN", "-1", "1e999999999", "\x1b"])
def test_prices_in_headers_are_believed_only_when_they_are_prices(text):
    assert prices_told({"x-ccpp-price-in": text, "x-ccpp-price-out": "9.000000"}, PRICES) == Prices(
        PRICES.input, Decimal(9)
    )
