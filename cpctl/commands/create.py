"""create: find the cheapest cards, place an order and hold them; or say what is needed until they are there."""

from __future__ import annotations

from cpctl.errors import ExitCode, UsageError
from cpctl.lazy import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cpctl.runtime import Runtime, Verb

FORMS = ("name", "json", "yaml")


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
    exclude_provider: flags.ExcludeProvider = None,
    vendor: flags.Vendor = None,
    min_memory: flags.MinMemory = None,
    max_price: flags.MaxPrice = None,
    max_pue: flags.MaxPUE = None,
    min_green: flags.MinGreen = None,
    interconnect: flags.Interconnect = None,
    latency_class: flags.LatencyClass = None,
    colocate: flags.Colocate = None,
    max_providers: flags.MaxProviders = None,
    budget: flags.Budget = None,
    voucher: flags.Voucher = None,
    offer: flags.Offer = None,
    scenario: flags.Scenario = None,
    image: flags.Image = None,
    ssh_key: flags.SshKey = None,
    label: flags.Label = None,
    activate: flags.Activate = False,
    wait: flags.Wait = False,
    timeout: flags.Timeout = None,
    yes: flags.Yes = False,
    dry_run: flags.DryRun = "none",
    output: flags.ResultOutput = None,
) -> Verb:
    """Find the cheapest cards that fit, over all offers and provinces, and hold them at the price shown.

    Or hold cards of certain offers: --offer OFFER=N. A name that exists is a conflict; `apply` is safe to run again.
    """
    from cpctl.broker.choosing import FLAGS
    from cpctl.commands.dry_run import is_dry, rehearsed
    from cpctl.commands.order_flags import OrderFlags, labels_of, spec_of
    from cpctl.commands.ordering import Wish, ordered, printed
    from cpctl.resources.order import OrderWanted, order_name

    form = rt.output(output, FORMS)
    given = OrderFlags(
        accelerator=accelerator,
        cards=cards,
        duration=duration,
        billing=billing,
        province=province,
        exclude_province=exclude_province,
        provider=provider,
        exclude_provider=exclude_provider,
        vendor=vendor,
        min_memory=min_memory,
        max_price=max_price,
        max_pue=max_pue,
        min_green=min_green,
        interconnect=interconnect,
        latency_class=latency_class,
        colocate=colocate,
        max_providers=max_providers,
        budget=budget,
        voucher=voucher,
        offer=offer,
        scenario=scenario,
        image=image,
        ssh_key=ssh_key,
    )
    wanted = OrderWanted(
        name=order_name(name or _proposed(rt, "order")),
        spec=spec_of(rt, given, FLAGS),
        labels=labels_of(label or ()),
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
    if is_dry(dry_run):
        yield from rehearsed(rt, [wanted], wish, dry_run, form)
    else:
        yield from printed(ordered(rt, [wanted], wish), form, single=True)
    return ExitCode.DONE


def demand(
    rt: Runtime,
    *,
    name: flags.OptionalOrderName = None,
    until: flags.LookUntil,
    accelerator: flags.BuyAccelerator = None,
    cards: flags.BuyCards = None,
    duration: flags.Duration = None,
    billing: flags.Billing = None,
    province: flags.Province = None,
    exclude_province: flags.ExcludeProvince = None,
    provider: flags.Provider = None,
    exclude_provider: flags.ExcludeProvider = None,
    vendor: flags.Vendor = None,
    min_memory: flags.MinMemory = None,
    max_price: flags.MaxPrice = None,
    max_pue: flags.MaxPUE = None,
    min_green: flags.MinGreen = None,
    interconnect: flags.Interconnect = None,
    latency_class: flags.LatencyClass = None,
    colocate: flags.Colocate = None,
    max_providers: flags.MaxProviders = None,
    budget: flags.Budget = None,
    voucher: flags.Voucher = None,
    scenario: flags.Scenario = None,
    image: flags.Image = None,
    ssh_key: flags.SshKey = None,
    label: flags.Label = None,
    yes: flags.Yes = False,
    dry_run: flags.DryRun = "none",
    output: flags.ResultOutput = None,
) -> Verb:
    """Say what is needed, and until when it is looked for: once cards fit within all limits, one order holds them.

    The order has the demand's name. It is never switched on by itself, and lapses like any other that is held: wait
    demand/NAME --for=condition=Matched, then activate order/NAME. A match reserves money, so limits travel along.
    """
    from cpctl.broker.choosing import DEMAND_FLAGS
    from cpctl.commands.dry_run import is_dry, rehearsed
    from cpctl.commands.order_flags import OrderFlags, fields_of, labels_of
    from cpctl.commands.ordering import Wish, ordered, printed
    from cpctl.resources.demand import DemandWanted, demand_spec
    from cpctl.resources.order import order_name

    form = rt.output(output, FORMS)
    given = OrderFlags(
        accelerator=accelerator,
        cards=cards,
        duration=duration,
        billing=billing,
        province=province,
        exclude_province=exclude_province,
        provider=provider,
        exclude_provider=exclude_provider,
        vendor=vendor,
        min_memory=min_memory,
        max_price=max_price,
        max_pue=max_pue,
        min_green=min_green,
        interconnect=interconnect,
        latency_class=latency_class,
        colocate=colocate,
        max_providers=max_providers,
        budget=budget,
        voucher=voucher,
        scenario=scenario,
        image=image,
        ssh_key=ssh_key,
    )
    wanted = DemandWanted(
        name=order_name(name or _proposed(rt, "demand"), "demand"),
        spec=demand_spec({**fields_of(rt, given), "until": until}, DEMAND_FLAGS),
        labels=labels_of(label or ()),
        source=DEMAND_FLAGS,
    )
    wish = Wish(
        activate=False,
        wait=False,
        timeout=None,
        yes=yes,
        needs_yes=True,
        is_new=True,
        again="the same command again",
    )
    if is_dry(dry_run):
        yield from rehearsed(rt, [wanted], wish, dry_run, form)
    else:
        yield from printed(ordered(rt, [wanted], wish), form, single=True)
    return ExitCode.DONE


def _proposed(rt: Runtime, kind: str) -> str:
    """A name of one's own making; only a person may leave the choice to us."""
    if not rt.asks:
        raise UsageError(detail=f"no name given: cpctl create {kind} NAME …")
    from secrets import token_hex

    proposal = f"{kind}-{rt.clock.now():%m%d}-{token_hex(2)}"
    rt.err.write(f"Name of the {kind} [{proposal}]: ")
    rt.err.flush()
    return rt.answer() or proposal
