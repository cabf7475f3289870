"""Imports httpx without its command line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

COMMAND_LINE = "httpx._main"


@contextmanager
def without_command_line() -> Iterator[None]:
    """An `import httpx` in here leaves out rich, pygments and click, which cost as much as all the rest of it.

    httpx does without its command line wherever they are not installed; here they are, for other things.
    """
    if "httpx" in sys.modules:
        yield
        return
    sys.modules[COMMAND_LINE] = None  # type: ignore[assignment]  # so spelled, an import of it fails
    try:
        yield
    finally:
        sys.modules.pop(COMMAND_LINE, None)
