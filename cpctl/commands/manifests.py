"""The manifests that `-f` names: files, folders, stdin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from cpctl.errors import BadManifest, UsageError
from cpctl.resources.order import OrderWanted, order_wanted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cpctl.resources.manifest import Document
    from cpctl.runtime import Runtime

SUFFIXES = (".yaml", ".yml", ".json", ".toml")
SIZE_LIMIT = 1 << 20


def wanted_orders(
    rt: Runtime, files: Sequence[str] | None, *, recursive: bool, run_id: str | None = None
) -> list[OrderWanted]:
    """The orders of all documents, in order.

    Raises:
        UsageError: No file, an unreadable one, a document that is no order, or one name twice.
    """
    if not files:
        raise UsageError(detail="no manifest given: -f FILE, a folder, or - for stdin")
    identity = run_id or rt.env.get("CPCTL_RUN_ID")
    found = [
        order_wanted(document.value, document.source, run_id=identity)
        for name in files
        for document in _documents(rt, name, recursive=recursive)
    ]
    if not found:
        raise UsageError(detail=f"{', '.join(files)}: no document in it")
    _check_names(found)
    _check_project(rt, found)
    return found


def _documents(rt: Runtime, name: str, *, recursive: bool) -> Iterator[Document]:
    from cpctl.resources.manifest import documents

    if name == "-":
        yield from documents(_stdin(rt), "stdin")
        return
    for path in _paths(Path(name), recursive=recursive):
        yield from documents(_content(path), str(path), path.suffix.lower())


def _paths(path: Path, *, recursive: bool) -> list[Path]:
    """The file itself, or the manifests of a folder in the order of their names."""
    try:
        if not path.is_dir():
            return [path]
        found = [one for one in (path.rglob("*") if recursive else path.iterdir()) if one.suffix.lower() in SUFFIXES]
    except OSError as error:
        raise BadManifest(source=str(path), detail=error.strerror or "cannot be read") from error
    if not found:
        raise BadManifest(source=str(path), detail=f"no {', '.join(SUFFIXES)} in this folder (-R looks below it)")
    return sorted(found)


def _content(path: Path) -> bytes:
    """A plain file's bytes; what is no file is not opened, for a FIFO would never end."""
    import os
    import stat

    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise BadManifest(source=str(path), detail="not a file")
            content = file.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise BadManifest(source=str(path), detail=error.strerror or "cannot be read") from error
    except ValueError as error:  # a NUL in the name
        raise BadManifest(source=ascii(str(path)), detail="no file has such a name") from error
    return content


def _stdin(rt: Runtime) -> bytes:
    if rt.stdin.isatty():
        raise UsageError(detail="-f - reads stdin, which is a terminal here")
    binary = getattr(rt.stdin, "buffer", None)
    if binary is not None:
        content: bytes = binary.read(SIZE_LIMIT + 1)
        return content
    return rt.stdin.read(SIZE_LIMIT + 1).encode("utf-8", "surrogatepass")


def _check_names(found: Sequence[OrderWanted]) -> None:
    first: dict[str, OrderWanted] = {}
    for one in found:
        other = first.setdefault(one.name, one)
        if other is not one:
            raise BadManifest(source=one.source, detail=f'order "{one.name}" stands in {other.source} too')


def _check_project(rt: Runtime, found: Sequence[OrderWanted]) -> None:
    """A project in a manifest and another one on the command line are a mistake."""
    for one in found:
        if one.project and rt.options.project and one.project != rt.options.project:
            raise BadManifest(
                source=one.source, detail=f'project "{one.project}" of the manifest is not "{rt.options.project}"'
            )
