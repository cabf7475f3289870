"""completion: the shells' scripts, and one line in a shell's own file that reads them."""

from __future__ import annotations

import os
from pathlib import Path

from cpctl.errors import ExitCode, LocalFailure, NotFound, UnknownName, UsageError
from cpctl.lazy import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cpctl.runtime import Runtime, Verb

SCRIPTS = {"bash": "cpctl.bash", "zsh": "_cpctl", "fish": "cpctl.fish", "powershell": "cpctl.ps1"}
ACTIONS = ("install", "uninstall", "status")
MARK = "# cpctl completion"
LINES = {
    "bash": "[ -r {0} ] && . {0}",
    "zsh": "[[ -r {0} ]] && {{ (( $+functions[compdef] )) || {{ autoload -Uz compinit && compinit }}; . {0} }}",
    "fish": "test -r {0}; and source {0}",
    "powershell": "if (Test-Path -LiteralPath {0}) {{ . {0} }}",
}


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
    lines = _lines(file)
    wanted = f"{LINES[shell].format(_quoted(shell, _script(shell)))} {MARK}"
    rest = [line for line in lines if not line.endswith(MARK)]
    present = len(rest) < len(lines)
    if what == "status":
        if not present:
            raise NotFound(detail=f"{file} has no line of cpctl's", hint=f"cpctl completion install {shell}")
        said = "reads the completion" if wanted in lines else "has a line of another cpctl"
        return f"{file} {said}"
    if what == "install" and (not present or wanted not in lines):
        _write(file, [*rest, wanted])
        return f"added to {file}, for new shells; to undo it: cpctl completion uninstall {shell}"
    if what == "uninstall" and present:
        _write(file, rest)
        return f"removed from {file}"
    return f"{file} has it already" if what == "install" else f"{file} has no line of cpctl's"


def _script(shell: str) -> Path:
    """The script's file: beside the package in a wheel, above it in a checkout."""
    here = Path(__file__).parents[1]
    found = [path for path in (here / "completions", here.parent / "completions") if (path / SCRIPTS[shell]).is_file()]
    if not found:
        raise LocalFailure(detail=f"the script {SCRIPTS[shell]} is not in this installation")
    return found[0] / SCRIPTS[shell]


def _startup_file(shell: str, env: Mapping[str, str]) -> Path:
    home = env.get("HOME") or env.get("USERPROFILE")
    if not home:
        raise LocalFailure(reason="NoHome", detail="HOME is not set, so there is no file of a shell's", hint="set HOME")
    config = Path(env.get("XDG_CONFIG_HOME") or f"{home}/.config")
    if shell == "bash":
        return Path(home) / ".bashrc"
    if shell == "zsh":
        return Path(env.get("ZDOTDIR") or home) / ".zshrc"
    if shell == "fish":
        return config / "fish/completions/cpctl.fish"
    folder = Path(home) / "Documents/PowerShell" if os.name == "nt" else config / "powershell"
    return folder / "Microsoft.PowerShell_profile.ps1"


def _quoted(shell: str, script: Path) -> str:
    path = str(script)
    if not path.isprintable():
        raise LocalFailure(detail=f"{path!r} cannot be named in a shell's file")
    if shell == "powershell":
        return "'" + path.replace("'", "''") + "'"
    if shell == "fish":
        return "'" + path.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return "'" + path.replace("'", "'\\''") + "'"


def _lines(file: Path) -> list[str]:
    from cpctl.profiles.files import local_failures

    with local_failures(f"cannot read {file}"):
        try:
            return file.read_bytes().decode("utf-8", "surrogateescape").removesuffix("\n").split("\n")
        except FileNotFoundError:
            return []


def _write(file: Path, lines: list[str]) -> None:
    """Replaces the file whole; who may read it stays as it was."""
    from cpctl.profiles.files import local_failures, replace

    text = "".join(f"{line}\n" for line in lines) if lines != [""] else ""
    with local_failures(f"cannot write {file}"):
        mode = file.stat().st_mode & 0o7777 if file.exists() else 0o644
        replace(file, text.encode("utf-8", "surrogateescape"))
        file.chmod(mode)
