"""Manifests from files, folders and stdin: plain files of a bounded size, nothing that blocks or never ends."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from cpctl.errors import BadManifest
from cpctl.resources.demand import DemandWanted, demand_wanted
from cpctl.resources.manifest import SIZE_LIMIT, Document, documents
from cpctl.resources.order import OrderWanted, order_wanted
from cpctl.resources.words import shown

STDIN = "-"
SUFFIXES = frozenset({".yaml", ".yml", ".json", ".toml"})
FILES_LIMIT = 1_000
NEVER_BLOCK = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOCTTY", 0)

ReadStdin = Callable[[int], bytes]
Wanted = OrderWanted | DemandWanted


def wanted_in(
    names: Sequence[str], read_stdin: ReadStdin, *, recursive: bool = False, run_id: str | None = None
) -> list[Wanted]:
    """Every order and demand the manifests ask for, in the order of files and documents.

    Args:
        names: Files, folders, or `-`.
        read_stdin: Reads so many bytes at most.
        recursive: Folders with all that is below them.
        run_id: Completes `metadata.generateName`.

    Raises:
        BadManifest: A file cannot be read, a document is neither, or two have one name: an order and a demand too.
    """
    found: dict[str, Wanted] = {}
    for document in read(names, read_stdin, recursive=recursive):
        one = _wanted(document, run_id)
        if one.name in found:
            raise BadManifest(source=one.source, detail=f'"{one.name}" stands in {found[one.name].source} as well')
        found[one.name] = one
    return list(found.values())


def _wanted(document: Document, run_id: str | None) -> Wanted:
    """By its kind; one without is read as an order, which says what is missing."""
    kind = document.value.get("kind", "Order")
    if kind == "Demand":
        return demand_wanted(document.value, document.source, run_id=run_id)
    if kind != "Order":
        raise BadManifest(source=document.source, detail=f'kind "{shown(kind)}" is neither Order nor Demand')
    return order_wanted(document.value, document.source, run_id=run_id)


def read(names: Sequence[str], read_stdin: ReadStdin, *, recursive: bool = False) -> list[Document]:
    """Every document; everything is read before the first one is acted on."""
    if list(names).count(STDIN) > 1:
        raise BadManifest(source="stdin", detail="it can be read once only")
    found: list[Document] = []
    for name in names:
        if name == STDIN:
            found += documents(read_stdin(SIZE_LIMIT + 1), "stdin")
            continue
        for path in _files(Path(name), recursive=recursive):
            found += documents(_content(path), str(path), path.suffix)
    return found


def _files(path: Path, *, recursive: bool) -> Iterable[Path]:
    """The file itself, or the manifests of a folder in the order of their names."""
    if not path.is_dir():
        return [path]
    found = sorted(_manifests(path, recursive=recursive))
    if not found:
        raise BadManifest(
            source=str(path), detail="no .yaml, .yml, .json or .toml file in this folder (-R looks below it)"
        )
    if len(found) > FILES_LIMIT:
        raise BadManifest(source=str(path), detail=f"more than {FILES_LIMIT} manifests")
    return found


def _manifests(folder: Path, *, recursive: bool) -> Iterator[Path]:
    """Links to folders are not followed, so that no circle is walked."""
    for above, below, files in os.walk(folder, onerror=_unreadable):
        if not recursive:
            below.clear()
        yield from (Path(above, file) for file in files if Path(file).suffix.lower() in SUFFIXES)


def _unreadable(error: OSError) -> None:
    raise BadManifest(source=str(error.filename), detail=f"cannot be read: {error.strerror}") from error


def _content(path: Path) -> bytes:
    """A plain file's bytes; a device, a pipe or a socket is refused before anything is read from it."""
    try:
        with open(path, "rb", opener=lambda name, _: os.open(name, os.O_RDONLY | NEVER_BLOCK)) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise BadManifest(source=str(path), detail="not a plain file (a pipe is read from -)")
            return file.read(SIZE_LIMIT + 1)
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else "no such name"
        raise BadManifest(source=str(path), detail=f"cannot be read: {said}") from error
