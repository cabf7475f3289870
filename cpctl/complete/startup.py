"""The one line of ours in a shell's own file: how it reads, how it is found again, and how it goes without a trace."""

from __future__ import annotations

MARK = "# cpctl completion"
NEW = " (in a file of its own)"
OPEN = " (after a line without an end)"
LINES = {
    "bash": "[ -r {0} ] && . {0}",
    "zsh": "[[ -r {0} ]] && {{ (( $+functions[compdef] )) || {{ autoload -Uz compinit && compinit }}; . {0} }}",
    "fish": "test -r {0}; and source {0}",
    "powershell": "if (Test-Path -LiteralPath {0}) {{ . {0} }}",
}
CONTINUED = {"bash": "\\", "zsh": "\\", "fish": "\\", "powershell": "`"}  # at its end, and itself not quoted by another
QUOTE_INSIDE = {"bash": "'\\''", "zsh": "'\\''", "fish": "\\'", "powershell": "''"}


def line_of(shell: str, script: str) -> str:
    """What has the shell read the script. The path is printable."""
    inside = script.replace("\\", "\\\\") if shell == "fish" else script
    quoted = "'" + inside.replace("'", QUOTE_INSIDE[shell]) + "'"
    return f"{LINES[shell].format(quoted)} {MARK}"


def found(text: str, shell: str) -> str | None:
    """Our line, whatever script it names and whatever an editor ended it with; None when there is none."""
    return next((line for line in map(_bare, _lines(text)) if _is_ours(line, shell)), None)


def goes_on(text: str, shell: str) -> bool:
    """Whether a line of ours at the text's end would be the rest of the line before it."""
    last = next(map(_bare, reversed(_lines(without(text, shell)[0]))), "")
    ends = last[len(last.rstrip(CONTINUED[shell])) :]
    return len(ends) % 2 == 1 and not last.lstrip().startswith("#")


def with_line(text: str | None, shell: str, script: str) -> str:
    """The file's text with our line as its last, and with no other of ours.

    Args:
        text: None for a file that is not there, which is remembered in the line.
    """
    rest, was_new = without(text or "", shell)
    note = NEW if text is None or was_new else OPEN if rest and not rest.endswith("\n") else ""
    end = "\r\n" if "\r\n" in rest else "\n"
    return f"{rest}{end if note == OPEN else ''}{line_of(shell, script)}{note}{end}"


def without(text: str, shell: str) -> tuple[str, bool]:
    """The text as it was before our line came, and whether there was no file then."""
    kept: list[str] = []
    was_new = False
    for line in _lines(text):
        bare = _bare(line)
        if not _is_ours(bare, shell):
            kept.append(line)
            continue
        was_new |= bare.endswith(NEW)
        if bare.endswith(OPEN) and kept:
            kept[-1] = _bare(kept[-1])
    return "".join(kept), was_new


def _lines(text: str) -> list[str]:
    """With their ends; only a line feed ends one."""
    pieces = text.split("\n")
    return [piece + "\n" for piece in pieces[:-1]] + [piece for piece in pieces[-1:] if piece]


def _bare(line: str) -> str:
    return line.removesuffix("\n").removesuffix("\r")


def _is_ours(line: str, shell: str) -> bool:
    """Whether it is the shell's line with some path, twice the same; what merely ends like it is the user's."""
    before, between, after = LINES[shell].replace("{{", "{").replace("}}", "}").split("{0}")
    bare = line.removesuffix(NEW).removesuffix(OPEN)
    after = f"{after} {MARK}"
    if not bare.startswith(before) or not bare.endswith(after):
        return False
    both = bare[len(before) : -len(after)]
    length = (len(both) - len(between)) // 2
    path = both[:length]
    return length > 2 and path[0] == "'" == path[-1] and both == f"{path}{between}{path}"
