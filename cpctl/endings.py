"""How a run truly ended, where the failure that ended it tells only of its last step. Loaded by failures alone."""

from __future__ import annotations

import errno

from cpctl.errors import CpctlError, LocalFailure, OutcomeUnknown, Unreachable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cpctl.runtime import Runtime

WANTS = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)


def of_the_whole(rt: Runtime, error: CpctlError) -> CpctlError:
    """The same; "nothing happened" (9) is wrong once the platform has accepted something."""
    return _half_way(error.message) if isinstance(error, Unreachable) and rt.has_acted else error


def out_of_means(rt: Runtime, error: BaseException) -> CpctlError | None:
    """What it is when this machine ran out of something, which is no bug of ours; None for another failure."""
    if not isinstance(error, MemoryError) and not (isinstance(error, OSError) and error.errno in WANTS):
        return None
    want = f"this machine ran out of something: {getattr(error, 'strerror', '') or 'memory'}"
    return _half_way(want) if rt.has_acted else LocalFailure(detail=want)


def _half_way(why: str) -> CpctlError:
    hint = "run the same command again: it finishes what was begun and never buys twice"
    return OutcomeUnknown(reason="HalfWay", detail=f"not all was done: {why}", hint=hint)
