"""How far orders have come, while a verb waits: a live line each on a terminal, a line per change elsewhere."""

from __future__ import annotations

from typing import NamedTuple

from cpctl.output.cells import UNKNOWN, mapping
from cpctl.output.safe import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Protocol, TextIO

    from rich.table import Table

    class Progress(Protocol):
        """Shows orders as they are; `close` leaves the last state standing and gives the cursor back."""

        def update(self, order: Mapping[str, Any]) -> None: ...

        def close(self) -> None: ...


BAR_CELLS = 24


class State(NamedTuple):
    """What is shown of an order; the texts are safe."""

    name: str
    phase: str
    active: int
    total: int

    def __str__(self) -> str:
        return f"{self.name}: {self.phase}, {self.active} of {self.total} cards active"


def progress(err: TextIO, *, is_terminal: bool, color: bool) -> Progress:
    """The way that fits the stream."""
    return LiveProgress(err, color=color) if is_terminal else PlainProgress(err)


def state_of(order: Mapping[str, Any]) -> State:
    """What is shown of an order as the platform sent it, whatever is missing in it."""
    status = mapping(order.get("status"))
    cards = mapping(status.get("cards"))
    name = mapping(order.get("metadata")).get("name", UNKNOWN)
    phase = status.get("phase", UNKNOWN)
    return State(f"order/{safe(str(name))}", safe(str(phase)), _count(cards.get("active")), _count(cards.get("total")))


def _count(value: Any) -> int:
    return value if isinstance(value, int) and value >= 0 else 0


class PlainProgress:
    """A line whenever something changed."""

    def __init__(self, err: TextIO) -> None:
        self._err = err
        self._last: dict[str, State] = {}

    def update(self, order: Mapping[str, Any]) -> None:
        state = state_of(order)
        if self._last.get(state.name) != state:
            self._last[state.name] = state
            self._err.write(f"{state}\n")
            self._err.flush()

    def close(self) -> None:
        """Nothing is left to do."""


class LiveProgress:
    """A line per order with a bar of its cards, drawn again in place."""

    def __init__(self, err: TextIO, *, color: bool) -> None:
        from rich.console import Console
        from rich.live import Live

        console = Console(file=err, force_terminal=True, no_color=not color, highlight=False, markup=False, emoji=False)
        self._states: dict[str, State] = {}
        self._live = Live(console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False)
        self._live.start()

    def update(self, order: Mapping[str, Any]) -> None:
        state = state_of(order)
        self._states[state.name] = state
        self._live.update(_bars(list(self._states.values())), refresh=True)

    def close(self) -> None:
        self._live.stop()


def _bars(states: list[State]) -> Table:
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 3, 0, 0))
    for name, phase, active, total in states:
        bar = ProgressBar(total=max(total, 1), completed=active, width=BAR_CELLS)
        grid.add_row(Text(name, overflow="fold"), Text(phase, overflow="fold"), bar, Text(f"{active}/{total} cards"))
    return grid
