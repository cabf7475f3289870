"""TYPE, TYPE/NAME, `TYPE NAME...` and lists of types: what a verb is to act on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cpctl.errors import UsageError
from cpctl.registry import Kind, find


class Target(NamedTuple):
    """A kind, and the objects of it that are meant; no names means all of them."""

    kind: Kind
    names: tuple[str, ...] = ()


def targets(words: Sequence[str]) -> list[Target]:
    """What the words mean.

    Raises:
        UsageError: A type is unknown, or both spellings are mixed.
    """
    if any("/" in word for word in words):
        return list(_named(words))
    if len(words) > 1 and words[0].endswith(","):
        raise UsageError(detail="a list of types has no spaces", hint="cpctl get offers,models")
    kinds = [find(word) for word in words[0].split(",") if word]
    if not kinds:
        raise UsageError(detail="no resource type given", hint="cpctl api-resources")
    if len(kinds) > 1 and len(words) > 1:
        raise UsageError(detail="names need one type, not a list of types: TYPE NAME..., or TYPE/NAME TYPE/NAME")
    return [Target(kind, tuple(words[1:])) for kind in dict.fromkeys(kinds)]


def orders(words: Sequence[str] | None) -> list[str]:
    """The names of the orders meant; `order/NAME`, or `order NAME...`.

    Raises:
        UsageError: Something else than orders is meant, or nothing.
    """
    return [name for _, name in of_kinds(words, ("order",))]


def of_kinds(words: Sequence[str] | None, kinds: Sequence[str]) -> list[tuple[str, str]]:
    """Kind and name of what is meant, each once; `kinds` are those the verb takes. Raises UsageError as `orders`."""
    found = targets(words) if words else []
    for target in found:
        if target.kind.name not in kinds:
            taken = " and ".join(find(kind).plural for kind in kinds)
            raise UsageError(detail=f"this verb takes {taken}, not {target.kind.plural}", hint="cpctl get orders")
    named = [(target.kind.name, name) for target in found for name in target.names]
    if not named:
        ways = " or ".join(f"{kind}/NAME" for kind in kinds)
        raise UsageError(detail=f"no {' or '.join(kinds)} named: {ways}", hint="cpctl get orders")
    return list(dict.fromkeys(named))


def _named(words: Sequence[str]) -> Iterator[Target]:
    """TYPE/NAME words, neighbours of one kind together."""
    gathered: dict[Kind, list[str]] = {}
    for word in words:
        kind, slash, name = word.partition("/")
        if not slash or not name:
            raise UsageError(detail=f'"{word}" is not TYPE/NAME; all words have that form, or none')
        gathered.setdefault(find(kind), []).append(name)
    for one, names in gathered.items():
        yield Target(one, tuple(dict.fromkeys(names)))
