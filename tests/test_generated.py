"""completions/ and man/ are what the command tree and the registry say, and are sound."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Annotated

import pytest
import typer

from cpctl.errors import MEANINGS, ExitCode
from cpctl.generate import ROOT, differences, files, write
from cpctl.grammar import Unusual, _argument, _flag, commands
from cpctl.manual import ENVIRONMENT, SETTABLE
from cpctl.profiles.settings import SETTINGS
from cpctl.registry import KINDS
from cpctl.verbs import VERBS, Verb
from tools import need

PAGES = {str(path): text for path, text in files().items() if path.suffix == ".1"}


def test_generated_files_are_equal():
    assert differences(files(), ROOT) == [], "run: make generate"


def test_every_verb_has_a_page():
    named = {"cpctl"} | {command.page for command in commands()}
    assert {Path(path).stem for path in PAGES} == named
    assert all(f"cpctl-{verb}" in named for verb, row in VERBS.items() if not row.subverbs)


def test_pages_pass_the_lint(tmp_path):
    write(files(), tmp_path)
    pages = sorted(str(path) for path in (tmp_path / "man/man1").iterdir())
    done = subprocess.run([need("mandoc"), "-T", "lint", "-W", "warning", *pages], capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_lint_would_see_a_broken_page(tmp_path):
    (tmp_path / "broken.1").write_text('.TH BROKEN 1 "2026-01-01"\n.SH NAME\n.RE\n.nonsense\n', encoding="utf-8")
    done = subprocess.run(
        [need("mandoc"), "-T", "lint", "-W", "warning", str(tmp_path / "broken.1")], capture_output=True
    )
    assert done.returncode != 0


def rendered(page: str) -> str:
    """A page as a reader sees it, on one line."""
    done = subprocess.run(
        [need("mandoc"), "-T", "utf8", "-O", "width=200"], input=page, capture_output=True, text=True, check=True
    )
    return " ".join(re.sub(r".\x08", "", done.stdout).split())


def test_the_page_of_cpctl_says_what_there_is():
    shown = rendered(PAGES["man/man1/cpctl.1"])
    for kind in KINDS:
        assert f"{kind.plural} {kind.title}" in shown
    for verb in VERBS:
        assert f" {verb} {VERBS[verb].summary}" in shown
    for code, meaning in MEANINGS.items():
        assert f"{int(code)} {' '.join(meaning.replace('`', '').split())}" in shown
    assert set(MEANINGS) == set(ExitCode)


def test_a_page_names_each_flag_and_argument():
    for command in commands():
        shown = rendered(PAGES[f"man/man1/{command.page}.1"])
        for flag in command.flags:
            assert all(word in shown for word in flag.spellings) and flag.help.replace("`", "") in shown
        for argument in command.arguments:
            assert argument.metavar in shown and argument.help.replace("`", "") in shown


def test_pages_are_ascii_and_name_no_day_of_their_own():
    assert all(text.isascii() for text in PAGES.values())
    assert {line.split('"')[1] for text in PAGES.values() for line in text.splitlines() if line[:3] == ".TH"} == {
        "2026-11-23"
    }


def test_the_same_in_another_locale_and_time_zone():
    code = "import sys; from cpctl.generate import files; sys.stdout.buffer.write(repr(files()).encode())"
    env = {"LC_ALL": "C", "TZ": "Asia/Shanghai", "PYTHONHASHSEED": "7", "COLUMNS": "40", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, check=True)
    assert done.stdout.decode() == repr(files())


def test_the_environment_section_names_what_is_read_and_nothing_else():
    sources = {path: path.read_text(encoding="utf-8") for path in (ROOT / "cpctl").rglob("*.py")}
    read = {
        name
        for path, text in sources.items()
        if path.name != "manual.py"
        for name in re.findall(r"CPCTL_[A-Z_]+[A-Z]", text)
    }
    limits = {
        f"CPCTL_{row.key.rpartition('.')[2].upper().replace('-', '_')}" for row in SETTINGS if ".limits." in row.key
    }
    assert {name for name in ENVIRONMENT if name.startswith("CPCTL_")} == read | limits


def test_settings_shown_are_those_of_profiles():
    shown = rendered(PAGES["man/man1/cpctl.1"])
    for row in SETTINGS:
        assert (row.key.replace("*", "NAME") in shown) == row.key.startswith(SETTABLE)


def test_a_verb_without_a_module_stops_the_build(monkeypatch):
    monkeypatch.setitem(VERBS, "ghost", Verb("Not there"))
    with pytest.raises(ImportError):
        files()


def parameter(annotation: object, default: object) -> object:
    """One parameter as typer builds it."""

    def verb(given=default):
        pass

    verb.__annotations__ = {"given": annotation}
    app = typer.Typer(add_completion=False)
    app.command()(verb)
    return typer.main.get_command(app).params[0]


@pytest.mark.parametrize(
    ("annotation", "default"),
    [
        (Annotated[bool, typer.Option("--yes/--no", help="x")], False),
        (Annotated[str, typer.Option("--name", help="x", envvar="NAME", metavar="N")], ""),
        (Annotated[str, typer.Option("--name", help="x")], ""),
        (Annotated[str, typer.Option("--name", metavar="N")], ""),
        (Annotated[Path, typer.Option("--name", metavar="N", help="x")], Path()),
        (Annotated[tuple[str, str], typer.Option("--name", metavar="N", help="x")], ("", "")),
        (Annotated[int, typer.Option("--name", count=True, help="x", metavar="N")], 0),
        (Annotated[str, typer.Option("--name", hidden=True, help="x", metavar="N")], ""),
    ],
)
def test_a_flag_the_facts_cannot_hold_stops_the_build(annotation, default):
    with pytest.raises(Unusual):
        _flag(parameter(annotation, default))


def test_an_argument_without_help_stops_the_build():
    with pytest.raises(Unusual):
        _argument(parameter(Annotated[str, typer.Argument(metavar="X")], ""))


def test_check_sees_each_kind_of_difference(tmp_path):
    wanted = files()
    write(wanted, tmp_path)
    assert differences(wanted, tmp_path) == []
    (tmp_path / "man/man1/cpctl-ghost.1").write_text("x", encoding="utf-8")
    (tmp_path / "man/man1/cpctl.1").unlink()
    (tmp_path / "completions/cpctl.bash").write_text("x", encoding="utf-8")
    assert differences(wanted, tmp_path) == [
        "completions/cpctl.bash is out of date",
        "man/man1/cpctl.1 is out of date",
        "man/man1/cpctl-ghost.1 is of no verb",
    ]
    write(wanted, tmp_path)
    assert differences(wanted, tmp_path) == []


def test_the_wheel_holds_contract_completion_and_pages(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    held = set(zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist())
    version = next(name for name in held if name.endswith("/METADATA")).split("-")[1].removesuffix(".dist")
    share = f"cpctl_broker-{version.rpartition('.dist')[0] or version}.data/data/share"
    assert "cpctl/api/openapi.yaml" in held
    assert f"{share}/bash-completion/completions/cpctl" in held
    assert {f"{share}/zsh/site-functions/_cpctl", f"{share}/fish/vendor_completions.d/cpctl.fish"} <= held
    assert "cpctl/completions/cpctl.ps1" in held
    assert {f"{share}/man/man1/{Path(path).name}" for path in PAGES} <= held
    assert not [name for name in held if name.startswith(("tests/", "bench/")) or "__pycache__" in name]


def test_the_files_are_listed_for_the_wheel():
    shared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"][
        "wheel"
    ]
    assert shared["shared-data"] == {
        "completions/cpctl.bash": "share/bash-completion/completions/cpctl",
        "completions/_cpctl": "share/zsh/site-functions/_cpctl",
        "completions/cpctl.fish": "share/fish/vendor_completions.d/cpctl.fish",
        "man/man1": "share/man/man1",
    }
