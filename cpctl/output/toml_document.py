"""`-o toml`: one object, or a list of `items`; TOML has no null, so that such keys are left out."""

from __future__ import annotations

from cpctl.errors import BadAnswer
from cpctl.output.documents import TOO_DEEP, whole
from cpctl.output.safe import is_hidden

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cpctl.output.view import View


def toml_document(view: View) -> Iterator[str]:
    """The whole document at once."""
    document = whole(view)
    try:
        yield toml_text(document)
    except RecursionError as error:
        raise BadAnswer(detail=TOO_DEEP) from error


def toml_text(document: Any) -> str:
    """A mapping as TOML that reads back as the same values, but for null; lone surrogates become U+FFFD."""
    import tomli_w

    text = tomli_w.dumps(_without_null(document))
    if text.isprintable():
        return text
    hidden = {ord(char): _escaped(char) for char in set(text) if char != "\n" and is_hidden(char)}
    return text.translate(hidden)


def _without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _without_null(one) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_without_null(one) for one in value if one is not None]
    return value


def _escaped(char: str) -> str:
    """Hidden characters stand in strings and quoted keys alone, where codes are legal."""
    code = ord(char)
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
