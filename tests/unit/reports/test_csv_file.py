"""CSV: what a spreadsheet must not run, and what a program must get back as it was."""

import csv
import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis.strategies import lists, sampled_from, text

from codes.reports.formats import inert, write_csv

COLUMNS = ("citizen_ref", "full_name", "data")


LIVE = [
    "=1+1",
    "=cmd|'/C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "|calc",
    "%PATH%",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "\u3000=1+1",
    "\u00a0@SUM(A1)",
    "＝1+1",
    "＋1",
    "＠SUM(A1)",
    "－2+3",
    " ＝1+1",
    '=HYPERLINK("http://127.0.0.1/","x")',
    "\u200b=1+1",
    "\ufeff=1+1",
    "\u2060\u200d@SUM(A1)",
    "\u202e=1+1",
    "\u00ad+1+1",
    "\u0000=1+1",
    "\u3164=1+1",
    "\u0301=1+1",
    "\u2028=1+1",
    "\ufe66=1",
    "\ufe62=1",
    "\u22121+1",
    "\ufe63=1",
]


def written(tmp_path: Path, *rows: tuple[object, ...]) -> bytes:
    file = tmp_path / "rows.csv"
    assert write_csv(file, COLUMNS, iter(rows)) == len(rows)
    return file.read_bytes()


def back(content: bytes) -> list[list[str]]:
    return list(csv.reader(content.decode("utf-8-sig").splitlines(keepends=True), strict=True))


def test_it_begins_with_a_bom_and_its_lines_end_as_the_rfc_says(tmp_path: Path) -> None:
    content = written(tmp_path, ("C1", "张三", None), ("C2", "李四", None))
    assert content.startswith(b'\xef\xbb\xbf"citizen_ref"')
    assert content.count(b"\r\n") == content.count(b"\n") == 3
    assert content.endswith(b"\r\n")


@pytest.mark.parametrize("live", LIVE)
def test_no_cell_is_run_as_a_formula(tmp_path: Path, live: str) -> None:
    cell = back(written(tmp_path, ("C1", live, None)))[1][1]
    assert cell.startswith("'")
    assert cell[1:].replace("\\|", "|") == live


@pytest.mark.parametrize(
    "still", ["张三", "a=b", " 张三", "A-1", "it's", "-5", "51****1X", "", "C=1", "2026-11-24", "#1"]
)
def test_other_text_is_left_alone(tmp_path: Path, still: str) -> None:
    assert back(written(tmp_path, ("C1", still, None)))[1][1] == still


@pytest.mark.parametrize("hard", ['a "quoted" word', "a,b", "two\r\nlines", "a;=1+1", "tab\tinside", "末尾\\"])
def test_separators_and_quotes_come_back(tmp_path: Path, hard: str) -> None:
    content = written(tmp_path, ("C1", hard, None), ("C2", "next", None))
    rows = list(csv.reader(content.decode("utf-8-sig").splitlines(keepends=True), strict=True))
    assert [row[1] for row in rows] == ["full_name", hard, "next"]


def test_one_dangerous_cell_leaves_its_neighbours_alone(tmp_path: Path) -> None:
    assert back(written(tmp_path, ("C1", "=1", ["=2"])))[1] == ["C1", "'=1", '["=2"]']


def test_lists_and_objects_are_json_and_nothing_is_empty(tmp_path: Path) -> None:
    value = {"微信": ["A4", None], "n": 1}
    rows = back(written(tmp_path, ("C1", None, value), (7, "x", [])))
    assert rows[1][1] == ""
    assert json.loads(rows[1][2]) == value
    assert "微信" in rows[1][2]
    assert rows[2] == ["7", "x", "[]"]


INVISIBLE = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) in ("Cc", "Cf", "Zs", "Zl", "Zp")]


@given(lists(sampled_from(INVISIBLE), max_size=4), sampled_from("=+@|%＝＋＠｜％"), text(max_size=5))
def test_nothing_unseen_hides_a_formula(unseen: list[str], sign: str, rest: str) -> None:
    """Each of some 190 invisible characters, in any number, in front of each sign."""
    cell = "".join(unseen) + sign + rest
    assert inert(cell).startswith("'") or cell[0] in "=+@|%"
    assert inert(cell).removeprefix("'") == cell
