"""`python -m cpctl.generate` writes what is made of other files.

From the verbs completions/, man/, _tree.py, help/ and complete/_words.py, from the contract _fields.py and
complete/_contract.py.

With `--check` it only compares.

Run in a checkout (`make generate`). A verb that cannot be imported stops it: nothing is left out silently.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from cpctl.compiling import help_files, tree_module
from cpctl.complete import bash, fish, powershell, zsh
from cpctl.complete.contract import contract_module
from cpctl.complete.facts import facts
from cpctl.complete.slots import words_module
from cpctl.grammar import commands, global_flags
from cpctl.manual import command_page, overview_page
from cpctl.registry import KINDS
from cpctl.schemas import fields_of_kinds, meanings_of_kinds

ROOT = Path(__file__).parent.parent
MANUAL = Path("man/man1")
SCRIPTS = Path("completions")
FIELDS = Path("cpctl/_fields.py")
TREE = Path("cpctl/_tree.py")
WORDS = Path("cpctl/complete/_words.py")
CONTRACT = Path("cpctl/complete/_contract.py")
HELP = Path("cpctl/help")
FIELDS_HEAD = """\"\"\"Generated from api/openapi.yaml by `make generate`; `cpctl.fields` says what a row is.\"\"\"

# ruff: noqa: E501
# fmt: off
"""


def files() -> dict[Path, str]:
    """Every generated file, by its path in the checkout."""
    every, everywhere = commands(), global_flags()
    known = facts(every, everywhere)
    pages = {"cpctl": overview_page(every, everywhere)} | {c.page: command_page(c, everywhere) for c in every}
    return {
        SCRIPTS / "cpctl.bash": bash.script(every, everywhere),
        SCRIPTS / "_cpctl": zsh.script(known),
        SCRIPTS / "cpctl.fish": fish.script(known),
        SCRIPTS / "cpctl.ps1": powershell.script(known),
        FIELDS: fields_module(),
        TREE: tree_module(),
        WORDS: words_module(every, everywhere),
        CONTRACT: contract_module(),
        **{HELP / name: text for name, text in help_files().items()},
        **{MANUAL / f"{name}.1": text for name, text in pages.items()},
    }


def fields_module() -> str:
    """What every kind means, and its fields, as a module of plain rows, one a line."""
    kinds = {kind.plural: kind.kind for kind in KINDS}
    meanings = "".join(f"    {plural!r}: {text!r},\n" for plural, text in meanings_of_kinds(kinds).items())
    lines = [FIELDS_HEAD, f"MEANINGS = {{\n{meanings}}}\n", "FIELDS = {\n"]
    for plural, fields in fields_of_kinds(kinds).items():
        rows = "".join(f"        {tuple(row)!r},\n" for row in fields)
        lines.append(f"    {plural!r}: (\n{rows}    ),\n")
    return "".join([*lines, "}\n"])


def differences(wanted: Mapping[Path, str], root: Path) -> list[str]:
    """What `write` would do, a line each."""
    changed = [f"{path} is out of date" for path, text in wanted.items() if _content(root / path) != text]
    return changed + [f"{path} is of no verb" for path in _present(root) if path not in wanted]


def write(wanted: Mapping[Path, str], root: Path) -> None:
    """Write every file, and remove the pages and texts of verbs that are no more."""
    for path, text in wanted.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8", newline="\n")
    for path in _present(root):
        if path not in wanted:
            (root / path).unlink()


def _present(root: Path) -> list[Path]:
    return sorted(path.relative_to(root) for folder in (MANUAL, HELP) for path in (root / folder).glob("*"))


def _content(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def main(argv: list[str]) -> int:
    """The exit code: 1 when `--check` finds a difference."""
    if argv not in ([], ["--check"]):
        sys.stderr.write("usage: python -m cpctl.generate [--check]\n")
        return 2
    wanted = files()
    if not argv:
        write(wanted, ROOT)
        return 0
    found = differences(wanted, ROOT)
    for line in found:
        sys.stderr.write(f"{line}; run: make generate\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
