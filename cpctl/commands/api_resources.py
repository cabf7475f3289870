"""api-resources: the kinds of objects."""

from __future__ import annotations

from cpctl.errors import ExitCode
from cpctl.lazy import flags
from cpctl.registry import KINDS, Kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cpctl.runtime import Runtime, Verb

TITLES = ("NAME", "SHORTNAMES", "APIVERSION", "SCOPE", "KIND", "VERBS", "WHAT")


def api_resources(rt: Runtime, *, output: flags.ResourcesOutput = None, no_headers: flags.NoHeaders = False) -> Verb:
    """List the kinds of objects: their names, short names, scope and verbs."""
    form = rt.output(output, ("table", "name", "json", "yaml"))
    if form == "name":
        yield "".join(f"{kind.plural}\n" for kind in KINDS)
    elif form in ("json", "yaml"):
        from cpctl.output.values import VALUE_PRINTERS

        yield VALUE_PRINTERS[form]([_row_object(kind) for kind in KINDS])
    else:
        from cpctl.output.tables import table

        rows = [
            [k.plural, k.short, "ccpp/v1", k.scope, k.kind, ",".join(("get", "describe", *k.verbs)), k.title]
            for k in KINDS
        ]
        yield table(TITLES, rows, headers=not no_headers)
    return ExitCode.DONE


def _row_object(kind: Kind) -> dict[str, object]:
    return {
        "name": kind.plural,
        "singularName": kind.name,
        "shortNames": [kind.short],
        "apiVersion": "ccpp/v1",
        "scope": kind.scope,
        "kind": kind.kind,
        "verbs": ["get", "describe", *kind.verbs],
        "title": kind.title,
    }
