"""Where cpctl prints something else than kubectl on purpose: what kubectl printed, as cpctl prints it, and why."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple
from unicodedata import east_asian_width

import yaml

from cpctl.errors import ExitCode
from cpctl.registry import BY_SPELLING, Kind
from kube_objects import GROUP, GROUP_VERSION, is_namespaced
from transcripts import Case

GAP = "   "
CELLS = re.compile(r" {3,}")
ROW_OF = re.compile(r"^([a-z]+)(?:\.[a-z.]+)?/")


class Difference(NamedTuple):
    """One difference.

    Attributes:
        change: From what kubectl printed to what cpctl prints.
    """

    reason: str
    change: Callable[[Case], Case]


def named(case: Case) -> list[str]:
    """The differences that a case is said to show: the line `differs: …` before it."""
    found = re.search(r"^differs: (.+)$", case.note, re.MULTILINE)
    return found[1].split(", ") if found else []


def as_cpctl(case: Case) -> Case:
    """What cpctl is to print for a line that kubectl was seen to answer."""
    for name, difference in DIFFERENCES.items():
        if name in named(case):
            case = difference.change(case)
    return case


# ---- tables: cells by kubectl's gaps, laid out anew


def _relaid(case: Case, width: Callable[[str], int], *, right: bool = False) -> Case:
    parts = [_tables(part.splitlines()) for part in case.out.split("\n\n")]
    laid = ["".join(_laid(lines, _kind(case, lines), width, right) for lines in tables) for tables in parts]
    return case._replace(out="\n".join(laid))


def _tables(lines: Sequence[str]) -> list[list[str]]:
    """The tables that stand together: one, or, where no titles tell them apart, one for each kind that rows name."""
    if lines and ROW_OF.match(lines[0]):
        return [list(rows) for _, rows in groupby(lines, lambda line: ROW_OF.findall(line))]
    return [list(lines)]


def _laid(lines: Sequence[str], kind: Kind, width: Callable[[str], int], right: bool) -> str:
    rows = [CELLS.split(line) for line in lines]
    if len({len(row) for row in rows}) != 1:
        return "".join(f"{line}\n" for line in lines)  # no table
    columns = list(zip(*rows, strict=True))
    turned = _right_columns(kind, rows[0]) if right else set()
    laid = [_padded(column, width, i in turned) for i, column in enumerate(columns)]
    return "".join(GAP.join(row).rstrip() + "\n" for row in zip(*laid, strict=True))


def _padded(column: Sequence[str], width: Callable[[str], int], right: bool) -> list[str]:
    widest = max(map(width, column))
    pads = [" " * (widest - width(cell)) for cell in column]
    return [pad + cell if right else cell + pad for cell, pad in zip(column, pads, strict=True)]


def _kind(case: Case, lines: Sequence[str]) -> Kind:
    """The kind whose table it is: its last row says so, or the line does."""
    said = [word for word in re.findall(r"(?:^|   )([a-z]+)/", lines[-1] if lines else "") if word in BY_SPELLING]
    return BY_SPELLING[said[0] if said else re.split("[,/]", case.words[2])[0]]


def _right_columns(kind: Kind, first: Sequence[str]) -> set[int]:
    """Where figures stand; by title, or, without titles, by place."""
    narrow = [column.title for column in kind.columns if not column.wide]
    is_wide = len(first) > len(narrow) + 1  # one more may be the labels
    titles = [column.title for column in kind.columns] if is_wide else [*narrow, "LABELS"]
    shown = list(first) if set(first) & set(titles) else titles[: len(first)]
    right = {column.title for column in kind.columns if column.align == "right"}
    return {i for i, title in enumerate(shown) if title in right}


def _cells(text: str) -> int:
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


# ---- texts


def _without_group(case: Case) -> Case:
    plain = case._replace(out=case.out.replace(f".{GROUP}", ""), err=case.err.replace(f".{GROUP}", ""))
    return _relaid(plain, len) if plain.out != case.out and " " in case.out else plain


def _in_projects(case: Case) -> Case:
    out = re.sub(r"^NAMESPACE", "PROJECT", case.out, flags=re.MULTILINE)
    return _relaid(case._replace(out=out, err=case.err.replace(" namespace.", " project.")), len)


def _by_cause(case: Case) -> Case:
    return case._replace(code=ExitCode.NOT_FOUND if "NotFound" in case.err else ExitCode.USAGE)


def _said(case: Case) -> Case:
    kinds = [BY_SPELLING[word] for word in case.words[2].split(",")]
    where = " in default project." if all(map(is_namespaced, kinds)) else ""
    return case._replace(err=f"No resources found{where}\n")


def _sentence(case: Case) -> Case:
    return case._replace(err=case.err.removesuffix("\n"))


def _without_dump(case: Case) -> Case:
    told = case.err.replace("Error executing template: ", "").partition(". Printing more information")[0]
    return case._replace(err=f"{told}\n")


# ---- documents: the same values


def _our_document(case: Case) -> Case:
    """A JSON or YAML document of kubectl's as the values of ours, written as JSON."""
    return case._replace(out=values(_ours(yaml.safe_load(case.out))))


def values(document: Any) -> str:
    """A document's values whatever the order of its fields; what a list says of itself is left out."""
    whole = {key: value for key, value in document.items() if not (key == "metadata" and "items" in document)}
    return json.dumps(whole, sort_keys=True, indent=1, ensure_ascii=False)


def _ours(document: Mapping[str, Any]) -> dict[str, Any]:
    if "items" in document:
        return {**document, "apiVersion": "ccpp/v1", "items": [_ours(item) for item in document["items"]]}
    assert document["apiVersion"] == GROUP_VERSION
    renamed = {"creationTimestamp": "createdAt", "namespace": "project"}
    metadata = {renamed.get(key, key): value for key, value in document["metadata"].items()}
    return {**document, "apiVersion": "ccpp/v1", "metadata": metadata}


DIFFERENCES: dict[str, Difference] = {
    "no group": Difference("one platform has one group; `offer/x` is what other verbs take back", _without_group),
    "projects": Difference("what kubectl calls a namespace is a project", _in_projects),
    "always said": Difference("an empty list is worth a word in every form; kubectl says it of tables alone", _said),
    "told further": Difference("behind kubectl's sentence stands where the mistake is, or what to try", _sentence),
    "no dump": Difference("kubectl prints the whole object into the error", _without_dump),
    "exit code": Difference("kubectl ends with 1 whatever went wrong; scripts need to know what", _by_cause),
    "cells": Difference(
        "kubectl counts characters; a Chinese one is two cells wide", lambda case: _relaid(case, _cells)
    ),
    "figures": Difference(
        "figures of a column end where they can be compared", lambda case: _relaid(case, _cells, right=True)
    ),
    "documents": Difference(
        "our apiVersion, createdAt and project; fields in the contract's order, and a list says whether it is complete",
        _our_document,
    ),
}
