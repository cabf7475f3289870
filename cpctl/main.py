"""argv → exit code. The only writer of stdout and the only exit; imports nothing heavy until it knows what is asked."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType
    from typing import Any, NoReturn

    from cpctl.errors import CpctlError
    from cpctl.pager import Pager
    from cpctl.plugins import Plugin
    from cpctl.runtime import Runtime, Verb


GARBAGE = 100_000
"""Objects before garbage is looked for: what is loaded at a start is much, and none of it is garbage."""


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP; ends like Ctrl-C, with its own exit code."""


def main() -> NoReturn:
    """The `cpctl` command."""
    _end_by_ctrl_c()
    import gc

    gc.set_threshold(GARBAGE)
    _ready_streams()
    if sys.argv[1:] == ["--version"]:
        from cpctl import __version__

        _end(_emit(sys.stdout, f"cpctl {__version__}\n"))
    if sys.argv[1:2] in (["__complete"], ["__completeNoDesc"]):
        _end(_emit_all(_completed(sys.argv[2:], bare=sys.argv[1] != "__complete")))
    from cpctl.dispatch import help_of

    text = help_of(sys.argv[1:])
    if text is not None:
        _end(_emit(sys.stdout, text))
    _on_signals(ready=False)
    rt = _runtime()
    try:
        _on_signals(ready=True)
        begin = _refresh if sys.argv[1:3] == ["__refresh", "get"] and sys.argv[3:] else run
        code = begin(sys.argv[1:], rt)
        _on_signals(ready=False)
    except KeyboardInterrupt as signal:  # just before `run` watches for it, or just after
        code = 143 if isinstance(signal, Terminated) else 130
    _end(code)


def _end(code: int) -> NoReturn:
    """Ends at once: to take the interpreter apart costs a fifth of its start, and the system does it anyway.

    What was printed has been flushed already, or could not be; threads that are left are waiting for somebody.
    """
    import os

    for stream in (sys.stdout, sys.stderr):
        try:  # noqa: SIM105  (contextlib costs more than what is saved here)
            stream.flush()
        except (OSError, ValueError):
            pass
    os._exit(code)


def run(argv: list[str], rt: Runtime, told: list[CpctlError] | None = None) -> int:
    """What `main` does, with streams, environment and clock of the caller's: tests call this.

    Args:
        told: Where the error goes that it ended with.
    """
    from cpctl.errors import CpctlError, ExitCode

    try:
        try:
            return _write(rt, _verb(argv, rt))
        finally:
            if rt.has_changed:
                _forget(rt)
    except CpctlError as error:
        if told is not None:
            told.append(error)
        from cpctl.endings import of_the_whole

        return _fail(rt, of_the_whole(rt, error))
    except Terminated:
        return ExitCode.TERMINATED
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        return ExitCode.DONE
    except Exception as bug:  # the one place where everything that is no CpctlError ends
        if isinstance(bug.__cause__, KeyboardInterrupt):  # Python 3.11 wraps what is raised while a class is made
            return ExitCode.TERMINATED if isinstance(bug.__cause__, Terminated) else ExitCode.INTERRUPTED
        from cpctl.endings import out_of_means

        want = out_of_means(rt, bug)
        return _fail(rt, want) if want else _bug(rt, bug)


def _forget(rt: Runtime) -> None:
    """Has Tab ask anew for what is yours."""
    from cpctl.complete.upkeep import forget_yours

    options = rt.options
    forget_yours(rt.env, options.profile or "", options.server or "", options.project or "")


def _refresh(argv: list[str], rt: Runtime) -> int:
    """`run` behind a Tab: nobody reads what it prints, so that the next Tab is to know how it ended."""
    from cpctl.complete.refresh import Refresh

    refresh = Refresh(argv[1:], rt.env)
    rt.takes_defaults = False  # the whole list is wanted, and its end
    told: list[CpctlError] = []
    code = run(argv[1:], rt, told)
    refresh.end(told[0] if told else None, failed=code != 0)
    return code


def _verb(argv: list[str], rt: Runtime) -> Verb | str | Plugin:
    from cpctl.argv import normalise

    rt.output_is_json = _wants_json(argv)
    if argv == ["--version"]:
        from cpctl import __version__

        return f"cpctl {__version__}\n"
    from cpctl.dispatch import dispatch, help_of

    text = help_of(argv)
    if text is not None:
        return text
    verb, words = normalise(argv)
    ready = dispatch(rt, verb, words)
    if ready is not None:
        return ready
    from cpctl.cli import run_typer

    return run_typer(rt, verb, words, argv)


def _wants_json(argv: list[str]) -> bool:
    """A usage error is told before the verb has read its flags: `-o json` is looked for by eye."""
    joined = "\0".join([*argv, ""]).replace("=", "\0").replace("-ojson", "-o\0json")
    return any(f"{flag}\0json\0" in joined for flag in ("-o", "--output"))


def _write(rt: Runtime, verb: Verb | str | Plugin) -> int:
    """Everything the verb yields to stdout, then its code.

    Raises:
        BrokenPipeError: Nobody reads it.
        LocalFailure: stdout does not take it (a full disk, /dev/full).
    """
    if isinstance(verb, str):
        _put(rt, verb)
        return 0
    if isinstance(verb, tuple):
        return _replaced_by(verb, rt)
    if rt.is_finishing:
        return _finished(rt, verb)
    pager: Pager | None = None
    has_begun = False
    try:
        while True:
            text = next(verb)
            if not has_begun:
                has_begun, pager = True, _pager(rt) if rt.is_paged else None
            pager.write(text) if pager else _put(rt, text)
    except StopIteration as end:
        return int(end.value or 0)
    finally:
        if pager:
            pager.close()


def _finished(rt: Runtime, verb: Verb) -> int:
    """The same of a verb that is to finish what it was asked: it goes on to its end when stdout takes no more.

    Raises:
        BrokenPipeError, LocalFailure: That was so, and all else went well.
    """
    from cpctl.errors import LocalFailure

    lost: BrokenPipeError | LocalFailure | None = None
    while True:
        try:
            text = next(verb)
        except StopIteration as end:
            if lost and not end.value:
                raise lost from None
            return int(end.value or 0)
        try:
            if not lost:
                _put(rt, text)
        except (BrokenPipeError, LocalFailure) as error:
            lost = error


def _pager(rt: Runtime) -> Pager | None:
    """The user's pager, running; None when it cannot start, which is said once."""
    from cpctl.pager import VARIABLE, Pager

    try:
        return Pager(rt.env[VARIABLE])
    except (OSError, ValueError) as error:
        rt.say(f"warning: {VARIABLE} cannot be started: {getattr(error, 'strerror', None) or error}")
        return None


def _put(rt: Runtime, text: str) -> None:
    from cpctl.errors import LocalFailure

    try:
        rt.out.write(text)
        rt.out.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise LocalFailure(detail=f"cannot write the output: {error.strerror or error}") from error


def _replaced_by(plugin: Plugin, rt: Runtime) -> int:
    """A plugin in place of this process, with the same environment; its code is what the caller gets.

    Raises:
        LocalFailure: The system does not run it.
    """
    import os

    from cpctl.errors import LocalFailure

    _on_signals(ready=False)
    try:
        os.execve(plugin.path, [plugin.path, *plugin.words], dict(rt.env))  # noqa: S606  (its path was looked up)
    except OSError as error:
        raise LocalFailure(detail=f"{plugin.path} cannot be run: {error.strerror or error}") from error


def _fail(rt: Runtime, error: CpctlError) -> int:
    from cpctl.output.failure import failure

    rt.err.write(failure(error, as_json=rt.output_is_json))
    rt.err.flush()
    return int(error.exit_code)


def _bug(rt: Runtime, bug: Exception) -> int:
    from cpctl.crash import report

    rt.err.write(report(bug, rt.env))
    return 70


def _completed(words: list[str], *, bare: bool) -> tuple[bytes, ...]:
    try:
        from cpctl.complete.tab import main as completed
    except ImportError:  # without the generated files everything works, more slowly
        from cpctl.complete.anew import tables

        tables()
        from cpctl.complete.tab import main as completed
    return completed(words, bare=bare)


def _emit_all(parts: Sequence[bytes]) -> int:
    """What a Tab answers, from UTF-8: as it is, and not copied, where every encoding of a terminal has the same."""
    if all(part.isascii() for part in parts):
        return _emit(sys.stdout.buffer, *parts)
    return _emit(sys.stdout, b"".join(parts).decode("utf-8", "surrogateescape"))


def _emit(stream: Any, *parts: str | bytes) -> int:
    """`--version` and `--help` without a runtime."""
    if not all(part.isascii() for part in parts):
        stream.reconfigure(errors="backslashreplace")
    try:
        for part in parts:
            stream.write(part)
        stream.flush()
    except BrokenPipeError:
        pass
    except OSError as error:
        from cpctl.runtime import Told

        Told(sys.stderr).write(f"error: cannot write the output: {error.strerror or error}\n")
        return 1
    return 0


def _ready_streams() -> None:
    """Every stream is there, and waits until what it is given is taken.

    One that the caller closed (`>&-`) is None; what is meant for stdout then fails like on a full disk. Pipes in which
    a write fails when there is no room (Node's, and a terminal's that ssh left so) would lose the rest of a long list.
    """
    import os

    sys.stdin = sys.stdin or os.fdopen(os.open(os.devnull, os.O_RDONLY))
    sys.stdout = sys.stdout or os.fdopen(os.open(os.devnull, os.O_RDONLY))
    sys.stderr = sys.stderr or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    for descriptor in (0, 1, 2):
        try:  # noqa: SIM105  (contextlib costs more than what is saved here)
            os.set_blocking(descriptor, True)
        except (OSError, AttributeError):
            pass  # closed, or a system without such pipes


def _runtime() -> Runtime:
    import os

    from cpctl.runtime import Runtime

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    return Runtime(out=sys.stdout, err=sys.stderr, stdin=sys.stdin, env=os.environ)


def _end_by_ctrl_c() -> None:
    """Like SIGTERM, without a word, while nothing is begun; the module `signal` would cost a tenth of a start."""
    import _signal  # type: ignore[import-not-found]

    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)


def _on_signals(*, ready: bool) -> None:
    """Before and after `run` a signal ends the process without a word; what nohup ignores stays ignored."""
    import signal

    def stop(number: int, frame: FrameType | None) -> None:
        raise Terminated

    handlers = {"SIGINT": signal.default_int_handler, "SIGTERM": stop, "SIGHUP": stop}
    for name, handler in handlers.items():
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler if ready else signal.SIG_DFL)


if __name__ == "__main__":
    main()
