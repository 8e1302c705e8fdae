"""``manage.py rehearse``: the summary, the list in every format, and what is refused."""

import csv
import json
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import openpyxl
import pytest
from django.core.management import CommandError, call_command

from codes.models import RuleSetVersion
from codes.reports.manifest import check
from codes.rule_sets.rehearsal import Change, Follows, Rehearsal
from codes.rule_sets.rehearsal_jobs import COLUMNS
from codes.rule_sets.version_file import canonical_digest
from regions.journal.models import JournalEntry
from regions.staff.roles import Role
from tests.conftest import Keep
from tests.integration.rehearsal.drafts import as_file
from tests.integration.rehearsal.test_rehearsal import Lived, foretold, lived, rehearsed
from tests.integration.reports.days import person
from tests.integration.review.desk import hire


class Tried(NamedTuple):
    """A city, its draft as a file, and what the rehearsal says of it."""

    city: Lived
    file: Path
    changes: list[Change]


@pytest.fixture
def tried(kept_at_beta: Keep, tmp_path: Path) -> Tried:
    city = kept_at_beta(lived, 1)
    return Tried(city, as_file(city.draft, tmp_path), rehearsed(city.draft, today=city.scene.day))


def rehearse(tried: Tried, *arguments: str) -> str:
    out = StringIO()
    day = f"--day={tried.city.first_day}"
    call_command("rehearse", "--city=beta", f"--rule-set={tried.file}", day, *arguments, stdout=out)
    return out.getvalue()


def test_the_summary(tried: Tried) -> None:
    told = rehearse(tried)
    appear = {one.citizen_id for one in tried.changes if one.disagreement == "appears"}
    vanish = {one.citizen_id for one in tried.changes if one.disagreement == "vanishes"}
    assert f"On {tried.city.first_day}, by what run {tried.city.scene.day} #1 as of" in told
    assert f"{len({one.citizen_id for one in tried.changes})} citizens change colour" in told
    _tally, effective = foretold(tried.city.draft, tried.city.scene.day)
    assert f"{sum(int(people) for *_, people in effective)} effective codes change\n" in told
    before, after, people = effective[0]
    assert f"  {people} from {before} to {after}\n" in told
    assert f"{len(appear)} disagreements appear, {len(vanish)} vanish" in told
    assert "0 mass changes are held for two people\n" in told
    one = tried.changes[0]
    alike = [c for c in tried.changes if (c.provider, c.before, c.after) == (one.provider, one.before, one.after)]
    assert f"  {one.provider}: {len(alike)} from {one.before} to {one.after}\n" in told
    for rule in {rule for change in tried.changes for rule in change.changed_by}:
        assert f" {rule}: " in told


def test_it_says_what_would_be_held(tried: Tried, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Rehearsal, "follows", lambda _tried, _people: Follows([], [["R1", 3, 21, 80]]))
    told = rehearse(tried)
    assert "1 mass changes are held for two people\n" in told
    assert "  R1: of 80 registered 3 turn red and 21 green before their day\n" in told


def rows_of(path: Path) -> list[dict[str, object]]:
    match path.suffix:
        case ".csv":
            with path.open(encoding="utf-8-sig", newline="") as file:
                return [dict(row) for row in csv.DictReader(file)]
        case ".jsonl":
            return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        case _:
            sheet = openpyxl.load_workbook(path, read_only=True).active
            assert sheet is not None
            header, *rows = [list(row) for row in sheet.iter_rows(values_only=True)]
            return [dict(zip(map(str, header), row, strict=True)) for row in rows]


@pytest.mark.parametrize("name", ["list.csv", "list.jsonl", "list.xlsx"])
def test_the_list(tried: Tried, tmp_path: Path, name: str) -> None:
    told = rehearse(tried, f"--output={tmp_path / name}")
    assert f"{tmp_path / name}: {len(tried.changes)} rows" in told
    rows = rows_of(tmp_path / name)
    assert [tuple(row) for row in rows] == [COLUMNS] * len(tried.changes)
    keys = ("citizen_ref", "provider", "before", "after", "disagreement")
    assert [tuple(row[key] for key in keys) for row in rows] == [
        (one.ref, one.provider, one.before, one.after, one.disagreement) for one in tried.changes
    ]
    masked = {(person(place).masked_number, person(place).masked_name) for place in range(100)}
    assert {(row["id_number"], row["full_name"]) for row in rows} <= masked


def test_the_list_is_signed_and_journalled_as_every_export_is(tried: Tried, tmp_path: Path) -> None:
    hire("ma", Role.RULE_MANAGER, now=tried.city.scene.as_of)
    told = rehearse(tried, f"--output={tmp_path / 'list.csv'}", "--by=ma")
    manifest = check(tmp_path / "list.csv")
    assert f"{tmp_path / 'list.csv.manifest.json'}: signed with the city's key {manifest['public_key']}" in told
    assert (manifest["report"], manifest["rows"], manifest["made_by"]) == ("rehearsal", len(tried.changes), "ma")
    assert manifest["filters"]["day"] == str(tried.city.first_day)
    assert manifest["filters"]["digest"] == canonical_digest(tried.city.draft)
    entry = JournalEntry.objects.get(verb="export.made")
    assert (entry.by, entry.subject, entry.data["sha256"]) == ("ma", "export:rehearsal", manifest["sha256"])
    assert not RuleSetVersion.objects.filter(rule_set__code__startswith="rehearsal").exists()
    call_command("verify_export", str(tmp_path / "list.csv"), stdout=StringIO())


def test_rules_of_the_list_are_lists(tried: Tried, tmp_path: Path) -> None:
    rehearse(tried, f"--output={tmp_path / 'list'}", "--format=jsonl")
    rows = [json.loads(line) for line in (tmp_path / "list").read_text(encoding="utf-8").splitlines()]
    assert [(row["rules_before"], row["rules_after"]) for row in rows] == [
        (one.rules_before, one.rules_after) for one in tried.changes
    ]


def refusal(tried: Tried, *arguments: str) -> str:
    with pytest.raises(CommandError) as refused:
        rehearse(tried, *arguments)
    assert refused.value.returncode == 2
    return str(refused.value)


def test_what_is_refused(tried: Tried, tmp_path: Path) -> None:
    assert "name it .csv, .jsonl or .xlsx" in refusal(tried, f"--output={tmp_path / 'list.txt'}")
    assert not (tmp_path / "list.txt").exists()
    assert "nowhere" in refusal(tried, f"--output={tmp_path / 'nowhere' / 'list.csv'}")
    tried.file.write_text('code = "national"\nversion = "one"\n', encoding="utf-8")
    assert "version" in refusal(tried)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [tried.file.name]
