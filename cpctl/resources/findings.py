"""What pydantic finds wrong in a document, in our words: which field, what it should be, which names are legal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from cpctl.errors import BadManifest, UnknownName
from cpctl.resources.words import shown

MESSAGES_LIMIT = 3

M = TypeVar("M", bound=BaseModel)


def checked(model: type[M], value: Mapping[str, Any], source: str, *, above: tuple[str, ...] = ()) -> M:
    """The value as the model.

    Args:
        above: Fields the value stands under, for messages.

    Raises:
        BadManifest: Every finding in one line, three at most.
    """
    try:
        return model.model_validate(value)
    except UnicodeEncodeError as error:  # bytes of a command line that are no text
        raise BadManifest(source=source, detail="it is no UTF-8 text") from error
    except ValidationError as error:
        findings = error.errors(include_url=False)
        said = list(dict.fromkeys(_finding(finding, model, above) for finding in findings))
        more = f" (and {len(said) - MESSAGES_LIMIT} more)" if len(said) > MESSAGES_LIMIT else ""
        raise BadManifest(source=source, detail="; ".join(said[:MESSAGES_LIMIT]) + more) from error


def _finding(finding: Any, model: type[BaseModel], above: tuple[str, ...]) -> str:
    place = [part for part in (*above, *finding["loc"]) if part != "[key]"]
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{shown(part)}" for part in place).lstrip(".")
    say = FINDINGS.get(finding["type"], _plain)
    return say(field, finding, _legal(model, finding["loc"][:-1]))


def _unknown(field: str, finding: Any, legal: list[str]) -> str:
    return UnknownName("field", field.rpartition(".")[2], legal).message.replace('"', f'"{_parent(field)}', 1)


def _parent(field: str) -> str:
    return field[: field.rfind(".") + 1]


def _missing(field: str, finding: Any, legal: list[str]) -> str:
    return f"{field} is required" + (", such as 24h" if field.endswith("duration") else "")


def _own(field: str, finding: Any, legal: list[str]) -> str:
    return f"{field or 'spec'}: {finding['ctx']['error']}" if "ctx" in finding else _plain(field, finding, legal)


def _choice(field: str, finding: Any, legal: list[str]) -> str:
    expected = finding["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
    return f'{field} "{shown(finding["input"])}" is not one of: {expected}'


def _mapping(field: str, finding: Any, legal: list[str]) -> str:
    return f"{field} must be a mapping"


def _list(field: str, finding: Any, legal: list[str]) -> str:
    return f"{field} must be a list"


def _plain(field: str, finding: Any, legal: list[str]) -> str:
    return f"{field}: {finding['msg'][:1].lower()}{finding['msg'][1:]}"


FINDINGS: dict[str, Callable[[str, Any, list[str]], str]] = {
    "extra_forbidden": _unknown,
    "missing": _missing,
    "value_error": _own,
    "literal_error": _choice,
    "model_type": _mapping,
    "dict_type": _mapping,
    "list_type": _list,
}


def _legal(model: type[BaseModel], place: tuple[Any, ...]) -> list[str]:
    """The fields a mapping of the manifest may have, by where it stands."""
    for part in place:
        inner = next((f for n, f in model.model_fields.items() if part in (n, f.alias)), None)
        found = _models_in(inner.annotation) if inner else []
        if not found:
            return [] if not isinstance(part, int) else _names(model)
        model = found[0]
    return _names(model)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for inner in getattr(annotation, "__args__", ()) for found in _models_in(inner)]


def _names(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]
