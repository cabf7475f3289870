"""`kind/name` a line, which every verb accepts back."""

from __future__ import annotations

from cpctl.output.cells import UNKNOWN, mapping
from cpctl.output.safe import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from cpctl.output.view import View
    from cpctl.registry import Kind


def names(view: View) -> Iterator[str]:
    """One text a page."""
    for page in view.pages:
        if page.items:
            yield "".join([_name(view.kind, item) for item in page.items])


def _name(kind: Kind, item: Mapping[str, Any]) -> str:
    return f"{kind.name}/{safe(str(mapping(item.get('metadata')).get('name', UNKNOWN)))}\n"
