"""The verbs: a line each. A verb lives in `cpctl.commands.<module>`, in the function of its name."""

from __future__ import annotations

from typing import NamedTuple


class Verb(NamedTuple):
    """A verb, or a group of them when it has subverbs (name to summary)."""

    summary: str
    subverbs: dict[str, str] = {}  # noqa: RUF012  (a NamedTuple's default, never written to)

    def module(self, name: str) -> str:
        return f"cpctl.commands.{name.replace('-', '_')}"


VERBS: dict[str, Verb] = {
    "get": Verb("List or show objects"),
    "describe": Verb("Show everything about one object, and its events"),
    "explain": Verb("Say what the fields of a type mean"),
    "events": Verb("What happened to your orders and cards"),
    "overview": Verb("The national view: capacity, free cards, prices, PUE and green share"),
    "plan": Verb("The cheapest allocation of cards, what comes next, and why the rest was left out"),
    "create": Verb(
        "Create an order or a demand",
        {
            "order": "Find the cheapest cards, place an order and hold them",
            "demand": "Say what is needed; once the cards are there, an order holds them",
        },
    ),
    "apply": Verb("Make what a manifest says come true; safe to run again"),
    "diff": Verb("Say what apply would change"),
    "label": Verb("Put labels on orders, change them, take them off"),
    "activate": Verb("Switch a held order on"),
    "extend": Verb("Give a running order more time"),
    "wait": Verb("Wait until an object is as asked"),
    "release": Verb("Stop billing and give the cards back"),
    "delete": Verb("Release an order if need be, or close a demand, and hide it from lists"),
    "usage": Verb("What a time cost, summed by what you choose"),
    "audit": Verb("Compare the journal of this machine with the platform"),
    "call": Verb("Call a hosted model"),
    "auth": Verb(
        "Log in and out",
        {
            "login": "Log in with a device code, or with a token from stdin",
            "logout": "Revoke and forget the token",
            "status": "Say who is logged in, where, and where the token is kept",
            "token": "Print the token",
            "whoami": "Ask the platform who you are",
            "can-i": "Ask the platform whether you may do something",
        },
    ),
    "config": Verb(
        "Profiles and settings",
        {
            "view": "Print the configuration",
            "get-profiles": "List the profiles",
            "current-profile": "Print the current profile's name",
            "use-profile": "Make a profile the current one",
            "set": "Set a value",
            "unset": "Remove a value",
            "rename-profile": "Rename a profile",
            "delete-profile": "Remove a profile",
            "path": "Print where the configuration is",
        },
    ),
    "sandbox": Verb(
        "The local platform",
        {
            "up": "Start it, or find it running",
            "down": "Stop it",
            "status": "Say whether it runs",
            "reset": "Stop it and start afresh",
            "logs": "Print its log",
            "faults": "Show, set or clear faults to rehearse with",
        },
    ),
    "api": Verb("Send a request to the platform as it is"),
    "api-resources": Verb("List the kinds of objects"),
    "completion": Verb("Print a shell's completion script, or have the shell read it"),
    "doctor": Verb("Check what cpctl needs here, and say what to do next"),
    "plugin": Verb("Programs on PATH that are verbs of cpctl", {"list": "List them, and which of them are never run"}),
    "options": Verb("List the flags that every verb takes"),
    "version": Verb("Print the versions of cpctl and of the platform"),
}

READING: tuple[str, ...] = (
    "get",
    "describe",
    "explain",
    "events",
    "overview",
    "plan",
    "usage",
    "auth status",
    "auth token",
    "auth whoami",
    "auth can-i",
    "config view",
    "config get-profiles",
    "config current-profile",
    "config path",
    "sandbox status",
    "api-resources",
    "doctor",
    "version",
)
"""Those that only look, and so may start without typer; what spends or changes something never does."""

FINISHING = frozenset(
    {*("create", "apply", "label", "activate", "extend", "release", "delete"), *("wait", "diff", "audit")}
)
"""Those that change one thing after the other, or whose exit code is the answer: they do all of what was asked, though
nobody reads any more what they print.
"""
