"""What is said and kept when cpctl itself is wrong (exit 70)."""

from __future__ import annotations

from collections.abc import Mapping


def report(bug: Exception, env: Mapping[str, str]) -> str:
    """Two lines for stderr; the traceback goes to a 0600 file in the state folder, with tokens masked."""
    import traceback

    text = _masked("".join(traceback.format_exception(bug)), env)
    kept = _keep(text, env)
    where = f"the log is {kept}" if kept else "the log could not be written; it follows\n" + text
    return f"error: this is a bug in cpctl, not your mistake: {type(bug).__name__} [Bug]\nplease report it; {where}\n"


def _keep(text: str, env: Mapping[str, str]) -> str | None:
    """The file's path, or None when this machine does not let us write one."""
    import os
    from datetime import UTC, datetime

    from cpctl import __version__
    from cpctl.errors import CpctlError
    from cpctl.profiles.folders import state_folder

    try:
        folder = state_folder(env) / "crashes"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        stamp = datetime.now(UTC)
        path = folder / f"{stamp:%Y%m%dT%H%M%S}-{os.getpid()}.log"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(f"cpctl {__version__} {stamp.isoformat()}\n{text}")
    except (OSError, CpctlError):
        return None
    return str(path)


def _masked(text: str, env: Mapping[str, str]) -> str:
    import re

    for name in ("CPCTL_TOKEN", "CPCTL_MODELS_TOKEN"):
        if env.get(name):
            text = text.replace(env[name], "***")
    return re.sub(r"(?i)(bearer\s+|access_token\W+|refresh_token\W+)[^\s'\"&]+", r"\1***", text)
