"""Where tokens are kept: the operating system's keyring, a 0600 file when asked for, a sandbox's own file."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from cpctl.errors import LocalFailure, NoSecretStore
from cpctl.profiles.files import local_failures, read_private, replace
from cpctl.resources.endpoint import Endpoint, same_origin

SERVICE = "cpctl"
KEYRING_LIMIT_S = 3.0
KEYRINGS = ("SecretService", "libsecret", "kwallet", "macOS", "Windows")

T = TypeVar("T")


class KeyringStore:
    """SecretService, KWallet, macOS Keychain or Windows Credential Locker; anything else is none.

    Args:
        load: Answers keyring's chosen backend; imports keyring when it is called.
        marks: A folder for empty files that say for which profiles the keyring is worth its start-up time.

    Every call raises NoSecretStore when there is no such keyring or it does not answer within KEYRING_LIMIT_S.
    """

    def __init__(
        self, load: Callable[[], Any] | None = None, limit_s: float = KEYRING_LIMIT_S, marks: Path | None = None
    ) -> None:
        self.where = "the keyring"
        self._marks = marks
        self._load = load or _installed_keyring
        self._limit_s = limit_s
        self._hangs = False

    def get(self, profile: str) -> str | None:
        kept: str | None = self._ask(lambda backend: backend.get_password(SERVICE, profile))
        return kept

    def set(self, profile: str, text: str) -> None:
        self._ask(lambda backend: backend.set_password(SERVICE, profile, text))
        if self._marks:
            with contextlib.suppress(LocalFailure):  # a mark saves time, no more
                replace(self._mark(profile, self._marks), b"")

    def delete(self, profile: str) -> bool:
        def forget(backend: Any) -> bool:
            if backend.get_password(SERVICE, profile) is None:
                return False
            backend.delete_password(SERVICE, profile)
            return True

        there = self._ask(forget)
        if self._marks:
            with contextlib.suppress(OSError):
                self._mark(profile, self._marks).unlink()
        return there

    def is_likely(self, profile: str) -> bool:
        """Whether a login was put into the keyring from this home."""
        return self._marks is not None and self._mark(profile, self._marks).exists()

    def _mark(self, profile: str, marks: Path) -> Path:
        return marks / f"{file_name(profile)}.keyring"

    def _ask(self, question: Callable[[Any], T]) -> T:
        if self._hangs:
            raise _no_keyring(f"it did not answer within {self._limit_s:.0f} s")
        try:
            return within(self._limit_s, lambda: question(trusted(self._load())))
        except TimeoutError as error:
            self._hangs = True
            raise _no_keyring(f"it did not answer within {self._limit_s:.0f} s") from error
        except NoSecretStore:
            raise
        except Exception as error:  # keyring's backends raise whatever their libraries do
            raise _no_keyring(f"{type(error).__name__}: {error}"[:200].replace("\n", " ")) from error


class FileStore:
    """A 0600 file a profile, made only when somebody asked for it.

    `get` raises NotAuthorized when others can read the file.
    """

    def __init__(self, folder: Path) -> None:
        self.where = f"a file in {folder}"
        self._folder = folder

    def get(self, profile: str) -> str | None:
        content = read_private(self.path(profile))
        return content.decode("utf-8", "replace") if content is not None else None

    def set(self, profile: str, text: str) -> None:
        replace(self.path(profile), text.encode())

    def delete(self, profile: str) -> bool:
        with local_failures(f"cannot remove {self.path(profile)}"):
            try:
                self.path(profile).unlink()
            except FileNotFoundError:
                return False
            return True

    def path(self, profile: str) -> Path:
        return self._folder / f"{file_name(profile)}.json"


class SandboxStore:
    """The token file of a sandbox on this machine; given only to the address that the sandbox says is its own."""

    def __init__(self, data: Path) -> None:
        self.where = f"the sandbox's file {data / 'token'}"
        self._data = data

    def exists(self) -> bool:
        """Whether a sandbox was ever started there."""
        return (self._data / "token").exists()

    def token(self, server: Endpoint) -> str | None:
        """The token when this folder's sandbox is what answers at the server.

        Raises:
            NotAuthorized: Others can read the file.
        """
        if not server.loopback or not same_origin(self.url() or "", server.origin):
            return None
        content = read_private(self._data / "token")
        return content.decode("utf-8", "replace").strip() if content else None

    def url(self) -> str | None:
        """Where the sandbox listens, or None when it is down."""
        with contextlib.suppress(OSError, ValueError, RecursionError):
            described = json.loads((self._data / "endpoint.json").read_bytes()[:65_536])
            if isinstance(described, dict) and isinstance(described.get("url"), str):
                return str(described["url"])
        return None


def file_name(profile: str) -> str:
    """The profile's name as one step of a path."""
    return quote(profile, safe="").replace(".", "%2E")[:200] or "_"


def trusted(backend: Any) -> Any:
    """The keyring behind what was configured.

    Raises:
        NoSecretStore: It is null, plaintext, unknown or nothing.
    """
    for candidate in getattr(backend, "backends", [backend]):
        module = type(candidate).__module__
        if module.startswith("keyring.backends.") and module.rsplit(".", 1)[1] in KEYRINGS:
            return candidate
    raise _no_keyring("none of SecretService, KWallet, macOS Keychain and Windows Credential Locker is there")


def within(limit_s: float, work: Callable[[], T]) -> T:
    """The work's result or exception, or TimeoutError; what hangs is left behind in a thread that holds up no exit."""
    from threading import Thread

    results: list[T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            failures.append(error)

    thread = Thread(target=run, daemon=True, name="keyring")
    thread.start()
    thread.join(limit_s)
    if failures:
        raise failures[0]
    if not results:
        raise TimeoutError
    return results[0]


def _installed_keyring() -> Any:
    import keyring

    return keyring.get_keyring()


def _no_keyring(why: str) -> NoSecretStore:
    return NoSecretStore(detail=f"no keyring to keep a token in: {why}")
