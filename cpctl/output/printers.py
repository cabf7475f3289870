"""What `-o` offers; a further form is a printer and a row here."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from cpctl.output.view import Printer, View

    Paths = tuple[str, ...] | None


class Form(NamedTuple):
    """One form of output.

    Attributes:
        reads: The dotted field paths that it shows of a view, or None when it needs whole objects. Raises UsageError
            when what the form is given, or the query, does not parse, so that a mistake is told before anything is
            asked for.
        together: Objects of several kinds stand in one document or table; otherwise each kind has its own.
        one_kind: It has no room for a second kind.
        takes_query: What `--query` finds can be written in it.
    """

    printer: Printer
    reads: Callable[[View], Paths]
    together: bool = False
    one_kind: bool = False
    takes_query: bool = False


def _printer(module: str, name: str) -> Printer:
    """The printer `name` of `cpctl/output/<module>.py`, loaded when it first prints."""

    def printer(view: View) -> Iterator[str]:
        found: Printer = getattr(import_module(f"cpctl.output.{module}"), name)
        return found(view)

    return printer


def _reads(module: str, name: str) -> Callable[[View], Paths]:
    """The function `name` of `cpctl/output/<module>.py`, loaded when it is first asked."""

    def reads(view: View) -> Paths:
        found: Paths = getattr(import_module(f"cpctl.output.{module}"), name)(view)
        return found

    return reads


_DOCUMENT = _reads("documents", "whole_reads")
_TEMPLATE = _reads("templates", "template_reads")
PRINTERS: dict[str, Form] = {
    "table": Form(_printer("columns", "table"), _reads("columns", "table_reads")),
    "wide": Form(_printer("columns", "wide"), _reads("columns", "wide_reads")),
    "json": Form(_printer("json_document", "json_document"), _DOCUMENT, together=True, takes_query=True),
    "yaml": Form(_printer("yaml_document", "yaml_document"), _DOCUMENT, together=True, takes_query=True),
    "toml": Form(_printer("toml_document", "toml_document"), _DOCUMENT, together=True),
    "name": Form(_printer("names", "names"), lambda _view: ("metadata.name",)),
    "csv": Form(_printer("csv_table", "csv_table"), _reads("columns", "wide_reads"), one_kind=True),
    "jsonpath": Form(_printer("templates", "template"), _TEMPLATE, together=True),
    "jsonpath-as-json": Form(_printer("templates", "template_as_json"), _TEMPLATE, together=True),
    "custom-columns": Form(
        _printer("custom_columns", "custom_columns"), _reads("custom_columns", "custom_reads"), together=True
    ),
}
