"""`-o jsonpath=…`: one object, or a whole list, put through a template; no line end but the template's own."""

from __future__ import annotations

from cpctl.errors import BadAnswer
from cpctl.output.documents import TOO_DEEP, whole
from cpctl.output.go_text import go_text
from cpctl.output.json_document import json_text
from cpctl.selectors.jsonpath import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from cpctl.output.view import View


def template_reads(view: View) -> None:
    """Whole objects.

    Raises:
        UsageError: The template does not parse.
    """
    parse(view.argument)


def template(view: View) -> Iterator[str]:
    """What one action reaches is parted by spaces."""
    read = parse(view.argument)
    try:
        yield "".join([" ".join(map(go_text, results)) for results in read.results(whole(view))])
    except RecursionError as error:
        raise BadAnswer(detail=TOO_DEEP) from error


def template_as_json(view: View) -> Iterator[str]:
    """What each action reaches, as a JSON list."""
    read = parse(view.argument)
    try:
        yield "".join([json_text(results) + "\n" for results in read.results(whole(view))])
    except RecursionError as error:
        raise BadAnswer(detail=TOO_DEEP) from error
