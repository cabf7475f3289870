"""Sending an intent exactly once: journalled, sent, settled; and finishing what an earlier run began."""

from __future__ import annotations

from cpctl.broker.journal import Record, check_owner, is_sendable
from cpctl.broker.market import Found, Market
from cpctl.errors import BadAnswer, CpctlError, ExitCode, OutcomeUnknown

# A refusal that the platform keeps under the key: it says that this very request bought nothing and never will.
# 401, 403 and 429 are not kept, so after a doubtful sending they settle nothing.
FINAL = frozenset({ExitCode.USAGE, ExitCode.NOT_FOUND, ExitCode.CONFLICT, ExitCode.NO_CAPACITY, ExitCode.LIMIT})
NOT_KEPT = frozenset({"QuotaExhausted", "InProgress"})


def send_new(market: Market, record: Record) -> Found:
    """Keep the record, send it once, settle it.

    Raises:
        LocalFailure: The record cannot be kept; nothing was sent.
        OutcomeUnknown: It left and no definite answer came; the record stays, and the next run sends the same bytes.
        CpctlError: The platform refused, or nothing left; the record is closed.
    """
    market.journal.begin(record)
    return _sent(market, record, doubtful=False)


def send_again(market: Market, record: Record) -> Found:
    """Send the bytes of an earlier run whose outcome is not known.

    Raises:
        OutcomeUnknown: It still is not.
        CpctlError: A final refusal: the earlier run bought nothing, and the record is closed. Or one that settles
            nothing, such as a refused token: the record stays.
    """
    return _sent(market, record, doubtful=True)


def unfinished(market: Market, verb: str, name: str) -> Record | None:
    """An earlier run's record whose outcome is not known here, fit to be sent again.

    Raises:
        Conflict: It is another account's, or was begun at another platform.
    """
    record = market.journal.open(verb, market.project, name)
    if record is None or record.state != "prepared":
        return None
    check_owner(record, market.account, market.endpoint)
    if is_sendable(record, market.clock.now()):
        return record
    market.journal.settle(record, "outdated", "too old to be sent again; looked up by name")
    return None


def _sent(market: Market, record: Record, *, doubtful: bool) -> Found:
    try:
        found = Found.of(market.platform.send(record.request), record.name)
    except OutcomeUnknown as error:
        raise unknown(market, record, error) from error
    except BadAnswer as error:  # a success whose body is none of ours: it may have acted
        raise unknown(market, record, error) from error
    except CpctlError as error:
        if _settles(error) or not doubtful:
            market.journal.settle(record, "refused", f"{error.reason}: {error.message}")
        elif error.exit_code is ExitCode.UNREACHABLE:
            raise unknown(market, record, error) from error
        raise
    market.journal.settle(record, "placed", f"{found.order.phase} {found.order.uid}")
    return found


def _settles(error: CpctlError) -> bool:
    return error.exit_code in FINAL and error.reason not in NOT_KEPT


def unknown(market: Market, record: Record, last: CpctlError) -> OutcomeUnknown:
    """The error for a request that left and has no definite answer."""
    return OutcomeUnknown(
        detail=f'it is not known whether {WORDS[record.verb]} order "{record.name}" at {market.title} came through:'
        f" {last.message}",
        hint="run the same command again: it finishes what was begun and never buys twice",
        request_id=last.request_id,
    )


WORDS = {"place": "placing", "activate": "switching on", "release": "releasing"}
