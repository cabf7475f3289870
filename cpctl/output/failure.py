"""One failure as text: a line for people, an object for scripts."""

from __future__ import annotations

from cpctl.output.safe import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cpctl.errors import CpctlError

KUBECTL_FORM = "Error from server ("


def failure(error: CpctlError, *, as_json: bool) -> str:
    """What stderr gets: `error: WHAT [Reason]; try: NEXT`, or cli.md's `{"error": …}`."""
    return _document(error) if as_json else _line(error)


def _line(error: CpctlError) -> str:
    from cpctl.errors import UsageError

    text = safe(error.message)
    if not text.startswith(KUBECTL_FORM):
        text = f"error: {text}" if isinstance(error, UsageError) else f"error: {text} [{safe(error.reason)}]"
    return f"{text}; try: {safe(error.advice)}\n" if error.advice else text + "\n"


def _document(error: CpctlError) -> str:
    import json

    body = {
        "code": int(error.exit_code),
        "reason": error.reason,
        "message": error.message,
        "hint": error.advice,
        "requestId": error.request_id,
        "retryable": error.retryable,
    }
    return json.dumps({"error": body}) + "\n"
