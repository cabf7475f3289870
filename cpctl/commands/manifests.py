"""The orders and demands that `-f` names, with what flags and environment add to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cpctl.broker.manifests import Wanted, wanted_in
from cpctl.errors import BadManifest, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cpctl.runtime import Runtime


def wanted_of(rt: Runtime, files: Sequence[str] | None, *, recursive: bool, run_id: str | None = None) -> list[Wanted]:
    """The orders and demands of all documents, in order.

    Raises:
        UsageError: No file, an unreadable one, a document that is neither, or one name twice.
    """
    if not files:
        raise UsageError(detail="no manifest given: -f FILE, a folder, or - for stdin")
    identity = run_id or rt.env.get("CPCTL_RUN_ID")
    found = wanted_in(files, _stdin(rt), recursive=recursive, run_id=identity)
    if not found:
        raise UsageError(detail=f"{', '.join(files)}: no document in it")
    for one in found:
        _check_project(rt, one)
    return found


def _stdin(rt: Runtime) -> Callable[[int], bytes]:
    def read(size: int) -> bytes:
        if rt.stdin.isatty():
            raise UsageError(detail="-f - reads stdin, which is a terminal here")
        return rt.taken_in(size)

    return read


def _check_project(rt: Runtime, one: Wanted) -> None:
    """A project in a manifest and another one on the command line are a mistake."""
    if one.project and rt.options.project and one.project != rt.options.project:
        raise BadManifest(
            source=one.source, detail=f'project "{one.project}" of the manifest is not "{rt.options.project}"'
        )
