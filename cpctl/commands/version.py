"""version: what is installed, and what the platform says of itself."""

from __future__ import annotations

from cpctl import __version__
from cpctl.errors import CpctlError, ExitCode
from cpctl.lazy import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from cpctl.runtime import Runtime, Verb


def version(rt: Runtime, *, client: flags.ClientOnly = False, output: flags.DocumentOutput = None) -> Verb:
    """Print the version of cpctl, and of the platform if one answers."""
    chosen = rt.output(output, ("json", "yaml"))
    document: dict[str, Any] = {"client": {"version": __version__, "contract": "v1"}}
    if not client:
        document["server"] = _server(rt)
    if chosen:
        from cpctl.output.values import VALUE_PRINTERS

        yield VALUE_PRINTERS[chosen](document)
    else:
        yield f"cpctl {__version__} (contract v1)\n"
        if server := document.get("server"):
            from cpctl.output.safe import safe

            sandbox = ", a sandbox" if server.get("sandbox") else ""
            yield (
                safe(f"{server.get('name')} {server.get('version')} (contract {server.get('contract')}{sandbox})")
                + "\n"
            )
    return ExitCode.DONE


def _server(rt: Runtime) -> dict[str, Any] | None:
    """What the profile's platform says; without one, or when it is away, a word on stderr and nothing else."""
    try:
        answer = rt.platform.one("/v1")
    except CpctlError as error:
        rt.say(f"no platform: {error.message}")
        return None
    return dict(answer)
