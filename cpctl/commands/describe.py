"""describe: everything about objects, and their events."""

from __future__ import annotations

from cpctl.commands.leases import warn
from cpctl.commands.listing import Listing, asked_for, nothing_found
from cpctl.commands.reading import one_begun
from cpctl.commands.related import at, related
from cpctl.commands.targets import Target, targets
from cpctl.errors import BadAnswer, CpctlError, UsageError
from cpctl.lazy import flags
from cpctl.output.cells import UNKNOWN, mapping
from cpctl.registry import find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from cpctl.commands.completeness import Completeness
    from cpctl.commands.listing import Asked
    from cpctl.registry import Kind
    from cpctl.runtime import Runtime, Verb
    from cpctl.selectors.condition import Condition

EVENTS_SHOWN = 50
WITH_EVENTS = ("order", "demand", "card", "bill", "project")  # events are a project's, about what is in it
REACHED_BY = ("host", "port", "user", "jumpHost")


def describe(
    rt: Runtime, *, what: flags.Targets, selector: flags.Selector = None, field_selector: flags.FieldSelector = None
) -> Verb:
    """Show everything about objects of yours or of the platform's: TYPE NAME... or TYPE/NAME.

    Without a name, all objects of the type are described, or those that a selector lets through.
    """
    meant = targets(what)
    if (selector or field_selector) and any(target.names for target in meant):
        raise UsageError(detail="selectors choose among all objects of a type; they do not go with names")
    asked = [asked_for(one.kind, {}, selector=selector, field_selector=field_selector) for one in meant]
    listing = Listing(rt, chunk=200)
    begun, heard, rt.is_reading = False, listing.heard, True
    for target, wanted in zip(meant, asked, strict=True):
        for found in _named(rt, target, heard) if target.names else _listed(listing, wanted):
            item = {**_completed(rt, target.kind, found), **related(rt, target.kind, found, heard)}
            if begun:
                yield "\n\n"
            begun = True
            yield from _text(rt, target.kind, item)
            if target.kind.name == "order":
                warn(rt, item)
    if not begun:
        rt.say(nothing_found(rt, asked))
    return heard.verdict(required=False)


def _named(rt: Runtime, target: Target, heard: Completeness) -> Iterator[Mapping[str, Any]]:
    for name in target.names:
        found = one_begun(rt, target.kind, name)
        heard.hear_one(target.kind, found)
        yield found


def _listed(listing: Listing, wanted: Asked) -> Iterator[Mapping[str, Any]]:
    if wanted.kind.name == "event":
        raise UsageError(detail="events are listed, or described by name", hint="cpctl get events")
    for page in listing.pages(wanted):
        yield from page.items


def _completed(rt: Runtime, kind: Kind, item: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object with what follows from it."""
    match kind.name:
        case "order":
            return _with_access(rt, item)
        case "offer":
            return {**item, "canBeBought": sellable(item)}
        case "scenario":
            return _with_manifest(item)
    return item


def sellable(offer: Mapping[str, Any]) -> str | None:
    """How many cards an order may take of an offer now: `8 to 64 cards, in steps of 8`; None when it may take none."""
    least, step, free = (at(offer, path) for path in ("spec.minCards", "spec.stepCards", "status.free"))
    if not all(isinstance(one, int) and one >= 1 for one in (least, step, free)) or at(offer, "status.state") != "ok":
        return None
    most = least + (free - least) // step * step
    if most < least:
        return None
    if most == least:
        return f"{least} {'card' if least == 1 else 'cards'}"
    return f"{least} to {most} cards" + (f", in steps of {step}" if step > 1 else "")


def _with_manifest(scenario: Mapping[str, Any]) -> Mapping[str, Any]:
    """A scenario with its template as an order that `apply` takes, in place of the bare spec."""
    spec = mapping(scenario.get("spec"))
    if not isinstance(spec.get("order"), dict):
        return scenario
    from cpctl.output.yaml_document import yaml_text

    order = {"apiVersion": "ccpp/v1", "kind": "Order", "metadata": {"name": at(scenario, "metadata.name")}}
    rest = {key: value for key, value in spec.items() if key != "order"}
    return {**scenario, "spec": rest, "manifest": yaml_text({**order, "spec": spec["order"]})}


def _with_access(rt: Runtime, order: Mapping[str, Any]) -> Mapping[str, Any]:
    """An active order with the way to its cards; credentials are left to the tools that use them."""
    if mapping(order.get("status")).get("phase") != "Active":
        return order
    from cpctl.api.platform import object_path

    try:
        path = object_path("/v1/access", str(order["metadata"]["name"]))
        hosts = rt.platform.one(path, {"project": rt.platform.project})["status"]["hosts"]
        ways = [tuple(host.get(key) for key in REACHED_BY) for host in hosts]
    except CpctlError as error:
        rt.say(f"how to reach the cards is not known: {error.message}")
        return order
    except (KeyError, TypeError, AttributeError) as error:
        raise BadAnswer(detail="the platform's access details are not as the contract says") from error
    rows = [{**dict(zip(REACHED_BY, way, strict=True)), "cards": ways.count(way)} for way in dict.fromkeys(ways)]
    return {**order, "access": rows}


def _text(rt: Runtime, kind: Kind, item: Mapping[str, Any]) -> Iterator[str]:
    from cpctl.output.describe import describe as printed

    return printed(item, _events(rt, kind, item), rt.platform.now())


def _about(kind: Kind, name: str) -> Condition:
    """That an event is about this object."""
    from cpctl.selectors.condition import Condition

    def test(about: Any) -> bool:
        said = mapping(about)
        return said.get("name") == name and str(said.get("kind")).lower() == kind.name

    return Condition(f"the question for events of {kind.name}/{name}", ("spec.about",), test)


def _events(rt: Runtime, kind: Kind, item: Mapping[str, Any]) -> list[Mapping[str, Any]] | str | None:
    """The object's latest events, oldest first; None for kinds that have none.

    `<unknown>`, and said, when they cannot be read.
    """
    if kind.name not in WITH_EVENTS:
        return None
    name = str(at(item, "metadata.name"))
    query = {"kind": kind.kind, "name": name} | ({"project": name} if kind.name == "project" else {})
    wanted = asked_for(find("events"), query, [_about(kind, name)], sort_by="~status.at,~metadata.name")
    try:
        read = Listing(rt, limit=EVENTS_SHOWN, chunk=EVENTS_SHOWN).pages(wanted)
        return [event for page in read for event in page.items][::-1]
    except CpctlError as error:
        rt.say(f"the events of {kind.name}/{name} are not known: {error.message}")
        return UNKNOWN
