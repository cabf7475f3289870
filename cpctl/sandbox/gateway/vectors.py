"""Embeddings: hashed character n-grams, so that similar texts are near and equal ones equal."""

from __future__ import annotations

import math
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator
from struct import pack
from typing import Final
from unicodedata import normalize
from zlib import crc32

LONGEST_GRAM: Final = 3
SPREAD: Final = 4  # places of the vector each n-gram moves
NATIVE_DIMENSIONS: Final[dict[str, int]] = {"qwen3-embedding-8b": 4096, "bce-embedding-base-v1": 768}
DEFAULT_DIMENSIONS: Final = 1024
PLACES: Final = 8


def dimensions_of(model: str) -> int:
    """The length of a model's vectors when nobody asks for another."""
    return NATIVE_DIMENSIONS.get(model, DEFAULT_DIMENSIONS)


def _grams(text: str) -> Iterator[str]:
    plain = f" {' '.join(normalize('NFKC', text).casefold().split())} "
    for length in range(1, LONGEST_GRAM + 1):
        yield from (plain[start : start + length] for start in range(len(plain) - length + 1))


def embedding(model: str, text: str, dimensions: int) -> list[float]:
    """A vector of length one."""
    vector = [0.0] * dimensions
    for gram, times in Counter(_grams(text)).items():
        weight = math.sqrt(times) * len(gram)
        for place, sign in _places(f"{model}\0{gram}", dimensions):
            vector[place] += sign * weight
    size = math.sqrt(sum(value * value for value in vector))
    return [round(value / size, PLACES) for value in vector] if size else [1.0] + [0.0] * (dimensions - 1)


def _places(key: str, dimensions: int) -> Iterator[tuple[int, int]]:
    """Where an n-gram moves the vector, and which way."""
    bits = crc32(key.encode("utf-8", "replace"))
    for _ in range(SPREAD):
        bits = (bits * 2_654_435_761 + 97) % (1 << 32)
        yield (bits >> 1) % dimensions, 1 - 2 * (bits >> 31)


def as_base64(vector: Iterable[float]) -> str:
    """Little-endian 32-bit floats, as the OpenAI SDK asks for them."""
    values = list(vector)
    return b64encode(pack(f"<{len(values)}f", *values)).decode()
