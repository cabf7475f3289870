"""The form that a list or an object is printed in: from `-o` and `--query`, checked before anything is asked for."""

from __future__ import annotations

from cpctl.errors import UsageError
from cpctl.output.forms import Chosen
from cpctl.output.printers import PRINTERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cpctl.registry import Kind
    from cpctl.runtime import Runtime

FROM_FILES = ("jsonpath-file", "custom-columns-file")
LEGAL = (*PRINTERS, *FROM_FILES)
QUERIED = tuple(name for name, form in PRINTERS.items() if form.takes_query)
TEMPLATE_LIMIT = 1 << 20  # characters of a template in a file


def form_of(rt: Runtime, output: str | None, query: str | None, kinds: Sequence[Kind]) -> Chosen:
    """What objects of these kinds are printed in.

    Raises:
        UsageError: There is no such form, it does not go with the query or the kinds, or what it is given is wrong.
    """
    chosen = rt.chosen(output, LEGAL, "get") or Chosen("table")
    if query is not None:
        chosen = _queried(rt, chosen, output, query)
    if chosen.form in FROM_FILES:
        chosen = _from_file(chosen)
    if PRINTERS[chosen.form].one_kind and len({kind.name for kind in kinds}) > 1:
        raise UsageError(detail=f"-o {chosen.form} is one table: ask for one kind")
    _check(rt, chosen, kinds[0])
    return chosen


def _queried(rt: Runtime, chosen: Chosen, output: str | None, query: str) -> Chosen:
    """With a query: JSON, unless YAML is asked for or preferred."""
    if chosen.form not in QUERIED:
        if output is not None:
            raise UsageError(detail=f"--query goes with -o {' and -o '.join(QUERIED)}, not with -o {chosen.form}")
        chosen = Chosen("json")
        rt.output_is_json = True
    return chosen._replace(query=query)


def _check(rt: Runtime, chosen: Chosen, kind: Kind) -> None:
    from cpctl.output.view import View

    PRINTERS[chosen.form].reads(View(kind, (), rt.clock.now(), argument=chosen.argument, query=chosen.query))


def _from_file(chosen: Chosen) -> Chosen:
    """The form, given what its file holds."""
    from pathlib import Path

    try:
        with Path(chosen.argument).open(encoding="utf-8") as file:
            text = file.read(TEMPLATE_LIMIT)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise UsageError(detail=f"cannot read the template {chosen.argument}: {why}") from error
    form = chosen.form.removesuffix("-file")
    return Chosen(form, _columns(text) if form == "custom-columns" else text.removesuffix("\n"))


def _columns(text: str) -> str:
    """kubectl's file of columns, titles on one line and paths on the next, as `-o custom-columns=` has them."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    if len(lines) != 2 or len(lines[0]) != len(lines[1]):
        raise UsageError(detail="the file of columns is to hold a line of titles and a line with as many paths")
    return ",".join(f"{title}:{path}" for title, path in zip(*lines, strict=True))
