"""`kind/name` a line, which every verb accepts back."""

from __future__ import annotations

from cpctl.output.cells import UNKNOWN
from cpctl.output.safe import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cpctl.output.view import View
    from cpctl.registry import Kind


def names(view: View) -> Iterator[str]:
    """One text a page."""
    for page in view.pages:
        if len(page):
            yield "".join([_name(view.kind, name) for name in page.values("metadata.name")])


def _name(kind: Kind, name: Any) -> str:
    return f"{kind.name}/{safe(UNKNOWN if name is None else str(name))}\n"
