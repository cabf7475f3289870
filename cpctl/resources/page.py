"""One page of a list, as a platform sent it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Page:
    """One page of a list.

    Attributes:
        items: Objects: `apiVersion, kind, metadata, spec, status`; some of their fields when `fields` asked for some.
        metadata: The list's: `resourceVersion, continue, complete, subplatforms`.
    """

    items: Sequence[Mapping[str, Any]]
    metadata: Mapping[str, Any] = field(default_factory=dict)
