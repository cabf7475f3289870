"""The command lines of lines/*.txt, run in this process against a platform whose every answer is fixed.

A file is a group: one platform (the first line may say `platform: partly`) and one user's machine, whose config.toml is
the `.toml` beside it. A line to add is written as `$ cpctl …` and `[exit ?]`; then

    python tests/line_runs.py [GROUP...]

writes what cpctl prints today into the files, for somebody to read before it is committed. Tests never write.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).parents[1]))

from client import Client
from fake_platform import platform
from fixed_platform import NOW, PLATFORMS
from transcripts import Case, read, written

FOLDER = Path(__file__).parent / "lines"
SHOWN_SERVER = "http://127.0.0.1:8790"
CHOICE = re.compile(r"platform: (\w+)")


class StoppedClock:
    """The platform's moment, for ever: nothing takes time."""

    def now(self) -> datetime:
        return datetime.fromisoformat(NOW)

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        """At once."""


@dataclass(frozen=True)
class Machine:
    """A user's machine before one platform."""

    client: Client
    server: str

    def ran(self, case: Case) -> Case:
        """The case as it is today: port and home folder in it are always the same."""
        assert case.words[0] == "cpctl", case.line
        result = self.client(*case.words[1:], tty=case.on_a_terminal, env=case.env)
        return case._replace(out=self._settled(result.out), err=self._settled(result.err), code=result.code)

    def _settled(self, text: str) -> str:
        return text.replace(self.server, SHOWN_SERVER).replace(str(self.client.home), "/home/dev")


@contextmanager
def machine(chosen: str = "whole", config: str = "") -> Iterator[Machine]:
    """A machine with this config.toml before one of the fixed platforms; both end with the block."""
    with tempfile.TemporaryDirectory(prefix="lines-") as folder, platform(PLATFORMS[chosen]()) as env:
        client = Client(Path(folder), env=env, clock=StoppedClock())
        if config:
            client.config.parent.mkdir(parents=True, mode=0o700)
            client.config.touch(mode=0o600)
            client.config.write_text(config, encoding="utf-8")
        yield Machine(client, env["CPCTL_SERVER"])


def machine_of(group: Path) -> AbstractContextManager[Machine]:
    """The machine that a group of lines is typed on."""
    config = group.with_suffix(".toml")
    return machine(choice(group), config.read_text(encoding="utf-8") if config.exists() else "")


def choice(group: Path) -> str:
    """The platform that a group names in its first line."""
    found = CHOICE.match(group.read_text(encoding="utf-8"))
    return found[1] if found else "whole"


def groups() -> list[Path]:
    return sorted(FOLDER.glob("*.txt"))


def cases(group: Path) -> list[Case]:
    return read(group.read_text(encoding="utf-8"))[0]


def _rewrite(group: Path) -> int:
    """Write what is printed today; how many cases are other than before."""
    seen, rest = read(group.read_text(encoding="utf-8"))
    with machine_of(group) as here:
        today = [here.ran(case) for case in seen]
    group.write_text(written(today, rest), encoding="utf-8")
    return sum(was != now for was, now in zip(seen, today, strict=True))


def main(names: Sequence[str]) -> None:
    for group in groups():
        if not names or group.stem in names:
            changed = _rewrite(group)
            if changed:
                print(f"{group.name}: {changed} changed; read them: git diff {group.relative_to(Path.cwd())}")


if __name__ == "__main__":
    main(sys.argv[1:])
