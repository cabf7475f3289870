"""The ways to log in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cpctl.auth.device import device_login
from cpctl.auth.oauth import Grant, OAuth
from cpctl.auth.pasted import pasted_token
from cpctl.resources.clock import Clock


@dataclass(frozen=True)
class Login:
    """What a method may use.

    Attributes:
        read: Takes stdin up to its end, at most so many bytes.
    """

    oauth: OAuth
    clock: Clock
    say: Callable[[str], None]
    read: Callable[[int], bytes]


METHODS: Mapping[str, Callable[[Login], Grant]] = {
    "device": lambda login: device_login(login.oauth, login.clock, login.say),
    "token": lambda login: pasted_token(login.read),
}
