"""Why nothing is offered: the flags on a line that leave none of what is known. Pure; loaded when nothing is."""

from __future__ import annotations

from cpctl.complete.kept import shown
from cpctl.complete.narrowing import NARROWING, given, narrowed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from cpctl.complete.kept import Kept
    from cpctl.complete.line import Line


def told(line: Line, kind: str, known: Kept) -> str:
    """What is said of them: of the one that leaves nothing by itself, a typo say, or of all together; "" of none."""
    own = line.flags.get(line.flag)  # --gpu is another name of --accelerator
    of_others = [flag for flag in NARROWING.get(kind, {}) if own is None or line.flags.get(flag) != own]
    narrowing = {flag: text for flag in of_others if (text := given(line, flag))}
    if not known.groups or not narrowing or _left(line, kind, known, narrowing):
        return ""
    alone = [flag for flag in narrowing if not _left(line, kind, known, [flag])]
    return f"no {kind} known with {' '.join(f'{flag} {shown(narrowing[flag])}' for flag in alone or narrowing)}"


def _left(line: Line, kind: str, known: Kept, by: Iterable[str]) -> bool:
    """Whether these flags alone leave anything."""
    others = tuple(flag for flag in NARROWING[kind] if flag not in by)
    return bool(narrowed(line, kind, known, others).groups)
