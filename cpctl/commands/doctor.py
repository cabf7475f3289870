"""doctor: what cpctl needs here, checked one by one, each with what to do next."""

from __future__ import annotations

from cpctl.errors import CpctlError, ExitCode
from cpctl.lazy import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from typing import Any, NamedTuple

    from cpctl.runtime import Runtime, Verb
else:
    from typing import NamedTuple

FORMS = ("table", "json", "yaml")
ASK_LIMIT_S = 2.0
CONNECT_LIMIT_S = 0.5
SKEW_LIMIT_S = 30
CONTRACT = "v1"
WANTED = {"watch": "get --watch asks again and again instead"}
OK, WARN, FAIL = "ok", "warn", "fail"


class Finding(NamedTuple):
    """What one check found.

    Attributes:
        state: "ok", "warn" (it works, not as well as it could) or "fail".
        code: What the run ends with when this is its first failure.
    """

    check: str
    state: str
    detail: str
    hint: str = ""
    code: int = 0


class Patient:
    """What the checks look at, and what earlier ones have learned for later ones."""

    def __init__(self, rt: Runtime) -> None:
        self.rt = rt
        self.has_profile = self.has_token = False
        self.service: Mapping[str, Any] = {}


def doctor(rt: Runtime, *, output: flags.TableOutput = None) -> Verb:
    """Check configuration, permissions, login, clock, server, contract and sandbox, and say what to do next.

    Ends with 0, or with the code of the first failure.
    """
    from cpctl.output.forms import parsed

    form = parsed(output, FORMS).form if output else "table"
    rt.output_is_json = form == "json"
    patient = Patient(rt)
    found = [finding for name, check in CHECKS for finding in _run(name, check, patient)]
    if form == "table":
        from cpctl.output.tables import table

        yield table(("CHECK", "STATE", "FOUND"), [[one.check, one.state, _sentence(one)] for one in found])
    else:
        from cpctl.output.values import VALUE_PRINTERS

        yield VALUE_PRINTERS[form]({"checks": [{**one._asdict(), "code": int(one.code)} for one in found]})
    return ExitCode(next((one.code for one in found if one.state == FAIL), 0))


def _sentence(one: Finding) -> str:
    return f"{one.detail}; try: {one.hint}" if one.hint else one.detail


def _run(name: str, check: Callable[[Patient], Iterator[Finding]], patient: Patient) -> Iterator[Finding]:
    """What a check finds; one that cannot go on is a finding itself."""
    try:
        yield from check(patient)
    except CpctlError as error:
        yield Finding(name, FAIL, error.message, error.advice or "", int(error.exit_code))


def _configuration(patient: Patient) -> Iterator[Finding]:
    from cpctl.profiles.folders import config_file, has_home

    env = patient.rt.env
    if not has_home(env) and not env.get("CPCTL_CONFIG"):
        yield Finding("configuration", WARN, "no HOME, so no config.toml is read", "set HOME, or CPCTL_CONFIG")
        return
    path = config_file(env)
    named = patient.rt.config
    if not path.exists():
        yield Finding("configuration", OK, f"none at {path}")
    elif path.stat().st_mode & 0o022:
        yield Finding("configuration", WARN, f"{path} can be changed by others", f"chmod 600 {path}")
    else:
        yield Finding("configuration", OK, f"{path}, profiles: {', '.join(named.get('profiles', {})) or 'none'}")


def _profile(patient: Patient) -> Iterator[Finding]:
    profile = patient.rt.profile
    patient.has_profile = profile.server is not None
    if not patient.has_profile:
        yield Finding("profile", OK, f"{profile.title}: models alone, no platform")
        return
    limits = ", ".join(f"{key} {limit.value}" for key, limit in profile.limits.items())
    yield Finding("profile", OK, f"{profile.title}, project {profile.project}, limits: {limits or 'none'}")


def _login(patient: Patient) -> Iterator[Finding]:
    """Where the token is; whether the platform takes it is another check's matter."""
    from cpctl.identity import headless

    if not patient.has_profile:
        return
    if headless(patient.rt.profile, patient.rt.env):
        patient.has_token = True
        yield Finding("login", OK, "a token from CPCTL_TOKEN")
        return
    found = patient.rt.credentials.found()
    if found is None:
        hint = "cpctl auth login"
        yield Finding("login", FAIL, f"no token for {patient.rt.profile.title}", hint, ExitCode.NOT_AUTHORIZED)
        return
    patient.has_token = True
    yield Finding("login", OK, f"a token from {found.where}")


def _network(patient: Patient) -> Iterator[Finding]:
    from cpctl.api.proxies import proxy_for

    if not patient.has_profile:
        return
    endpoint, env = patient.rt.profile.endpoint, patient.rt.env
    proxy = proxy_for(endpoint, env)
    way = "this machine" if endpoint.loopback else f"through {_bare(proxy)}" if proxy else "directly"
    own = [f"{name}={env[name]}" for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if env.get(name)]
    yield Finding("network", OK, ", ".join([way, *own]))


def _bare(proxy: str) -> str:
    """A proxy's URL without the name and password that may stand in it."""
    scheme, _, rest = proxy.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def _server(patient: Patient) -> Iterator[Finding]:
    from cpctl.resources.exchange import Request

    if not patient.has_profile:
        return
    rt = patient.rt
    sender = rt.sender_to(rt.profile.endpoint)
    began = rt.clock.monotonic()
    answer = sender.send(Request("GET", "/v1", deadline_s=ASK_LIMIT_S))
    took_ms = (rt.clock.monotonic() - began) * 1000
    said = answer.json()
    patient.service = said if isinstance(said, dict) else {}
    name = f"{patient.service.get('name')} {patient.service.get('version')}"
    yield Finding("server", OK, f"{name}, answered in {took_ms:.0f} ms")
    yield from _clock(patient, answer.headers)


def _clock(patient: Patient, headers: Mapping[str, str]) -> Iterator[Finding]:
    """This machine's clock beside the server's; the platform's own time may run faster in a sandbox."""
    from email.utils import parsedate_to_datetime

    try:
        skew_s = (patient.rt.clock.now() - parsedate_to_datetime(headers.get("date", ""))).total_seconds()
    except (ValueError, TypeError):
        yield Finding("clock", OK, "the server does not tell its own")
        return
    if abs(skew_s) > SKEW_LIMIT_S:
        way = "ahead of" if skew_s > 0 else "behind"
        yield Finding("clock", WARN, f"{abs(skew_s):.0f} s {way} the server's", "set this machine's clock")
    else:
        yield Finding("clock", OK, f"within {max(1, abs(skew_s)):.0f} s of the server's")


def _contract(patient: Patient) -> Iterator[Finding]:
    if not patient.service:
        return
    version = patient.service.get("contract")
    if version != CONTRACT:
        detail = f"the server speaks {version}, this cpctl {CONTRACT}"
        yield Finding("contract", FAIL, detail, "a cpctl of the server's time", ExitCode.FAILED)
        return
    there = patient.service.get("capabilities")
    lacking = {one: loss for one, loss in WANTED.items() if one not in (there if isinstance(there, list) else [])}
    told = "; ".join(f"no {one}: {loss}" for one, loss in lacking.items())
    yield Finding("contract", WARN if lacking else OK, f"{CONTRACT}{f'; {told}' if told else ''}")


def _identity(patient: Patient) -> Iterator[Finding]:
    """Whether the platform takes the token."""
    from cpctl.api.platform import Platform

    if not patient.has_token or not patient.service:
        return
    rt = patient.rt
    who = Platform(rt.sender, rt.profile.project, clock=rt.clock, read_limit_s=ASK_LIMIT_S).one("/v1/whoami")
    projects = who.get("projects")
    if isinstance(projects, list) and rt.profile.project not in projects:
        detail = f"{who.get('account')} is no member of project {rt.profile.project}"
        hint = f"cpctl -n {projects[0]} …" if projects else ""
        yield Finding("identity", FAIL, detail, hint, ExitCode.NOT_AUTHORIZED)
        return
    yield Finding("identity", OK, str(who.get("account")))


def _folders(patient: Patient) -> Iterator[Finding]:
    """Where the journal of purchases is kept: without it nothing is bought."""
    from cpctl.profiles.folders import cache_folder

    journal = patient.rt.journal_folder
    if not _is_writable(journal):
        hint = f"make it writable, or set XDG_STATE_HOME: {journal}"
        yield Finding("journal", FAIL, f"{journal} cannot be written; nothing can be bought", hint, ExitCode.FAILED)
    else:
        yield Finding("journal", OK, str(journal))
    cache = cache_folder(patient.rt.env)
    if not _is_writable(cache):
        yield Finding("cache", WARN, f"{cache} cannot be written", "set XDG_CACHE_HOME")


def _is_writable(folder: Path) -> bool:
    """Whether files can be made there, or the folder itself can."""
    import os

    there = next((one for one in (folder, *folder.parents) if one.exists()), None)
    return there is not None and there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _sandbox(patient: Patient) -> Iterator[Finding]:
    from cpctl.profiles.folders import has_home, sandbox_folder
    from cpctl.profiles.secrets import SandboxStore

    own = patient.rt.profile.sandbox_data if patient.has_profile else None
    if own is None and not has_home(patient.rt.env):
        return
    store = SandboxStore(own or sandbox_folder(patient.rt.env))
    if not store.exists():
        yield Finding("sandbox", OK, "never started here")
        return
    url = store.url()
    if url and not _is_open(url):  # one that was killed leaves its address behind
        yield Finding("sandbox", WARN, f"nobody answers at {url}, where it was", "cpctl sandbox up")
    else:
        yield Finding("sandbox", OK, f"running at {url}" if url else "stopped")


def _is_open(url: str) -> bool:
    """Whether somebody listens there."""
    import socket
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        socket.create_connection((parts.hostname or "", parts.port or 80), CONNECT_LIMIT_S).close()
    except (OSError, ValueError):
        return False
    return True


CHECKS: tuple[tuple[str, Callable[[Patient], Iterator[Finding]]], ...] = (
    ("configuration", _configuration),
    ("profile", _profile),
    ("network", _network),
    ("login", _login),
    ("server", _server),
    ("contract", _contract),
    ("identity", _identity),
    ("folders", _folders),
    ("sandbox", _sandbox),
)
