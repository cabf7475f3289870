"""The matcher's choice of cards: always what the offers can sell, none cheaper where all can be tried."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from cpctl.sandbox.fitting import Stock, cheapest

STOCKS = st.lists(
    st.builds(
        Stock,
        price=st.integers(1, 6),
        name=st.just(""),
        least=st.integers(1, 6),
        step=st.integers(1, 4),
        free=st.integers(1, 12),
        province=st.sampled_from(["shanxi", "ningxia"]),
        provider=st.sampled_from(["a", "b", "c"]),
    ),
    min_size=1,
    max_size=5,
).map(lambda stocks: [stock._replace(name=f"of-{index}") for index, stock in enumerate(stocks)])


def quantities(stock):
    return [0, *range(stock.least, stock.free + 1, stock.step)]


def least_price(stocks, cards, together, providers):
    """By trying everything."""
    best = None
    for counts in product(*map(quantities, stocks)):
        used = [stock for stock, count in zip(stocks, counts, strict=True) if count]
        places = {getattr(stock, together) for stock in used} if together != "none" else {""}
        if sum(counts) != cards or len(places) > 1 or len({s.provider for s in used}) > (providers or 9):
            continue
        price = sum(stock.price * count for stock, count in zip(stocks, counts, strict=True))
        best = price if best is None else min(best, price)
    return best


@settings(max_examples=400, deadline=None)
@given(STOCKS, st.integers(1, 30), st.sampled_from(["none", "province", "provider"]), st.sampled_from([None, 1, 2]))
def test_none_is_cheaper_and_all_of_it_can_be_sold(stocks, cards, together, providers):
    found = cheapest(stocks, cards, together, providers)
    assert (found and found.price) == least_price(stocks, cards, together, providers)
    if found is not None:
        by_name = {stock.name: stock for stock in stocks}
        assert sum(found.cards.values()) == cards
        assert all(count in quantities(by_name[name]) for name, count in found.cards.items())
        assert found.price == sum(by_name[name].price * count for name, count in found.cards.items())


@given(STOCKS, st.integers(1, 30))
def test_the_order_in_which_offers_come_changes_nothing(stocks, cards):
    assert cheapest(stocks, cards, "none", 2) == cheapest(list(reversed(stocks)), cards, "none", 2)


def test_a_big_one_is_found_at_once():
    """Forty thousand cards of three thousand offers that are sold in eights; one card too many is none."""
    stocks = [Stock(100 + n % 700, f"of-{n:05d}", 8, 8, 16, "shanxi", f"p{n % 70}") for n in range(3_000)]
    found = cheapest(stocks, 40_000, "none", None)
    assert found is not None
    assert sum(found.cards.values()) == 40_000
    assert cheapest(stocks, 40_001, "none", None) is None
