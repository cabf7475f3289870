"""The steps of a JSONPath: each goes from the values reached so far to the values reached next."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from operator import eq, ge, gt, le, lt, ne
from typing import Any, NamedTuple, Protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

Values = list[Any]

COMPARES: dict[str, Callable[[Any, Any], bool]] = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
GO_TYPES = {dict: "map[string]interface {}", list: "[]interface {}", str: "string", bool: "bool", int: "int64"}


class Step(Protocol):
    """From the values reached so far to those reached next."""

    def __call__(self, values: Values, /) -> Values: ...


class Misfit(Exception):
    """A template that does not fit the values it is put to; the text says why, in kubectl's words."""


class Own(str):
    """Text that stands in the template itself."""


class Constant(NamedTuple):
    """A figure or a truth: as often as there are values."""

    value: bool | int | float

    def __call__(self, values: Values) -> Values:
        return [self.value for _ in values]


class Quoted(NamedTuple):
    """A text in quotes: once, whatever there is."""

    text: str

    def __call__(self, _values: Values) -> Values:
        return [Own(self.text)]


class Key(NamedTuple):
    """The values of a key; where it is missing, nothing."""

    name: str

    def __call__(self, values: Values) -> Values:
        return [value[self.name] for value in values if isinstance(value, dict) and self.name in value]


class Every:
    """`.*`: what is in mappings and lists."""

    def __call__(self, values: Values) -> Values:
        return [one for value in values for one in _children(value)]


class Below:
    """`..`: everything that has something in it, from the top down; texts count as such."""

    def __call__(self, values: Values) -> Values:
        return [one for value in values for one in _walked(value)]


class Slice(NamedTuple):
    """`[begin:end:step]`.

    Attributes:
        alone: One place, `[begin]`: it has to be there.
    """

    begin: int | None
    end: int | None
    step: int | None
    alone: bool = False

    def __call__(self, values: Values) -> Values:
        return [one for value in values if value is not None for one in self._of(value)]

    def _of(self, value: Any) -> Values:
        if not isinstance(value, list):
            raise Misfit(f"{go_type(value)} is not array or slice")
        begin, end = self._bounds(len(value))
        if begin == end:
            return []
        if not 0 <= begin < len(value):
            raise Misfit(f"array index out of bounds: index {begin}, length {len(value)}")
        if not 0 <= end <= len(value):
            raise Misfit(f"array index out of bounds: index {end - 1}, length {len(value)}")
        if begin > end:
            raise Misfit(f"starting index {begin} is greater than ending index {end}")
        if self.step is not None and self.step <= 0:
            raise Misfit("step must be > 0")
        return value[begin : end : self.step or 1]

    def _bounds(self, length: int) -> tuple[int, int]:
        begin = self.begin or 0
        begin = begin + length if begin < 0 else begin
        if self.alone:
            return begin, begin + 1
        end = length if self.end is None else self.end
        return begin, end + length if end < 0 else end


class Union(NamedTuple):
    """`[a,b]`: what each of them reaches, one after the other."""

    paths: tuple[tuple[Step, ...], ...]

    def __call__(self, values: Values) -> Values:
        return [one for path in self.paths for one in walked(path, values)]


class Having(NamedTuple):
    """`[?(@.a)]`: the members of lists where the path reaches something."""

    path: tuple[Step, ...]

    def __call__(self, values: Values) -> Values:
        return [one for value in values for one in _members(value) if self._holds(one)]

    def _holds(self, one: Any) -> bool:
        try:
            return bool(walked(self.path, [one]))
        except Misfit:
            return False


class Where(NamedTuple):
    """`[?(@.a > 3)]`: the members of lists for which it is so."""

    left: tuple[Step, ...]
    operator: str
    right: tuple[Step, ...]

    def __call__(self, values: Values) -> Values:
        return [one for value in values for one in _members(value) if self._holds(one)]

    def _holds(self, one: Any) -> bool:
        left, right = walked(self.left, [one]), walked(self.right, [one])
        if not left or not right:
            return False
        if len(left) > 1 or len(right) > 1:
            raise Misfit("can only compare one element at a time")
        return compared(left[0], self.operator, right[0])


def walked(path: tuple[Step, ...], values: Values) -> Values:
    """What is reached by all steps of a path."""
    for step in path:
        values = step(values)
    return values


def compared(left: Any, operator: str, right: Any) -> bool:
    """Whether it is so; with nothing (null) nothing is so.

    A figure beside the text of a figure is compared as figures: prices are texts, and `@.spec.price > 3` is meant.
    """
    if left is None or right is None:
        return False
    if isinstance(left, dict | list) or isinstance(right, dict | list):
        raise Misfit("invalid type for comparison")
    left, right = _as_figures(left, right)
    if _sort(left) is not _sort(right):
        raise Misfit("incompatible types for comparison")
    if isinstance(left, bool) and operator not in ("==", "!="):
        raise Misfit("invalid type for comparison")
    return COMPARES[operator](left, right)


def go_type(value: Any) -> str:
    """What Go calls the type."""
    return GO_TYPES.get(type(value), "<nil>" if value is None else "float64")


def _as_figures(left: Any, right: Any) -> tuple[Any, Any]:
    if isinstance(left, str) and _sort(right) is Decimal:
        return _figure(left), right
    if isinstance(right, str) and _sort(left) is Decimal:
        return left, _figure(right)
    return left, right


def _figure(text: str) -> Any:
    try:
        figure = Decimal(text)
    except InvalidOperation:
        return text
    return figure if figure.is_finite() else text


def _sort(value: Any) -> type:
    return bool if isinstance(value, bool) else str if isinstance(value, str) else Decimal


def _members(value: Any) -> Values:
    if isinstance(value, list):
        return value
    raise Misfit(f"{go_type(value)} is not array or slice and cannot be filtered")


def _children(value: Any) -> Values:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _walked(value: Any) -> Iterator[Any]:
    if value and isinstance(value, dict | list | str):
        yield value
        for one in _children(value):
            yield from _walked(one)
