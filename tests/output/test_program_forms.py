"""csv, toml and --query: what programs read back, and what spreadsheets do not reckon."""

from __future__ import annotations

import csv
import io
import tomllib

import pytest

from cpctl.errors import UsageError
from cpctl.output.csv_table import neutral
from cpctl.output.query import answered
from tests.output.output_samples import HOSTILE, offer, order, poisoned, printed, view


def rows(text):
    return list(csv.DictReader(io.StringIO(text), strict=True))


def test_csv_holds_values_as_they_were_sent():
    (row,) = rows(printed("csv", view([offer(8, interconnect=None, city='太原, "north"')], labels=True)))
    assert (row["GREEN"], row["INTERCONNECT"], row["CITY"]) == ("0.8250", "", '太原, "north"')
    assert row["LABELS"] == "tier=gold,产地=中国"
    assert rows(printed("csv", view([order()], kind="orders")))[0]["AGE"] == "2026-06-01T09:00:00Z"
    assert printed("csv", view([offer(1)], [offer(2)], headers=False)).count("\n") == 2


@pytest.mark.parametrize("sign", "=+-@\t\r＝＋－＠")
def test_no_cell_is_a_formula(sign):
    (row,) = rows(printed("csv", view([offer(1, city=f"{sign}1+1|cmd")])))
    assert row["CITY"].startswith("'") and "\t" not in row["CITY"]


@pytest.mark.parametrize("text", ["-1", "-12.5000", "-1e5", "", "a=b", "12"])
def test_figures_stay(text):
    assert neutral(text) == text


def test_toml_reads_back_without_its_nulls():
    told = tomllib.loads(printed("toml", view([order()], kind="orders", single=True)))
    assert told["spec"] == order()["spec"] and "reason" not in told["status"]
    assert told["status"]["allocations"] == order()["status"]["allocations"]
    assert tomllib.loads(printed("toml", view([])))["items"] == []


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_toml_reads_back(text):
    told = tomllib.loads(printed("toml", view([poisoned(offer(1), text)])))
    assert told["items"][0]["spec"]["city"] == "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)


def test_a_query_finds_values():
    assert printed("json", view([offer(1)], [offer(2)], query="items[*].status.free")) == "[\n    1,\n    2\n]\n"
    assert printed("yaml", view([offer(1)], query="length(items)")) == "1\n"
    assert printed("json", view([order()], kind="orders", single=True, query="spec.nothing")) == "null\n"


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("items[?", "it ends too early at character 8"),
        ("a b", 'unexpected "b" at character 3'),
        ("a#", "Unknown token # at character 2"),
        ("", "an expression is expected"),
        ("foo(@)", "Unknown function"),
        ("length(a)", "invalid type for value"),
        ("items[::0]", "step"),
    ],
)
def test_a_wrong_query(expression, said):
    with pytest.raises(UsageError) as caught:
        answered(expression, {"a": 1, "items": [1]})
    assert said in str(caught.value)
