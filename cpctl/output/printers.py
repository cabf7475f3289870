"""What `-o` offers; a further format is a printer and a line here."""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from cpctl.output.view import Printer, View


def _printer(module: str, name: str) -> Printer:
    """The printer `name` of `cpctl/output/<module>.py`, loaded when it first prints."""

    def printer(view: View) -> Iterator[str]:
        found: Printer = getattr(import_module(f"cpctl.output.{module}"), name)
        return found(view)

    return printer


PRINTERS: dict[str, Printer] = {
    "table": _printer("columns", "table"),
    "wide": _printer("columns", "wide"),
    "json": _printer("json_document", "json_document"),
    "yaml": _printer("yaml_document", "yaml_document"),
    "name": _printer("names", "names"),
}
