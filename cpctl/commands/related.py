"""What belongs to an object and stands in another list: a model's sources, an order's cards, what its bills come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from cpctl.commands.reading import pages
from cpctl.errors import CpctlError
from cpctl.output.cells import UNKNOWN, mapping
from cpctl.registry import find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from cpctl.commands.completeness import Completeness
    from cpctl.registry import Kind
    from cpctl.runtime import Runtime

    Items = Sequence[Mapping[str, Any]]

SHOWN = 100  # rows a person still reads
SUMMED = 1000  # one page of a list


def _by_node(cards: Items) -> list[dict[str, Any]]:
    """A row for the cards of one machine in one phase, and how many they are."""
    paths = ("spec.node", "spec.province", "spec.provider", "spec.accelerator", "status.phase")
    rows = [_row(card, paths) for card in cards]
    alike = {str(tuple(row.values())): row for row in rows}
    counted = [str(tuple(row.values())) for row in rows]
    return [{**row, "cards": counted.count(key)} for key, row in alike.items()]


def _sums(bills: Items) -> dict[str, Any]:
    """What an order's bill lines come to.

    Raises:
        CpctlError: An amount is none.
    """
    from cpctl.units import money, yuan

    amounts = [money(str(at(bill, "status.amount"))) for bill in bills]
    if not amounts:
        return {}
    still_open = sum(at(bill, "status.state") == "open" for bill in bills)
    return {"lines": len(bills), "stillOpen": still_open, "amount": yuan(sum(amounts, start=money("0")))}


class Relation(NamedTuple):
    """A list that belongs to an object.

    Attributes:
        title: What it is called among the object's sections.
        plural: The kind listed.
        field: The field of the listed objects that holds the object's name; looked at here as well, for a server may
            ignore a filter.
        parameter: The list's filter for it; without one, `fieldSelector` asks.
        columns: The fields shown, a row for each listed object.
        shape: What is made of the list in place of rows.
        limit: As many objects are read.
    """

    title: str
    plural: str
    field: str
    parameter: str | None
    columns: tuple[str, ...] = ()
    shape: Callable[[Items], Any] | None = None
    limit: int = SHOWN


NAME, PROVINCE, STATE = "metadata.name", "spec.province", "status.state"
RELATIONS: dict[str, tuple[Relation, ...]] = {
    "subplatform": (
        Relation(
            "providers", "providers", "spec.subplatform", "subplatform",
            (NAME, "spec.city", "spec.kind", STATE, "status.offers", "status.freeCards"),
        ),
    ),
    "provider": (
        Relation(
            "products", "products", "spec.provider", "provider",
            (NAME, "spec.accelerator", "spec.form", "status.offers", "status.freeCards", "status.priceFrom"),
        ),
        Relation(
            "sources", "sources", "spec.provider", "provider",
            ("spec.model", STATE, "spec.priceIn", "spec.priceOut", "spec.priceUnit"),
        ),
    ),
    "product": (
        Relation(
            "offers", "offers", "spec.product", None,
            (NAME, PROVINCE, "spec.billing", "spec.price", "spec.minCards", "spec.stepCards", "status.free", STATE),
        ),
    ),
    "model": (
        Relation(
            "sources", "sources", "spec.model", "model",
            ("spec.provider", PROVINCE, STATE, "spec.priceIn", "spec.priceOut", "spec.priceUnit", "status.latencyMs"),
        ),
    ),
    "order": (
        Relation("cards", "cards", "spec.order", "order", shape=_by_node, limit=SUMMED),
        Relation("bills", "bills", "spec.order", "order", shape=_sums, limit=SUMMED),
    ),
    "project": (
        Relation(
            "orders", "orders", "metadata.project", "project",
            (NAME, "status.phase", "status.pricePerHour", "status.total", "status.charged", "status.endsAt"),
        ),
    ),
}  # fmt: skip


def related(rt: Runtime, kind: Kind, item: Mapping[str, Any], heard: Completeness) -> dict[str, Any]:
    """What belongs to an object, by title; a list that cannot be read is said, and is `<unknown>`."""
    found: dict[str, Any] = {}
    for relation in RELATIONS.get(kind.name, ()):
        try:
            found |= _read(rt, relation, str(at(item, NAME)), heard)
        except CpctlError as error:
            rt.say(f"the {relation.title} of {kind.name}/{at(item, NAME)} are not known: {error.message}")
            found[relation.title] = UNKNOWN
    return found


def at(item: Any, path: str) -> Any:
    """What stands at a dotted path; None where nothing does."""
    for step in path.split("."):
        item = mapping(item).get(step)
    return item


def _read(rt: Runtime, relation: Relation, name: str, heard: Completeness) -> dict[str, Any]:
    asked = {relation.parameter: name} if relation.parameter else {"fieldSelector": f"{relation.field}={name}"}
    items: list[Mapping[str, Any]] = []
    more, complete = None, True
    for page in pages(rt, find(relation.plural), asked, limit=relation.limit, chunk=relation.limit):
        heard.hear(page.metadata, first=not items)
        complete = complete and page.metadata.get("complete") is not False
        items += [one for one in page.items if at(one, relation.field) == name]
        more = page.metadata.get("remainingItemCount", "more" if page.metadata.get("continue") else None)
    if not items and not complete:
        return {relation.title: UNKNOWN}  # whoever did not answer may have some
    shown = relation.shape(items) if relation.shape else [_row(one, relation.columns) for one in items]
    return {relation.title: shown, **({f"{relation.title}NotShown": more} if more else {})}


def _row(item: Mapping[str, Any], paths: Sequence[str]) -> dict[str, Any]:
    return {path.rpartition(".")[2]: at(item, path) for path in paths}
