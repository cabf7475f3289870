"""What a Tab on verbs, flags and fixed values costs inside bash, zsh and fish, and that it starts no process.

The shells run with a folder as their PATH that holds nothing but a `cpctl` of our own, which notes that it was started;
what is offered has to be what `cpctl __complete` offers.
"""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench import table
from bench.starts import LIMIT_S, timed
from bench.table import Row

PASS = 0.3
SCRIPTS = Path(__file__).parents[1] / "completions"
LINES = {
    "verbs": ("cpctl", "a"),
    "flags": ("cpctl", "get", "-"),
    "values": ("cpctl", "get", "offers", "--province", "sh"),
}
NOTES_ITS_START = '#!/bin/sh\necho started >>"$0.started"\n'
OUT_OF_SHELL = {"LANG": "C.UTF-8", "TERM": "xterm", "INPUTRC": os.devnull}

BASH = """
source "$1" || exit
many=$2
shift 2
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE=$*
COMP_POINT=${#COMP_LINE}
empty=$EPOCHREALTIME
for ((turn = 0; turn < many; turn++)); do :; done
begin=$EPOCHREALTIME
for ((turn = 0; turn < many; turn++)); do _cpctl; done
end=$EPOCHREALTIME
printf '%s\\n' "$empty" "$begin" "$end" "${COMPREPLY[@]}"
"""

# Each turn is a whole Tab of zsh's completion system, once with a function that offers one word and once with ours.
ZSH = """
zmodload zsh/datetime
autoload -Uz compinit && compinit -D -u
source $1
integer many=$2
file=$3
line="${(j: :)@[4,-1]}"
_one() { local expl; _wanted values expl value compadd -- ${PREFIX}one }
tab() { compstate[vared]=; _main_complete; compstate[insert]= compstate[list]= }
seen() {
    compadd() { local -a given; builtin compadd -O given "$@"; print -rl -- $given >>$file; builtin compadd "$@" }
    tab
    unfunction compadd
}
for name in tab seen; do zle -C $name complete-word $name; done
begin() {
    local ours=$_comps[cpctl]
    _comps[cpctl]=_one
    zle tab
    local before=$EPOCHREALTIME
    repeat $many { zle tab }
    local between=$EPOCHREALTIME
    _comps[cpctl]=$ours
    repeat $many { zle tab }
    print -rl -- $before $between $EPOCHREALTIME >$file
    zle seen
    zle .accept-line
}
zle -N begin
vared -i begin line
"""

# fish has no clock of its own: it says when it begins, is between, and ends, and whoever reads that looks at a clock.
FISH = """
function seq_of
    set -l many $argv[1]
    while test $many -gt 0
        echo $many
        set many (math $many - 1)
    end
end
source $argv[1]
set turns (seq_of $argv[2])
set line $argv[3..]
echo begin
for turn in $turns; true; end
echo between
for turn in $turns; complete -C "$line" >/dev/null; end
echo end
complete -C "$line"
"""


class Tab(NamedTuple):
    """One completion in a shell: its seconds, and the words offered."""

    seconds: float
    words: tuple[str, ...]


class Shell(NamedTuple):
    """A shell's program, our completion script for it, and a folder with nothing in it but the `cpctl` that notes."""

    program: str
    script: Path
    folder: Path

    @property
    def env(self) -> dict[str, str]:
        return {**OUT_OF_SHELL, "PATH": str(self.folder), "HOME": str(self.folder)}

    def file(self, text: str) -> str:
        """The path of a file that holds this."""
        path = self.folder / "measure"
        path.write_text(text, encoding="utf-8")
        return str(path)


def in_bash(shell: Shell, line: Sequence[str], turns: int) -> Tab:
    argv = (shell.program, "--norc", "--noprofile", shell.file(BASH), str(shell.script), str(turns), *line)
    empty, begin, end, *words = _said(argv, shell.env)
    took = (float(end) - float(begin)) - (float(begin) - float(empty))
    return Tab(took / turns, tuple(words))


def in_zsh(shell: Shell, line: Sequence[str], turns: int) -> Tab:
    """At a terminal, where alone zsh completes."""
    told = shell.folder / "told"
    argv = (shell.program, "-f", shell.file(ZSH), str(shell.script), str(turns), str(told), *line)
    _at_a_terminal(argv, shell.env)
    empty, begin, end, *words = told.read_text(encoding="utf-8").splitlines()
    took = (float(end) - float(begin)) - (float(begin) - float(empty))
    return Tab(took / turns, tuple(words))


def in_fish(shell: Shell, line: Sequence[str], turns: int) -> Tab:
    argv = (shell.program, "--no-config", shell.file(FISH), str(shell.script), str(turns), *line)
    with subprocess.Popen(argv, env=shell.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        heard = [(text.rstrip("\n"), time.perf_counter()) for text in process.stdout]
    if process.returncode or [text for text, _ in heard[:3]] != ["begin", "between", "end"]:
        raise RuntimeError(f"fish ended with {process.returncode}")
    begin, between, end = (when for _, when in heard[:3])
    return Tab(((end - between) - (between - begin)) / turns, tuple(text for text, _ in heard[3:]))


SHELLS: Mapping[str, tuple[str, Callable[[Shell, Sequence[str], int], Tab]]] = {
    "bash": ("cpctl.bash", in_bash),
    "zsh": ("_cpctl", in_zsh),
    "fish": ("cpctl.fish", in_fish),
}


def rows(
    cpctl: str, bare: Sequence[str], env: Mapping[str, str], folder: Path, turns: int, rounds: int
) -> Iterator[Row]:
    """A line for each shell that is installed and each kind of word."""
    own = {**env, "HOME": str(folder)}
    for name, (script, tab) in SHELLS.items():
        program = shutil.which(name)
        if program:
            shell = Shell(program, SCRIPTS / script, noting(folder / name))
            for what, line in LINES.items():
                wanted = offered(cpctl, line, own)
                pairs = [(tab(shell, line, turns), timed(bare, own)) for _ in range(rounds)]
                yield told(f"Tab in {name}, {what}", pairs, wanted, started(shell.folder))


def told(what: str, pairs: Sequence[tuple[Tab, float]], wanted: frozenset[str], starts: int) -> Row:
    """It is kept only where every word was offered and no process was started."""
    timing = table.paired([(tab.seconds, base) for tab, base in pairs])
    least = min(len(wanted & {*plain(tab.words)}) for tab, _ in pairs)
    most = median(len({*plain(tab.words)}) for tab, _ in pairs)
    right = least == len(wanted) == most
    row = table.start(f"{what} ({most:.0f}, {starts} processes)", timing, PASS)
    return row._replace(kept=bool(row.kept) and right and not starts, budget=f"{row.budget}, 0")


def plain(words: Sequence[str]) -> Iterator[str]:
    """Without what stands beside a word, and the space behind it."""
    for word in words:
        yield word.partition("\t")[0].rstrip(" ")


def offered(cpctl: str, line: Sequence[str], env: Mapping[str, str]) -> frozenset[str]:
    """What `cpctl __complete` offers for the line."""
    found = [word for word in _said((cpctl, "__complete", *line[1:]), env) if word[0] not in ":_"]
    return frozenset(plain(found))


def noting(folder: Path) -> Path:
    """The folder, made, with nothing in it but a `cpctl` that notes that it was started."""
    folder.mkdir(parents=True)
    (folder / "cpctl").write_text(NOTES_ITS_START)
    (folder / "cpctl").chmod(0o700)
    return folder


def started(folder: Path) -> int:
    """How often that `cpctl` was started."""
    notes = folder / "cpctl.started"
    return len(notes.read_text().splitlines()) if notes.exists() else 0


def _said(argv: Sequence[str], env: Mapping[str, str]) -> list[str]:
    done = subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT_S, check=True)
    return [line for line in done.stdout.decode().splitlines() if line]


def _at_a_terminal(argv: Sequence[str], env: Mapping[str, str]) -> None:
    """Run to its end with a terminal of its own. Raises RuntimeError: it failed."""
    pid, terminal = pty.fork()
    if not pid:
        os.execve(argv[0], list(argv), dict(env))
    with suppress(OSError):  # the terminal ends with the process
        while os.read(terminal, 65_536):
            pass
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    if status:
        raise RuntimeError(f"{' '.join(argv)} ended with {os.waitstatus_to_exitcode(status)}")
