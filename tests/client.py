"""cpctl as tests call it: the same `run` that `main` calls, with streams, environment and clock of the test's own."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cpctl.main import run
from cpctl.runtime import Runtime


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass(frozen=True)
class Result:
    """What one run printed and ended with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        """The error object on the last line of stderr (`-o json`)."""
        found: dict[str, Any] = json.loads(self.err.splitlines()[-1])["error"]
        return found

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


@dataclass
class Client:
    """One user's machine: its folders, its environment, its clock."""

    home: Path
    env: dict[str, str] = field(default_factory=dict)
    clock: Any = None

    def __post_init__(self) -> None:
        self.env = environment(self.home) | self.env

    def __call__(self, *argv: str, stdin: str = "", tty: bool = False, env: dict[str, str] | None = None) -> Result:
        """Run `cpctl ARGV`; `tty` makes all three streams terminals."""
        make = Terminal if tty else io.StringIO
        out, err = make(), make()
        clock = {"clock": self.clock} if self.clock else {}
        rt = Runtime(out=out, err=err, stdin=make(stdin), env=self.env | (env or {}), **clock)
        code = run(list(argv), rt)
        assert "Traceback" not in err.getvalue(), err.getvalue()
        return Result(code, out.getvalue(), err.getvalue())

    @property
    def state(self) -> Path:
        return Path(self.env["XDG_STATE_HOME"]) / "cpctl"

    @property
    def config(self) -> Path:
        return Path(self.env["XDG_CONFIG_HOME"]) / "cpctl" / "config.toml"


def environment(home: Path) -> dict[str, str]:
    """Folders of a user who has nothing yet."""
    return {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_DATA_HOME": str(home / "data"),
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
    }
