"""What a request's body may look like, declared; `check` raises 422 with the path of the first value that may not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from cpctl.sandbox.problems import invalid


class Shape(Protocol):
    """Something a JSON value can be checked against."""

    def check(self, value: Any, path: str) -> None:
        """Raise Problem unless the value has this shape; `path` names it in the request."""


@dataclass(frozen=True)
class Text:
    """A string, by length and pattern, both inclusive."""

    pattern: str = ""
    most: int = 1_000_000
    least: int = 0

    def check(self, value: Any, path: str) -> None:
        if not isinstance(value, str):
            raise invalid(path, "must be a string")
        if not self.least <= len(value) <= self.most:
            raise invalid(path, f"must be {self.least} to {self.most} characters long")
        if self.pattern and not re.fullmatch(self.pattern, value):
            raise invalid(path, "is malformed")


@dataclass(frozen=True)
class OneOf:
    """One of a closed list of words."""

    words: tuple[str, ...]

    def check(self, value: Any, path: str) -> None:
        if value not in self.words or not isinstance(value, str):
            raise invalid(path, f"must be one of {', '.join(self.words)}", allowed=list(self.words))


@dataclass(frozen=True)
class Whole:
    """A whole number; `8.0` is one, `true` is none."""

    least: int
    most: int

    def check(self, value: Any, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
            raise invalid(path, "must be a whole number")
        if not self.least <= value <= self.most:
            raise invalid(path, f"must be {self.least} to {self.most}")


@dataclass(frozen=True)
class Nullable:
    """Null, or the shape."""

    shape: Shape

    def check(self, value: Any, path: str) -> None:
        if value is not None:
            self.shape.check(value, path)


@dataclass(frozen=True)
class ListOf:
    """A list of one shape."""

    shape: Shape
    most: int
    least: int = 0

    def check(self, value: Any, path: str) -> None:
        if not isinstance(value, list):
            raise invalid(path, "must be a list")
        if not self.least <= len(value) <= self.most:
            raise invalid(path, f"must have {self.least} to {self.most} entries")
        for index, entry in enumerate(value):
            self.shape.check(entry, f"{path}[{index}]")


@dataclass(frozen=True)
class MapOf:
    """An object with keys of a person's choosing."""

    key: Text
    shape: Shape
    most: int

    def check(self, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise invalid(path, "must be an object")
        if len(value) > self.most:
            raise invalid(path, f"must have at most {self.most} entries")
        for name, entry in value.items():
            self.key.check(name, path)
            self.shape.check(entry, f"{path}.{name}")


@dataclass(frozen=True)
class Fields:
    """An object with known fields, and no others."""

    fields: Mapping[str, Shape]
    required: tuple[str, ...] = field(default=())

    def check(self, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise invalid(path or "body", "must be an object")
        inner = f"{path}." if path else ""
        for name in self.required:
            if name not in value:
                raise invalid(inner + name, "is required")
        for name, entry in value.items():
            if name not in self.fields:
                raise invalid(inner + name, "is not a field")
            self.fields[name].check(entry, inner + name)
