"""The typer application: the source of truth for grammar and help. A verb's module is imported when it is used."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Any, get_type_hints

import typer
from typer.core import TyperGroup

from cpctl.argv import HELP, hoist
from cpctl.errors import ExitCode, UnknownName, UsageError
from cpctl.flags import GLOBALS
from cpctl.runtime import Options, Runtime, Verb
from cpctl.verbs import FINISHING, VERBS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cpctl.plugins import Plugin

SETTINGS: dict[str, Any] = {"rich_markup_mode": None, "pretty_exceptions_enable": False, "add_completion": False}
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
ROOT_HELP = """Find, buy, switch on, use and give back GPU and NPU cards across China, and call the models hosted there.

    cpctl sandbox up                                   a complete platform on this machine
    cpctl get offers --province shanxi --gpu H800
    cpctl apply -f order.yaml --activate --wait

Every verb explains itself: cpctl VERB --help."""


def run_typer(rt: Runtime, verb: str, words: list[str], typed: list[str]) -> Verb | str | Plugin:
    """The verb, ready to run, the text that was asked for (`--help`), or the plugin that is to run in its place.

    Args:
        typed: The words as they were typed, which a plugin is given.

    Raises:
        UsageError: What was typed is no command line of ours.
    """
    if not verb or verb in HELP:
        if words and not verb:
            raise UsageError(detail="no verb given", hint="cpctl --help")
        return help_text(tree(), "cpctl")
    if verb not in VERBS:
        from cpctl.aliases import aliased

        verb, words = aliased(rt, verb, words, VERBS)
    if verb not in VERBS:
        return _plugin(rt, verb, typed[1:] if typed[0] == verb else words)
    rt.is_finishing = verb in FINISHING
    spelled = f"cpctl {verb}"
    if VERBS[verb].subverbs:
        words = hoist(words)
        if not words or words[0] in HELP:
            return help_text(group(verb), spelled)
        if words[0] not in VERBS[verb].subverbs:
            raise UnknownName(f"{verb} verb", words[0], VERBS[verb].subverbs, hint=f"{spelled} --help")
        return _invoke(command(verb, words[0], rt), f"{spelled} {words[0]}", words[1:], rt)
    return _invoke(command(verb, rt=rt), spelled, words, rt)


def _plugin(rt: Runtime, verb: str, words: list[str]) -> Plugin:
    """The program on PATH that the words mean.

    Raises:
        UnknownName: There is none.
    """
    from cpctl.aliases import aliases
    from cpctl.plugins import plugin_for

    found = plugin_for([verb, *words], rt.env)
    if found is None:
        raise UnknownName("verb", verb, [*VERBS, *aliases(rt)], hint="cpctl --help")
    return found


def command(verb: str, subverb: str = "", rt: Runtime | None = None) -> Any:
    """The typer command of one verb, bound to a runtime (None: only to be looked at)."""
    module = import_module(VERBS[verb].module(verb))
    name = subverb or verb
    function = getattr(module, name.replace("-", "_") + ("_" if name in RESERVED else ""))
    app = typer.Typer(**SETTINGS)
    app.command(name, context_settings=CONTEXT)(bound(function, rt))
    built = typer.main.get_command(app)
    built.name = name
    return built


RESERVED = frozenset({"set", "list"})  # verbs whose function would hide a builtin end in an underscore


def bound(verb: Callable[..., Verb], rt: Runtime | None) -> Callable[..., Verb]:
    """The verb as typer sees it: its own flags and the global ones, without the runtime."""
    hints = get_type_hints(verb, localns={"Runtime": object, "Verb": object}, include_extras=True)
    own = [p.replace(annotation=hints[p.name]) for p in list(inspect.signature(verb).parameters.values())[1:]]
    extra = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, (annotation, default) in GLOBALS.items()
    ]

    def call(**given: Any) -> Verb:
        assert rt is not None
        rt.options = Options(**{name: given.pop(name) for name in GLOBALS})
        return verb(rt, **given)

    parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own] + extra
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what typer reads
    call.__annotations__ = {p.name: p.annotation for p in parameters}
    call.__doc__ = verb.__doc__
    return call


class Verbs(TyperGroup):
    """A group that knows its verbs by name and imports none of them to list them."""

    summaries: dict[str, str]

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.summaries)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(self.summaries.items()))


def tree() -> Any:
    """The root, for its help."""
    return _group(ROOT_HELP, {name: verb.summary for name, verb in VERBS.items()}, "VERB [TYPE[/NAME]] [flags]")


def group(verb: str) -> Any:
    """A group of verbs, for its help."""
    return _group(VERBS[verb].summary + ".", VERBS[verb].subverbs, "VERB [flags]")


def _group(text: str, summaries: dict[str, str], usage: str) -> Any:
    app = typer.Typer(cls=Verbs, subcommand_metavar=usage, options_metavar="", **SETTINGS)
    app.callback()(lambda: None)
    built = typer.main.get_command(app)
    built.help = text.replace("\n\n    ", "\n\n\b\n    ")
    built.context_settings = CONTEXT
    built.summaries = summaries  # type: ignore[attr-defined]
    return built


def help_text(built: Any, name: str, width: int = 100) -> str:
    """What `--help` prints."""
    with built.context_class(
        built, info_name=name, terminal_width=width, max_content_width=width, help_option_names=["-h", "--help"]
    ) as context:
        return str(built.get_help(context)) + "\n"


def _invoke(built: Any, spelled: str, words: list[str], rt: Runtime) -> Verb | str:
    end = words.index("--") if "--" in words else len(words)
    if any(word in HELP for word in words[:end]):
        return help_text(built, spelled)
    refusal: UsageError | None = None
    try:
        verb = _read(built, spelled, words)
    except UsageError as error:
        if type(error.__cause__).__name__ != "MissingParameter":  # what is missing, config.toml may say
            raise
        refusal, verb = error, ""
    from cpctl.aliases import default_words

    more = default_words(rt, spelled.split(" ")[1], built.params, words)
    if refusal and not more:
        raise refusal
    return _read(built, spelled, [*more, *words]) if more else verb


def _read(built: Any, spelled: str, words: list[str]) -> Verb | str:
    """The verb with what the words say; nothing of it has run yet."""
    try:
        with built.make_context(spelled, list(words)) as context:  # `main` would make a number of a signal
            verb: Verb | str = built.invoke(context)
    except typer.TyperException as error:
        raise _refused(error, built, spelled) from error
    except typer.Exit as stop:
        if stop.exit_code != ExitCode.DONE:
            raise UsageError(detail=f"{spelled} stopped", hint=f"{spelled} --help") from stop
        return ""
    return verb


def _refused(error: Any, built: Any, spelled: str) -> UsageError:
    """What typer does not take, in our words where it is a flag that there is not."""
    unknown = getattr(error, "option_name", None)
    flags = [word for parameter in built.params for word in parameter.opts if word.startswith("-")]
    if unknown and unknown not in flags:
        return UnknownName(f"flag of {spelled}", unknown, flags, hint=f"{spelled} --help")
    return UsageError(detail=_sentence(error), hint=f"{spelled} --help")


def _sentence(error: Any) -> str:
    """typer's words on one line, beginning as ours do."""
    text = " ".join(error.format_message().split()).rstrip(".")
    bounds = getattr(getattr(error, "param", None), "type", None)
    text = text.replace(
        "is not a valid int range",
        f"is not a whole number from {getattr(bounds, 'min', 0)} to {getattr(bounds, 'max', 0)}",
    )
    return text[:1].lower() + text[1:]
