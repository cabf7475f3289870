"""plan: the cheapest allocation of cards, what comes next, why the rest was left out; nothing is bought."""

from __future__ import annotations

from cpctl.errors import ExitCode, UsageError
from cpctl.lazy import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cpctl.broker.constraints import PlanRequest
    from cpctl.commands.order_flags import OrderFlags
    from cpctl.resources.order import OrderSpec
    from cpctl.resources.partial import Trouble
    from cpctl.runtime import Runtime, Verb

FORMS = ("table", "wide", "json", "yaml")


def plan(
    rt: Runtime,
    *,
    name: flags.ManifestName = None,
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
    output: flags.PlanOutput = None,
) -> Verb:
    """Find the cheapest allocation of cards over all offers that fit, exactly; nothing is bought or reserved.

    Also said: the next best plan, which does without one of the providers chosen; why offers that look cheaper were
    left out; what doing without one of the constraints would save. Only rows answered now count; provinces that did
    not answer are named.

    -o yaml is the order as asked for, ready for `apply`, which chooses again by then: the allocation is not pinned.
    """
    from cpctl.commands.order_flags import OrderFlags

    form = rt.output(output, FORMS, "plan")
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
    )
    yield _printed(rt, _spec(rt, given), name, form)
    return ExitCode.DONE


def _spec(rt: Runtime, given: OrderFlags) -> OrderSpec:
    """What is to be planned, with the profile's default provinces where nothing says where."""
    from cpctl.broker.choosing import PLAN_FLAGS
    from cpctl.commands.order_flags import spec_of
    from cpctl.resources.order import order_spec

    spec = spec_of(rt, given, PLAN_FLAGS)
    if spec.allocations is not None:
        raise UsageError(detail=f'scenario "{given.scenario}" names its offers, there is nothing to choose')
    placement = spec.placement
    provinces = rt.profile.provinces
    if not provinces or placement.provinces or placement.exclude_provinces or placement.providers:
        return spec
    rt.say(f"only {', '.join(provinces)}: the default of profile {rt.profile.name}")
    wire = spec.wire()
    return order_spec(wire | {"placement": wire.get("placement", {}) | {"provinces": list(provinces)}}, PLAN_FLAGS)


def _printed(rt: Runtime, spec: OrderSpec, name: str | None, form: str | None) -> str:
    from cpctl.broker.beside import alternative, rejected, savings
    from cpctl.broker.choosing import PLAN_FLAGS, own_limits, plan_request, within
    from cpctl.broker.limits import limits_of
    from cpctl.broker.offers import read_offers, wide_query
    from cpctl.broker.vouchers import check_used, voucher_terms
    from cpctl.commands.plan_views import VIEWS, Shown, manifest
    from cpctl.resources.order import order_name
    from cpctl.resources.partial import sentence

    document = manifest(spec, order_name(name) if name else None)
    limits = own_limits(limits_of(rt.profile.limits), spec, PLAN_FLAGS)
    terms = voucher_terms(rt.platform, rt.profile.project, spec.voucher)
    request = plan_request(spec, limits, frozenset(rt.profile.residency), terms)
    found = read_offers(rt.platform, wide_query(request))
    troubles = [one for one in found.troubles.values() if _matters(request, one)]
    if troubles:
        rt.say(f"warning: {sentence(troubles)}; only offers of now are planned with")
    chosen = within(limits, request, found.offers, [one.name for one in troubles])
    check_used(chosen.allocations, spec.voucher)
    if form == "yaml":
        from cpctl.output.values import VALUE_PRINTERS

        return VALUE_PRINTERS["yaml"](document)
    shown = Shown(
        spec=spec,
        plan=chosen,
        alternative=alternative(chosen, found.offers),
        rejected=rejected(chosen, found.offers),
        savings=savings(chosen, found.offers),
        title=rt.profile.title,
        project=rt.profile.project,
    )
    return VIEWS[form or "table"](shown)


def _matters(request: PlanRequest, one: Trouble) -> bool:
    """Whether offers of that province might have been chosen."""
    asked: Sequence[str] = request.provinces
    return (not asked or one.name in asked) and one.name not in request.exclude_provinces
