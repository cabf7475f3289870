"""Objects and lists of a kind, read through the profile's platform and project."""

from __future__ import annotations

LEAST_PREFIX = 4  # "of-" begins every offer
SHOWN, MOST_BEGUN = 10, 1000

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


def one_begun(rt: Runtime, kind: Kind, name: str) -> Mapping[str, Any]:
    """The object of that name, or the only one whose name begins so, where the platform makes the names.

    Raises:
        NotFound: There is none.
        UsageError: Several begin so; some are named.
    """
    from cpctl.errors import NotFound

    try:
        return one(rt, kind, name)
    except NotFound:
        begun = _beginning(rt, kind, name) if kind.has_made_names else []
        if not begun:
            raise
    if len(begun) > 1:
        from cpctl.errors import UsageError

        more = f" and {len(begun) - SHOWN} more" if len(begun) > SHOWN else ""
        detail = f'"{name}" begins the names of several {kind.plural}: {", ".join(begun[:SHOWN])}{more}'
        raise UsageError(reason="AmbiguousName", detail=detail)
    return one(rt, kind, begun[0])


def _beginning(rt: Runtime, kind: Kind, prefix: str) -> list[str]:
    """Names that begin so, in their order; not all, where there are very many."""
    if len(prefix) < LEAST_PREFIX or not prefix.replace("-", "").isalnum() or not prefix.isascii():
        return []
    ends = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    query = {"fieldSelector": f"metadata.name>={prefix},metadata.name<{ends}"}
    found = pages(rt, kind, query, limit=MOST_BEGUN, chunk=MOST_BEGUN, fields=("metadata.name",))
    names = [str(name) for page in found for name in page.values("metadata.name")]
    return [name for name in names if name.startswith(prefix)]


def pages(
    rt: Runtime,
    kind: Kind,
    query: Mapping[str, str],
    *,
    limit: int | None = None,
    chunk: int | None = None,
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
