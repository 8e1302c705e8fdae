"""The table of refused lines: what to correct in each, and the corrected lines are accepted; the API reports the same for a file."""

import csv
import json
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from codes.models import Entry
from tests.integration.api.conftest import Machine
from tests.integration.lines import ANNA, check_in, declaration

REFUSED = 4
BROKEN: list[Any] = [
    declaration(),
    b"",
    check_in(day="2026-02-30"),
    check_in(entry_id="=1+1", healthy="yes"),
    b'{"type": "\xff"}',
    b"=1+1|'x'!A1",
    "＝1+1".encode(),
    b"{" + b" " * 300_000,
    check_in(provider="nobody"),
    check_in(entry_id="d-1"),
    check_in(),
]


def written(path: Path, lines: list[Any]) -> Path:
    path.write_bytes(b"\n".join(one if isinstance(one, bytes) else json.dumps(one).encode() for one in lines) + b"\r\n")
    return path


def run(*options: str) -> str:
    out = StringIO()
    try:
        call_command(
            "import_entries", "--city", "alpha", "--by", "operator:lin", *options, stdout=out, stderr=StringIO()
        )
    except CommandError as error:
        if error.returncode != REFUSED:
            raise
    return out.getvalue()


def rows(path: Path) -> list[dict[str, str]]:
    csv.field_size_limit(sys.maxsize)
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as table:
        return list(csv.DictReader(table))


def test_refused_lines_come_back_mended(alipay: Machine, tmp_path: Path) -> None:
    errors, again = tmp_path / "errors.csv", tmp_path / "again.csv"
    run(str(written(tmp_path / "lines.jsonl", BROKEN)), "--errors", str(errors))
    told = rows(errors)
    assert [(one["row"], one["field"], one["reason"]) for one in told] == [
        ("3", "day", "bad_date"),
        ("4", "healthy", "bad_field"),
        ("5", "", "bad_json"),
        ("6", "", "bad_json"),
        ("7", "", "bad_json"),
        ("8", "", "too_long"),
        ("9", "provider", "unknown_provider"),
        ("10", "entry_id", "entry_id_reused"),
    ]
    assert all(one["cure"] and one["cure_zh"] for one in told)
    assert told[2]["line"].encode("utf-8", "surrogateescape") == BROKEN[4]
    assert [told[place]["line"] for place in (3, 4)] == ["'=1+1|'x'!A1", "'＝1+1"], "no spreadsheet runs it"
    run(str(errors), "--errors", str(again))
    # What nobody has mended is refused as before, and comes back as it came.
    assert [(one["reason"], one["line"]) for one in rows(again)] == [(one["reason"], one["line"]) for one in told]
    assert Entry.objects.count() == 2
    mended = [check_in(entry_id=f"m-{number}") for number in range(len(told))]
    with errors.open("w", encoding="utf-8-sig", newline="") as table:
        writer = csv.DictWriter(table, list(told[0]))
        writer.writeheader()
        writer.writerows({**one, "line": json.dumps(line)} for one, line in zip(told, mended, strict=True))
    assert run(str(errors), "--errors", str(again)).strip() == "8 accepted, 0 duplicate, 0 refused"
    assert rows(again) == []
    assert Entry.objects.count() == 10


@pytest.mark.parametrize(
    "table", ["", "row;line\r\n1;{}\r\n", "row,lines\r\n1,{}\r\n"], ids=["empty", "semicolons", "another column"]
)
def test_a_table_without_the_column_of_lines_is_not_taken_for_an_empty_one(
    alipay: Machine, tmp_path: Path, table: str
) -> None:
    file = tmp_path / "lines.csv"
    file.write_text(table, encoding="utf-8-sig")
    with pytest.raises(CommandError, match="no column line") as refused:
        call_command("import_entries", "--city", "alpha", str(file))
    assert refused.value.returncode == 2


def test_a_sent_in_table_is_not_written_over(alipay: Machine, tmp_path: Path) -> None:
    file = written(tmp_path / "lines.csv", [check_in()])
    with pytest.raises(CommandError, match="name another") as refused:
        call_command("import_entries", "--city", "alpha", str(file), "--errors", str(file))
    assert refused.value.returncode == 2


SHOWN = {
    "type": "displayed", "provider": "alipay", "entry_id": "s-1", "id_type": "10", "id_number": ANNA, "value": "00",
    "shown_at": "2026-11-20T08:00:00+08:00",
}  # fmt: skip
# Another provider's line is the one thing that a key may not send and a file may.
KINDS = [
    declaration(),
    check_in(),
    SHOWN,
    *(one for one in BROKEN if isinstance(one, dict) and one["provider"] == "alipay"),
]
VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.lists(st.text(max_size=3), max_size=2)


@st.composite
def spoilt_lines(draw: st.DrawFn) -> bytes:
    """A line of every type as it should be, with one key changed or left out, or noise."""
    line = draw(st.sampled_from(KINDS))
    key = draw(st.sampled_from(sorted(set(line) - {"provider"})))
    kind = draw(st.sampled_from(["sound", "changed", "left out", "noise"]))
    if kind == "noise":
        return draw(st.binary(max_size=30))
    if kind == "left out":
        line = {name: value for name, value in line.items() if name != key}
    return json.dumps({**line, key: draw(VALUES)} if kind == "changed" else line).encode()


def test_command_and_api_are_equal_line_by_line(alipay: Machine, tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"
    outcomes: set[str] = set()

    @settings(max_examples=12, suppress_health_check=list(HealthCheck))
    @example(lines=[json.dumps(declaration()).encode(), b"{"])
    @given(lines=st.lists(spoilt_lines(), min_size=1, max_size=6))
    def are_equal(lines: list[bytes]) -> None:
        file.write_bytes(b"\n".join(lines) + b"\n")
        with transaction.atomic():
            answered = json.loads(alipay.post_body(file.read_bytes()).content)
            transaction.set_rollback(True)
        with transaction.atomic():
            *printed, counts = map(json.loads, run(str(file), "--json").splitlines())
            transaction.set_rollback(True)
        assert printed == answered["lines"]
        assert counts == {name: answered[name] for name in ("accepted", "duplicate", "refused")}
        outcomes.update(one["result"] for one in printed)

    are_equal()
    assert outcomes >= {"accepted", "refused"}
