"""Modules named in annotations and loaded only when a command tree is built (typer costs five bare starts)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cpctl import flags as flags
else:

    class _Module:
        """Stands for a module until one of its names is read."""

        def __init__(self, name: str) -> None:
            self._name = name

        def __getattr__(self, attribute: str) -> object:
            from importlib import import_module

            return getattr(import_module(self._name), attribute)

    flags = _Module("cpctl.flags")
