"""sandbox: the local platform. The only place of the client that starts it; everything else talks to it over HTTP."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

from cpctl.commands.filters import number_within
from cpctl.errors import ExitCode, LocalFailure, NotHere, UsageError
from cpctl.lazy import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cpctl.runtime import Runtime, Verb
    from cpctl.sandbox.daemon import Endpoint

PROFILE = "sandbox"


def up(
    rt: Runtime,
    *,
    port: flags.Port = None,
    seed: flags.Seed = None,
    scale: flags.Scale = None,
    speed: flags.Speed = None,
    foreground: flags.Foreground = False,
    data: flags.Data = None,
) -> Verb:
    """Start a complete platform on this machine, or find it running.

    It listens on 127.0.0.1 only. The profile "sandbox" is made for it, and becomes the current one when there is none.
    """
    from cpctl.sandbox import daemon

    folder = _folder(rt, data)
    chosen: dict[str, Any] = {
        "port": _number("port", port, 0, 65535),
        "seed": _number("seed", seed, 0, 2**63 - 1),
        "scale": _number("scale", scale, 1, 1_000_000),
        "speed": _number("speed", speed, 1, 100_000),
    }
    with _in_one_sentence():
        if foreground and (running := daemon.status(folder)):
            raise LocalFailure(
                reason="Sandbox", detail=f"a sandbox is running at {running.url} already", hint="cpctl sandbox down"
            )
        endpoint = daemon.up(folder, **chosen)
    current = _keep_profile(rt, endpoint.url, folder)
    rt.say(_announcement(endpoint) + (f'; profile "{PROFILE}" is current' if current == PROFILE else ""))
    if current != PROFILE:
        rt.say(f'profile "{current}" stays current; use this one with: cpctl config use-profile {PROFILE}')
    if foreground:
        yield from _follow(rt, folder)
    return ExitCode.DONE


def down(rt: Runtime, *, data: flags.Data = None) -> Verb:
    """Stop it; its orders and its catalogue stay for the next start."""
    from cpctl.sandbox import daemon

    with _in_one_sentence():
        stopped = daemon.down(_folder(rt, data))
    rt.say("sandbox stopped" if stopped else "sandbox was not running")
    yield from ()  # nothing for stdout
    return ExitCode.DONE


def status(rt: Runtime, *, data: flags.Data = None, output: flags.DocumentOutput = None) -> Verb:
    """Say whether it runs, and where; ends with 3 when it does not."""
    from cpctl.sandbox import daemon

    form = rt.output(output, ("json", "yaml"))
    with _in_one_sentence():
        endpoint = daemon.status(_folder(rt, data))
    if form:
        from cpctl.output.values import VALUE_PRINTERS

        yield VALUE_PRINTERS[form](endpoint._asdict() if endpoint else {"url": None})
    elif endpoint:
        yield _announcement(endpoint) + "\n"
    if endpoint is None:
        raise _not_there("the sandbox is not running", "SandboxDown")
    return ExitCode.DONE


def reset(rt: Runtime, *, data: flags.Data = None, yes: flags.Yes = False) -> Verb:
    """Stop it, throw its orders, money and catalogue away, and start afresh with the same seed, scale and port."""
    from cpctl.complete.upkeep import forget
    from cpctl.sandbox import daemon

    folder = _folder(rt, data)
    rt.confirm(f"Throw away all that is in {folder}?", yes=yes, without="a reset")
    with _in_one_sentence():
        endpoint = daemon.reset(folder)
    forget(rt.env, PROFILE)
    _keep_profile(rt, endpoint.url, folder)
    rt.say(_announcement(endpoint) + ", afresh")
    yield from ()  # nothing for stdout
    return ExitCode.DONE


def logs(rt: Runtime, *, data: flags.Data = None) -> Verb:
    """Print its log."""
    from cpctl.output.safe import safe_lines
    from cpctl.sandbox import daemon

    path = daemon.log_path(_folder(rt, data))
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                yield safe_lines(line)
    except FileNotFoundError as error:
        raise _not_there(f"no log at {path}", "NoLog") from error
    except OSError as error:
        raise LocalFailure(detail=f"cannot read {path}: {error.strerror}") from error
    return ExitCode.DONE


def faults(
    rt: Runtime,
    *,
    action: flags.FaultAction = "list",
    province: flags.Province = None,
    path: flags.FaultPath = None,
    method: flags.FaultMethod = None,
    is_down: flags.Down = False,
    is_denied: flags.Denied = False,
    is_slow: flags.Slow = False,
    is_stale: flags.Stale = False,
    latency: flags.Latency = None,
    error: flags.ErrorStatus = None,
    sold_out: flags.SoldOut = False,
    truncate: flags.Truncate = False,
    drop_after_commit: flags.DropAfterCommit = False,
    slow_drip: flags.SlowDrip = False,
    html: flags.Html = False,
    rate: flags.Rate = None,
    times: flags.Times = None,
    data: flags.Data = None,
) -> Verb:
    """Show, set or clear faults, to rehearse what happens when a platform fails.

    `faults set --province qinghai --down`, `faults set --path /v1/orders --truncate --times 1`, `faults clear`.
    """
    from cpctl.commands import fault_rules
    from cpctl.sandbox import daemon

    given = {
        "down": is_down,
        "denied": is_denied,
        "slow": is_slow,
        "stale": is_stale,
        "latency": latency,
        "error": error,
        "soldOut": sold_out,
        "truncate": truncate,
        "dropAfterCommit": drop_after_commit,
        "slowDrip": slow_drip,
        "html": html,
        "path": path,
        "method": method,
        "rate": rate,
        "count": times,
    }
    requests = fault_rules.requests(action, given, province)
    with _in_one_sentence():
        for verb, rule in requests:
            answer = daemon.control(_folder(rt, data), verb, "/sandbox/v1/faults", rule)
    yield fault_rules.text(answer)
    return ExitCode.DONE


def _folder(rt: Runtime, data: str | None) -> Path:
    """`--data`, else the current profile's when it names one, else the usual place."""
    from cpctl.profiles.folders import sandbox_folder

    if data:
        return Path(data).expanduser().absolute()
    kept = rt.config.get("profiles", {}).get(PROFILE, {}).get("sandbox-data")
    return Path(kept) if kept else sandbox_folder(rt.env)


def _keep_profile(rt: Runtime, url: str, folder: Path) -> str:
    """Write the profile; answers which one is current now."""
    from cpctl.profiles.config import edit
    from cpctl.profiles.folders import config_file, sandbox_folder

    usual = folder == sandbox_folder(rt.env)
    wanted = {"server": url, **({} if usual else {"sandbox-data": str(folder)})}
    kept = rt.config.get("profiles", {}).get(PROFILE, {})
    current = rt.config.get("current-profile")
    if (
        current
        and all(kept.get(key) == value for key, value in wanted.items())
        and not (usual and "sandbox-data" in kept)
    ):
        return str(current)

    def change(document: Any) -> None:
        profiles = document.setdefault("profiles", {})
        profile = profiles.setdefault(PROFILE, {})
        profile.update(wanted)
        if usual and "sandbox-data" in profile:
            del profile["sandbox-data"]
        document.setdefault("current-profile", PROFILE)

    edit(config_file(rt.env), change)
    return str(current or PROFILE)


def _announcement(endpoint: Endpoint) -> str:
    clock = f", clock ×{endpoint.speed}" if endpoint.speed != 1 else ""
    return f"sandbox at {endpoint.url} (pid {endpoint.pid}, seed {endpoint.seed}, scale {endpoint.scale}{clock})"


def _follow(rt: Runtime, folder: Path) -> Iterator[str]:
    """Stay until the sandbox ends or Ctrl-C, which stops it."""
    from cpctl.sandbox import daemon

    try:
        while daemon.status(folder):
            rt.clock.sleep(0.5)
            yield ""
    finally:
        daemon.down(folder)


def _number(what: str, text: str | None, low: int, high: int) -> int | None:
    return None if text is None else number_within(what, text, low, high)


def _not_there(sentence: str, reason: str) -> NotHere:
    """Exit code 3, though no server was asked."""
    return NotHere(detail=sentence, hint="cpctl sandbox up", reason=reason)


@contextmanager
def _in_one_sentence() -> Iterator[None]:
    """The sandbox's own errors are no part of the client's tree; they become one."""
    from cpctl.sandbox.daemon import SandboxError

    try:
        yield
    except SandboxError as error:
        kind = UsageError if error.is_usage else LocalFailure
        hint = error.hint.replace("{", "{{").replace("}", "}}")
        raise kind(reason="Sandbox", detail=error.message, hint=hint) from error
