"""A voucher as the platform answers it."""

from __future__ import annotations

from pydantic import Field

from cpctl.resources import words
from cpctl.resources.answers import Answered, Name, ShortText, answered


class _Metadata(Answered):
    name: Name


class _Spec(Answered):
    province: ShortText | None = None
    ratio: words.Ratio
    products: list[Name] = Field(default_factory=list, max_length=10_000)


class _Status(Answered):
    state: ShortText
    left: words.Money


class Voucher(Answered):
    """A voucher: it takes `spec.ratio` off what it covers, `status.left` CNY in all at most, while it is Valid."""

    metadata: _Metadata
    spec: _Spec
    status: _Status


def voucher_of(value: object) -> Voucher:
    """The voucher an answer is.

    Raises:
        BadAnswer: It is none.
    """
    return answered(Voucher, value, "a voucher")
