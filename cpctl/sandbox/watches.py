"""The watches that are open: each can be woken, ended, or cut."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from cpctl.sandbox.problems import Problem

MOST: Final = 2_000


class Open:
    """One open watch: when to look again, whether to go on, and the line it is told on."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.is_over = False
        self._news = asyncio.Event()

    def wake(self) -> None:
        """There may be something to tell."""
        self._news.set()

    async def news(self, within_s: float) -> None:
        """Wait for something to tell, or as long as that."""
        try:
            await asyncio.wait_for(self._news.wait(), max(within_s, 0))
        except TimeoutError:
            return
        self._news.clear()


class Watches:
    """All open watches of a platform."""

    def __init__(self) -> None:
        self._open: set[Open] = set()
        self._is_ending = False

    def __len__(self) -> int:
        return len(self._open)

    @contextmanager
    def held(self, one: Open) -> Iterator[None]:
        """Count a watch while the block runs. Raises Problem: there are too many."""
        if self._is_ending or len(self._open) >= MOST:
            raise Problem("Overloaded", "there are too many watches; nothing was begun")
        self._open.add(one)
        try:
            yield
        finally:
            self._open.discard(one)

    def end(self) -> None:
        """Let every watch end in order, now and from now on: the platform stops."""
        self._is_ending = True
        for one in self._open:
            one.is_over = True
            one.wake()

    def cut(self) -> int:
        """Reset the line of every watch; how many there were."""
        for one in self._open:
            one.transport.abort()
        return len(self._open)
