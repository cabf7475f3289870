"""What a platform answers, as far as we compute on it: more fields are fine, values no contract allows are not.

A state we do not know is UNKNOWN: never taken for paid, active or ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from cpctl import units
from cpctl.errors import BadAnswer
from cpctl.resources import words

M = TypeVar("M", bound=BaseModel)


Text = Annotated[str, Field(max_length=4_000)]
ShortText = Annotated[str, Field(max_length=256)]
Count = Annotated[int, BeforeValidator(words.count(10**12, least=0))]
Time = Annotated[datetime, BeforeValidator(words.parsed(units.instant))]
Name = words.ResourceName


class Answered(BaseModel):
    """A mapping in an answer: fields beyond these are left alone."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, populate_by_name=True)


def answered(model: type[M], value: object, what: str) -> M:
    """The value as the model.

    Args:
        what: How a message calls it: "the order", "the quote".

    Raises:
        BadAnswer: Names the first field that no contract allows.
    """
    if not isinstance(value, Mapping):
        raise BadAnswer(detail=f"the server's answer is not {what}")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        finding = error.errors(include_url=False)[0]
        field = ".".join(words.shown(part) for part in finding["loc"])
        raise BadAnswer(detail=f"the server's answer is not {what}: {field}: {finding['msg'][:200]}") from error
