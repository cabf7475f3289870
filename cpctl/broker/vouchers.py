"""What a voucher takes off now, as the planner reckons with it; the platform has the last word when it quotes."""

from __future__ import annotations

from collections.abc import Sequence

from cpctl.broker.constraints import VoucherTerms
from cpctl.broker.market import Platform
from cpctl.broker.planner import Allocation
from cpctl.errors import BadAnswer, LimitExceeded
from cpctl.resources.exchange import Request
from cpctl.resources.voucher import voucher_of

STATES = {"NotYet": "it is not valid yet", "Lapsed": "it is no longer valid", "Spent": "nothing of it is left"}
VALID = "Valid"
REASON = "VoucherRefused"


def voucher_terms(platform: Platform, project: str, name: str | None) -> VoucherTerms | None:
    """The terms of a voucher; None where no voucher is named.

    Raises:
        NotFound: The project has no voucher of that name.
        LimitExceeded: It cannot be used now.
    """
    if name is None:
        return None
    voucher = voucher_of(platform.send(Request("GET", f"/v1/vouchers/{name}?project={project}")).json())
    if voucher.metadata.name != name:
        raise BadAnswer(detail=f'the server answers with voucher "{voucher.metadata.name}" where "{name}" is meant')
    state = voucher.status.state
    if state != VALID:
        raise LimitExceeded(
            reason=REASON,
            detail=f'voucher "{name}" cannot be used: {STATES.get(state, f"it is {state}")}; nothing was bought',
            hint="cpctl get vouchers",
        )
    spec = voucher.spec
    return VoucherTerms(spec.ratio, voucher.status.left, spec.province, tuple(spec.products))


def check_used(lines: Sequence[Allocation], name: str | None) -> None:
    """Refuse cards of which the voucher takes nothing off: its owner expects it to be used.

    Raises:
        LimitExceeded: It is not used.
    """
    if name is None or any(line.discount for line in lines):
        return
    total = sum(line.amount for line in lines)
    raise LimitExceeded(
        reason=REASON,
        detail=f'voucher "{name}" covers none of the cheapest cards; nothing was bought',
        hint=f"without a voucher these cost {total} CNY; cpctl describe voucher/{name} says what it covers",
    )
