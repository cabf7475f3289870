"""What is zsh's own: a person's options and styles, the ways to load the script, and that it says nothing besides."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from client import Client
from cpctl.generate import ROOT
from keyboard import ENTER, TAB, Keyboard, environment, sitting

DOWN = "\x1b[B"
FOLDER = shlex.quote(str(ROOT / "completions"))
ZSHRC = {
    "nothing": "",
    "nomatch": "setopt nomatch",
    "ksh_arrays": "setopt ksh_arrays",
    "sh_word_split": "setopt sh_word_split",
    "no_unset": "setopt no_unset",
    "extended_glob": "setopt extended_glob",
    "noglob": "setopt noglob",
    "as other shells": "setopt ksh_arrays sh_word_split no_unset noglob ksh_glob csh_null_glob no_bare_glob_qual",
    "odd": "setopt glob_subst warn_create_global rc_expand_param rc_quotes ignore_braces magic_equal_subst",
    "many styles": """
setopt auto_menu complete_in_word always_to_end extended_glob no_case_glob numeric_glob_sort list_packed pipefail
zstyle ':completion:*' completer _expand _complete _match _ignored _approximate _prefix
zstyle ':completion:*' matcher-list '' 'm:{[:lower:][:upper:]}={[:upper:][:lower:]}' '+r:|[._-]=* r:|=*' '+l:|=* r:|=*'
zstyle ':completion:*' menu select
zstyle ':completion:*' group-name ''
zstyle ':completion:*:descriptions' format ' %F{yellow}-- %d --%f'
zstyle ':completion:*:messages' format ' %F{purple}-- %d --%f'
zstyle ':completion:*:warnings' format ' %F{red}-- nothing found --%f'
zstyle ':completion:*:default' list-colors 'ma=7'
zstyle ':completion:*' squeeze-slashes true
zstyle ':completion:*' sort false
alias -g G='| grep' L='| less' ...='../..'
alias cpctl='cpctl'
""",
}
AFRESH = "unfunction -m '_cpctl*'; unset '_comps[cpctl]'; "
LOADED = {
    "source": "source <(cpctl completion zsh)",
    "eval": 'eval "$(cpctl completion zsh)"',
    "autoload": f"fpath+=({FOLDER}); compinit -D -u",
}
NO_CASE = "zstyle ':completion:*' matcher-list 'm:{a-z}={A-Z}'"
LOOSE = "zstyle ':completion:*' matcher-list '' 'm:{a-zA-Z}={A-Za-z}' 'r:|[._-]=* r:|=*' 'l:|=* r:|=*'"
STYLES = """
zstyle ':completion:*' format '[[%d]]'
zstyle ':completion:*' list-colors '=(#b)*(-- *)=0=94'
zstyle ':completion:*' menu select
zstyle ':completion:*:messages' format 'it says: %d'
"""
QUIET = "exec >$HOME/out 2>$HOME/err\n"  # what is typed at, and the lists below it, are written to the terminal itself
LINES = {
    "cpctl creat": "cpctl create",
    "cpctl apply -f ": "cpctl apply -f ",
    "cpctl apply -f ord": r"cpctl apply -f order\ one.yaml",
    "cpctl apply --filename=": "cpctl apply --filename=",
    "cpctl apply --filename=ord": r"cpctl apply --filename=order\ one.yaml",
    "cpctl apply -ford": r"cpctl apply -forder\ one.yaml",
    "cpctl get offers --province shanxi,ning": "cpctl get offers --province shanxi,ningxia",
    "cpctl get offer NAM": "cpctl get offer NAME",
    "cpctl get offers --province shanxi --accelerator H8": "cpctl get offers --province shanxi --accelerator H800",
    "cpctl get orders --nosuch": "cpctl get orders --nosuch",
}
ATTACHED = {
    "cpctl get offers -oj": "cpctl get offers -ojson",  # and jsonpath=
    "cpctl get offers -ojson": "cpctl get offers -ojson",
    "cpctl get offers -oya": "cpctl get offers -oyaml",
    "cpctl get offers -o=ya": "cpctl get offers -o=yaml",
    "cpctl get offers --output=ya": "cpctl get offers --output=yaml",
    "cpctl get offers --output=cust": "cpctl get offers --output=custom-columns=",
    "cpctl get offers --output=custom-columns=P:.spec.pric": "cpctl get offers --output=custom-columns=P:.spec.price",
    "cpctl get offers -o custom-columns=PRIC": "cpctl get offers -o custom-columns=PRICE:.spec.price",
    "cpctl get offers -o custom-columns=PRICE:.spec.price,GREE": (
        "cpctl get offers -o custom-columns=PRICE:.spec.price,GREEN:.spec.green"
    ),
    "cpctl get offers --province=shanxi,ning": "cpctl get offers --province=shanxi,ningxia",
    "cpctl get -ncpctl --bil": "cpctl get -ncpctl --billing",
}
TAKEN = (
    "cpctl get offers,of",
    "cpctl get offer,of",
    "cpctl get OFFERS,of",
    "cpctl get offers --province ningxia,ning",
    "cpctl get offers --vendor=nvidia,nvid",
    "cpctl get offers --province shanxi --accelerator H800,H80",
)
ANY_CASE = {
    "cpctl get offers --gpu h8": "cpctl get offers --gpu H800",
    "cpctl get offers --gpu=h8": "cpctl get offers --gpu=H800",
    "cpctl get offers --province SHANXI,NING": "cpctl get offers --province SHANXI,ningxia",
    "cpctl get OFF": "cpctl get offers",
    "cpctl get offers --interconnect nvl": "cpctl get offers --interconnect NVLink",
    "cpctl get offers --BILL": "cpctl get offers --billing",
}
OTHERWISE_SPELLED = {
    "cpctl get offers --province SX": "cpctl get offers --province shanxi",
    "cpctl get offers --province 晋": "cpctl get offers --province shanxi",
    "cpctl get offers --province '晋": "cpctl get offers --province 'shanxi",
    "cpctl get offers --province=shanghai,晋": "cpctl get offers --province=shanghai,shanxi",
    "cpctl get offers --gpu=昇": "cpctl get offers --gpu=Ascend-",
    "cpctl get offers --gpu 昇腾910B": "cpctl get offers --gpu Ascend-910B",
    "cpctl get offers -ocustom-columns=P:.spec.pric": "cpctl get offers -ocustom-columns=P:.spec.price",
    "cpctl get offers --province 晋 --accelerator H8": "cpctl get offers --province 晋 --accelerator H800",
}
REDIRECTED = {
    "cpctl get offers > ord": r"cpctl get offers > order\ one.yaml",
    "cpctl get offers 2>out --billing sp": "cpctl get offers 2>out --billing spot",
    "cpctl > out get offers --billing sp": "cpctl > out get offers --billing spot",
    "cpctl apply -f - < ord": r"cpctl apply -f - < order\ one.yaml",
}


@pytest.fixture(scope="module")
def market(shared_sandbox, tmp_path_factory):
    """The environment of a person whose cpctl knows the offers, and the name of one."""
    folder = tmp_path_factory.mktemp("market")
    client = Client(folder / "home", env=shared_sandbox.env)
    client("get", "offers", "-A")
    return environment(client.env, folder), shared_sandbox.offer(province="shanxi")["metadata"]["name"]


def sat_at(market, folder: Path, before: str):
    (folder / "order one.yaml").touch()
    env = market[0] | {"HOME": str(folder / "home")}
    Path(env["HOME"]).mkdir(exist_ok=True)
    return sitting("zsh", env, folder, folder / "notes", before)


def completed(keyboard: Keyboard, lines: dict[str, str], name: str) -> dict[str, str]:
    """What each line becomes; NAM stands for a name but for its last letter."""
    found = {typed: keyboard.completed(typed.replace("NAM", name[:-1]))[0] for typed in lines}
    return {typed: line.replace(name, "NAME").rstrip() for typed, line in found.items()}


def said(folder: Path) -> list[str]:
    """What came on stdout and on stderr since QUIET, while the shell lives: one whose terminal goes away says so."""
    return [(folder / "home" / name).read_text(encoding="utf-8") for name in ("out", "err")]


def meant(lines: dict[str, str]) -> dict[str, str]:
    return {typed: line.rstrip() for typed, line in lines.items()}


@pytest.mark.parametrize("zshrc", ZSHRC)
def test_nothing_is_printed_whatever_a_zshrc_says(zshrc, market, tmp_path):
    """It is read before the script is, and holds still when that is used."""
    with sat_at(market, tmp_path, f"{ZSHRC[zshrc]}\nsource {FOLDER}/_cpctl\n{QUIET}") as keyboard:
        assert completed(keyboard, LINES, market[1]) == meant(LINES)
        assert said(tmp_path) == ["", ""]


@pytest.mark.parametrize("options", ["", "ksh_arrays no_unset noglob sh_word_split"])
@pytest.mark.parametrize("way", LOADED)
def test_however_it_is_loaded(way, options, market, tmp_path):
    setting = f"setopt {options}\n" if options else ""
    with sat_at(market, tmp_path, f"{QUIET}{AFRESH}{setting}{LOADED[way]}\n") as keyboard:
        assert completed(keyboard, LINES, market[1]) == meant(LINES)
        assert said(tmp_path) == ["", ""]


@pytest.mark.parametrize(
    "lines",
    [ATTACHED, {line: line for line in TAKEN}, ANY_CASE, OTHERWISE_SPELLED, REDIRECTED],
    ids=["attached", "taken", "case", "spelled", "redirected"],
)
def test_values(lines, market, tmp_path):
    with sat_at(market, tmp_path, QUIET) as keyboard:
        assert completed(keyboard, lines, market[1]) == meant(lines)


def test_what_is_in_a_list_already_is_not_shown_again(market, tmp_path):
    with sat_at(market, tmp_path, "") as keyboard:
        for typed, shown, taken in (
            ("cpctl get offers,", "subplatforms", "offers"),
            ("cpctl get offers --latency-class metro,", "regional", "metro"),
        ):
            keyboard.put(typed[:-1])
            keyboard.press(typed[-1] + TAB)
            keyboard.shell.expect(f"\r\n(.*{shown}.*)\r")
            assert taken not in keyboard.shell.match[1].split()
            keyboard.line()


def test_an_order_that_is_named_already_is_not_offered_again(cp, sandbox, tmp_path):
    for name in ("named-a", "named-b"):
        offer = sandbox.offer()["metadata"]["name"]
        assert cp("create", "order", name, "--offer", f"{offer}=1", "--duration", "1h", "--yes").code == 0
    cp("get", "orders")
    lines = {
        "cpctl delete order/named-a order/named-": "cpctl delete order/named-a order/named-b",
        "cpctl delete order/named-a order/named-a": "cpctl delete order/named-a order/named-a",
        "cpctl get orders named-b named-": "cpctl get orders named-b named-a",
    }
    with sat_at((environment(cp.env, tmp_path), ""), tmp_path, QUIET) as keyboard:
        assert completed(keyboard, lines, "NAME") == lines


def with_false(market, folder: Path, answer: str):
    """The market's environment, with a cpctl first on PATH that answers every Tab with this."""
    false = folder / "bin" / "cpctl"
    false.parent.mkdir()
    false.with_name("said").write_text(answer, encoding="utf-8")
    false.write_text('#!/bin/sh\nexec cat "${0%/*}/said"\n')
    false.chmod(0o755)
    return market[0] | {"PATH": f"{false.parent}:{market[0]['PATH']}"}, market[1]


def test_several_with_nothing_in_common_do_not_take_away_what_was_typed(market, tmp_path):
    """A cpctl that finds two for a word which neither begins with, as for a letter in Chinese."""
    lines = {"x": "alpha", "'x": "'alpha'", '"x': '"alpha"', "晋": "alpha", "x/": "x/", "~": "~"}
    with sat_at(with_false(market, tmp_path, "alpha\tone\nbeta\ttwo\n:4\n"), tmp_path, QUIET) as keyboard:
        for typed, line in lines.items():
            assert keyboard.completed(f"cpctl get offer {typed}")[0].rstrip() == f"cpctl get offer {line}"
        assert said(tmp_path) == ["", ""]


def test_what_stands_beside_a_value_takes_no_second_line(market, tmp_path):
    env = with_false(market, tmp_path, f"alpha\t山{'x' * 300}end\nbeta\ttwo\n:4\n")
    with sat_at(env, tmp_path, "") as keyboard:
        keyboard.press("cpctl get offer " + TAB)
        keyboard.shell.expect(r"alpha  -- 山(x+)\W[^x]*beta   -- two")
        columns = 250  # of the keyboard's terminal; the last stays free
        assert len(keyboard.shell.match[1]) == columns - 1 - len("alpha  -- 山 ")


@pytest.mark.parametrize(
    "directive", [":4+a[$(touch pwned)]", ":a[$(touch pwned)]", ":4 $(touch pwned)", "a[$(touch pwned)]"]
)
def test_no_answer_is_evaluated_as_a_number(directive, market, tmp_path):
    answer = f"of-1safe\t$(touch pwned)\n_activeHelp_ %{{a[$(touch pwned)]%}}\n{directive}\n"
    with sat_at(with_false(market, tmp_path, answer), tmp_path, QUIET) as keyboard:
        assert keyboard.completed("cpctl get offer of-1s")[0] == "cpctl get offer of-1safe "
        assert keyboard.completed("cpctl get offer 'a[$(touch pwned)]")[0] == "cpctl get offer 'a[$(touch pwned)]"
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    ("style", "typed", "line"),
    [
        (NO_CASE, "cpctl get offers --gpu h8", "cpctl get offers --gpu H800"),
        (NO_CASE, "cpctl get offers --province shanxi --accelerator h8", "cpctl get .* --accelerator H800"),
        (NO_CASE, "cpctl get offers -oya", "cpctl get offers -oyaml"),
        (LOOSE, "cpctl get offers --l-c", "cpctl get offers --latency-class"),
        (LOOSE, "cpctl get offers --province gxia", "cpctl get offers --province ningxia"),
        (LOOSE, "cpctl get offers --province guangdong,gxia", "cpctl get offers --province guangdong,ningxia"),
        (LOOSE, "cpctl get offer END", "cpctl get offer NAME"),
        (LOOSE, "cpctl get offer of-nosuch", "cpctl get offer of-nosuch"),
        ("zstyle ':completion:*' completer _expand _complete _approximate", "cpctl get ofers", "cpctl get offers"),
    ],
)
def test_a_persons_own_ways_of_matching(style, typed, line, market, tmp_path):
    name = market[1]
    with sat_at(market, tmp_path, f"{style}\n{QUIET}") as keyboard:
        before, _ = keyboard.completed(typed.replace("END", name.removeprefix("of-")))
        assert re.fullmatch(line.replace("NAME", name), before.rstrip())
        assert said(tmp_path) == ["", ""]


def test_a_persons_styles(market, tmp_path):
    with sat_at(market, tmp_path, STYLES) as keyboard:
        keyboard.put("cpctl get offers --")
        keyboard.press("l" + TAB)
        keyboard.shell.expect_exact("[[option]]")
        keyboard.shell.expect(r"--limit[^\r]*\x1b\[94m-- At most")  # in a colour of its own
        keyboard.press(TAB + DOWN)  # through the menu
        keyboard.shell.expect(r"\x1b\[7m--limit")
        keyboard.press(ENTER)
        assert keyboard.line() == ("cpctl get offers --limit ", "")
        keyboard.put("cpctl --profile nosuch get orde")
        keyboard.press("r " + TAB)
        keyboard.shell.expect_exact("it says: no profile nosuch")
        assert keyboard.line() == ("cpctl --profile nosuch get order ", "")


def test_a_person_who_wants_no_descriptions(market, tmp_path):
    with sat_at(market, tmp_path, "zstyle ':completion:*' verbose no") as keyboard:
        keyboard.press("cpctl create " + TAB)
        keyboard.shell.expect(r"demand +order")  # in one row, with nothing between them
