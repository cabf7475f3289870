"""The shape every catalogue object has, and the draws it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from hashlib import blake2b
from random import Random
from typing import Any, Final

FIRST_LISTED: Final = date(2025, 1, 6)
LISTED_ON: Final = tuple((FIRST_LISTED + timedelta(days=day)).isoformat() for day in range(300))
AS_OF: Final = "2025-11-03T01:00:00Z"
BASE32: Final = "0123456789abcdefghijklmnopqrstuv"


def draw(seed: int, *what: object) -> Random:
    """A stream of its own for each thing drawn, so that one more of it leaves every other as it was."""
    return Random("/".join(map(str, (seed, *what))))  # noqa: S311 - prices, not secrets


def digest(seed: int, *what: object) -> int:
    """128 bits that stand for a thing."""
    return int.from_bytes(blake2b("/".join(map(str, (seed, *what))).encode(), digest_size=16).digest(), "big")


def short_name(bits: int, length: int = 8) -> str:
    """The low bits as lower-case base 32."""
    return "".join(BASE32[bits >> (5 * place) & 31] for place in range(length))


def uid(bits: int) -> str:
    """The bits as a version 8 UUID (RFC 9562: vendor-made)."""
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-8{text[13:16]}-a{text[17:20]}-{text[20:]}"


def listed_at(bits: int) -> str:
    """A minute of the year in which the platform filled."""
    day, minute = LISTED_ON[bits % len(LISTED_ON)], (bits >> 16) % (24 * 60)
    return f"{day}T{minute // 60:02d}:{minute % 60:02d}:00Z"


def thing(seed: int, kind: str, name: str, spec: Mapping[str, Any], status: Mapping[str, Any]) -> dict[str, Any]:
    """A platform object, without its resourceVersion."""
    bits = digest(seed, kind, name)
    metadata = {"name": name, "uid": uid(bits), "labels": {}, "createdAt": listed_at(bits)}
    return {"apiVersion": "ccpp/v1", "kind": kind, "metadata": metadata, "spec": dict(spec), "status": dict(status)}


def places4(ten_thousandths: int) -> str:
    """Ten-thousandths as a decimal string."""
    return f"{ten_thousandths // 10_000}.{ten_thousandths % 10_000:04d}"


def places6(millionths: int) -> str:
    """Millionths as a decimal string."""
    return f"{millionths // 1_000_000}.{millionths % 1_000_000:06d}"
