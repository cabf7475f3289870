"""cpctl on a real terminal (tmux): columns, colour, progress and Ctrl-C; and under locales that know no Chinese."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time

import pytest

from cpctl.output.width import cells
from sandbox_server import ROOT
from tools import need

CPCTL = f"{shlex.quote(sys.executable)} -m cpctl"


class Screen:
    """A tmux of one's own with one shell in it."""

    def __init__(self, folder, env, width):
        self._tmux = [need("tmux"), "-S", str(folder / "tmux"), "-f", "/dev/null", "-u"]
        settings = [f"{key}={value}" for key, value in {**env, "TERM": "screen-256color", "PS1": "ready> "}.items()]
        shell = shlex.join(["env", "-i", *settings, "bash", "--norc", "--noprofile", "-i"])
        self._run("new-session", "-d", "-x", str(width), "-y", "50", shell)

    def _run(self, *words):
        done = subprocess.run([*self._tmux, *words], capture_output=True, text=True, timeout=20, check=True)
        return done.stdout

    def type(self, line, enter=True):
        self._run("send-keys", "-l", line)
        if enter:
            self._run("send-keys", "Enter")

    def press(self, key):
        self._run("send-keys", key)

    def shown(self, colours=False):
        return self._run("capture-pane", "-p", "-J", *(["-e"] if colours else []))

    def until(self, wanted, limit_s=20, colours=False):
        """What is shown once it has `wanted`."""
        ends = time.monotonic() + limit_s
        while wanted not in (text := self.shown(colours)):
            assert time.monotonic() < ends, f"{wanted!r} did not come:\n{text}"
            time.sleep(0.1)
        return text

    def end(self):
        self._run("kill-server")


@pytest.fixture
def screen(cp, tmp_path):
    made = []

    def make(width=80):
        env = cp.env | {"PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "PATH": os.environ["PATH"]}
        made.append(Screen(tmp_path, env, width))
        made[0].until("ready>")
        return made[0]

    yield make
    for one in made:
        one.end()


def rows_of(text, head):
    lines = text.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith(head))
    return lines[at : at + 4]


def test_chinese_columns_begin_in_one_cell(screen):
    shown = screen(240)
    shown.type(f"clear; {CPCTL} get offers --province 晋,宁夏 --limit 3 -o wide; echo done-$?")
    head, *rows = rows_of(shown.until("done-0"), "NAME")
    assert len(rows) == 3 and all("山西" in row or "宁夏" in row for row in rows)
    for title in ("PROVINCE ", "PROVINCE-ZH", "PROVIDER", "CITY", "INTERCONNECT", "LATENCY", "STATE"):
        start = head.index(title)
        for row in rows:
            before = next(row[:at] for at in range(len(row)) if cells(row[:at]) >= start)
            assert cells(before) == start and before.endswith("   "), (title, row)


def test_at_80_columns_nothing_is_cut(screen, cp):
    wanted = cp("get", "offers", "--province", "晋", "--limit", "3", "-o", "wide").lines
    shown = screen(80)
    shown.type(f"clear; {CPCTL} get offers --province 晋 --limit 3 -o wide; echo done-$?")
    text = "".join(shown.until("done-0").split())
    assert all("".join(line.split()) in text for line in wanted)  # the terminal wraps, cpctl does not cut


def bought(sandbox):
    offer = sandbox.offer(6)["metadata"]["name"]
    return f"allocations: [{{offer: {offer}, cards: 6}}], duration: 1h"


def manifest(tmp_path, sandbox, name):
    text = f"apiVersion: ccpp/v1\nkind: Order\nmetadata: {{name: {name}}}\nspec: {{{bought(sandbox)}}}\n"
    (tmp_path / "order.yaml").write_text(text)
    return tmp_path / "order.yaml"


def released(sandbox, name):
    sandbox.act(sandbox.get(f"/v1/orders/{name}").json(), "release")
    sandbox.wait(name, "Released")


def test_cards_come_up_in_a_bar_with_colour(screen, sandbox, tmp_path):
    sandbox.admin.activation(secondsPerCard=0.5)
    shown = screen(100)
    shown.type(
        f"clear; {CPCTL} apply -f {manifest(tmp_path, sandbox, 'on-a-terminal')} --activate --wait; echo done-$?"
    )
    assert "total" in shown.until("[y/N]")  # placing asks where somebody can be asked
    shown.type("y")
    middle = shown.until("━", colours=True)
    assert "order/on-a-terminal" in middle and "\x1b[" in middle
    end = shown.until("done-0")
    assert "6/6 cards" in end and end.count("order/on-a-terminal") <= 4  # drawn in place, not again and again
    released(sandbox, "on-a-terminal")


def test_without_colour_where_it_is_not_wanted(screen, sandbox, tmp_path):
    sandbox.admin.activation(secondsPerCard=0.2)
    shown = screen(100)
    file = manifest(tmp_path, sandbox, "no-colour")
    shown.type(f"clear; NO_COLOR=1 {CPCTL} apply -f {file} --activate --wait --yes; echo done-$?")
    text = shown.until("done-0", colours=True)
    assert "\x1b[3" not in text and "6/6 cards" in text
    released(sandbox, "no-colour")


def test_ctrl_c_says_what_goes_on(screen, sandbox, tmp_path):
    sandbox.admin.activation(secondsPerCard=2)
    shown = screen(100)
    file = manifest(tmp_path, sandbox, "goes-on")
    shown.type(f"clear; {CPCTL} apply -f {file} --activate --wait --yes; echo done-$?")
    shown.until("/6 cards")
    shown.press("C-c")
    text = shown.until("done-130")
    assert "Traceback" not in text
    after = text[text.rindex("/6 cards") :]
    assert "goes-on" in after and "cpctl" in after, text  # the order by name, and how to follow or stop it
    sandbox.wait("goes-on", "Active", limit_s=30)
    released(sandbox, "goes-on")


def test_ctrl_c_while_reading_is_quiet(screen):
    shown = screen(100)
    shown.type(f"clear; {CPCTL} sandbox up --foreground --port 0 --scale 60; echo done-$?")
    shown.until("sandbox at http")
    shown.press("C-c")
    assert "Traceback" not in shown.until("done-130")


LOCALES = {
    "posix": {"LC_ALL": "POSIX", "LANG": ""},
    "posix-no-utf8": {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "gbk": {"PYTHONIOENCODING": "gbk"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "nowhere": {"LC_ALL": "xx_XX.nothing"},
}


@pytest.mark.parametrize(
    "words", [["get", "sp", "-o", "wide"], ["get", "sp", "-o", "json"], ["describe", "sp/shanxi"], ["get", "山西"]]
)
@pytest.mark.parametrize("locale", LOCALES.values(), ids=LOCALES)
def test_no_locale_is_a_traceback(cp, locale, words):
    done = subprocess.run(
        [sys.executable, "-m", "cpctl", *words],
        env=cp.env | {"PYTHONPATH": str(ROOT)} | locale, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == (2 if words == ["get", "山西"] else 0), done.stderr
    assert b"Traceback" not in done.stderr
    text = done.stdout.decode("gbk" if "gbk" in locale.values() else "utf-8")
    if words[0] == "describe":
        assert "山西" in text or "\\u5c71\\u897f" in text


def test_a_narrow_terminal_wraps_lines_and_cuts_none(screen, cp):
    shown = screen(40)
    shown.type(f"clear; {CPCTL} get offers --province 晋 --limit 2 -o wide; echo done-$?")
    text = shown.until("done-0")
    expected = cp("get", "offers", "--province", "晋", "--limit", "2", "-o", "wide").out
    assert expected.strip() in text  # tmux joins the lines that it had wrapped


@pytest.mark.parametrize(
    "form", ["table", "csv", "yaml", "custom-columns=Z:.spec.nameZh", "jsonpath={.items[*].spec.nameZh}"]
)
@pytest.mark.parametrize("encoding", ["ascii", "gbk", "utf-8"])
def test_every_encoding_of_stdout_gets_every_form(cp, encoding, form):
    command = [
        sys.executable,
        "-c",
        "from cpctl.main import main; main()",
        "get",
        "sp",
        "shanxi",
        "qinghai",
        "-o",
        form,
    ]
    env = cp.env | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": encoding, "LC_ALL": "POSIX"}
    done = subprocess.run(command, env=env, capture_output=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode(encoding)
    if form != "table":  # whose Chinese is in its wide columns
        assert ("山西" in text) == (encoding != "ascii") and ("\\u5c71" in text) == (encoding == "ascii")
