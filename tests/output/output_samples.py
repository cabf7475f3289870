"""Objects, pages and hostile texts that the printers are tried on."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from unicodedata import category

from cpctl.output.printers import PRINTERS
from cpctl.output.view import View
from cpctl.registry import Kind, find
from cpctl.resources.page import Page

NOW = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)

# name → text; promises.md, "Hostile input" 1, and a few more of the same mind
HOSTILE = {
    "esc": "\x1b[31mred",
    "csi-erase": "\x1b[2K\rPAID 0.00",
    "osc-52": "\x1b]52;c;aWQ=\x07",
    "osc-8": "\x1b]8;;https://example.test\x1b\\text\x1b]8;;\x1b\\",
    "dcs": "\x1bPq#0\x1b\\",
    "c1-csi": "\x9b31m",
    "c1-osc": "\x9d0;title\x9c",
    "carriage": "free\rpaid",
    "newline": "a\nNAME forged",
    "tab": "a\tb",
    "backspace": "abc\b\b\bxyz",
    "bell": "\x07",
    "nul": "\x00",
    "delete": "\x7f",
    "bidi-override": "\u202egnp.exe",
    "bidi-isolate": "\u2066\u2067x\u2069",
    "bidi-mark": "\u200e\u200f\u061c",
    "zero-width": "train\u200b-\u200c7b\u2060\ufeff",
    "joiner": "tra\u200din",
    "separators": "a\u2028b\u2029c\u0085d",
    "surrogate": "\ud800x\udfff",
    "tags": "x\U000e0041\U000e007f",
    "private": "\ue000\U000f0000",
    "noncharacter": "\uffff\U0001ffff",
    "fillers": "\u3164\u115f\u2800\u034f",
    "selectors": "a\ufe0fb\U000e0100",
    "markup-close": "[/closing]",
    "markup-link": "[link=https://example.test]x[/link]",
    "markup-bold": "[bold]x",
    "format": "%s {0} %n",
    "yaml": "a: b # c",
    "yaml-tag": "!!python/object:os.system [id]",
    "quotes": "\"'`\\",
    "long": "x" * 3000,
}


# what forms are given that need something
GIVEN = {
    "jsonpath": '{range .items[*]}{.metadata.name} {.spec}{"\\n"}{end}{.metadata.name}{.spec}',
    "jsonpath-as-json": "{.items[*]}{.spec}",
    "custom-columns": "NAME:.metadata.name,LABELS:.metadata.labels,SPEC:.spec,CARDS:.spec['cards']",
}


def offer(number: int, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "ccpp/v1",
        "kind": "Offer",
        "metadata": {
            "name": f"of-{number:06x}",
            "uid": f"00000000-0000-0000-0000-{number:012d}",
            "labels": {"tier": "gold", "产地": "中国"},
            "createdAt": "2026-05-30T09:00:00Z",
            "resourceVersion": str(number),
        },
        "spec": {
            "product": "pd-0001", "provider": "sbx-sx-01", "subplatform": "shanxi", "province": "shanxi",
            "city": "太原", "accelerator": "Ascend-910B", "vendor": "huawei", "memoryGiB": 64, "interconnect": "HCCS",
            "billing": "on-demand", "price": f"{number}.5000", "minCards": 1, "stepCards": 1, "pue": "1.20",
            "green": "0.8250", "latencyClass": "metro",
        } | spec,
        "status": {
            "state": "ok", "capacity": 64, "free": number, "held": 0, "active": 0, "asOf": "2026-06-01T11:59:30Z",
        },
    }  # fmt: skip


def order() -> dict[str, Any]:
    return {
        "apiVersion": "ccpp/v1",
        "kind": "Order",
        "metadata": {
            "name": "train-7b",
            "uid": "00000000-0000-0000-0000-000000000001",
            "labels": {"team": "nlp", "stage": "预训练"},
            "createdAt": "2026-06-01T09:00:00Z",
            "resourceVersion": "12",
            "project": "default",
        },
        "spec": {
            "accelerator": ["H800", "A800"],
            "cards": 16,
            "duration": "24h",
            "placement": {"provinces": ["shanxi", "ningxia"], "excludeProvinces": []},
            "requirements": {"minMemoryGiB": 80, "maxPUE": "1.30"},
        },
        "status": {
            "phase": "Active",
            "reason": None,
            "message": None,
            "createdBy": "dev",
            "conditions": [
                {"type": "Placed", "status": "True", "reason": "Placed", "message": "16 cards in 2 provinces",
                 "lastTransitionTime": "2026-06-01T09:00:00Z"},
            ],
            "allocations": [
                {"offer": "of-000001", "cards": 8, "price": "11.2000", "province": "shanxi", "provider": "sbx-sx-01"},
                {"offer": "of-000002", "cards": 8, "price": "9.9000", "province": "ningxia", "provider": "sbx-nx-02"},
            ],
            "pricePerHour": "168.8000",
            "total": "4051.20",
            "reserved": "4051.20",
            "heldUntil": None,
            "startedAt": "2026-06-01T09:02:11Z",
            "endsAt": "2026-06-02T09:02:11Z",
            "endedAt": None,
            "charged": "0.00",
            "cards": {"total": 16, "active": 3},
        },
    }  # fmt: skip


def event(reason: str, message: str, at: str, count: int = 1) -> dict[str, Any]:
    return {
        "apiVersion": "ccpp/v1",
        "kind": "Event",
        "metadata": {"name": f"ev-{reason.lower()}", "uid": "u", "labels": {}, "createdAt": at, "resourceVersion": "1"},
        "spec": {
            "about": {"kind": "Order", "name": "train-7b"},
            "reason": reason,
            "message": message,
            "severity": "Normal",
        },
        "status": {"at": at, "count": count},
    }


def metadata(**more: Any) -> dict[str, Any]:
    platforms = [{"name": "shanxi", "state": "ok", "asOf": "2026-06-01T11:59:30Z"}]
    return {"resourceVersion": "40", "complete": True, "subplatforms": platforms} | more


def view(*pages: list[dict[str, Any]], kind: str | Kind = "offers", **shown: Any) -> View:
    """A view of these pages; the last one's metadata has no cursor."""
    made = [
        Page(items, metadata(**{} if i + 1 == len(pages) else {"continue": f"c{i}"})) for i, items in enumerate(pages)
    ]
    return View(find(kind) if isinstance(kind, str) else kind, made, NOW, **shown)


def spelled(form: str) -> str:
    """What stands behind `-o` for a form."""
    return f"{form}={GIVEN[form]}" if form in GIVEN else form


def pieces(name: str, shown: View) -> Iterator[str]:
    """The texts that a printer yields, given what it needs."""
    return PRINTERS[name].printer(shown._replace(argument=shown.argument or GIVEN.get(name, "")))


def printed(name: str, shown: View) -> str:
    return "".join(pieces(name, shown))


def broken(pages: list[Page], error: BaseException) -> Iterator[Page]:
    yield from pages
    raise error


def poisoned(item: dict[str, Any], text: str) -> dict[str, Any]:
    """The same object with every string in it, and a label, replaced by a hostile text."""

    def one(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: one(child) for key, child in value.items()}
        if isinstance(value, list):
            return [one(child) for child in value]
        return text if isinstance(value, str) else value

    made = one(copy.deepcopy(item))
    made["metadata"]["labels"] = {text: text}
    made["spec"][text] = {text: [text, {text: text}]}
    return made


def raw(text: str) -> list[str]:
    """The characters of a printed text that must never reach a terminal; line ends are the printer's own."""
    unseen = "\u034f\u115f\u1160\u2800\u3164"
    return [c for c in text if c != "\n" and (category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") or c in unseen)]
