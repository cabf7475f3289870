"""A person at a real bash, zsh or fish: presses keys, and looks at the line that stands there.

A key of the test's own (F11) has the shell write down its line and the cursor: it comes after the keys before it, so
that nothing has to be waited for by the clock. Another (F12) puts a line there again, to try a Tab more.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pexpect

from cpctl.generate import ROOT
from tools import need

TAB, LEFT, ENTER = "\t", "\x1b[D", "\r"
END = "(end)"
LOOK, PUT = "\x1b[23~", "\x1b[24~"
PROMPT = "ready> "
MOST_TABS = 80
SECONDS = 30

FLAGS = {
    "bash": ("--norc", "--noprofile", "-i"),
    "zsh": ("-f", "-i"),
    "fish": ("--no-config", "-i"),
}
READY = {
    "bash": r"""
bind 'set enable-bracketed-paste off'; bind 'set bell-style none'
source @SCRIPTS@/cpctl.bash
_look() { builtin printf '%s\n%s@END@' "$READLINE_POINT" "$READLINE_LINE" >@NOTES@/line; }
_put() { IFS= builtin read -r -d '' READLINE_LINE <@NOTES@/put || READLINE_POINT=${#READLINE_LINE}; }
bind -x '"\e[23~": _look'; bind -x '"\e[24~": _put'
PS1='rea''dy> '
""",
    "zsh": r"""
unset zle_bracketed_paste; unsetopt prompt_sp beep; LISTMAX=999
autoload -Uz compinit; compinit -D -u; source @SCRIPTS@/_cpctl
_look() { print -rn -- "$CURSOR"$'\n'"$BUFFER@END@" >@NOTES@/line; }
_put() { IFS= read -r -d '' BUFFER <@NOTES@/put; CURSOR=$#BUFFER; }
zle -N _look; zle -N _put; bindkey -e; bindkey '\e[23~' _look; bindkey '\e[24~' _put
PS1='rea''dy> '
""",
    "fish": r"""
source @SCRIPTS@/cpctl.fish
function _look
    printf '%s\n%s@END@' (commandline -C) (commandline | string collect) >@NOTES@/line
end
function _put
    read -z -l text <@NOTES@/put
    commandline -r -- $text
end
bind \e\[23~ _look; bind \e\[24~ _put
function fish_prompt; echo -n 'rea''dy> '; end
""",
}


def environment(env: Mapping[str, str], home: Path) -> dict[str, str]:
    """Of a person at a terminal, with the cpctl of this environment first on PATH."""
    path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}"
    plain = {"TERM": "xterm", "PATH": path, "LANG": "C.UTF-8", "INPUTRC": os.devnull, "HISTFILE": ""}
    return {**env, **plain, "HOME": env.get("HOME", str(home))}


class Keyboard:
    """One shell at one terminal."""

    def __init__(
        self,
        name: str,
        env: Mapping[str, str],
        cwd: Path,
        notes: Path,
        before: str = "",
        follow: Sequence[str] = (),
    ) -> None:
        self._notes, self._seen = notes, io.StringIO()
        notes.mkdir(parents=True)
        ready = READY[name].replace("@SCRIPTS@", shlex.quote(str(ROOT / "completions")))
        ready = ready.replace("@NOTES@", shlex.quote(str(notes))).replace("@END@", END)
        (notes / "ready").write_text(ready + before, encoding="utf-8")
        command = [*follow, need(name), *FLAGS[name]]
        self.shell = pexpect.spawn(
            command[0],
            command[1:],
            cwd=str(cwd),
            env=dict(env),
            encoding="utf-8",
            timeout=SECONDS,
            dimensions=(60, 250),
        )
        self.shell.delaybeforesend = None
        self.shell.logfile_read = self._seen
        self.shell.sendline(f"source {shlex.quote(str(notes / 'ready'))}")
        self.shell.expect(PROMPT)

    def press(self, keys: str) -> None:
        self.shell.send(keys)

    def line(self) -> tuple[str, str]:
        """What stands before the cursor, and after it, once all keys so far are done."""
        path = self._notes / "line"
        path.unlink(missing_ok=True)
        self.press(LOOK)
        deadline = time.monotonic() + SECONDS
        while not (path.exists() and path.read_text(encoding="utf-8").endswith(END)):
            assert time.monotonic() < deadline, self.seen()
            self._drain()
        point, _, text = path.read_text(encoding="utf-8").removesuffix(END).partition("\n")
        return text[: int(point)], text[int(point) :]

    def put(self, text: str) -> None:
        """Has the line be this, with the cursor at its end."""
        (self._notes / "put").write_text(text, encoding="utf-8")
        self.press(PUT)

    def echo(self, word: str) -> None:
        """Has a program print a word, and waits for it and for the next prompt."""
        line = f"/bin/echo {word[0]}''{word[1:]}"  # not the word itself, which is shown as it is typed
        self.put(line[:-1])
        self.press(line[-1] + ENTER)
        self.shell.expect_exact(f"{word}\r\n")
        self.shell.expect_exact(PROMPT)

    def completed(self, typed: str, after: str = "") -> tuple[str, str]:
        """The line (before the cursor, after it) when Tab is pressed with the cursor between two texts."""
        self.put(typed[:-1] + after)
        self.press(LEFT * len(after) + typed[-1] + TAB)
        return self.line()

    def pick(self, wanted: str) -> str:
        """Presses Tab until the word before the cursor is one that is wanted: once, then, from the same line, once
        more, and so on, since looking disturbs a menu. What was picked; the cursor stands where the next word begins.

        Args:
            wanted: A pattern for the whole word; what ends with = goes on.
        """
        start, _ = self.line()
        for tabs in range(1, MOST_TABS):
            self.put(start[:-1])
            self.press(start[-1] + TAB * tabs)  # a letter ends a menu
            now, _ = self.line()
            found = now.removeprefix(start).rstrip()
            if re.fullmatch(wanted, found):
                self.press("" if now[-1] in " =" else " ")
                return found
        raise AssertionError(f"{MOST_TABS} Tabs after {start!r} do not lead to {wanted}")

    def seen(self) -> str:
        """All that the terminal was sent."""
        return self._seen.getvalue()

    def _drain(self) -> None:
        """Reads what the shell shows, so that it is not held up."""
        try:
            self.shell.read_nonblocking(65536, timeout=0.01)
        except pexpect.TIMEOUT:
            return


@contextmanager
def sitting(
    name: str, env: Mapping[str, str], cwd: Path, notes: Path, before: str = "", follow: Sequence[str] = ()
) -> Iterator[Keyboard]:
    """A person at this shell, who leaves when the block ends.

    Args:
        before: What the shell reads first, after the scripts.
        follow: A program that runs the shell, such as strace.
    """
    keyboard = Keyboard(name, env, cwd, notes, before, follow)
    try:
        yield keyboard
    finally:
        keyboard.shell.close(force=True)
