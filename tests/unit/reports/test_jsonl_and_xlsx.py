"""JSON lines keep what values are; a spreadsheet keeps text as text and goes on on another sheet."""

import json
import zipfile
from itertools import islice
from pathlib import Path

import pytest
from openpyxl import load_workbook

from codes.reports.formats import write_jsonl, write_xlsx
from codes.reports.request import CannotExport
from tests.unit.reports.test_csv_file import LIVE

COLUMNS = ("citizen_ref", "id_number", "rule_codes", "rule_set_version")
NUMBER = "510107199003074518"


def test_json_lines_keep_their_types(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    assert write_jsonl(file, COLUMNS, iter([("C1", NUMBER, ["A4"], 2), ("C2", "张\u2028三", [], None)])) == 2
    content = file.read_bytes()
    assert content.count(b"\n") == 2
    assert not content.startswith(b"\xef\xbb\xbf")
    assert [json.loads(line) for line in content.decode().splitlines()[:1]] == [
        {"citizen_ref": "C1", "id_number": NUMBER, "rule_codes": ["A4"], "rule_set_version": 2}
    ]
    assert list(json.loads(content.split(b"\n")[1])) == list(COLUMNS)


def test_a_row_of_another_width_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="zip"):
        write_jsonl(tmp_path / "rows.jsonl", COLUMNS, iter([("C1",)]))


def test_a_spreadsheet_holds_text_numbers_and_no_formula(tmp_path: Path) -> None:
    file = tmp_path / "rows.xlsx"
    rows = [(NUMBER, "=1+1", ["A4"], 2), ("https://127.0.0.1/", "0012", [], None)]
    assert write_xlsx(file, COLUMNS, iter(rows)) == 2
    sheet = load_workbook(file).worksheets[0]
    cells = [[(cell.data_type, cell.value, cell.hyperlink) for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert cells[0] == [("s", NUMBER, None), ("s", "'=1+1", None), ("s", '["A4"]', None), ("n", 2, None)]
    assert cells[1][:2] == [("s", "https://127.0.0.1/", None), ("s", "0012", None)]
    assert sheet.cell(row=2, column=2).number_format == "@"
    with zipfile.ZipFile(file) as parts:
        assert not any(b"<f>" in parts.read(name) for name in parts.namelist())


@pytest.mark.parametrize("live", LIVE)
def test_a_sheet_saved_as_csv_has_no_formula_either(tmp_path: Path, live: str) -> None:
    write_xlsx(tmp_path / "rows.xlsx", ("note",), iter([(live,), ("-5",), ("张三 = 李四",)]))
    saved = [row[0] for row in load_workbook(tmp_path / "rows.xlsx").worksheets[0].iter_rows(values_only=True)]
    assert str(saved[1]).startswith("'")
    assert saved[2:] == ["-5", "张三 = 李四"]


def test_a_full_sheet_is_followed_by_another(tmp_path: Path) -> None:
    file = tmp_path / "rows.xlsx"
    assert write_xlsx(file, ("n",), iter([(n,) for n in range(7)]), sheet_rows=3) == 7
    sheets = [[row[0] for row in sheet.iter_rows(values_only=True)] for sheet in load_workbook(file).worksheets]
    assert sheets == [["n", 0, 1, 2], ["n", 3, 4, 5], ["n", 6]]


@pytest.mark.parametrize("rows", [0, 3])
def test_no_empty_sheet_follows(tmp_path: Path, rows: int) -> None:
    file = tmp_path / "rows.xlsx"
    write_xlsx(file, ("n",), iter([(n,) for n in range(rows)]), sheet_rows=3)
    assert [sheet.max_row for sheet in load_workbook(file).worksheets] == [rows + 1]


def test_what_no_cell_holds_is_refused_and_nothing_is_left_beside(tmp_path: Path) -> None:
    rows = iter([("C1", "x" * 32_767), ("C2", "x" * 32_768)])
    with pytest.raises(CannotExport, match=r"C2.*csv or jsonl"):
        write_xlsx(tmp_path / "rows.xlsx", ("citizen_ref", "data"), rows)
    assert list(islice(tmp_path.glob(".sheets-*"), 1)) == []
