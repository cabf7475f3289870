"""Something that is fetched while its caller is busy with what came before."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Generic, TypeVar

T = TypeVar("T")


class Ahead(Generic[T]):
    """A call that runs beside its caller; whoever ends early, ends without waiting for it."""

    def __init__(self, fetch: Callable[[], T]) -> None:
        self._fetch = fetch
        self._found: list[T] = []
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def result(self) -> T:
        """What it returned; raises what it raised."""
        self._thread.join()
        if self._error:
            raise self._error
        return self._found[0]

    def _run(self) -> None:
        try:
            self._found.append(self._fetch())
        except BaseException as error:  # it is the caller's: handed over by `result`
            self._error = error
