"""`--query`: a document put through a JMESPath expression."""

from __future__ import annotations

from cpctl.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def compiled(expression: str) -> Any:
    """The expression, read.

    Raises:
        UsageError: It does not parse; says what is wrong and where.
    """
    from jmespath import compile as parse
    from jmespath.exceptions import EmptyExpressionError, LexerError, ParseError

    try:
        return parse(expression)
    except EmptyExpressionError as error:
        raise _wrong(expression, "an expression is expected") from error
    except LexerError as error:
        raise _wrong(expression, f"{error.message} at character {error.lexer_position + 1}") from error
    except ParseError as error:
        raise _wrong(expression, f"{_said(error)} at character {error.lex_position + 1}") from error
    except (RecursionError, ValueError) as error:
        raise _wrong(expression, "no expression of JMESPath") from error


def answered(expression: str, document: Any) -> Any:
    """What the expression finds in the document.

    Raises:
        UsageError: A function is given what it does not take.
    """
    from jmespath.exceptions import JMESPathError

    read = compiled(expression)
    try:
        found = read.search(document)
    except (JMESPathError, ValueError, TypeError) as error:
        raise _wrong(expression, " ".join(str(error).split())) from error
    if found is not None and not isinstance(found, dict | list | str | bool | int | float):
        raise _wrong(expression, "it finds no value")  # a reference to an expression, as functions take it
    return found


def _said(error: Any) -> str:
    return f'unexpected "{error.token_value}"' if error.token_value else "it ends too early"


def _wrong(expression: str, what: str) -> UsageError:
    return UsageError(reason="BadQuery", detail=f'--query "{expression}": {what}', hint="https://jmespath.org")
