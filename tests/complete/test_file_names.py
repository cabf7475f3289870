"""`-f <Tab>` in real shells: their own completion of files, names with spaces and all."""

from __future__ import annotations

import os
import shlex

import pexpect
import pytest

from cpctl.generate import ROOT
from tools import need

# The command is a function that prints its words: what is tested is what the shell would hand on.
SHELLS = {
    "bash": (
        ["--norc", "--noprofile", "-i"],
        "bind 'set enable-bracketed-paste off'; source {0}/cpctl.bash; "
        "cpctl() {{ printf '<%s>' \"$@\"; echo en''d; }}; PS1='rea''dy> '",
    ),
    "zsh": (
        ["-f", "-i"],
        "unset zle_bracketed_paste; unsetopt prompt_sp beep; autoload -Uz compinit; compinit -D -u; source {0}/_cpctl; "
        "cpctl() {{ printf '<%s>' \"$@\"; echo en''d }}; PS1='rea''dy> '",
    ),
    "fish": (
        ["--no-config", "-i"],
        "source {0}/cpctl.fish; function cpctl; printf '<%s>' $argv; echo en''d; end; "
        "function fish_prompt; echo -n 'rea''dy> '; end",
    ),
}
ONE = "<diff><-f><order one.yaml>"
CASES = {  # what is typed and what is to be seen then; what is handed on in the end
    "plain": ([("cpctl diff -f or\t", "one.yaml")], ONE),
    "double": ([('cpctl diff -f "or\t', "one.yaml")], ONE),
    "single": ([("cpctl diff -f 'or\t", "one.yaml")], ONE),
    "begun": ([("cpctl diff -f order\\ o\t", "one.yaml")], ONE),
    "equals": ([("cpctl diff --filename=or\t", "one.yaml")], "<diff><--filename=order one.yaml>"),
    "folder": ([("cpctl diff -f my\t", "two"), ("in\t", "ner.yaml")], "<diff><-f><my folder two/inner.yaml>"),
    "hostile": ([("cpctl diff -f '$(touch x)\t", ".yaml")], "<diff><-f><$(touch x).yaml>"),
    "home": ([("cpctl diff -f ~/or\t", "one.yaml")], "<diff><-f><HOME/order one.yaml>"),
    "variable": ([("cpctl diff -f $HOME/or\t", "one.yaml")], "<diff><-f><HOME/order one.yaml>"),
    "equals and variable": (
        [("cpctl diff --filename=$HOME/or\t", "one.yaml")],
        "<diff><--filename=HOME/order one.yaml>",
    ),
    "none": ([("cpctl diff -f zz\t", "zz")], "<diff><-f><zz>"),
    "next": ([("cpctl diff -f or\t", "one.yaml"), ("--run-\t", "run-id")], f"{ONE}<--run-id>"),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", SHELLS)
def test_files_are_completed_by_the_shell(name, case, tmp_path):
    (tmp_path / "my folder two").mkdir()
    for file in ("order one.yaml", "my folder two/inner.yaml", "$(touch x).yaml"):
        (tmp_path / file).touch()
    flags, ready = SHELLS[name]
    env = {"HOME": str(tmp_path), "PATH": os.defpath, "LANG": "C.UTF-8", "TERM": "xterm", "INPUTRC": os.devnull}
    shell = pexpect.spawn(
        need(name), flags, cwd=str(tmp_path), env=env, encoding="utf-8", timeout=30, dimensions=(50, 200)
    )
    try:
        shell.sendline(ready.format(shlex.quote(str(ROOT / "completions"))))
        shell.expect("ready> ")
        steps, handed = CASES[case]
        for typed, shown in steps:
            shell.send(typed)
            shell.expect_exact(shown)
        shell.send("\r")
        shell.expect("(<diff>.*)end")
        assert shell.match[1].strip() == handed.replace("HOME", str(tmp_path))
    finally:
        shell.close(force=True)
    assert not (tmp_path / "x").exists()
