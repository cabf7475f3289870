"""The file that completion reads: what is offered of a list is what looking at each of its rows would give."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpctl.complete.keeping import written
from cpctl.complete.kept import BLANK, COLUMNS, NOTHING, Kept, is_safe, named, parsed, shown
from cpctl.complete.store import Place, kept_of

NAMES = st.one_of(
    st.from_regex(r"of-[0-9a-z]{1,4}", fullmatch=True),
    st.text(alphabet="ab-@.:/ $`;'\"\n\t\x1b\u202e山(", max_size=5),
)
CELLS = st.one_of(
    st.sampled_from(["shanxi", "ningxia", "H800", "A30", "一类", "a,b", "", "x\ty", "$(id)", "\u202e"]),
    st.integers(-3, 64),
    st.none(),
    st.lists(st.sampled_from(["chat", "embed", "$x"]), max_size=2),
    st.dictionaries(st.sampled_from(["team", "$a"]), st.sampled_from(["nlp", "`b`"]), max_size=2),
)
KINDS = st.sampled_from(sorted(COLUMNS))


@st.composite
def lists(draw) -> tuple[str, list[tuple]]:
    """A kind, and rows of it with different names."""
    kind = draw(KINDS)
    row = st.tuples(NAMES, *[CELLS] * (len(COLUMNS[kind]) - 1))
    return kind, draw(st.lists(row, max_size=12, unique_by=lambda one: one[0]))


def kept(kind: str, rows: list[tuple]) -> Kept:
    file = written(kind, list(zip(*rows, strict=True)) or [()] * len(COLUMNS[kind]))
    return (parsed(kind, file.partition(BLANK)) or NOTHING) if file else NOTHING


def names(text: str) -> list[str]:
    assert text == "" or text[-1] == "\n"
    return sorted(line.partition("\t")[0] for line in text.splitlines())


@settings(deadline=None)
@given(lists(), st.sampled_from(["", "o", "of-", "of-1", "a", "-", "@", "zz"]))
def test_what_is_offered_is_what_was_listed_and_is_safe(listed, begun):
    kind, rows = listed
    found = kept(kind, rows)
    safe = sorted(row[0] for row in rows if is_safe(row[0]))
    assert names(found.lines(begun)) == [name for name in safe if name.startswith(begun)]
    assert names(found.offered(begun, "--x=").decode()) == sorted(
        f"--x={name}" for name in safe if name.startswith(begun)
    )
    assert names(found.ending("=").lines(begun)) == sorted(f"{name}=" for name in safe if name.startswith(begun))
    assert names(found.but(safe[::2]).lines(begun)) == [name for name in safe[1::2] if name.startswith(begun)]
    for line in found.lines(begun).splitlines():
        assert line.count("\t") <= 1 and shown(line.replace("\t", "")) == line.replace("\t", "")


@settings(deadline=None)
@given(lists())
def test_groups_narrow_as_looking_at_every_row_would(listed):
    _, rows = listed
    offers = [(row[0], *row[1:9], *["A30"] * 8)[:9] for row in rows]
    found = kept("offers", offers)
    alone = {group[1] for group, *_ in found.groups}
    parts = [names(found.where(lambda group, one=one: group[1] == one).lines("")) for one in sorted(alone)]
    assert sorted(name for part in parts for name in part) == names(found.lines(""))
    assert sum(found.values(1).values()) == sum(found.values(0).values())


@settings(deadline=None)
@given(lists(), st.integers(0, 200), st.sampled_from([b"", b"\n", b"x", b"\t9", b"-", b"@", b"\xff"]))
def test_a_file_that_was_cut_or_changed_is_another_file_or_none(listed, place, put):
    kind, rows = listed
    file = written(kind, list(zip(*rows, strict=True)) or [()] * len(COLUMNS[kind]))
    found = parsed(kind, (file[:place] + put + file[place + 1 :]).partition(BLANK))
    if found is not None:
        for name in names(found.lines("")):
            assert is_safe(name)


@settings(deadline=None)
@given(st.lists(NAMES, unique=True))
def test_names_alone(many):
    assert names(named(many).lines("")) == sorted(name for name in many if is_safe(name))


def test_a_name_that_somebody_emptied_is_not_offered():
    found = parsed("bills", (b"2\t2\t10", BLANK, b"\tx\nof-1\tx\n"))
    assert found is not None and found.lines("") == "of-1\tx\n"


PIECES = (b"of-1", b"a", b"-", b"@x", b"\t", b"x 3 free, 1.5", b" ", b"\n", b"\n", b"$", b"\xe5\xb1\xb1", b"\xff")
LINES = st.lists(st.sampled_from(PIECES))


@settings(deadline=None, max_examples=500)
@given(LINES)
def test_lines_that_are_looked_at_together_are_those_that_each_by_itself_would_be(pieces):
    body = b"".join(pieces)
    each = [line.partition("\t") for line in body.decode("utf-8", "replace").split("\n")]
    safe = [f"{name}\t{shown(beside)}".rstrip("\t") for name, _, beside in each if is_safe(name)]
    assert Kept(body, [([], 0, 0, len(body), 0)]).lines("").splitlines() == safe


@pytest.mark.parametrize("groups", [1, 3, 2_000, 5_000])
@pytest.mark.parametrize("rows", [1, 4_000])
def test_a_file_of_any_size_is_read_back_as_it_was_written(tmp_path, groups, rows):
    names = [f"pd-{number:06}" for number in range(rows * max(groups // rows, 1))]
    providers = [f"sbx-{number % groups:04}" for number in range(len(names))]
    file = written("products", [names, ["A30"] * len(names), providers])
    (tmp_path / "products").write_bytes(file)
    found, when = kept_of(Place(str(tmp_path), "", ""), "products")
    assert when is not None and len(found.groups) == min(groups, len(names))
    assert found.lines("") == parsed("products", file.partition(BLANK)).lines("")
    assert sorted(line.partition("\t")[0] for line in found.lines("").splitlines()) == names
