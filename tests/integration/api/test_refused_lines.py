"""The table of refused lines: what to mend in each, and the lines come back from it mended; and the API says the same of a file."""

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from codes.models import Entry
from tests.integration.api.conftest import Machine
from tests.integration.lines import check_in, declaration

REFUSED = 4
BROKEN: list[Any] = [
    declaration(),
    b"",
    check_in(day="2026-02-30"),
    check_in(entry_id="=1+1", healthy="yes"),
    b'{"type": "\xff"}',
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
        ("6", "provider", "unknown_provider"),
        ("7", "entry_id", "entry_id_reused"),
    ]
    assert all(one["cure"] and one["cure_zh"] for one in told)
    assert told[2]["line"].encode("utf-8", "surrogateescape") == BROKEN[4]
    assert Entry.objects.count() == 2
    mended = [check_in(entry_id=f"m-{number}") for number in range(len(told))]
    with errors.open("w", encoding="utf-8-sig", newline="") as table:
        writer = csv.DictWriter(table, list(told[0]))
        writer.writeheader()
        writer.writerows({**one, "line": json.dumps(line)} for one, line in zip(told, mended, strict=True))
    assert run(str(errors), "--errors", str(again)).strip() == "5 accepted, 0 duplicate, 0 refused"
    assert rows(again) == []
    assert Entry.objects.count() == 7


def test_a_sent_in_table_is_not_written_over(alipay: Machine, tmp_path: Path) -> None:
    file = written(tmp_path / "lines.csv", [check_in()])
    with pytest.raises(CommandError, match="name another") as refused:
        call_command("import_entries", "--city", "alpha", str(file), "--errors", str(file))
    assert refused.value.returncode == 2


def test_command_and_api_are_equal_line_by_line(alipay: Machine, tmp_path: Path) -> None:
    """But for a line of another provider, which a key does not speak for."""
    lines = [one for one in BROKEN if not (isinstance(one, dict) and one["provider"] == "nobody")]
    with transaction.atomic():
        answered = json.loads(alipay.post_body(written(tmp_path / "lines.jsonl", lines).read_bytes()).content)
        transaction.set_rollback(True)
    *printed, counts = map(json.loads, run(str(tmp_path / "lines.jsonl"), "--json").splitlines())
    assert printed == answered["lines"]
    assert len(printed) == len(lines) - 1
    assert counts == {name: answered[name] for name in ("accepted", "duplicate", "refused")}
