"""What a call can cost at most, before it is made, and what it did cost. All CNY, exact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any, NamedTuple

from cpctl.errors import LimitExceeded

MILLION = Decimal(1_000_000)
MICRO = Decimal("0.000001")
EXACT = Context(prec=60)
MESSAGE_TOKENS = 16  # what a chat template puts around a message, and once around them all
MOST_TOKENS = 10**12  # a server that tells more tells nothing
HIGHEST_PRICE = 10**9
LONGEST_PRICE = 30
ANSWER_TOKENS = 8192  # asked for where a limit holds and nobody said how long the answer may be


class Prices(NamedTuple):
    """CNY per million tokens."""

    input: Decimal
    output: Decimal


class Tokens(NamedTuple):
    """Of a prompt and of its answer."""

    prompt: int
    answer: int


def prompt_bound(messages: Sequence[Mapping[str, str]]) -> int:
    """The most tokens a prompt can be: no tokenizer makes more than one of a byte."""
    return MESSAGE_TOKENS + sum(MESSAGE_TOKENS + len(message["content"].encode()) for message in messages)


def cost(tokens: Tokens, prices: Prices) -> Decimal:
    """What so many tokens cost, to the millionth."""
    total = (tokens.prompt * prices.input + tokens.answer * prices.output) / MILLION
    return total.quantize(MICRO, rounding=ROUND_HALF_UP, context=EXACT)


def bound(tokens: Tokens, prices: Prices) -> Decimal:
    """The same for a bound: never less than what may be charged."""
    total = (tokens.prompt * prices.input + tokens.answer * prices.output) / MILLION
    return total.quantize(MICRO, rounding=ROUND_CEILING, context=EXACT)


def answer_limit(asked: int | None, prompt: int, prices: Prices, max_call: Decimal | None, set_by: str) -> int | None:
    """How many tokens the answer may be, so that the whole call stays within a limit.

    Args:
        asked: `--max-tokens`, or None.
        prompt: The most tokens the prompt can be.
        max_call: CNY, or None where nothing limits.
        set_by: Who set the limit, for the words of an error.

    Raises:
        LimitExceeded: The prompt alone, or the answer as long as asked for, could cost more.
    """
    if max_call is None:
        return asked
    wanted = asked or ANSWER_TOKENS
    left = max_call - bound(Tokens(prompt, 0), prices)
    affordable = (
        wanted if prices.output == 0 and left >= 0 else int(max(left, Decimal(0)) * MILLION / (prices.output or 1))
    )
    if affordable < (asked or 1):
        raise _refused(bound(Tokens(prompt, asked or 1), prices), max_call, set_by)
    return min(wanted, affordable)


def _refused(most: Decimal, max_call: Decimal, set_by: str) -> LimitExceeded:
    return LimitExceeded(
        reason="MaxCall",
        detail=f"the call could cost {most:f} CNY, and {set_by} allows {max_call:f}; nothing was sent",
        hint="a smaller --max-tokens or prompt, a cheaper source, or a higher max-call",
    )


def charged(usage: Mapping[str, Any], prices: Prices) -> Decimal | None:
    """What the call cost by the token counts the server told; None where it told none."""
    tokens = counted(usage)
    return cost(tokens, prices) if tokens else None


def counted(usage: Mapping[str, Any]) -> Tokens | None:
    """The token counts; None where they are missing or none."""
    counts = [usage.get(key) for key in ("prompt_tokens", "completion_tokens")]
    figures = [count for count in counts if type(count) is int and 0 <= count < MOST_TOKENS]
    return Tokens(*figures) if len(figures) == len(counts) else None


def prices_told(headers: Mapping[str, str], otherwise: Prices) -> Prices:
    """The prices an answer's headers tell; what they do not tell is as the source's list says."""
    told = [token_price(headers.get(f"x-ccpp-price-{way}")) for way in ("in", "out")]
    return Prices(*(price if price is not None else known for price, known in zip(told, otherwise, strict=True)))


def token_price(text: Any) -> Decimal | None:
    """A price as the contract writes it; None for anything that is none."""
    try:
        price = Decimal(text) if isinstance(text, str) and len(text) <= LONGEST_PRICE else None
    except InvalidOperation:
        return None
    is_price = price is not None and price.is_finite() and 0 <= price < HIGHEST_PRICE
    return price if is_price else None
