"""options: the flags that every verb takes."""

from __future__ import annotations

from cpctl.errors import ExitCode
from cpctl.lazy import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from cpctl.runtime import Runtime, Verb


def options(rt: Runtime) -> Verb:
    """List the flags that every verb takes."""
    from cpctl.output.tables import table

    yield "These can be passed to any verb:\n\n"
    yield table(("", ""), [_row(*declared) for declared in flags.GLOBALS.values()], headers=False)
    return ExitCode.DONE


def _row(annotation: Any, _default: Any) -> list[str]:
    """How a flag is spelled, and what it does."""
    option = annotation.__metadata__[0]
    words = [word for word in (option.default, *(option.param_decls or ())) if isinstance(word, str)]
    return ["  " + ", ".join(words) + (f" {option.metavar}" if option.metavar else ""), option.help]
