"""Everything the program touches outside itself. Constructors read nothing; each thing is built on first use."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from functools import cached_property
from typing import TextIO, cast

from cpctl.errors import ExitCode, UnknownName, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path
    from typing import Any

    from cpctl.api.platform import Platform
    from cpctl.auth.token import Credentials
    from cpctl.output.bars import Screen
    from cpctl.output.forms import Chosen
    from cpctl.profiles.resolve import Profile
    from cpctl.resources.clock import Clock
    from cpctl.resources.endpoint import Endpoint
    from cpctl.resources.exchange import Sender
    from cpctl.resources.secret import Bearer

Verb = Generator[str, None, ExitCode]
"""What a verb is: it yields the text for stdout and returns the exit code, which is known at the end."""

WHOLE_BODIES = 9  # the level of -v at which they are shown
COLORS = ("auto", "always", "never")
READ_LIMIT_S = 30.0
INPUT_FORBIDDEN = ("CI", "CPCTL_NO_INPUT")


class SystemClock:
    """This machine's time."""

    def now(self) -> datetime:
        from datetime import UTC, datetime

        return datetime.now(UTC)

    def monotonic(self) -> float:
        from time import monotonic

        return monotonic()

    def sleep(self, seconds: float) -> None:
        from time import sleep

        sleep(seconds)


class Options:
    """The global flags, as given.

    Raises:
        UnknownName: The colour choice is none.
        BadValue: The time-out is no duration.
    """

    def __init__(
        self,
        server: str | None = None,
        profile: str | None = None,
        project: str | None = None,
        verbose: int = 0,
        color: str = "auto",
        request_timeout: str | None = None,
        no_input: bool = False,
    ) -> None:
        if color not in COLORS:
            raise UnknownName("colour choice", color, COLORS)
        self.server, self.profile, self.project = server, profile, project
        self.verbose, self.color, self.no_input = verbose, color, no_input
        self.read_limit_s = READ_LIMIT_S
        if request_timeout is not None:
            from cpctl.units import duration_s

            self.read_limit_s = float(duration_s(request_timeout))


class Told:
    """stderr. That nobody reads it, or that it finds no room, changes nothing of what is done and how it ends."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError:
            return

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


class Runtime:
    """Everything the program touches outside itself; tests replace fields, nothing is patched.

    Attributes:
        options: The global flags; set when a command line has been read.
        output_is_json: A failure is told as a JSON object, because the run was to print one.
        defaulted: The verb's parameters that config.toml's defaults gave, and nobody typed.
        takes_defaults: Whether config.toml's `[defaults.VERB]` add to what is typed.
        is_reading: What is printed is to be read at leisure, and does not come as something happens.
        is_finishing: What was asked is done to its end, though nobody reads what is printed (`cpctl.verbs.FINISHING`).
    """

    def __init__(
        self, out: TextIO, err: TextIO, stdin: TextIO, env: Mapping[str, str], clock: Clock | None = None
    ) -> None:
        self.out, self.err, self.stdin, self.env = out, cast("TextIO", Told(err)), stdin, env
        self.clock = clock or SystemClock()
        self.options = Options()
        self.output_is_json = False
        self.is_reading = self.is_finishing = False
        self.takes_defaults = True
        self.defaulted: frozenset[str] = frozenset()

    # talk

    def say(self, text: str) -> None:
        """One line on stderr; whatever is in it is made safe."""
        from cpctl.output.safe import safe_lines

        self.err.write(safe_lines(text) + "\n")
        self.err.flush()

    @property
    def asks(self) -> bool:
        """Whether a question may be put: stdin and stderr are terminals and nothing forbids it."""
        forbidden = self.options.no_input or any(self.env.get(name) for name in INPUT_FORBIDDEN)
        return not forbidden and self.stdin.isatty() and self.err.isatty()

    def confirm(self, question: str, *, yes: bool, without: str) -> None:
        """Go on, or say no.

        Args:
            yes: `--yes` was given; nothing is asked.
            without: What the caller could not do without a yes: "placing an order".

        Raises:
            UsageError: The answer was no, or nobody can be asked.
        """
        if yes:
            return
        if not self.asks:
            raise UsageError(detail=f"{without} needs --yes where nobody can be asked")
        from cpctl.output.safe import safe_lines

        self.err.write(f"{safe_lines(question)} [y/N] ")
        self.err.flush()
        if self.answer().lower() not in ("y", "yes", "是"):
            raise UsageError(detail="not confirmed; nothing was done", reason="NotConfirmed")

    def answer(self) -> str:
        """The line that somebody types; "" when nobody does, or the terminal is gone."""
        try:
            return self.stdin.readline().strip()
        except (OSError, UnicodeDecodeError):
            return ""

    def taken_in(self, most: int) -> bytes:
        """stdin up to its end, at most so many bytes.

        A pipe may not wait, since somebody who has it too says so: then what is there now is not its end.

        Raises:
            LocalFailure: It cannot be read.
        """
        from cpctl.errors import LocalFailure

        source = getattr(self.stdin, "buffer", None)
        if source is None:
            return self.stdin.read(most).encode("utf-8", "surrogatepass")
        found = b""
        try:
            while len(found) < most:
                piece = source.read(most - len(found))
                if piece == b"":
                    break
                if piece is None:
                    import select

                    select.select([source], [], [])
                found += piece or b""
        except OSError as error:
            raise LocalFailure(detail=f"stdin cannot be read: {error.strerror or error}") from error
        return found

    def trace(self, level: int, text: str) -> None:
        """What `-v` shows; secrets are masked by who calls."""
        if self.options.verbose >= level:
            self.say(text)

    @property
    def colors(self) -> bool:
        """Whether stderr takes colour."""
        return self._colors(self.err)

    @property
    def out_colors(self) -> bool:
        """Whether stdout takes colour."""
        return self._colors(self.out)

    def _colors(self, stream: TextIO) -> bool:
        if self.options.color != "auto":
            return self.options.color == "always"
        if self.env.get("NO_COLOR"):
            return False
        if self.env.get("CLICOLOR_FORCE", "0") not in ("", "0"):
            return True
        return stream.isatty() and self.env.get("TERM") != "dumb"

    @property
    def screen(self) -> Screen | None:
        """The terminal that stdout is; None for a pipe or a file."""
        if not self.out.isatty():
            return None
        from cpctl.output.bars import Screen, has_blocks

        return Screen(self._width(), has_blocks(self.out.encoding), self._colors(self.out))

    def _width(self) -> int:
        """Cells of the terminal that stdout is; 80 where it does not say."""
        import os

        told = self.env.get("COLUMNS", "")
        if told.isascii() and told.isdigit() and int(told[:6]) > 0:
            return int(told[:6])
        try:
            return os.get_terminal_size(self.out.fileno()).columns or 80
        except OSError:
            return 80

    @property
    def is_paged(self) -> bool:
        """Whether the user's pager is wanted: CPCTL_PAGER names one, and a terminal would show what it shows."""
        return self.is_reading and bool(self.env.get("CPCTL_PAGER")) and self.out.isatty()

    # where things are

    @cached_property
    def config(self) -> dict[str, Any]:
        """config.toml, checked; empty where there is none."""
        from cpctl.profiles.config import read
        from cpctl.profiles.folders import config_file, has_home

        if (self.env.get("CPCTL_SERVER") or self.options.server) and not has_home(self.env):
            return {}  # headless: everything a read needs is in the environment
        return read(config_file(self.env))

    @cached_property
    def profile(self) -> Profile:
        """The profile in force: flags over environment over config.toml."""
        from cpctl.profiles.resolve import Flags, resolve

        options = self.options
        return resolve(self.config, self.env, Flags(options.profile, options.server, options.project))

    @cached_property
    def platform(self) -> Platform:
        from cpctl.api.platform import Platform

        return Platform(self.sender, self.profile.project, clock=self.clock, read_limit_s=self.options.read_limit_s)

    @property
    def has_changed(self) -> bool:
        """Whether something was sent to the platform that changes what is yours there."""
        return "platform" in self.__dict__ and self.platform.has_changed

    @property
    def has_acted(self) -> bool:
        """Whether the platform has accepted such a thing."""
        return "platform" in self.__dict__ and self.platform.has_acted

    @cached_property
    def sender(self) -> Sender:
        """The way to the profile's platform, with its token."""
        from cpctl.identity import headless

        return self.sender_to(self.profile.endpoint, headless(self.profile, self.env) or self.credentials)

    @cached_property
    def credentials(self) -> Credentials:
        """Who speaks to the profile's platform."""
        from cpctl.identity import credentials_for

        return credentials_for(self.profile, self.env, self.clock, self.sender_to(self.profile.endpoint))

    def sender_to(self, endpoint: Endpoint, bearer: Bearer | None = None) -> Sender:
        """The way to any endpoint; without a bearer no token goes along."""
        from cpctl.api.transport import Transport

        trace = self.trace if self.options.verbose else None  # bodies are masked for it, which takes time
        hint = "cpctl sandbox up" if endpoint.loopback and endpoint == self.profile.server else None
        whole = self.options.verbose >= WHOLE_BODIES
        return Transport(
            endpoint, bearer, clock=self.clock, env=self.env, trace=trace, down_hint=hint, whole_bodies=whole
        )

    @property
    def journal_folder(self) -> Path:
        from cpctl.profiles.folders import state_folder

        return state_folder(self.env) / "journal"

    # output

    def output(self, given: str | None, legal: tuple[str, ...], verb: str = "") -> str | None:
        """The form to print in, for verbs whose forms are given nothing; None is the verb's default."""
        chosen = self.chosen(given, legal, verb)
        return chosen.form if chosen else None

    def chosen(self, given: str | None, legal: tuple[str, ...], verb: str = "") -> Chosen | None:
        """The form to print in: the flag, else the environment, else the profile, else the verb's default (None).

        Only a flag that names no form of this verb is an error; what the environment or a profile prefers is left aside
        by verbs that do not have it.
        """
        from cpctl.output.forms import parsed

        preferred = (word for word in self._preferred(verb) if word.partition("=")[0] in legal)
        text = given if given is not None else next(preferred, None)
        found = parsed(text, legal) if text is not None else None
        self.output_is_json = found is not None and found.form == "json"
        return found

    def _preferred(self, verb: str) -> list[str]:
        from cpctl.profiles.resolve import Flags, preferred_outputs

        return preferred_outputs(self.config, self.env, Flags(profile=self.options.profile), verb)
