"""label: put labels on orders, change them, take them off."""

from __future__ import annotations

import re

from cpctl.commands.targets import orders
from cpctl.errors import BadValue, Conflict, ExitCode, UsageError
from cpctl.lazy import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from cpctl.runtime import Runtime, Verb

FORMS = ("name", "json", "yaml")
STALE = "StaleVersion"
TRIES = 3
"""How often the labels are written when somebody else changes the order in between."""

Changes = dict[str, str | None]


def label(
    rt: Runtime,
    *,
    what: flags.Labelled,
    overwrite: flags.Overwrite = False,
    show: flags.ListLabels = False,
    output: flags.ResultOutput = None,
) -> Verb:
    """Put labels on orders: TYPE/NAME KEY=VALUE ... KEY-

    KEY- takes a label off. One that stands for another value is changed with --overwrite only.
    """
    from cpctl.commands.failures import Failures

    form = rt.output(output, FORMS)
    words, changes = divided(what)
    names = orders(words)
    if not changes and not show:
        raise UsageError(detail="no label given: KEY=VALUE, or KEY- to take one off", hint="cpctl label --help")
    failures = Failures(rt)
    documents: list[Mapping[str, Any]] = []
    for name in names:
        with failures.of(f"order/{name}"):
            found, outcome = _labelled(rt, name, changes, overwrite=overwrite)
            if show and form is None:
                yield _listing(name, found, alone=len(names) == 1)
            elif form in ("json", "yaml"):
                documents.append(found)
            else:
                yield f"order/{name}\n" if form == "name" else f"order/{name} {outcome}\n"
    if documents and form:
        yield _document(documents, form, names)
    failures.end()
    return ExitCode.DONE


def _document(labelled: list[Mapping[str, Any]], form: str, names: Sequence[str]) -> str:
    """The order, or a list where several were meant."""
    from cpctl.commands.ordering import list_of
    from cpctl.output.values import VALUE_PRINTERS

    several = list_of(labelled, is_complete=len(labelled) == len(names))
    return str(VALUE_PRINTERS[form](labelled[0] if len(names) == 1 else several))


def _listing(name: str, found: Mapping[str, Any], *, alone: bool) -> str:
    title = "" if alone else f"Listing labels for order/{name}:\n"
    return title + "".join(f"{key}={value}\n" for key, value in sorted(labels_of(found).items()))


def divided(words: Sequence[str]) -> tuple[list[str], Changes]:
    """What is meant, and what is to become of its labels (None: off).

    Raises:
        UsageError: One is no label, or is given twice.
    """
    meant = [word for word in words if not _is_change(word)]
    changes: Changes = {}
    for word in filter(_is_change, words):
        key, equals, value = word.partition("=") if "=" in word else (word[:-1], "", "")
        _check(key, value)
        if key in changes:
            raise UsageError(detail=f'label "{key}" is given twice')
        changes[key] = value if equals else None
    return meant, changes


def labels_of(order: Mapping[str, Any]) -> dict[str, str]:
    """An order's labels."""
    metadata = order.get("metadata")
    found = metadata.get("labels") if isinstance(metadata, dict) else None
    return dict(found) if isinstance(found, dict) else {}


def _is_change(word: str) -> bool:
    """`k=v` or `k-`; no name of an order holds one or ends in the other."""
    return "=" in word or word.endswith("-")


def _check(key: str, value: str) -> None:
    from cpctl.selectors.labels import NAME, VALUE

    if not re.fullmatch(NAME, key):
        raise BadValue(what="label", value=key[:80], expected="letters and digits, with '.', '_', '-' and '/' between")
    if not re.fullmatch(VALUE, value):
        expected = "at most 63 letters and digits, with '.', '_' and '-' between"
        raise BadValue(what=f"value of label {key}", value=value[:80], expected=expected)


def _labelled(rt: Runtime, name: str, changes: Changes, *, overwrite: bool) -> tuple[Mapping[str, Any], str]:
    """The order with its labels changed, and what kubectl would call that.

    Raises:
        Conflict: Somebody else went on changing it.
    """
    from cpctl.commands.reading import one
    from cpctl.registry import find

    for left in reversed(range(TRIES)):
        found = one(rt, find("orders"), name)
        wanted = _wanted(rt, found, changes, overwrite=overwrite)
        if not wanted:
            return found, "not labeled"
        try:
            outcome = "unlabeled" if all(value is None for value in wanted.values()) else "labeled"
            return _patched(rt, name, found, wanted), outcome
        except Conflict as error:
            if error.reason != STALE or not left:
                raise
    raise AssertionError("the last try returns or raises")


def _wanted(rt: Runtime, found: Mapping[str, Any], changes: Changes, *, overwrite: bool) -> Changes:
    """The changes that change something.

    Raises:
        UsageError: A label stands for another value.
    """
    there = labels_of(found)
    for key, value in changes.items():
        if value is None and key not in there:
            rt.say(f'label "{key}" not found.')
        if value is not None and there.get(key, value) != value and not overwrite:
            raise UsageError(
                reason="LabelTaken", detail=f"'{key}' already has a value ({there[key]}), and --overwrite is false"
            )
    return {key: value for key, value in changes.items() if there.get(key) != value}


def _patched(rt: Runtime, name: str, found: Mapping[str, Any], wanted: Changes) -> Mapping[str, Any]:
    import json

    from cpctl.api.platform import object_path, with_query
    from cpctl.resources.exchange import Request

    path = with_query(object_path("/v1/orders", name), {"project": rt.platform.project})
    body = json.dumps({"metadata": {"labels": wanted}}).encode()
    version = str(found["metadata"]["resourceVersion"])
    answer: Mapping[str, Any] = rt.platform.send(Request("PATCH", path, body, {"If-Match": version})).json()
    return answer
