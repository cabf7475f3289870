"""Field paths such as `spec.price` and `metadata.labels.team`, and how their values compare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final

DECIMALS_KEPT: Final = 50_000
LABELS: Final = "metadata.labels."

Getter = Callable[[Mapping[str, Any]], Any]


def steps(path: str) -> tuple[str, ...]:
    """A path's keys; a label's name is one key, dots and all."""
    if path.startswith(LABELS):
        return ("metadata", "labels", path.removeprefix(LABELS))
    return tuple(path.split("."))


def getter(path: str) -> Getter:
    """Reads the value at a path; None where there is none."""
    keys = steps(path)
    if len(keys) == 2:
        first, second = keys

        def two(obj: Mapping[str, Any]) -> Any:
            try:
                return obj[first][second]
            except (KeyError, TypeError):
                return None

        return two

    def walk(obj: Any) -> Any:
        for key in keys:
            if not isinstance(obj, Mapping):
                return None
            obj = obj.get(key)
        return obj

    return walk


def has(obj: Any, path: str) -> bool:
    """Whether the object has a field there, null or not."""
    for key in steps(path):
        if not isinstance(obj, Mapping) or key not in obj:
            return False
        obj = obj[key]
    return True


def number(value: Any) -> Decimal | None:
    """A number, or a string that is one, as a number; else None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    return decimal(value if isinstance(value, str) else str(value))


@lru_cache(maxsize=DECIMALS_KEPT)
def decimal(text: str) -> Decimal | None:
    """A string as a number, None when it is none; prices come again and again, so they are kept."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def words(value: Any) -> str:
    """A value as a person writes it in a selector."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def sort_key(value: Any) -> tuple[int, Any]:
    """Numbers by size before words by code point; missing ones are the caller's."""
    found = number(value)
    return (0, found) if found is not None else (1, words(value))


def picker(paths: tuple[str, ...]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Makes objects that hold these fields only."""
    known = [(steps(path), getter(path), path) for path in paths]

    def pick(obj: Mapping[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for (*parents, last), read, path in known:
            if has(obj, path):
                place = result
                for key in parents:
                    place = place.setdefault(key, {})
                place[last] = read(obj)
        return result

    return pick
