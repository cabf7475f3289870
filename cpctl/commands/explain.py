"""explain: what a type's fields mean, from the contract; it asks no platform."""

from __future__ import annotations

import re

from cpctl.errors import ExitCode, UnknownName, UsageError
from cpctl.fields import LABELS, field, fields_of, meaning
from cpctl.lazy import flags
from cpctl.output.explain import Explained
from cpctl.registry import find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cpctl.fields import Field
    from cpctl.registry import Kind
    from cpctl.runtime import Runtime, Verb

ELEMENT = re.compile(r"\[[^\]]*\]")  # containers[], containers[0] and containers[*] mean what containers means


def explain(
    rt: Runtime, *, field_path: flags.FieldPath, recursive: flags.AllFields = False, output: flags.ExplainOutput = None
) -> Verb:
    """Say what a type or a field means: offers, offers.spec.price, order.status.conditions.

    Types are spelled as everywhere; fields in any case, and in lists with or without [].
    """
    rt.is_reading = True
    form = rt.output(output, ("plaintext", "json", "yaml")) or "plaintext"
    told = explained(field_path, recursive=recursive)
    if form in ("json", "yaml"):
        from cpctl.output.explain import document
        from cpctl.output.values import VALUE_PRINTERS

        yield VALUE_PRINTERS[form](document(told))
    else:
        from cpctl.output.explain import plaintext

        yield from plaintext(told, recursive=recursive)
    return ExitCode.DONE


def explained(words: str, *, recursive: bool) -> Explained:
    """What TYPE[.FIELD...] means.

    Raises:
        UsageError: The type or the field is unknown, or a name of an object is given.
    """
    if "/" in words.partition(".")[0]:
        raise UsageError(
            detail="explain takes a type, not an object: TYPE[.FIELD...]", hint="cpctl explain orders.spec"
        )
    word, _, path = words.partition(".")
    kind = find(word)
    known = fields_of(kind)
    found = _found(kind, known, ELEMENT.sub("", path)) if path else None
    below = _below(known, found, recursive=recursive)
    return Explained(kind, found, found.description if found else meaning(kind), below)


def _found(kind: Kind, known: Mapping[str, Field], path: str) -> Field:
    """The field that people write so, in any case and without the [] of lists."""
    if path.lower().startswith(f"{LABELS}."):
        return field(kind, LABELS + path[len(LABELS) :])
    plain = {_plain(one): one for one in known}
    meant = plain.get(path.lower())
    if meant is None:
        raise _unknown(kind, known, plain, path)
    return known[meant]


def _unknown(kind: Kind, known: Mapping[str, Field], plain: Mapping[str, str], path: str) -> UsageError:
    """Where the path leaves the tree, and what stands there instead."""
    steps = path.split(".")
    reached = max(i for i in range(len(steps)) if not i or ".".join(steps[:i]).lower() in plain)
    above = known[plain[".".join(steps[:reached]).lower()]] if reached else None
    legal = [ELEMENT.sub("", one.path) for one in _below(known, above, recursive=False)]
    if above and not legal:
        return UsageError(detail=f"{kind.plural}.{above.path} is <{above.type}>, without fields of its own")
    hint = f"cpctl explain {'.'.join([kind.plural, *steps[:reached]])}"
    return UnknownName(f"field of {kind.plural}", ".".join(steps[: reached + 1]), legal, hint=hint)


def _below(known: Mapping[str, Field], above: Field | None, *, recursive: bool) -> list[Field]:
    head = f"{_plain(above.path)}." if above else ""
    inner = [one for path, one in known.items() if _plain(path).startswith(head)]
    return [one for one in inner if recursive or one.path.count(".") == head.count(".")]


def _plain(path: str) -> str:
    return ELEMENT.sub("", path).lower()
