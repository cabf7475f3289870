"""The rules of the layers, as tables, and the checks that read them: pure functions from modules to sentences.

A module may import a module of its own layer, and of the layers its row names. Imports for annotations alone count as
well, so that what a layer knows of is what its row says.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

GROUND = ("cpctl", "errors", "units", "spellings", "places", "accelerators", "resources")
PARTS = (
    "runtime",
    "registry",
    "fields",
    "selectors",
    "output",
    "broker",
    "inference",
    "api",
    "auth",
    "profiles",
    "identity",
)

# layer: the layers it may import ("cpctl" is the version in cpctl/__init__.py)
ARROWS: dict[str, tuple[str, ...]] = {
    "cpctl": (),
    "errors": (),
    "places": (),
    "accelerators": (),
    "verbs": (),
    "lazy": ("flags",),
    "flags": (),
    "argv": ("flags", "_tree"),
    "spellings": ("places", "accelerators"),
    "units": ("errors", "spellings", "places", "accelerators"),
    "resources": ("errors", "units", "places", "accelerators"),
    "registry": ("errors",),
    "_fields": (),
    "fields": ("errors", "registry", "_fields", "schemas"),
    "schemas": (),
    "selectors": (*GROUND, "registry", "fields"),
    "output": (*GROUND, "registry", "selectors", "fields"),
    "api": GROUND,
    "profiles": GROUND,
    "auth": (*GROUND, "profiles"),
    "broker": GROUND,
    "inference": GROUND,
    "crash": ("cpctl", "errors", "profiles"),
    "endings": ("errors", "runtime"),
    "identity": (*GROUND, "auth", "profiles"),
    "runtime": (*GROUND, "output", "api", "auth", "profiles", "identity"),
    "commands": (*GROUND, *PARTS, "complete", "lazy", "verbs", "aliases", "plugins"),
    "_tree": (),
    "dispatch": ("_tree", "runtime", "commands", "aliases"),
    "compiling": ("cli", "dispatch", "flags", "grammar", "verbs"),
    "cli": ("errors", "flags", "argv", "verbs", "runtime", "commands", "aliases", "plugins"),
    "pager": (),
    "aliases": ("errors", "argv", "runtime", "profiles"),
    "plugins": (),
    "main": (
        "cpctl",
        "errors",
        "argv",
        "complete",
        "dispatch",
        "cli",
        "runtime",
        "output",
        "crash",
        "endings",
        "pager",
        "plugins",
    ),
    "__main__": ("main",),
    "sandbox": (),
    "grammar": ("cli", "flags", "verbs"),
    # profiles: the names of settings; errors: what a refresh failed with
    "complete": (
        "errors",
        "grammar",
        "registry",
        "fields",
        "verbs",
        "places",
        "accelerators",
        "spellings",
        "_fields",
        "profiles",
        "schemas",
        "aliases",
    ),
    "manual": ("cpctl", "errors", "grammar", "registry", "verbs", "profiles"),
    "generate": ("compiling", "grammar", "complete", "manual", "registry", "schemas"),
}

# a module that may go further than its layer
FURTHER: dict[str, tuple[str, ...]] = {"cpctl.commands.sandbox": ("sandbox",)}

# outside package: who may import it
OUTSIDE: dict[str, tuple[str, ...]] = {
    "typer": ("cpctl.cli", "cpctl.flags", "cpctl.generate"),
    "click": (),
    "rich": ("cpctl.output",),
    "jmespath": ("cpctl.output",),
    "httpx": ("cpctl.api", "cpctl.inference"),
    "truststore": ("cpctl.api",),
    "keyring": ("cpctl.profiles",),
    "tomlkit": ("cpctl.profiles",),
    "filelock": ("cpctl.profiles", "cpctl.broker", "cpctl.auth"),
    "tomli_w": ("cpctl.broker", "cpctl.output"),
    "pydantic": ("cpctl.resources",),
    "yaml": ("cpctl.resources", "cpctl.output", "cpctl.schemas"),
    "starlette": ("cpctl.sandbox",),
    "uvicorn": ("cpctl.sandbox",),
}

PLANNING = tuple(
    f"cpctl.broker.{name}"
    for name in ("planner", "constraints", "cover", "groups", "parts", "discount", "unplanned", "beside")
)
PURE = (
    *(
        "cpctl.units",
        "cpctl.spellings",
        "cpctl.errors",
        "cpctl.registry",
        "cpctl.fields",
        "cpctl.places",
        "cpctl.accelerators",
        "cpctl.verbs",
        "cpctl.argv",
    ),
    *("cpctl.resources", "cpctl.selectors", "cpctl.output", *PLANNING),
    *(
        "cpctl.complete.slots",
        "cpctl.complete.kept",
        "cpctl.complete.bash",
        "cpctl.complete.bash_template",
        "cpctl.complete.bash_words",
        "cpctl.complete.facts",
        "cpctl.complete.fitting",
        "cpctl.complete.zsh",
        "cpctl.complete.zsh_template",
        "cpctl.complete.fish",
        "cpctl.complete.fish_template",
    ),
    *("cpctl.complete.powershell", "cpctl.complete.engine", "cpctl.complete.suggest"),
    *("cpctl.complete.startup", "cpctl.complete.line", "cpctl.complete.live", "cpctl.complete.keeping"),
    *("cpctl.manual", "cpctl.api.policy"),
)
WORLD = {
    *("os", "sys", "io", "time", "pathlib", "shutil", "glob", "tempfile", "fcntl", "subprocess", "signal", "threading"),
    *("asyncio", "multiprocessing", "socket", "ssl", "http", "select", "selectors", "urllib.request", "logging"),
    *("locale", "platform", "getpass", "pwd", "random", "secrets", "uuid", "sqlite3", "webbrowser"),
}
WORLD_CALLS = frozenset({"open", "input", "print", "now", "utcnow", "today", "fromtimestamp", "localtime", "getenv"})

SPEAKERS = ("cpctl.main", "cpctl.generate", "cpctl.sandbox.__main__")  # may write to stdout and exit
SPEECH = frozenset({"sys.stdout", "sys.exit", "os._exit"})
ENVIRONMENT_READERS = ("cpctl.main", "cpctl.complete.tab", "cpctl.sandbox.__main__")
CHANGES = {
    *("append", "extend", "insert", "add", "update", "setdefault", "pop", "popitem", "remove", "discard", "clear"),
    *("sort", "reverse"),
}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "data", "info", "misc"}
TABLES = (
    "cpctl.registry",
    "cpctl.flags",
    "cpctl._fields",
    "cpctl._tree",
    "cpctl.complete._words",
    "cpctl.complete._contract",
)  # files that are one table, of any length
FILE_LINES, FUNCTION_LINES = 350, 60


class Import(NamedTuple):
    target: str
    typing_only: bool


class Module(NamedTuple):
    name: str
    source: str
    tree: ast.Module

    @property
    def layer(self) -> str:
        return layer(self.name)


Modules = Mapping[str, str]  # sources by name; rules ask only which names there are
Rule = Callable[[Module, Modules], Iterator[str]]


def load(root: Path) -> dict[str, str]:
    """Every module's source, by its name; `root` is the folder that holds cpctl/."""
    found = {}
    for path in sorted((root / "cpctl").rglob("*.py")):
        name = ".".join(path.relative_to(root).with_suffix("").parts)
        found[name.removesuffix(".__init__")] = path.read_text(encoding="utf-8")
    return found


def violations(sources: Mapping[str, str], only: str | None = None) -> list[str]:
    """A sentence for each place where a rule is broken, in every module or in one."""
    chosen = [Module(name, text, ast.parse(text)) for name, text in sources.items() if only in (None, name)]
    return [f"{m.name}: {said}" for m in chosen for rule in RULES for said in rule(m, sources)]


def layer(name: str) -> str:
    return name.split(".")[1] if "." in name else name


def within(name: str, places: tuple[str, ...]) -> bool:
    return any(name == place or name.startswith(place + ".") for place in places)


def imports(module: Module, modules: Modules) -> Iterator[Import]:
    """What a module imports, wherever in it; `from package import module` is the module."""
    typing_only = {id(n) for block in ast.walk(module.tree) if _for_types(block) for n in ast.walk(block)}
    for node in ast.walk(module.tree):
        for target in _targets(node, modules):
            yield Import(target, id(node) in typing_only)


def dotted(node: ast.AST) -> str:
    """`a.b.c` for names and attributes, "" for anything else."""
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr}" if base else node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and dotted(node.test).endswith("TYPE_CHECKING")


def _targets(node: ast.AST, modules: Modules) -> list[str]:
    if isinstance(node, ast.Import):
        return [name.name for name in node.names]
    if isinstance(node, ast.ImportFrom):
        base = "." * node.level + (node.module or "")
        return [inner if (inner := f"{base}.{name.name}") in modules else base for name in node.names]
    return []


def arrows(module: Module, modules: Modules) -> Iterator[str]:
    if module.layer not in ARROWS:
        yield f"{module.layer} has no row in ARROWS"
    allowed = {module.layer, *ARROWS.get(module.layer, ()), *FURTHER.get(module.name, ())}
    for target in (i.target for i in imports(module, modules)):
        if within(target, ("cpctl",)) and layer(target) not in allowed:
            yield f"imports {target}, and {module.layer} may not know of {layer(target)}"


def no_relative_imports(module: Module, modules: Modules) -> Iterator[str]:
    yield from (f"imports {i.target}, relatively" for i in imports(module, modules) if i.target.startswith("."))


def outside_packages(module: Module, modules: Modules) -> Iterator[str]:
    for target in (i.target for i in imports(module, modules)):
        package = target.split(".")[0]
        if package in ("cpctl", "") or package in sys.stdlib_module_names:
            continue
        if not within(module.name, OUTSIDE.get(package, ())):
            yield f"imports {package}, which is for {', '.join(OUTSIDE.get(package, ())) or 'nobody'}"


def purity(module: Module, modules: Modules) -> Iterator[str]:
    if not within(module.name, PURE):
        return
    for target, typing_only in imports(module, modules):
        if not typing_only and (target in WORLD or target.split(".")[0] in WORLD):
            yield f"imports {target}, and is to be pure"
    for call in (n for n in ast.walk(module.tree) if isinstance(n, ast.Call)):
        called = dotted(call.func)
        if called.split(".")[-1] in WORLD_CALLS and (
            "." not in called or called.split(".")[-1] not in ("open", "input")
        ):
            yield f"calls {called}, and is to be pure"


def environment(module: Module, modules: Modules) -> Iterator[str]:
    for node in ast.walk(module.tree):
        said = dotted(node)
        if said in ("os.environ", "os.getenv", "os.environb", "environ") and module.name not in ENVIRONMENT_READERS:
            yield f"reads {said}; the environment comes in through Runtime"
        if isinstance(node, ast.Call) and dotted(node.func) in ("os.putenv", "os.unsetenv"):
            yield "sets the environment"
        if isinstance(node, ast.Subscript | ast.Call) and _changed(node) in ("os.environ", "environ"):
            yield "sets os.environ"


def one_writer(module: Module, modules: Modules) -> Iterator[str]:
    if module.name in SPEAKERS:
        return
    for node in ast.walk(module.tree):
        said = dotted(node)
        if said in SPEECH or said == "SystemExit":
            yield f"uses {said}; only main writes to stdout and exits"
        if isinstance(node, ast.Call) and dotted(node.func) in ("print", "exit", "quit"):
            yield f"calls {dotted(node.func)}(); only main writes to stdout and exits"


def no_state(module: Module, modules: Modules) -> Iterator[str]:
    """Module-level names for what can change are constants by name, and nobody changes them."""
    held = {name for node in module.tree.body for name in _mutables(node)}
    yield from (f"{name} is state at module level" for name in held if name.strip("_") != name.strip("_").upper())
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Global):
            yield f"global {', '.join(node.names)}"
    for function in (n for n in ast.walk(module.tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)):
        yield from (f"{function.name} changes {_changed(n)}" for n in ast.walk(function) if _changed(n) in held)


def _mutables(node: ast.stmt) -> Iterator[str]:
    value = getattr(node, "value", None) if isinstance(node, ast.Assign | ast.AnnAssign) else None
    makes = isinstance(value, ast.Call) and dotted(value.func) in ("list", "dict", "set", "defaultdict", "deque")
    if makes or isinstance(value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        yield from (t.id for t in targets if isinstance(t, ast.Name) and t.id != "__all__")


def _changed(node: ast.AST) -> str | None:
    """The name whose content this node changes."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
        return dotted(node.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGES:
        return dotted(node.func.value)
    return None


def sizes(module: Module, modules: Modules) -> Iterator[str]:
    lines = module.source.count("\n")
    if lines > FILE_LINES and module.name not in TABLES:
        yield f"is {lines} lines long; {FILE_LINES} is the bound"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.body[0].lineno + 1  # a verb's flags are a table
            if length > FUNCTION_LINES:
                yield f"{node.name} is {length} lines long; {FUNCTION_LINES} is the bound"


def names(module: Module, modules: Modules) -> Iterator[str]:
    yield from (f'"{part}" names no subject' for part in module.name.split(".") if part in FORBIDDEN_NAMES)


def postponed_annotations(module: Module, modules: Modules) -> Iterator[str]:
    """Without it every annotation is computed, and imported for, at start-up."""
    written = [n for n in module.tree.body if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))]
    is_code = any(isinstance(n, ast.FunctionDef | ast.ClassDef) for n in written)
    if is_code and "from __future__ import annotations" not in module.source:
        yield "lacks from __future__ import annotations"


RULES: tuple[Rule, ...] = (
    arrows,
    no_relative_imports,
    outside_packages,
    purity,
    environment,
    one_writer,
    no_state,
    sizes,
    names,
    postponed_annotations,
)
