"""events: what happened to your orders and cards, oldest first."""

from __future__ import annotations

from cpctl.commands.filters import count
from cpctl.commands.forms import form_of
from cpctl.commands.get import Style
from cpctl.commands.listing import Listing, asked_for
from cpctl.commands.targets import targets
from cpctl.errors import UnknownName, UsageError
from cpctl.lazy import flags
from cpctl.registry import find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from cpctl.resources.page import AnyPage
    from cpctl.runtime import Runtime, Verb
    from cpctl.selectors.condition import Condition

SEVERITIES = ("Normal", "Warning")
ORDER = "status.at,metadata.name"


def events(
    rt: Runtime,
    *,
    about: flags.About = None,
    types: flags.EventTypes = None,
    output: flags.Output = None,
    no_headers: flags.NoHeaders = False,
    all_projects: flags.AllProjects = False,
    limit: flags.Limit = None,
) -> Verb:
    """List what happened to your orders and cards, the latest last.

    With --limit, the oldest N.
    """
    kind = find("events")
    form = form_of(rt, output, None, [kind])
    style = Style(form, not no_headers, all_projects=all_projects)
    query, conditions = _about(about)
    severity = _of_types(types)
    asked = asked_for(kind, query, conditions, field_selector=severity, sort_by=ORDER, all_projects=all_projects)
    listing = Listing(rt, limit=count("limit", limit) if limit is not None else None)
    rt.is_reading = True
    yield from _printed(rt, listing, style, listing.pages(asked, style.reads(kind)))
    if not listing.items:
        rt.say("No events found." if all_projects else f"No events found in {rt.platform.project} project.")
    return listing.heard.verdict(required=False)


def _printed(rt: Runtime, listing: Listing, style: Style, pages: Iterator[AnyPage]) -> Iterator[str]:
    from itertools import chain

    first = next(pages, None)  # the answer tells the platform's time, which ages are reckoned by
    found = chain([] if first is None else [first], pages)
    yield from style.text(style.view(find("events"), found, rt.platform.now()))


def _about(text: str | None) -> tuple[dict[str, str], list[Condition]]:
    """The object meant by `--for TYPE/NAME`, as the platform is asked and as it is tested here."""
    if text is None:
        return {}, []
    from cpctl.output.cells import mapping
    from cpctl.selectors.condition import Condition

    target = targets([text])[0]
    if len(target.names) != 1:
        raise UsageError(detail=f'--for "{text}" is not TYPE/NAME', hint="cpctl events --for order/train-7b")
    kind, name = target.kind.kind, target.names[0]

    def test(value: Any) -> bool:
        said = mapping(value)
        return said.get("name") == name and str(said.get("kind")).lower() == kind.lower()

    return {"kind": kind, "name": name}, [Condition(f"--for {text}", ("spec.about",), test)]


def _of_types(words: Sequence[str] | None) -> str | None:
    """The field selector of `--types Normal,Warning`, in any case."""
    wanted = []
    for word in [one.strip() for text in words or () for one in text.split(",")]:
        found = next((one for one in SEVERITIES if one.lower() == word.lower()), None)
        if found is None:
            raise UnknownName("type of event", word, SEVERITIES)
        wanted.append(found)
    return f"spec.severity in ({','.join(dict.fromkeys(wanted))})" if wanted else None
