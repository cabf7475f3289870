"""Reading a body that may lie: bounded in size, whatever it decompresses to."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping

from cpctl.errors import BadAnswer

STEP = 1_048_576


def decoded(chunks: Iterable[bytes], headers: Mapping[str, str], limit: int) -> Iterator[bytes]:
    """The body's bytes, decompressed as they come.

    Raises:
        BadAnswer: More than `limit` bytes, an encoding nobody asked for, or a damaged or unfinished one.
    """
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip", "x-gzip"):
        raise BadAnswer(detail=f"the server's answer is encoded as {encoding[:40]}, which nobody asked for")
    size = 0
    for piece in _inflated(chunks) if "gzip" in encoding else chunks:
        size += len(piece)
        if size > limit:
            raise BadAnswer(reason="TooLarge", detail=f"the server's answer is larger than {limit // 1_048_576} MiB")
        yield piece


def is_json(headers: Mapping[str, str]) -> bool:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


def _inflated(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """At most STEP bytes at a time, so that a bomb is noticed before it is in memory."""
    inflater = zlib.decompressobj(wbits=31)
    fed = False
    for chunk in chunks:
        rest = chunk
        while rest and not inflater.eof:
            fed = True
            try:
                yield inflater.decompress(rest, STEP)
            except zlib.error as error:
                raise BadAnswer(detail="the server's answer is damaged gzip") from error
            rest = inflater.unconsumed_tail
    if fed and not inflater.eof:
        raise BadAnswer(detail="the server's answer ends in the middle of its gzip")
