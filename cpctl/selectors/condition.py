"""A condition on objects: what it looks at, and whether what stands there passes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from cpctl.resources.page import AnyPage, Page


class Condition(NamedTuple):
    """One condition that every object of an answer must meet.

    Attributes:
        said: As it was typed: `--province shanxi`, `spec.price<12`.
        paths: The fields it looks at.
        test: Whether the values at those paths pass, one argument a path.
        wire: As the platform's selector spells it; "" where its grammar has no words for it (it is tested here alone).
    """

    said: str
    paths: tuple[str, ...]
    test: Callable[..., bool]
    wire: str = ""


def failing(conditions: Iterable[Condition], page: AnyPage) -> dict[str, list[bool]]:
    """What each condition that some row does not meet says of every row."""
    masks = {one.said: list(map(one.test, *(page.values(path) for path in one.paths))) for one in conditions}
    return {said: mask for said, mask in masks.items() if not all(mask)}


def meets(conditions: Sequence[Condition], item: Mapping[str, Any]) -> bool:
    """Whether one object meets them all."""
    return not failing(conditions, Page([item]))
