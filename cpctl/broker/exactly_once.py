"""Sending an intent exactly once: journalled, sent, settled; and finishing what an earlier run began."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from cpctl.broker.journal import Record, check_owner, is_sendable
from cpctl.broker.market import Found, Market
from cpctl.errors import BadAnswer, CpctlError, ExitCode, LocalFailure, OutcomeUnknown
from cpctl.resources.exchange import Answer

# A refusal that the platform keeps under the key: it says that this very request bought nothing and never will.
# 401, 403 and 429 are not kept, so after a doubtful sending they settle nothing.
FINAL = frozenset({ExitCode.USAGE, ExitCode.NOT_FOUND, ExitCode.CONFLICT, ExitCode.NO_CAPACITY, ExitCode.LIMIT})
NOT_KEPT = frozenset({"QuotaExhausted", "InProgress"})


T = TypeVar("T")
Read = Callable[[Answer], tuple[T, str]]  # what an answer is, and how the journal calls it; raises BadAnswer


def send_new(market: Market, record: Record) -> Found:
    """Keep the record, send it once, settle it.

    Raises:
        LocalFailure: The record cannot be kept; nothing was sent.
        OutcomeUnknown: It left and no definite answer came; the record stays, and the next run sends the same bytes.
        CpctlError: The platform refused, or nothing left; the record is closed.
    """
    return send(market, record, _order_named(record.name), again=False)


def send_stopping(market: Market, record: Record) -> Found:
    """The same for what only stops spending: it is sent even where no record can be kept. A disk that is full must not
    keep cards billed; sending it twice changes nothing.
    """
    try:
        market.journal.begin(record)
    except LocalFailure as failure:
        market.say(f"warning: {failure.message}; it is sent all the same, for it only stops the billing")
    return _sent(market, record, _order_named(record.name), doubtful=False)


def send_again(market: Market, record: Record) -> Found:
    """Send the bytes of an earlier run whose outcome is not known.

    Raises:
        OutcomeUnknown: It still is not.
        CpctlError: A final refusal: the earlier run bought nothing, and the record is closed. Or one that settles
            nothing, such as a refused token: the record stays.
    """
    return send(market, record, _order_named(record.name), again=True)


def send(market: Market, record: Record, read: Read[T], *, again: bool) -> T:
    """What `send_new` and `send_again` do, for an answer that `read` reads; a new record is kept first."""
    if not again:
        market.journal.begin(record)
    return _sent(market, record, read, doubtful=again)


def send_raw(market: Market, name: str, path: str, body: str) -> Answer:
    """A spending request of somebody's own making: the bytes of a run that heard no answer, else these, journalled.

    Args:
        name: Names the intent: the same for the same request.

    Raises:
        As send_new and send_again.
    """
    begun = unfinished(market, "api", name)
    record = begun or market.journal.begin(market.raw_record("api", name, path, body))
    answer = _sent(market, record, _status, doubtful=begun is not None)
    market.close("api", name)
    return answer


def send_raw_again(market: Market, record: Record) -> Answer:
    """The same for the record of an earlier run; raises as send_again."""
    return _sent(market, record, _status, doubtful=True)


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


def _status(heard: Answer) -> tuple[Answer, str]:
    return heard, str(heard.status)


def _order_named(name: str) -> Read[Found]:
    def read(answer: Answer) -> tuple[Found, str]:
        found = Found.of(answer, name)
        return found, f"{found.order.phase} {found.order.uid}"

    return read


def _sent(market: Market, record: Record, read: Read[T], *, doubtful: bool) -> T:
    try:
        value, outcome = read(market.platform.send(record.request))
    except OutcomeUnknown as error:
        raise unknown(market, record, error) from error
    except BadAnswer as error:  # a success whose body is none of ours: it may have acted
        raise unknown(market, record, error) from error
    except CpctlError as error:
        if settles(error) or not doubtful:
            market.journal.settle(record, "refused", f"{error.reason}: {error.message}")
        elif error.exit_code is ExitCode.UNREACHABLE:
            raise unknown(market, record, error) from error
        raise
    market.journal.settle(record, "placed", outcome)
    return value


def settles(error: CpctlError) -> bool:
    """Whether a refusal is the last word on a request, however often it was sent."""
    return error.exit_code in FINAL and error.reason not in NOT_KEPT


def unknown(market: Market, record: Record, last: CpctlError) -> OutcomeUnknown:
    """The error for a request that left and has no definite answer."""
    return OutcomeUnknown(
        detail=f"it is not known whether {_deed(record)} at {market.title} came through: {last.message}",
        hint="run the same command again: it finishes what was begun and never buys twice",
        request_id=last.request_id,
    )


def _deed(record: Record) -> str:
    if record.verb not in WORDS:
        return f"POST {record.path}"
    return f'{WORDS[record.verb]} {"demand" if record.verb == "publish" else "order"} "{record.name}"'


WORDS = {
    "place": "placing",
    "activate": "switching on",
    "extend": "extending",
    "release": "releasing",
    "publish": "publishing",
}
