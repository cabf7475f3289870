"""What `-o` says: the name of a form, and behind `=` what the form is given, as in `jsonpath={.metadata.name}`."""

from __future__ import annotations

from typing import NamedTuple

from cpctl.errors import UnknownName, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# Forms that are given something, and what kubectl says when nothing is given.
GIVEN = {
    "jsonpath": "template format specified but no template given",
    "jsonpath-as-json": "template format specified but no template given",
    "jsonpath-file": "template format specified but no template given",
    "custom-columns": "custom-columns format specified but no custom columns given",
    "custom-columns-file": "custom-columns format specified but no custom columns given",
}
EXAMPLES = {
    "jsonpath": "-o jsonpath='{.items[*].metadata.name}'",
    "custom-columns": "-o custom-columns=NAME:.metadata.name",
}


class Chosen(NamedTuple):
    """A form and what it is given.

    Attributes:
        argument: A JSONPath template, the columns of custom-columns, or the file that holds them; "" for other forms.
        query: A JMESPath expression that the document is put through, or None.
    """

    form: str
    argument: str = ""
    query: str | None = None


def parsed(text: str, legal: Sequence[str]) -> Chosen:
    """What `-o` says.

    Raises:
        UnknownName: It names none of the legal forms.
        UsageError: The form needs something behind `=`.
    """
    form, equals, argument = text.partition("=")
    if form not in legal or (equals and form not in GIVEN):
        raise UnknownName("output format", text if form in legal else form, legal)
    if form in GIVEN and not argument:
        raise UsageError(detail=GIVEN[form], hint="{example}", example=_example(form))
    return Chosen(form, argument)


def _example(form: str) -> str:
    return EXAMPLES[form.removesuffix("-file").removesuffix("-as-json")]
