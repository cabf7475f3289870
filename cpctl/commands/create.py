"""create: find the cheapest cards, place an order and hold them."""

from __future__ import annotations

from pathlib import Path

from cpctl.commands.filters import BILLING, words
from cpctl.errors import BadValue, ExitCode, UnknownName, UsageError
from cpctl.lazy import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from cpctl.runtime import Runtime, Verb

FORMS = ("name", "json", "yaml")
KEY_SIZE_LIMIT = 16_384


def order(
    rt: Runtime,
    *,
    name: flags.OptionalOrderName = None,
    accelerator: flags.BuyAccelerator = None,
    cards: flags.BuyCards = None,
    duration: flags.Duration = None,
    billing: flags.Billing = None,
    province: flags.Province = None,
    exclude_province: flags.ExcludeProvince = None,
    provider: flags.Provider = None,
    vendor: flags.Vendor = None,
    min_memory: flags.MinMemory = None,
    max_price: flags.MaxPrice = None,
    max_pue: flags.MaxPUE = None,
    min_green: flags.MinGreen = None,
    interconnect: flags.Interconnect = None,
    budget: flags.Budget = None,
    offer: flags.Offer = None,
    scenario: flags.Scenario = None,
    image: flags.Image = None,
    ssh_key: flags.SshKey = None,
    label: flags.Label = None,
    activate: flags.Activate = False,
    wait: flags.Wait = False,
    timeout: flags.Timeout = None,
    yes: flags.Yes = False,
    output: flags.ResultOutput = None,
) -> Verb:
    """Find the cheapest cards that fit, over all offers and provinces, and hold them at the price shown.

    Or hold cards of certain offers: --offer OFFER=N. A name that exists is a conflict; `apply` is safe to run again.
    """
    from cpctl.broker.choosing import FLAGS
    from cpctl.commands.ordering import Wish, ordered, printed
    from cpctl.resources.order import OrderWanted, order_name, order_spec

    form = rt.output(output, FORMS)
    spec = _template(rt, scenario) if scenario else {}
    chosen: dict[str, Any] = {
        "accelerator": accelerator and words(accelerator),
        "cards": _cards(cards),
        "allocations": offer and [_allocation(text) for text in offer],
        "duration": duration,
        "billing": _billing(billing),
        "placement": _kept(
            provinces=province and words(province),
            excludeProvinces=exclude_province and words(exclude_province),
            providers=provider and words(provider),
        ),
        "requirements": _kept(
            minMemoryGiB=_memory(min_memory),
            maxPUE=max_pue,
            minGreen=min_green,
            interconnect=interconnect,
            vendor=vendor and words(vendor),
        ),
        "limits": _kept(maxPrice=max_price, budget=budget),
        "image": image,
        "sshKeys": ssh_key and [_public_key(text) for text in ssh_key],
    }
    if offer:
        spec = {key: value for key, value in spec.items() if key not in CHOSEN_BY_PLANNER}
    wanted = OrderWanted(
        name=order_name(name or _proposed(rt)),
        spec=order_spec(spec | _kept(**chosen), FLAGS),
        labels=_labels(label or ()),
        source=FLAGS,
    )
    wish = Wish(
        activate=activate,
        wait=wait,
        timeout=timeout,
        yes=yes,
        needs_yes=True,
        is_new=True,
        again="the same command again",
    )
    yield from printed(ordered(rt, [wanted], wish), form, single=True)
    return ExitCode.DONE


CHOSEN_BY_PLANNER = frozenset({"accelerator", "cards", "placement", "requirements"})


def _kept(**fields: Any) -> dict[str, Any]:
    """The fields that were given."""
    return {key: value for key, value in fields.items() if value not in (None, [], {})}


def _template(rt: Runtime, name: str) -> dict[str, Any]:
    """A scenario's order; flags put theirs in the place of its fields."""
    from cpctl.commands.reading import one
    from cpctl.errors import BadAnswer
    from cpctl.registry import find

    template = one(rt, find("scenario"), name).get("spec", {}).get("order")
    if not isinstance(template, dict):
        raise BadAnswer(detail=f'scenario "{name}" comes without an order')
    return dict(template)


def _proposed(rt: Runtime) -> str:
    """A name of one's own making; only a person may leave the choice to us."""
    if not rt.asks:
        raise UsageError(detail="an order needs a name: cpctl create order NAME …")
    from secrets import token_hex

    proposal = f"order-{rt.clock.now():%m%d}-{token_hex(2)}"
    rt.err.write(f"Name of the order [{proposal}]: ")
    rt.err.flush()
    return rt.stdin.readline().strip() or proposal


def _cards(text: str | None) -> int | None:
    from cpctl.units import whole

    return whole(text, what="cards", least=1) if text is not None else None


def _memory(text: str | None) -> int | None:
    from cpctl.units import memory_gib

    return memory_gib(text) if text is not None else None


def _billing(word: str | None) -> str | None:
    if word is not None and word not in BILLING:
        raise UnknownName("billing mode", word, BILLING)
    return word


def _allocation(text: str) -> dict[str, Any]:
    name, equals, cards = text.partition("=")
    if not equals or not name:
        raise BadValue(what="offer", value=text[:80], expected="OFFER=N, such as of-1a2b3c4d=8")
    return {"offer": name, "cards": _cards(cards)}


def _labels(texts: Sequence[str]) -> dict[str, str]:
    from cpctl.resources.order import order_labels

    found: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals:
            raise BadValue(what="label", value=text[:80], expected="KEY=VALUE")
        found[key] = value
    labels: Mapping[str, str] = order_labels(found)
    return dict(labels)


def _public_key(text: str) -> str:
    """A key as it is, or the content of its file; a private one is refused before it goes anywhere."""
    if " " in text and not Path(text).exists():
        return text
    try:
        with Path(text).expanduser().open(encoding="utf-8") as file:
            content = file.read(KEY_SIZE_LIMIT)
    except (OSError, ValueError) as error:
        raise BadValue(what="SSH key", value=text[:80], expected="a public key, or a file that holds one") from error
    if "PRIVATE KEY" in content:
        raise BadValue(what="SSH key", value=text[:80], expected="a public key: this file holds a private one")
    return content.strip()
