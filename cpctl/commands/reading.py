"""Objects and lists of a kind, read through the profile's platform and project."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from cpctl.registry import Kind
    from cpctl.resources.page import AnyPage
    from cpctl.runtime import Runtime


def one(rt: Runtime, kind: Kind, name: str) -> Mapping[str, Any]:
    """The object of that name.

    Raises:
        NotFound: There is none.
    """
    from cpctl.api.platform import object_path

    found: Mapping[str, Any] = rt.platform.one(object_path(kind.path, _spelled(kind, name)), scope(rt, kind))
    return found


def pages(
    rt: Runtime,
    kind: Kind,
    query: Mapping[str, str],
    *,
    limit: int | None = None,
    chunk: int = 1000,
    fields: Sequence[str] | None = None,
    keep: Callable[[AnyPage], AnyPage] | None = None,
) -> Iterator[AnyPage]:
    """The list, page by page, as `Platform.pages` reads it."""
    asked = {**scope(rt, kind), **query}
    return rt.platform.pages(kind.path, asked, limit=limit, chunk=chunk, fields=fields, keep=keep)


def _spelled(kind: Kind, name: str) -> str:
    """Sub-platforms are named by province, and a province may be typed in any of its ways."""
    if kind.name != "subplatform":
        return name
    from cpctl.errors import UnknownName
    from cpctl.units import province

    try:
        return province(name).id
    except UnknownName:
        return name  # the platform says that there is none


def scope(rt: Runtime, kind: Kind) -> dict[str, str]:
    """What is yours is read in a project."""
    return {"project": rt.platform.project} if "project" in kind.filters else {}
