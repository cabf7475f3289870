"""auth: who you are to a platform."""

from __future__ import annotations

from cpctl.complete.upkeep import forget
from cpctl.errors import BadAnswer, ExitCode, NotLoggedIn, UsageError
from cpctl.lazy import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from cpctl.auth.token import Found
    from cpctl.identity import Stores
    from cpctl.registry import Kind
    from cpctl.runtime import Runtime, Verb

SAME_AS = {"describe": "get", "wait": "get", "apply": "create"}
"""Verbs of cpctl by the platform's word for what they need."""
ENVIRONMENT = "CPCTL_TOKEN"
IN_FORCE = f"{ENVIRONMENT} is set and stays in force; unset it to use a login"


def login(rt: Runtime, *, with_token: flags.WithToken = False, insecure_storage: flags.InsecureStorage = False) -> Verb:
    """Log in to the profile's platform.

    A code is shown here and approved on a page of the platform, on any screen; or a token is read from stdin
    (--with-token). The token is kept in the operating system's keyring, or, only with --insecure-storage, in a file.
    """
    from cpctl.auth.methods import METHODS, Login

    if with_token and rt.stdin.isatty():
        raise UsageError(
            detail="--with-token reads the token from stdin, and stdin is a terminal",
            hint="cpctl auth login --with-token < FILE",
        )
    stores, oauth = _stores(rt), _oauth(rt)
    store, other = (stores.file, stores.keyring) if insecure_storage else (stores.keyring, stores.file)
    store.get(stores.key)  # a store that does not answer says so before anybody types a code
    grant = METHODS["token" if with_token else "device"](Login(oauth, rt.clock, rt.say, rt.taken_in))
    who = _identity(rt, grant.access)
    rt.credentials.keep(grant, store)
    forget(rt.env, rt.profile.name)
    if other is stores.file or stores.keyring.is_likely(stores.key):
        other.delete(stores.key)
    rt.say(f"logged in to {rt.profile.title} as {who.get('account')}; the token is kept in {store.where}")
    if rt.env.get(ENVIRONMENT):
        rt.say(IN_FORCE)
    return ExitCode.DONE
    yield ""


def logout(rt: Runtime) -> Verb:
    """Revoke the token on the platform and forget it here; a token from stdin is only forgotten."""
    found = rt.credentials.found()
    if found and found.record:
        from cpctl.auth.token import revoke

        why_not = None if found.record.pasted else revoke(_oauth(rt), found.record)
        rt.credentials.forget()
        forget(rt.env, rt.profile.name)
        rt.say(f"logged out of {rt.profile.title}")
        if why_not:
            rt.say(f"the platform could not be told, so the token may work until it expires: {why_not}")
    elif found and found.where == ENVIRONMENT:
        rt.say(IN_FORCE)
    elif found:
        rt.say("the sandbox's own token is not a login: it goes with the sandbox")
    else:
        rt.say(f"was not logged in to {rt.profile.title}")
    return ExitCode.DONE
    yield ""


def status(rt: Runtime, *, output: flags.DocumentOutput = None) -> Verb:
    """Say who is logged in, where, and where the token is kept; ends with 4 when nobody is."""
    form = rt.output(output, ("json", "yaml"))
    found = rt.credentials.found()
    if found is None:
        raise NotLoggedIn(detail=f"not logged in to {rt.profile.title}")
    facts = _facts(rt, found, rt.platform.one("/v1/whoami"))
    if form:
        from cpctl.output.values import VALUE_PRINTERS

        yield VALUE_PRINTERS[form](facts)
    else:
        from cpctl.output.tables import table

        yield table(("", ""), [[f"{key}:", _shown(value)] for key, value in facts.items()], headers=False)
    return ExitCode.DONE


def token(rt: Runtime) -> Verb:
    """Print the token, renewed if need be: for tools that speak to the platform themselves."""
    yield f"{rt.credentials.token()}\n"
    return ExitCode.DONE


def whoami(rt: Runtime, *, output: flags.DocumentOutput = None) -> Verb:
    """Ask the platform who you are."""
    form = rt.output(output, ("json", "yaml"))
    who = rt.platform.one("/v1/whoami")
    if form:
        from cpctl.output.values import VALUE_PRINTERS

        yield VALUE_PRINTERS[form](who)
    else:
        from cpctl.output.safe import safe

        yield safe(str(who.get("account"))) + "\n"
    return ExitCode.DONE


def can_i(rt: Runtime, *, verb: flags.AskedVerb, what: flags.Targets, quiet: flags.Quiet = False) -> Verb:
    """Ask the platform whether you may do something: `can-i create orders`, `can-i activate order/train-7b`.

    Prints yes or no, and ends with 0 or 4. It is about roles, projects and provinces; not about stock, money or phases.
    """
    allowed, reason = _permission(rt, verb, *_asked_about(what))
    if quiet:
        return ExitCode.DONE if allowed else ExitCode.NOT_AUTHORIZED
    if reason:
        rt.say(reason)
    yield "yes\n" if allowed else "no\n"
    return ExitCode.DONE if allowed else ExitCode.NOT_AUTHORIZED


def _asked_about(words: list[str]) -> tuple[Kind, str | None]:
    """One kind, and one of its names or none."""
    from cpctl.commands.targets import targets

    found = targets(words)
    if len(found) > 1 or len(found[0].names) > 1:
        raise UsageError(detail="can-i takes one TYPE or one TYPE/NAME")
    return found[0].kind, next(iter(found[0].names), None)


def _permission(rt: Runtime, verb: str, kind: Kind, name: str | None) -> tuple[bool, str]:
    """The platform's answer, and why it is no. Raises UsageError: it knows no such verb."""
    import json

    from cpctl.api.platform import with_query
    from cpctl.resources.exchange import Request

    question = {"verb": SAME_AS.get(verb.lower(), verb.lower()), "resource": kind.plural}
    body = json.dumps(question | ({"name": name} if name else {})).encode()
    path = with_query("/v1/can-i", {"project": rt.platform.project})
    said = rt.platform.send(Request("POST", path, body)).json()
    if not isinstance(said, dict) or not isinstance(said.get("allowed"), bool):
        raise BadAnswer(detail="the platform does not say whether it is allowed")
    return said["allowed"], "" if said["allowed"] else str(said.get("reason") or "")


def _stores(rt: Runtime) -> Stores:
    from cpctl.identity import Stores

    return Stores(rt.profile, rt.env)


def _oauth(rt: Runtime) -> Any:
    from cpctl.auth.oauth import OAuth

    return OAuth(rt.sender_to(rt.profile.endpoint), rt.profile.endpoint)


def _identity(rt: Runtime, access: str) -> Mapping[str, Any]:
    """What the platform says about a token that was just got. Raises TokenRefused: nothing is kept then."""
    from cpctl.api.platform import Platform
    from cpctl.auth.token import OneToken

    sender = rt.sender_to(rt.profile.endpoint, OneToken(access))
    who = Platform(sender, rt.profile.project, clock=rt.clock).one("/v1/whoami")
    if not isinstance(who.get("account"), str):
        raise BadAnswer(detail="the platform does not say whose token this is")
    return dict(who)


def _facts(rt: Runtime, found: Found, who: Mapping[str, Any]) -> dict[str, Any]:
    profile = rt.profile
    return {
        "profile": profile.name or None,
        "server": profile.endpoint.url,
        "project": profile.project,
        "account": who.get("account"),
        "displayName": who.get("displayName"),
        "projects": who.get("projects"),
        "roles": who.get("roles"),
        "tokenFrom": found.where,
        "tokenExpiresAt": who.get("tokenExpiresAt"),
    }


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value) or "<none>"
    return "<none>" if value is None else str(value)
