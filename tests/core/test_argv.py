"""kubectl's spellings come down to one form."""

import pytest

from cpctl.argv import hoist, normalise


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        ([], ("", [])),
        (["get", "offers"], ("get", ["offers"])),
        (["get", "offers", "-o=json"], ("get", ["offers", "-ojson"])),
        (["get", "-v=6", "offers"], ("get", ["-v6", "offers"])),
        (["-o", "json", "get", "offers"], ("get", ["offers", "-o", "json"])),
        (["-o=json", "get", "offers"], ("get", ["offers", "-ojson"])),
        (["--output=json", "get", "offers"], ("get", ["offers", "--output=json"])),
        (["--province", "shanxi", "get", "offers"], ("get", ["offers", "--province", "shanxi"])),
        (["--no-headers", "get", "offers"], ("get", ["offers", "--no-headers"])),
        (["-n", "p", "-v", "6", "call", "m", "--", "-o=x"], ("call", ["m", "-n", "p", "-v", "6", "--", "-o=x"])),
        (["--help"], ("--help", [])),
        (["-h"], ("-h", [])),
        (["get", "-"], ("get", ["-"])),
        (["get", "--", "-o=json"], ("get", ["--", "-o=json"])),
        (["-n"], ("", ["-n"])),
        (["apply", "-f=order.yaml"], ("apply", ["-forder.yaml"])),
    ],
)
def test_one_form(argv, expected):
    assert normalise(argv) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], []),
        (["status"], ["status"]),
        (["-o", "json", "status"], ["status", "-o", "json"]),
        (["--profile", "p", "status", "--", "-x"], ["status", "--profile", "p", "--", "-x"]),
        (["--help"], ["--help"]),
    ],
)
def test_flags_of_a_group_go_behind_its_verb(words, expected):
    assert hoist(words) == expected
