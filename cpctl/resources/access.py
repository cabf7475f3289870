"""How to reach the cards of an active order. It all came from a server: whoever hands it on checks it again."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from cpctl.resources import words
from cpctl.resources.answers import Answered, Name, ShortText, Text, answered


class Host(Answered):
    """One card's way in; `jump_host` is `user@host:port` or None."""

    card: Name
    offer: Name
    province: ShortText
    host: ShortText
    port: Annotated[int, BeforeValidator(words.count(65_535))]
    user: ShortText
    host_keys: list[Text] = Field(alias="hostKeys")
    jump_host: ShortText | None = Field(alias="jumpHost")
    device_ids: list[ShortText] = Field(alias="deviceIds")


class _Spec(Answered):
    order: Name


class _Status(Answered):
    hosts: list[Host] = Field(max_length=100_000)
    kubeconfig: str | None = Field(default=None, max_length=1 << 20, repr=False)


class Access(Answered):
    spec: _Spec
    status: _Status


def access_of(value: object) -> Access:
    """The access details an answer is.

    Raises:
        BadAnswer: It is none.
    """
    return answered(Access, value, "access details")
