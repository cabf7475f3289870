"""A file of the cache that completion reads, as somebody else may have written it."""

from __future__ import annotations


def file_of(*groups: tuple[str, str]) -> str:
    """The text, from (values of a group with tabs between, its lines, a newline before each)."""
    heads = [f"{values}\t1\t{lines.count(chr(10))}\t{len(lines.encode())}\n" for values, lines in groups]
    return "".join([*heads, *(lines for _, lines in groups), "\n"])
