"""api-resources: the kinds of objects."""

from __future__ import annotations

from cpctl.errors import ExitCode, UnknownName
from cpctl.lazy import flags
from cpctl.registry import KINDS, Kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cpctl.runtime import Runtime, Verb

TITLES = ("NAME", "SHORTNAMES", "APIVERSION", "SCOPE", "KIND", "WHAT")
WIDE_TITLES = (*TITLES[:-1], "VERBS", "WHAT")
EVERYWHERE = ("get", "describe", "explain")
SORTS: dict[str, Callable[[Kind], str]] = {"name": lambda kind: kind.plural, "kind": lambda kind: kind.kind}
SCOPES = ("platform", "yours")


def api_resources(
    rt: Runtime,
    *,
    output: flags.KindsOutput = None,
    no_headers: flags.NoHeaders = False,
    sort_by: flags.SortKinds = None,
    scope: flags.Scope = None,
) -> Verb:
    """List the kinds of objects: their names, short names and scope; with -o wide their verbs."""
    rt.is_reading = True
    form = rt.output(output, ("table", "wide", "name", "json", "yaml"))
    kinds = _chosen(sort_by, scope)
    if form == "name":
        yield "".join(f"{kind.plural}\n" for kind in kinds)
    elif form in ("json", "yaml"):
        from cpctl.output.values import VALUE_PRINTERS

        yield VALUE_PRINTERS[form]([_row_object(kind) for kind in kinds])
    else:
        from cpctl.output.tables import table

        titles = WIDE_TITLES if form == "wide" else TITLES
        yield table(titles, [_row(kind, titles) for kind in kinds], headers=not no_headers)
    return ExitCode.DONE


def _chosen(sort_by: str | None, scope: str | None) -> Sequence[Kind]:
    """The kinds of a scope in their order; as the registry has them when none is asked for."""
    if sort_by is not None and sort_by not in SORTS:
        raise UnknownName("sort key", sort_by, SORTS)
    if scope is not None and scope not in SCOPES:
        raise UnknownName("scope", scope, SCOPES)
    kinds = [kind for kind in KINDS if scope in (None, kind.scope)]
    return sorted(kinds, key=SORTS[sort_by]) if sort_by else kinds


def _row(kind: Kind, titles: Sequence[str]) -> list[str]:
    cells = (
        kind.plural,
        kind.short,
        "ccpp/v1",
        kind.scope,
        kind.kind,
        ",".join((*EVERYWHERE, *kind.verbs)),
        kind.title,
    )
    by_title = dict(zip(WIDE_TITLES, cells, strict=True))
    return [by_title[title] for title in titles]


def _row_object(kind: Kind) -> dict[str, object]:
    return {
        "name": kind.plural,
        "singularName": kind.name,
        "shortNames": [kind.short],
        "apiVersion": "ccpp/v1",
        "scope": kind.scope,
        "kind": kind.kind,
        "verbs": [*EVERYWHERE, *kind.verbs],
        "title": kind.title,
    }
