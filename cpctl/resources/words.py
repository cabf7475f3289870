"""Field types of manifests: what people may write, checked, in the one form that is sent.

Each takes what a YAML, JSON or TOML document holds: text, int, Decimal, bool, None, lists, mappings.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, PlainSerializer

from cpctl import units
from cpctl.errors import UsageError

T = TypeVar("T")

SHOWN_LIMIT = 60
CARDS_LIMIT = 100_000
PROVIDERS_LIMIT = 1_000
LIST_LIMIT = 1_000

DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
RESOURCE_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,126}[a-z0-9])?")
LABEL_KEY = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._/-]{0,126}[A-Za-z0-9])?")
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?")
IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,199}")
WORD = re.compile(r"[^\x00-\x20\x7f-\xa0\u2028-\u202e]([^\x00-\x1f\x7f-\x9f\u2028-\u202e]{0,63})")
SSH_KEY = re.compile(
    r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)"
    r" [A-Za-z0-9+/]{16,1800}={0,3}( [^\x00-\x1f\x7f-\x9f\u2028-\u202e]{0,100})?"
)


def shown(value: object) -> str:
    """A value as a message repeats it: one short line."""
    text = str(value)
    return text if len(text) <= SHOWN_LIMIT else text[:SHOWN_LIMIT] + "…"


def text(value: object, expected: str = "a text") -> str:
    """The value when it is a text; a number or a bool written without quotes is none."""
    if not isinstance(value, str):
        raise ValueError(f'"{shown(value)}" is not {expected} (put it in quotes)')
    return value


def matching(pattern: re.Pattern[str], expected: str) -> Callable[[object], str]:
    """A parser of texts that match the whole pattern."""

    def parse(value: object) -> str:
        if not pattern.fullmatch(text(value, expected)):
            raise ValueError(f'"{shown(value)}" is not {expected}')
        return str(value)

    return parse


def parsed(parse: Callable[[str], T]) -> Callable[[object], T]:
    """A parser of `units` for what stands in a document, where a number is as good as its text."""

    def read(value: object) -> T:
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise ValueError(f'"{shown(value)}" is neither a text nor a number')
        try:
            return parse(f"{value:f}" if isinstance(value, Decimal) else str(value))
        except UsageError as error:
            raise ValueError(error.message) from error

    return read


def count(most: int, least: int = 1) -> Callable[[object], int]:
    """A parser of whole numbers; `16.0`, `"16"` and `true` are none."""

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f'"{shown(value)}" is not a whole number from {least} to {most}')
        return value

    return read


def many(parse: Callable[[object], T], least: int = 0) -> Callable[[object], list[T]]:
    """A parser of lists; a single word stands for a list of it, a word that is there twice counts once."""

    def read(value: object) -> list[T]:
        words = [value] if isinstance(value, str) else value
        if not isinstance(words, list) or not least <= len(words) <= LIST_LIMIT:
            raise ValueError(f'"{shown(value)}" is not a list of {least} to {LIST_LIMIT} words')
        return list(dict.fromkeys(map(parse, words)))

    return read


def _ratio(word: str) -> Decimal:
    share = units.ratio(word)
    if share != round(share, 4):
        raise ValueError(f'"{shown(word)}" has more than four decimal places')
    return share


def _places(least: int) -> Callable[[Decimal], str]:
    """A number as text with at least so many decimal places: one number, one text."""

    def write(value: Decimal) -> str:
        exponent = value.normalize().as_tuple().exponent
        return f"{value:.{max(least, -int(exponent))}f}"

    return write


def _moment(value: object) -> datetime:
    """A time with its zone, to the second; TOML has times of its own."""
    if isinstance(value, datetime):
        value = value.isoformat()
    moment: datetime = parsed(units.instant)(value)
    return moment.replace(microsecond=0)


def _duration(word: str) -> str:
    units.duration_s(word)
    return word


_a_name = matching(RESOURCE_NAME, "a name of lower-case letters, digits, '.' and '-'")
_a_word = matching(WORD, "a word of at most 64 characters")
_an_order = matching(DNS_LABEL, "a DNS label: at most 63 lower-case letters, digits and '-', no '-' at an end")
_a_label = matching(LABEL_KEY, "a label's name: letters and digits, '.', '_', '-' and '/' between them")
_a_label_value = matching(LABEL_VALUE, "a label's value: at most 63 letters, digits, '.', '_' and '-'")


def _ssh_key(value: object) -> str:
    """A public key; a message never repeats the text, for it may be the private one."""
    if isinstance(value, str) and SSH_KEY.fullmatch(value):
        return value
    raise ValueError("not a public ssh key in one line, such as: ssh-ed25519 AAAA… me@laptop")


def _accelerator(value: object) -> str:
    return units.accelerator(_a_word(value))


def _vendor(value: object) -> str:
    return units.vendor(_a_word(value))


OrderName = Annotated[str, BeforeValidator(_an_order)]
ResourceName = Annotated[str, BeforeValidator(_a_name)]
LabelKey = Annotated[str, BeforeValidator(_a_label)]
LabelValue = Annotated[str, BeforeValidator(_a_label_value)]
Word = Annotated[str, BeforeValidator(_a_word)]
Image = Annotated[str, BeforeValidator(matching(IMAGE, "the name of an image"))]
Instant = Annotated[
    datetime,
    BeforeValidator(_moment),
    PlainSerializer(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ"), return_type=str),
]
Duration = Annotated[str, BeforeValidator(parsed(_duration))]
Cards = Annotated[int, BeforeValidator(count(CARDS_LIMIT))]
Providers = Annotated[int, BeforeValidator(count(PROVIDERS_LIMIT))]
MemoryGiB = Annotated[int, BeforeValidator(count(100_000, least=0))]

Names = Annotated[list[str], BeforeValidator(many(_a_name))]
Words = Annotated[list[str], BeforeValidator(many(_a_word))]
Provinces = Annotated[list[str], BeforeValidator(many(parsed(lambda word: units.province(word).id)))]
Vendors = Annotated[list[str], BeforeValidator(many(_vendor))]
Accelerators = Annotated[list[str], BeforeValidator(many(_accelerator, least=1))]
SshKeys = Annotated[list[str], BeforeValidator(many(_ssh_key))]

Price = Annotated[Decimal, BeforeValidator(parsed(units.price)), PlainSerializer(_places(4), return_type=str)]
Money = Annotated[Decimal, BeforeValidator(parsed(units.money)), PlainSerializer(_places(2), return_type=str)]
Pue = Annotated[Decimal, BeforeValidator(parsed(units.pue)), PlainSerializer(_places(2), return_type=str)]
Ratio = Annotated[Decimal, BeforeValidator(parsed(_ratio)), PlainSerializer(_places(2), return_type=str)]
