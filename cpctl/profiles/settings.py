"""The settings of config.toml: one row each, with what its value must be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cpctl.errors import BadValue, UnknownName, UsageError
from cpctl.resources.endpoint import endpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from decimal import Decimal

LIMITS = ("max-price", "max-order", "max-day", "max-call")
OUTPUTS = ("table", "wide", "json", "yaml", "toml", "name", "csv")
GIVEN_OUTPUTS = ("jsonpath", "custom-columns")  # with something behind `=`
SECRET_WORDS = ("token", "password", "secret", "key")

Reader = Callable[[str, Any], Any]


class Setting(NamedTuple):
    """One line that config.toml may hold.

    Attributes:
        key: Dotted, `*` stands for a name that people choose.
        read: From (dotted key, TOML value) to the value cpctl uses; raises BadValue.
        help: What it does, one phrase.
        many: A list of words rather than one.
    """

    key: str
    read: Reader
    help: str
    many: bool = False


def text(key: str, value: Any) -> str:
    if isinstance(value, str) and value and value.isprintable():
        return value
    raise BadValue(what=key, value=_shown(value), expected="a text in quotes")


def name(key: str, value: Any) -> str:
    """A name of a profile or project: letters, digits, `.`, `_`, `-`, at most 63, no leading `-` or `.`."""
    word = text(key, value)
    if len(word) <= 63 and word[0].isalnum() and word.isascii() and all(c.isalnum() or c in "._-" for c in word):
        return word
    raise BadValue(what=key, value=word, expected="a name of at most 63 letters, digits, '.', '_' and '-'")


def url(key: str, value: Any) -> str:
    return endpoint(text(key, value), key).url


def output(key: str, value: Any) -> str:
    word = text(key, value)
    form, _, argument = word.partition("=")
    if word in OUTPUTS or (form in GIVEN_OUTPUTS and argument):
        return word
    raise UnknownName("output format", word, (*OUTPUTS, *(f"{form}=…" for form in GIVEN_OUTPUTS)))


def provinces(key: str, value: Any) -> tuple[str, ...]:
    """Pinyin ids of a province or a list of provinces, written in any way a province is."""
    from cpctl.units import province

    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise BadValue(what=key, value=_shown(value), expected='a list such as ["shanxi", "ningxia"]')
    return tuple(dict.fromkeys(province(word).id for word in words))


def default(key: str, value: Any) -> Any:
    """What a flag may be given: a text, a number, true or false, or a list of texts."""
    from decimal import Decimal

    if isinstance(value, bool | int | Decimal):
        return value
    if isinstance(value, list) and value and all(isinstance(one, str) and one.isprintable() for one in value):
        return value
    return text(key, value)


def price(key: str, value: Any) -> str:
    from cpctl.units import price as parse

    return _amount(key, value, parse)


def money(key: str, value: Any) -> str:
    from cpctl.units import money as parse

    return _amount(key, value, parse)


def duration(key: str, value: Any) -> str:
    """A text such as 30m; 0s is one too."""
    from cpctl.units import duration_s

    try:
        duration_s(text(key, value), least=0)
    except BadValue as error:
        expected = "a duration with its unit, such as 90s, 30m or 2h"
        raise BadValue(what=key, value=_shown(value), expected=expected) from error
    return str(value)


SETTINGS = (
    Setting("current-profile", name, "the profile used when none is named"),
    Setting("profiles.*.server", url, "the platform's address"),
    Setting("profiles.*.project", name, "the project orders are made in"),
    Setting("profiles.*.province", provinces, "default filter of get and plan", many=True),
    Setting("profiles.*.output", output, "default output format"),
    Setting("profiles.*.warn-before", duration, "how long before it ends an order is warned of"),
    Setting("profiles.*.models", url, "an OpenAI-compatible endpoint for model calls"),
    Setting("profiles.*.sandbox-data", text, "the folder of a sandbox started with --data"),
    Setting("profiles.*.limits.max-price", price, "most CNY per card-hour"),
    Setting("profiles.*.limits.max-order", money, "most CNY per order"),
    Setting("profiles.*.limits.max-day", money, "most CNY per day"),
    Setting("profiles.*.limits.max-call", money, "most CNY per model call"),
    Setting("profiles.*.residency.provinces", provinces, "prompts and orders go nowhere else", many=True),
    Setting("defaults.*.*", default, "a verb's default for a flag"),
    Setting("aliases.*", text, "a word that stands for a command"),
)


def setting(path: Sequence[str]) -> Setting:
    """The row of a setting, its dotted key given in parts.

    Raises:
        UnknownName: There is none; a secret is sent to `auth login`.
        BadValue: The part that names a profile is no name.
    """
    for row in SETTINGS:
        pattern = row.key.split(".")
        if len(pattern) == len(path) and all(q in ("*", part) for part, q in zip(path, pattern, strict=True)):
            if path[0] == "profiles":
                profile_name(path[1])
            return row
    raise UnknownName("setting", ".".join(path), _candidates(path), hint=_secret_hint(path[-1]))


def profile_name(word: str) -> str:
    """Letters, digits, `_` and `-`: no dot, so that dotted keys stay unambiguous."""
    if "." in word:
        raise BadValue(what="profile", value=word, expected="a name of letters, digits, '_' and '-'")
    return name("profile", word)


def check(document: Mapping[str, Any], source: str) -> None:
    """Refuse a document with a setting nobody reads: a limit with a typing error protects nobody.

    Raises:
        UsageError: Names the file, the key and what it should be.
    """
    for path, value in _leaves(document, ()):
        try:
            setting(path).read(".".join(path), value)
        except UsageError as error:
            raise UsageError(
                reason=error.reason, detail=f"{source}: {error.message}", hint="{advice}", advice=error.advice or ""
            ) from error


def _leaves(table: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in table.items():
        path = (*above, key)
        if isinstance(value, dict) and len(path) < 5:
            yield from _leaves(value, path)
        else:
            yield path, value


def _amount(key: str, value: Any, parse: Callable[[str], Decimal]) -> str:
    """A limit may be written as text or as a number; a TOML float arrives as an exact Decimal."""
    from decimal import Decimal

    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise BadValue(what=key, value=_shown(value), expected='an amount such as "20.00"')
    try:
        return str(parse(str(value)))
    except BadValue as error:
        raise BadValue(what=key, value=str(value), expected=str(error.values.get("expected", "an amount"))) from error


def _candidates(parts: Sequence[str]) -> list[str]:
    """The legal keys with the names of the one that was typed put in, for "did you mean"."""
    return [
        ".".join(typed if q == "*" else q for q, typed in zip(row.key.split("."), [*parts, *"****"], strict=False))
        for row in SETTINGS
        if row.key.split(".")[0] == parts[0] or len(parts) == 1
    ] or [row.key.replace("*", "NAME") for row in SETTINGS]


def _secret_hint(word: str) -> str | None:
    if any(secret in word.lower() for secret in SECRET_WORDS):
        return "secrets are not kept in config.toml: cpctl auth login --with-token"
    return None


def _shown(value: Any) -> str:
    return str(value)[:60]
