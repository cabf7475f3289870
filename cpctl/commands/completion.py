"""completion: the shells' scripts, and one line in a shell's own file that reads them."""

from __future__ import annotations

import os
from pathlib import Path

from cpctl.errors import ExitCode, LocalFailure, NotHere, UnknownName, UsageError
from cpctl.lazy import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cpctl.runtime import Runtime, Verb

SCRIPTS = {"bash": "cpctl.bash", "zsh": "_cpctl", "fish": "cpctl.fish", "powershell": "cpctl.ps1"}
ACTIONS = ("install", "uninstall", "status")


def completion(rt: Runtime, *, what: flags.CompletionWhat, shell: flags.Shell = None) -> Verb:
    """Print a shell's completion script, or have a shell read it at its start.

    install puts a line, marked "# cpctl completion", into the shell's own file (~/.bashrc, ~/.zshrc, one of fish's, the
    profile of PowerShell, whose execution policy is left as it is), and uninstall takes it out again.
    """
    if what in SCRIPTS:
        if shell:
            raise UsageError(detail=f'"{shell}" is one word too many', hint=f"cpctl completion install {what}")
        yield _script(what).read_text(encoding="utf-8")
        return ExitCode.DONE
    if what not in ACTIONS:
        raise UnknownName("shell or action", what, (*SCRIPTS, *ACTIONS))
    chosen = shell or Path(rt.env.get("SHELL", "")).name
    if chosen not in SCRIPTS:
        raise UnknownName("shell", chosen, SCRIPTS, hint=f"cpctl completion {what} bash")
    rt.say(_done(what, chosen, _startup_file(chosen, rt.env)))
    return ExitCode.DONE


def _done(what: str, shell: str, file: Path) -> str:
    """Does it, and says what was done."""
    from cpctl.complete.startup import found, goes_on, line_of, with_line, without

    text = _text(file)
    present = found(text or "", shell)
    is_wanted = present is not None and present.startswith(line_of(shell, _named(_script(shell))))
    if what == "status":
        if present is None:
            raise NotHere(detail=f"{file} has no line of cpctl's", hint=f"cpctl completion install {shell}")
        return f"{file} has {'the line that reads the completion' if is_wanted else 'a line of another cpctl'}"
    if what == "install":
        if is_wanted:
            return f"{file} has it already"
        if goes_on(text or "", shell):
            raise LocalFailure(detail=f"the last line of {file} goes on", hint="end it, then install again")
        _write(file, with_line(text, shell, _named(_script(shell))))
        return f"added to {file}, for new shells; to undo it: cpctl completion uninstall {shell}"
    if present is None:
        return f"{file} has no line of cpctl's"
    rest, was_new = without(text or "", shell)
    if rest or not was_new:
        _write(file, rest)
    else:
        _remove(file)
    return f"removed from {file}"


def _script(shell: str) -> Path:
    """The script's file: beside the package in a wheel, above it in a checkout."""
    here = Path(__file__).parents[1]
    found = [path for path in (here / "completions", here.parent / "completions") if (path / SCRIPTS[shell]).is_file()]
    if not found:
        raise LocalFailure(detail=f"the script {SCRIPTS[shell]} is not in this installation")
    return found[0] / SCRIPTS[shell]


def _startup_file(shell: str, env: Mapping[str, str]) -> Path:
    home = env.get("HOME") or env.get("USERPROFILE") or ""
    if not Path(home).is_absolute():
        is_so = "is no whole path" if home else "is not set"
        raise LocalFailure(reason="NoHome", detail=f"HOME {is_so}, so there is no file of a shell's", hint="set HOME")
    named = Path(env.get("XDG_CONFIG_HOME", ""))
    config = named if named.is_absolute() else Path(home) / ".config"  # a relative one is to be ignored, XDG says
    if shell == "bash":
        return Path(home) / ".bashrc"
    if shell == "zsh":
        return Path(env.get("ZDOTDIR") or home) / ".zshrc"
    if shell == "fish":
        return config / "fish/completions/cpctl.fish"
    folder = Path(home) / "Documents/PowerShell" if os.name == "nt" else config / "powershell"
    return folder / "Microsoft.PowerShell_profile.ps1"


def _named(script: Path) -> str:
    if not str(script).isprintable():
        raise LocalFailure(detail=f"{str(script)!r} cannot be named in a shell's file")
    return str(script)


def _text(file: Path) -> str | None:
    """None when there is no such file. A pipe or a device is no shell's file, and is not waited for."""
    from stat import S_ISREG

    from cpctl.profiles.files import local_failures

    with local_failures(f"cannot read {file}"):
        try:
            if not S_ISREG(file.stat().st_mode):
                raise LocalFailure(detail=f"{file} is not a plain file")
            text = file.read_bytes().decode("utf-8", "surrogateescape")
        except FileNotFoundError:
            return None
    if "\0" in text:  # of UTF-16, as some editors on Windows write profiles
        raise LocalFailure(detail=f"{file} is no UTF-8 text", hint="save it as UTF-8")
    return text


def _write(file: Path, text: str) -> None:
    """Replaces the file whole; who may read it stays as it was."""
    from cpctl.profiles.files import local_failures, replace

    with local_failures(f"cannot write {file}"):
        mode = file.stat().st_mode & 0o7777 if file.exists() else 0o644
        replace(file, text.encode("utf-8", "surrogateescape"))
        file.chmod(mode)


def _remove(file: Path) -> None:
    """The file that install made, where a link to it points."""
    from cpctl.profiles.files import local_failures

    with local_failures(f"cannot remove {file}"):
        file.resolve().unlink()
