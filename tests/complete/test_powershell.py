"""The PowerShell script, read by a grammar of PowerShell: it parses, and nothing in it can run what a server sent.

No PowerShell can be had where this is tested, so what it does is not run here; what it is made of is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from cpctl.complete.facts import Facts, Value, facts
from cpctl.complete.fitting import Fitting
from cpctl.complete.powershell import script
from cpctl.generate import ROOT
from cpctl.grammar import commands, global_flags
from tools import need_module

tree_sitter = need_module("tree_sitter")
GRAMMAR = need_module("tree_sitter_powershell")

TEXT = (ROOT / "completions/cpctl.ps1").read_text(encoding="utf-8")
PARSER = tree_sitter.Parser(tree_sitter.Language(GRAMMAR.language()))

COMMANDS = {
    *("Register-ArgumentCompleter", "Set-StrictMode", "Select-Object", "ForEach-Object", "Where-Object"),
    *("Get-Command", "Get-Variable", "Split-Path"),
}
# The one thing that is run by a value, and all that this value ever is: nothing that cpctl said.
CALL = "& $program __complete @words 2>$null"
PROGRAM = (
    "$program = $null",
    "$program = Get-Command -Name cpctl -CommandType Application -All |"
    " Where-Object { $folders -ccontains (Split-Path -Parent $_.Source) } | Select-Object -First 1",
)
MEMBERS = {
    *("Count", "Length", "Extent", "Text", "StartOffset", "Value", "Source", "CommandElements", "PSVersion"),
    *("words", "live", "list", "files", "Ordinal", "OrdinalIgnoreCase", "PathSeparator"),
    *("Substring", "TrimEnd", "Trim", "Contains", "LastIndexOf", "StartsWith", "ContainsKey", "new"),
}
TYPES = {
    *(
        "string",
        "char",
        "version",
        "System.IO.Path",
        "System.StringComparison",
        "System.Management.Automation.CompletionResult",
    ),
    "System.Management.Automation.Language.StringConstantExpressionAst",
}


def nodes(text: str) -> Iterator[Any]:
    waiting = [PARSER.parse(text.encode()).root_node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.children))


def said(node: Any) -> str:
    return node.text.decode() if node.text else ""


def mistakes(text: str) -> list[str]:
    """Where the grammar cannot follow, or had to add something."""
    return [said(node) for node in nodes(text) if node.is_error or node.is_missing]


def dangers(text: str) -> list[str]:
    """What could run a text: commands not of the few or named by a value, foreign members and types, `$()`."""
    found = []
    for node in nodes(text):
        if node.type == "command":
            name = next(one for one in node.children if one.type.startswith("command_name"))
            found += [] if said(name) in COMMANDS or said(node).strip() == CALL else [said(node)]
        elif node.type == "assignment_expression" and said(node).startswith("$program "):
            found += [] if " ".join(said(node).split()) in PROGRAM else [said(node)]
        elif node.type == "member_name":
            found += [] if said(node) in MEMBERS else [said(node)]
        elif node.type == "type_name" and node.parent is not None and node.parent.type != "type_name":
            found += [] if said(node) in TYPES else [said(node)]
        elif node.type in ("sub_expression", "expandable_here_string_literal"):
            found += [said(node)]
    return found


def test_it_parses():
    assert mistakes(TEXT) == []


BREAKAGES = [
    *(("{", ""), ("}", ""), ("(", ""), (")", ""), ("]::new", "::new"), ("'", "")),
    *((" in $found", " $found"), ("foreach (", "("), ("elseif (-not $sub", "(-not $sub"), ("if ($none)", "if")),
    *(
        ("= @(& $program", "= @& $program"),
        ("-notcontains ($_", "-notcontains"),
        ("| Where-Object", "| | Where-Object"),
    ),
    *(("    $groups = @{", "    $groups = @"), ("param(", "param")),
]


@pytest.mark.parametrize(("part", "instead"), BREAKAGES)
def test_a_small_breakage_is_seen(part, instead):
    """A bracket, a quote or a keyword less, at the last place where it stands."""
    at = TEXT.rindex(part)
    assert mistakes(TEXT[:at] + instead + TEXT[at + len(part) :]) != []


def test_nothing_in_it_runs_a_text():
    assert dangers(TEXT) == []


@pytest.mark.parametrize(
    "line",
    [
        "Invoke-Expression $value",
        "iex $value",
        "$program = $value",
        "$program = Get-Command -Name cpctl",
        "& $program @words",
        "& cpctl __complete @words",
        "$value | iex",
        "& $value",
        ". $value",
        '& "$value"',
        "&$found[0] x",
        "Add-Type -TypeDefinition $value",
        "Start-Process $value",
        "[scriptblock]::Create($value)",
        "$ExecutionContext.InvokeCommand.ExpandString($value)",
        "$commandAst.SafeGetValue()",
        "[System.Diagnostics.Process]::Start($value)",
        '$text = "x$($value)"',
        "$x.$value()",
    ],
)
def test_a_line_that_would_is_seen(line):
    mark = "    $none = $true\n"
    assert dangers(TEXT.replace(mark, f"{mark}    {line}\n")) != []


HOSTILE = [
    "'; Remove-Item x; '",
    "\u2019; Remove-Item x; \u2018",
    "$(x)",
    "`$(x)",
    "a\nb",
    "'@\nx\n@'",
    "#",
    "\u5c71'\u897f",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_description_or_word_is_more_than_a_text(text):
    def made(word: str) -> str:
        pairs = (("get", word), (f"w{word}", "x"))
        value = Value((f"get {word}",), (word, "x"), True, "always", False)
        words = (word,)
        fits = Fitting(words, words, ((words, words),), words)
        table = {word: pairs}
        return script(Facts(pairs, table, table, words, (value,), {word: words}, *[words] * 3, fits, words))

    shape = [node.type for node in nodes(made("plain"))]
    assert mistakes(made(text)) == [] and [node.type for node in nodes(made(text))] == shape


def test_an_old_powershell_reads_it_too():
    """5.1 takes a file for one in the code page of the system, and keys of its tables for the same in either case."""
    assert TEXT.isascii()
    for table in (node for node in nodes(TEXT) if node.type == "hash_literal_body"):
        keys = [said(entry.children[0]).lower() for entry in table.children if entry.type == "hash_entry"]
        assert len(keys) == len(set(keys)) > 0


def test_every_word_is_there_and_one_list_in_a_list_is_not():
    """`@(@('a', 'b'))` would be the list of two texts: a group of one verb has to be written otherwise."""
    known = facts(commands(), global_flags())
    texts = {said(node)[1:-1].split(" ")[0] for node in nodes(TEXT) if node.type == "string_literal"}
    for words in (known.verbs, *known.groups.values(), *known.flags.values()):
        assert {word for word, _ in words} <= texts
    assert {word for row in known.values for word in row.words} | set(known.valued) <= texts
    assert {word for words in known.plain.values() for word in words} <= texts
    assert "        'delete' = @('order/', 'demand/')\n" in TEXT
    assert not any(said(node).replace(" ", "").startswith("@(@(") for node in nodes(TEXT))


def test_the_empty_word_is_spelled_for_those_that_drop_it():
    """Before 7.3, and in its mode Legacy, an empty argument of a native command is not handed on; `""` becomes one."""
    (call,) = [node for node in nodes(TEXT) if node.type == "command" and said(node).startswith("& ")]
    assert said(call).strip() == CALL
    (branch,) = [node for node in nodes(TEXT) if node.type == "if_statement" and said(node).startswith("if ($passing")]
    assert "-lt [version]'7.3.0'" in said(branch) and "'Legacy'" in said(branch)
    assert """-creplace '^$', '""'""" in said(branch) and """-creplace '(\\\\*)"', '$1$1\\"'""" in said(branch)


def test_a_cpctl_of_the_working_folder_is_never_asked():
    """Only one that a whole entry of PATH holds: neither a relative entry nor a batch file, of which cmd.exe would read
    the words once more."""
    (test,) = re.findall(r"-cmatch '(\^\(/[^']+)'$", TEXT, re.MULTILINE)
    for folder, is_whole in FOLDERS.items():
        assert bool(re.match(test, folder)) == is_whole, folder
    (branch,) = [
        node for node in nodes(TEXT) if node.type == "if_statement" and CALL in said(node).partition("else")[0]
    ]
    assert said(branch).startswith(r"if ($program -and $program.Source -notmatch '\.(bat|cmd)$') {")


FOLDERS = {
    **dict.fromkeys(["/usr/bin", "/", "C:\\Tools", "c:/tools", "\\\\server\\share"], True),
    **dict.fromkeys(["", ".", "bin", "./bin", "..\\bin", "C:", "C:bin", "~/bin", "\\bin"], False),
}
ATTACHED = {
    "-oj": "-o",
    "-o=js": "-o=",
    "-o=": "-o=",
    "--output=js": "--output=",
    "-ocustom-columns=P:.x": "-o",
    "--output=custom-columns=P:.x": "--output=",
    **dict.fromkeys(["-o", "-", "--", "--output", "order", "--=", "a=b"], ""),
}


def test_a_value_attached_to_its_flag_is_told_from_it():
    (pattern,) = re.findall(r"-cmatch '(\\A\(--[^']+)'", TEXT)
    for word, head in ATTACHED.items():
        found = re.match(pattern, word)
        assert (found[0] if found else "") == head, word
