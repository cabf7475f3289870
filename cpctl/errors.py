"""Every error a user can see, and the exit code it ends with.

    CpctlError                        1   failed
    ├── UsageError                    2   flag, type, field, manifest
    │   ├── UnknownName               2     ... with "Did you mean" and the legal ones
    │   ├── BadValue                  2     a value that does not parse
    │   └── BadManifest               2     a document that cannot be an order
    ├── NotFound                      3
    ├── NotAuthorized                 4   not logged in, token refused, not permitted
    │   ├── NotLoggedIn               4
    │   ├── TokenRefused              4
    │   ├── Forbidden                 4
    │   └── NoSecretStore             4
    ├── Conflict                      5   the name stands for another spec, stale version, wrong phase
    ├── NoCapacity                    6
    │   └── NoPlan                    6   ... and what stands in the way
    ├── LimitExceeded                 7
    ├── TimedOut                      8
    ├── Unreachable                   9   and nothing happened
    ├── Incomplete                   10
    ├── OutcomeUnknown               11   a spending request left and no definite answer came
    ├── AnswerIncomplete             11   a model's answer was cut
    ├── BadAnswer                     1   a server's answer that no contract allows
    └── LocalFailure                  1   this machine: disk, permissions, folders

A class holds a sentence template; its values fill it, so that the sentence can be translated. Anything else that
escapes is a bug (exit 70).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from decimal import Decimal


class ExitCode(IntEnum):
    """What a process ends with; scripts branch on it (cpctl(1), EXIT STATUS)."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    NOT_AUTHORIZED = 4
    CONFLICT = 5
    NO_CAPACITY = 6
    LIMIT = 7
    TIMED_OUT = 8
    UNREACHABLE = 9
    INCOMPLETE = 10
    OUTCOME_UNKNOWN = 11
    BUG = 70
    INTERRUPTED = 130
    TERMINATED = 143


MEANINGS: dict[ExitCode, str] = {
    ExitCode.DONE: "Done.",
    ExitCode.FAILED: "Failed: an answer cpctl does not know, hostile data from a server, a full disk. Read stderr. "
    "diff: there are differences; audit: there are findings.",
    ExitCode.USAGE: "Usage: a flag, type, field or manifest is wrong. Fix the call.",
    ExitCode.NOT_FOUND: "Not found.",
    ExitCode.NOT_AUTHORIZED: "Not logged in, token refused, or not permitted. Log in.",
    ExitCode.CONFLICT: "Conflict: the name stands for another spec, the version is stale, or the phase is wrong.",
    ExitCode.NO_CAPACITY: "No capacity: sold out, or the offer is gone. Nothing was bought; choose again.",
    ExitCode.LIMIT: "Refused by a limit: price, budget, balance, quota. Nothing was bought; raise it on purpose.",
    ExitCode.TIMED_OUT: "Timed out waiting. What was waited for goes on; wait again.",
    ExitCode.UNREACHABLE: "The platform is unreachable or overloaded, and nothing happened. Run it again.",
    ExitCode.INCOMPLETE: "Incomplete results, where complete ones were required.",
    ExitCode.OUTCOME_UNKNOWN: "Outcome unknown: a spending request left and no definite answer came. For orders run "
    "the same command again: it finishes, and never buys twice. A model call may be charged again.",
    ExitCode.BUG: "A bug in cpctl; it says where the log is.",
    ExitCode.INTERRUPTED: "Interrupted.",
    ExitCode.TERMINATED: "Terminated.",
}  # cpctl(1), EXIT STATUS


class CpctlError(Exception):
    """Something the user can act on.

    Args:
        reason: The stable CamelCase word scripts see; by default the class's name.
        hint: What to do next, a template over the same values; by default the class's.
        request_id: The platform's `X-Request-Id`, when a request was answered.
        values: What fills the template.
    """

    exit_code: ExitCode = ExitCode.FAILED
    template: str = "{detail}"
    hint: str | None = None
    retryable: bool = False

    def __init__(
        self, *, reason: str | None = None, hint: str | None = None, request_id: str | None = None, **values: object
    ) -> None:
        self.values = values
        self.reason = reason or type(self).__name__
        self.request_id = request_id
        chosen = hint if hint is not None else type(self).hint
        self.advice = chosen.format_map(values) if chosen else None
        super().__init__(self.template.format_map(values))

    @property
    def message(self) -> str:
        """One sentence, without the hint."""
        return str(self)


class UsageError(CpctlError):
    """The call itself is wrong: a flag, a type, a field, a manifest."""

    exit_code = ExitCode.USAGE


class UnknownName(UsageError):
    """A word that is none of the legal ones.

    Args:
        what: What the word should have been: "resource type", "province" …
        word: What was typed.
        legal: The legal words, in the order they are to be shown.
    """

    template = 'unknown {what} "{word}"{help}'

    def __init__(self, what: str, word: str, legal: Iterable[str] = (), *, hint: str | None = None) -> None:
        from difflib import get_close_matches

        words = list(legal)
        close = get_close_matches(word.lower(), [w.lower() for w in words], n=1, cutoff=0.6)
        match = next((w for w in words if close and w.lower() == close[0]), None)
        shown = f'. Did you mean "{match}"?' if match else f" (one of: {', '.join(words)})" if words else ""
        super().__init__(hint=hint, what=what, word=word, help=shown, legal=words)


class BadValue(UsageError):
    """A value that does not parse. Args: what, value, expected."""

    template = '{what} "{value}" is not {expected}'


class BadManifest(UsageError):
    """A document that cannot be an order. Args: source (file and document), detail."""

    template = "{source}: {detail}"


class NotFound(CpctlError):
    """Args: detail, in kubectl's words: `orders "x" not found`."""

    exit_code = ExitCode.NOT_FOUND
    template = "Error from server (NotFound): {detail}"


class NotHere(NotFound):
    """Something of this machine's is not there; no server was asked. Args: detail."""

    template = "{detail}"


class NotAuthorized(CpctlError):
    """No identity, or one that may not do this."""

    exit_code = ExitCode.NOT_AUTHORIZED


class NotLoggedIn(NotAuthorized):
    """There is no token for this profile."""

    hint = "cpctl auth login"


class TokenRefused(NotAuthorized):
    """The platform does not accept the token: expired, revoked, of another platform."""

    hint = "cpctl auth login"


class Forbidden(NotAuthorized):
    """The account is known and may not do this."""


class NoSecretStore(NotAuthorized):
    """No keyring answers, so there is nowhere safe to keep or look for a token."""

    hint = "set CPCTL_TOKEN with CPCTL_SERVER, or: cpctl auth login --insecure-storage"


class Conflict(CpctlError):
    """The name stands for another spec, the version is stale, or the phase is wrong."""

    exit_code = ExitCode.CONFLICT


class NoCapacity(CpctlError):
    """The cards are not there; nothing was bought."""

    exit_code = ExitCode.NO_CAPACITY


class NoPlan(NoCapacity):
    """No offers make what is wanted.

    Attributes:
        without: The constraints that stand in the way alone: without any one of them there is a plan.
        least: CNY, what the cheapest plan costs when only the budget is too small for it.
    """

    def __init__(self, *, detail: str, without: tuple[str, ...], least: Decimal | None = None, hint: str | None = None):
        super().__init__(reason="NoCapacity", hint=hint, detail=detail)
        self.without = without
        self.least = least


class LimitExceeded(CpctlError):
    """Refused by a limit: price, budget, balance, quota, policy; nothing was bought."""

    exit_code = ExitCode.LIMIT


class TimedOut(CpctlError):
    """The wait is over; what was waited for goes on."""

    exit_code = ExitCode.TIMED_OUT


class Unreachable(CpctlError):
    """The platform does not answer or is overloaded, and nothing happened."""

    exit_code = ExitCode.UNREACHABLE
    retryable = True


class Incomplete(CpctlError):
    """A sub-platform did not answer, and complete results were required."""

    exit_code = ExitCode.INCOMPLETE


class OutcomeUnknown(CpctlError):
    """A spending request left this machine and no definite answer came."""

    exit_code = ExitCode.OUTCOME_UNKNOWN
    retryable = True


class AnswerIncomplete(CpctlError):
    """A model's answer was cut in the middle; it may be charged."""

    exit_code = ExitCode.OUTCOME_UNKNOWN
    hint = "the same call again; it may have been charged, and may be charged again"


class BadAnswer(CpctlError):
    """A server said something no contract allows (HTML, half a body, a lie about its length)."""


class LocalFailure(CpctlError):
    """This machine said no: disk full, no permission, no folder."""
