"""Everything about one object, in labelled lines, and its events; kubectl's layout, aligned by terminal cells."""

from __future__ import annotations

import re
from datetime import datetime

from cpctl.errors import BadAnswer
from cpctl.output.cells import NONE, SECOND, ages, cell, labels, mapping, province_zh, ratio
from cpctl.output.safe import safe, safe_lines
from cpctl.output.tables import table
from cpctl.output.width import cells, left
from cpctl.units import age

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

STEP = "  "
WHOLE_LINES = frozenset(("manifest",))  # texts that stand below their label, to be copied
CARD_HOUR, CNY_EACH = "CNY/card-hour", "CNY per unit"
UNITS = {
    "price": CARD_HOUR, "priceFrom": CARD_HOUR, "maxPrice": CARD_HOUR, "pricePerHour": "CNY/hour",
    "priceIn": CNY_EACH, "priceOut": CNY_EACH, "priceInFrom": CNY_EACH, "priceOutFrom": CNY_EACH,
    "total": "CNY", "reserved": "CNY", "charged": "CNY", "balance": "CNY", "amount": "CNY", "budget": "CNY",
}  # fmt: skip
SHARES = frozenset(("utilisation", "green", "minGreen"))
FIGURE = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")
LABEL_LIMIT = 40  # cells; a longer label pushes its own value only
PROVINCE_KEYS = frozenset(("province", "provinces", "excludeProvinces", "subplatform", "subplatforms"))
# Words that splitting a field's name at its capitals would spoil.
TITLES = {
    "memoryGiB": "Memory GiB", "minMemoryGiB": "Min Memory GiB", "fp16Tflops": "FP16 TFLOPS", "pue": "PUE",
    "maxPUE": "Max PUE", "uid": "UID", "url": "URL", "sku": "SKU", "sshKeys": "SSH Keys", "apiVersion": "API Version",
    "nameZh": "Name (zh)", "titleZh": "Title (zh)", "nameEn": "Name (en)", "gbt2260": "GB/T 2260",
    "upstreamId": "Upstream ID", "deviceIds": "Device IDs", "latencyMs": "Latency ms", "petaflops": "FP16 PFLOPS",
}  # fmt: skip


def describe(item: Mapping[str, Any], events: Sequence[Mapping[str, Any]] | str | None, now: datetime) -> Iterator[str]:
    """The text, section by section.

    Args:
        events: The object's events, oldest first; a word in their place; None for kinds that have none.
        now: The platform's time.
    """
    metadata = mapping(item.get("metadata"))
    rest = {key: value for key, value in item.items() if key != "metadata"}
    head = {"name": metadata.get("name"), **metadata, "labels": _label_lines(metadata.get("labels"))}
    try:
        yield _text({**head, **rest}, now)
    except RecursionError as error:
        raise BadAnswer(detail="the server's answer is nested too deeply") from error
    if isinstance(events, str):
        yield f"Events:{STEP}{events}\n"
    elif events is not None:
        yield _events(events, now)


def _text(section: Mapping[str, Any], now: datetime) -> str:
    return "\n".join([*_section(section, "", now), ""])


def _section(section: Mapping[str, Any], indent: str, now: datetime) -> Iterator[str]:
    """The lines of a mapping; their values begin at one cell."""
    heads = {key: f"{indent}{title(key)}:" for key in section}
    width = max((cells(head) for head in heads.values() if cells(head) <= LABEL_LIMIT), default=0) + 2
    for key, value in section.items():
        block = _block(key, value, indent + STEP, now)
        if block is not None:
            yield heads[key]
            yield from block
        else:
            first, *others = _lines(key, value, now)
            first += _unit(key, value, section)
            yield left(heads[key], width) + ("" if cells(heads[key]) < width else STEP) + first
            yield from (" " * width + line for line in others)


def _block(key: str, value: Any, indent: str, now: datetime) -> Iterator[str] | None:
    """The lines below a label, for a value that does not stand beside it."""
    if isinstance(value, dict) and value:
        return _section(value, indent, now)
    if isinstance(value, str) and key in WHOLE_LINES:
        return _indented(safe_lines(value), indent)
    if isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
        rows = [one for one in value if isinstance(one, dict)]
        is_flat = len(rows) == len(value) and not any(_is_deep(one) for row in rows for one in row.values())
        return _rows(rows, indent, now) if is_flat else _section(dict(_numbered(value)), indent, now)
    return None


def _is_deep(value: Any) -> bool:
    """Whether a value is more than a cell can show."""
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(one, dict | list) for one in value))


def _numbered(values: list[Any]) -> Iterator[tuple[str, Any]]:
    return ((str(number), value) for number, value in enumerate(values, 1))


def _rows(rows: list[dict[str, Any]], indent: str, now: datetime) -> Iterator[str]:
    """A table of mappings; its columns are the keys in the order they are met."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    lines = [[", ".join(_lines(key, row.get(key), now)) for key in keys] for row in rows]
    aligns = ["right" if _counts([row.get(key) for row in rows]) else "left" for key in keys]
    return _indented(table([title(key).upper() for key in keys], lines, aligns=aligns), indent)


def _counts(values: Sequence[Any]) -> bool:
    """Whether a column holds figures, so that they stand below one another digit by digit."""
    known = [str(value) for value in values if value is not None]
    return bool(known) and all(FIGURE.fullmatch(text) for text in known)


def _lines(key: str, value: Any, now: datetime) -> list[str]:
    """The lines of a value that stands beside its label; never none."""
    values = value if isinstance(value, list) and value else [value]
    return [line for one in values for line in _one(key, one, now).split("\n")]


def _one(key: str, value: Any, now: datetime) -> str:
    text = safe_lines(cell(value))
    if not isinstance(value, str):
        return text
    chinese = province_zh(value) if key in PROVINCE_KEYS else value
    return f"{text} ({chinese})" if chinese != value else text + _distance(value, now)


def _unit(key: str, value: Any, section: Mapping[str, Any]) -> str:
    """What a decimal counts, behind it; a share as a percentage as well. Columns do without, for their width."""
    if not isinstance(value, str) or not FIGURE.fullmatch(value):
        return ""
    if key in SHARES:
        return f" ({ratio(value)})"
    counted = section.get("priceUnit")
    if UNITS.get(key) == CNY_EACH and isinstance(counted, str):
        return f" CNY per {safe(counted)}"
    return f" {UNITS[key]}" if key in UNITS else ""


def _distance(value: str, now: datetime) -> str:
    """How far a time is from now: ` (3h ago)`, ` (in 12m)`; nothing for any other text."""
    if len(value) != len("2026-01-02T03:04:05Z") or value[10] != "T" or value[-1] != "Z":
        return ""
    try:
        seconds = (now - datetime.fromisoformat(value)) // SECOND
    except (ValueError, OverflowError):
        return ""
    return f" ({age(seconds)} ago)" if seconds >= 0 else f" (in {age(-seconds)})"


def _label_lines(value: Any) -> list[str]:
    return [labels({key: one}) for key, one in sorted(value.items())] if isinstance(value, dict) else []


def _events(events: Sequence[Mapping[str, Any]], now: datetime) -> str:
    """kubectl's table of events, with how often each was seen."""
    if not events:
        return f"Events:{STEP}{NONE}\n"
    rows = [_event(mapping(event.get("spec")), mapping(event.get("status")), now) for event in events]
    return "\n".join(["Events:", *_indented(table(["TYPE", "REASON", "AGE", "MESSAGE"], rows), STEP), ""])


def _event(spec: Mapping[str, Any], status: Mapping[str, Any], now: datetime) -> list[str]:
    when, count = ages([status.get("at")], now)[0], status.get("count")
    seen = f"{when} (x{count})" if isinstance(count, int) and count > 1 else when
    return [cell(spec.get("severity")), cell(spec.get("reason")), seen, cell(spec.get("message"))]


def _indented(text: str, indent: str) -> Iterator[str]:
    return (indent + line for line in text.splitlines())


def title(key: str) -> str:
    """A field's name in words: `heldUntil` is `Held Until`."""
    if key in TITLES:
        return TITLES[key]
    words = "".join([f" {char}" if char.isupper() else char for char in key])
    return safe(words[:1].upper() + words[1:]).strip()
