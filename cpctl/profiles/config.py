"""Reading and editing config.toml."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any

from cpctl.errors import UsageError
from cpctl.profiles import settings
from cpctl.profiles.files import local_failures, locked, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from decimal import Decimal

SIZE_LIMIT = 1_048_576
AT_LINE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")

Change = Callable[[MutableMapping[str, Any]], object]


def read(path: Path) -> dict[str, Any]:
    """The checked document; an absent file is an empty one.

    Raises:
        UsageError: It is damaged, or holds a setting nobody knows; says where.
        LocalFailure: It cannot be read.
    """
    document = parse(_text(path), str(path))
    settings.check(document, str(path))
    return document


def _exact(fraction: str) -> Decimal:
    from decimal import Decimal

    return Decimal(fraction)


def parse(text: str, source: str) -> dict[str, Any]:
    """TOML, with fractions as exact Decimals.

    Raises:
        UsageError: It is none; says in which line.
    """
    import tomllib

    try:
        return tomllib.loads(text, parse_float=_exact)
    except tomllib.TOMLDecodeError as error:
        raise _damaged(source, str(error), text) from error
    except (RecursionError, ValueError, ArithmeticError) as error:
        raise _damaged(source, "a value that no setting can hold", text) from error


def edit(path: Path, change: Change) -> None:
    """Change the document in place, comments kept, alone with the file while it happens.

    The change is made twice, to the written document and to the plain values in it: only when both agree is it kept.

    Raises:
        UsageError: It was damaged before, or the change would damage it; the file is untouched.
        LocalFailure: It cannot be written; the file is untouched.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    with locked(path):
        before = _text(path)
        meant = parse(before, str(path))
        settings.check(meant, str(path))
        change(meant)
        settings.check(meant, str(path))
        try:
            document = tomlkit.parse(before)
            change(document)
            after = tomlkit.dumps(document)
        except (TOMLKitError, KeyError, TypeError) as error:
            raise _cannot_edit(path) from error
        if _pruned(parse(after, str(path))) != _pruned(meant):
            raise _cannot_edit(path)
        if after != before:
            replace(path, after.encode())


def _pruned(table: Mapping[str, Any]) -> dict[str, Any]:
    """The table without tables that hold nothing: whether one is left over says nothing."""
    inner = {key: _pruned(value) if isinstance(value, dict) else value for key, value in table.items()}
    return {key: value for key, value in inner.items() if value != {}}


def _cannot_edit(path: Path) -> UsageError:
    return UsageError(detail=f"{path} is written in a way that cpctl cannot edit", hint="edit it by hand")


def _text(path: Path) -> str:
    with local_failures(f"cannot read {path}"):
        try:
            status = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return ""
        if not stat.S_ISREG(status.st_mode):
            raise UsageError(detail=f"{path} is not a file")
        if status.st_size > SIZE_LIMIT:
            raise UsageError(detail=f"{path} is larger than {SIZE_LIMIT // 1024} KiB; it is no config.toml")
        content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(detail=f"{path} line {line} is not UTF-8", hint="edit it or move it away") from error


def _damaged(source: str, fault: str, text: str) -> UsageError:
    found = AT_LINE.search(fault)
    line = (found and found.group(1)) or text.count("\n") + 1
    said = AT_LINE.sub("", fault)
    return UsageError(reason="DamagedConfig", detail=f"{source} line {line}: {said}", hint="edit it or move it away")
