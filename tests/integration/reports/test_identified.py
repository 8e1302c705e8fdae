"""Identified exports: two auditors, a purpose, and who is informed."""

import os
import pwd
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from django.db import IntegrityError, transaction
from pytest_django import Settings

from codes.models import Case, ExportJob, IdentifiedExport, PersonAccess, Registration
from codes.reports import identified as verbs
from codes.reports.export import FileFormat, export_report
from codes.reports.jobs import ask_for_export, write_export
from codes.reports.request import MAY_IDENTIFY, CannotExport, MayNotIdentify, ReportName, ReportRequest
from regions.journal.models import JournalEntry
from regions.models import City
from regions.refusals import MovedMeanwhile, NotAllowed, Refused
from regions.staff.models import Account
from regions.staff.roles import Role
from tests.integration.journal.holding import journal_break
from tests.integration.reports.conftest import Settled
from tests.integration.reports.days import person
from tests.integration.reports.reading import confirmed_export, export, manifest_of, read
from tests.integration.review.desk import hire

PURPOSE = "第三季度抽查"
CASES = ReportRequest(ReportName.CASES, identified=True)
FEW_CASES = ReportRequest(ReportName.CASES, last=date(2020, 1, 1), identified=True)
OPERATOR = f"operator:{pwd.getpwuid(os.getuid()).pw_name}"
ASKED: dict[str, Any] = {"file_format": FileFormat.CSV, "purpose": PURPOSE}


@pytest.fixture(autouse=True)
def _own_files(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def two(beta: City, now: datetime) -> tuple[str, str]:
    """Two who audit, in the two roles that may."""
    hire("li.auditor", Role.AUDITOR, now=now)
    hire("he.admin", Role.AUDIT_ADMIN, now=now)
    return "li.auditor", "he.admin"


def identified(by: str, purpose: str = PURPOSE) -> list[str]:
    return ["--identify", "--by", by, "--purpose", purpose]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "xlsx"])
def test_full_names_and_numbers_are_given(three_days: Settled, two: tuple[str, str], out: Path, kind: str) -> None:
    rows = read(export("codes", out / f"codes.{kind}", *identified(two[0])))
    people = {name: person(place) for place, name in enumerate(three_days.scene.world.citizens)}
    assert rows
    for row in rows:
        who = people[row["citizen_ref"]]
        assert (row["id_number"], row["full_name"]) == (who.number, who.name)


def test_without_it_nobody_is_to_be_recognised(three_days: Settled, out: Path) -> None:
    numbers = {person(place).number for place in range(len(three_days.scene.world.citizens))}
    for report in ("codes", "disagreements", "cases", "appeals", "journal", "sources"):
        content = export(report, out / f"{report}.jsonl").read_text(encoding="utf-8")
        assert not [number for number in numbers if number in content]
        assert "小三" not in content


def test_the_journal_and_everybody_in_it_learn_of_it(three_days: Settled, two: tuple[str, str], out: Path) -> None:
    manifest = manifest_of(export("codes", out / "codes.csv", *identified(two[0])))
    named = {"identified": True, "purpose": PURPOSE, "made_by": two[0], "confirmed_by": OPERATOR}
    assert manifest.items() >= named.items()
    told = {entry.verb: entry for entry in JournalEntry.objects.filter(subject="export:codes")}
    acts = ["identify_asked", "identify_confirmed", "identified"]
    assert list(told) == [f"export.{act}" for act in acts]
    assert [told[f"export.{act}"].by for act in acts] == [two[0], OPERATOR, two[0]]
    data = {key: manifest[key] for key in ("filters", "format", "rows", "sha256", "purpose", "confirmed_by")}
    assert told["export.identified"].data == data
    assert journal_break() is None
    run = three_days.runs[-1]
    in_it = set(Registration.objects.filter(registered_at__lte=run.as_of).values_list("citizen", flat=True))
    accesses = PersonAccess.objects.values_list("citizen", "by", "purpose", "what")
    assert set(accesses) == {(citizen, two[0], PURPOSE, "export:codes") for citizen in in_it}
    assert set(Counter(citizen for citizen, *_ in accesses).values()) == {1}


def test_only_those_in_the_rows_are_told(three_days: Settled, two: tuple[str, str], out: Path) -> None:
    rows = read(export("cases", out / "cases.jsonl", *identified(two[0])))
    assert len(rows) == Case.objects.count()
    told = PersonAccess.objects.values_list("citizen__ref", flat=True)
    assert sorted(told) == sorted({row["citizen_ref"] for row in rows})


def test_a_masked_export_is_nobodys_access(three_days: Settled, out: Path) -> None:
    export("codes", out / "codes.csv")
    assert not PersonAccess.objects.exists()


ALONE: dict[str, Callable[..., object]] = {
    "a report without a word": lambda out, by, now: export_report(
        CASES, file=out / "a", file_format=FileFormat.CSV, by=by, now=now
    ),
    "a job without a word": lambda out, by, now: ask_for_export(CASES, file_format=FileFormat.CSV, by=by, now=now),
    "somebody else's word": lambda out, by, now: ask_for_export(
        ReportRequest(ReportName.CODES, identified=True),
        file_format=FileFormat.CSV,
        by=by,
        now=now,
        confirmation=confirmed_export(CASES, now=now).confirmation,
    ),
    "a word for fewer rows": lambda out, by, now: export_report(
        CASES,
        file=out / "a",
        file_format=FileFormat.CSV,
        by="sun",
        now=now,
        confirmation=confirmed_export(FEW_CASES, now=now).confirmation,
    ),
    "a word that waits": lambda out, by, now: ask_for_export(
        CASES, file_format=FileFormat.CSV, by=by, now=now, confirmation=verbs.propose(CASES, **ASKED, by=by, now=now)
    ),
    "one's own word": lambda out, by, now: verbs.confirm(
        verbs.propose(CASES, **ASKED, by=by, now=now).pk, by=by, now=now
    ),
    "the word of the machine": lambda out, by, now: verbs.confirm(
        verbs.propose(CASES, **ASKED, by=by, now=now).pk, by="system", now=now
    ),
    "an account in the operator's place": lambda out, by, now: verbs.agree_at_the_machine(
        CASES, **ASKED, by=by, operator=by, now=now
    ),
}


@pytest.mark.parametrize("way", list(ALONE))
def test_nobody_takes_them_out_alone(two: tuple[str, str], now: datetime, out: Path, way: str) -> None:
    with pytest.raises((MayNotIdentify, NotAllowed, Refused)):
        ALONE[way](out, two[0], now)
    assert not ExportJob.objects.exclude(confirmation__decided_by="he").exists()
    assert (list(out.iterdir()), PersonAccess.objects.exists()) == ([], False)


def test_the_database_keeps_the_two_apart(two: tuple[str, str], now: datetime) -> None:
    asked = IdentifiedExport.objects.filter(pk=verbs.propose(CASES, **ASKED, by=two[0], now=now).pk)
    with pytest.raises(IntegrityError, match="proposer_is_not_approver"), transaction.atomic():
        asked.update(state="approved", decided_by=two[0], decided_at=now)
    job = {"name": "a", "report": "cases", "file_format": "csv", "asked_by": two[0], "asked_at": now}
    with pytest.raises(IntegrityError, match="identified_export_is_confirmed"), transaction.atomic():
        ExportJob.objects.create(**job, identified=True, purpose=PURPOSE)


@pytest.mark.parametrize("end", ["refused", "withdrawn", "lapsed", "late", "closed", "revoked"])
def test_what_is_not_confirmed_is_never_written(two: tuple[str, str], now: datetime, end: str) -> None:
    by, other = two
    asked = verbs.propose(CASES, **ASKED, by=by, now=now)
    later = now + verbs.WAITS if end in ("lapsed", "late") else now
    if end == "refused":
        verbs.refuse(asked.pk, reason="无此必要", by=other, now=now)
    elif end == "withdrawn":
        verbs.withdraw(asked.pk, by=by, now=now)
    elif end == "lapsed":
        assert (verbs.lapse_unanswered(now=now), verbs.lapse_unanswered(now=later)) == (0, 1)
    elif end == "closed":
        Account.objects.filter(username=by).update(is_active=False)
    elif end == "revoked":
        Account.objects.get(username=other).grants.update(revoked_at=now, revoked_by="tests")
    refusal = {"late": CannotExport, "closed": Refused, "revoked": MayNotIdentify}.get(end, MovedMeanwhile)
    with pytest.raises(refusal):
        verbs.confirm(asked.pk, by=other, now=later)
    assert not ExportJob.objects.exists()


def test_who_loses_the_right_meanwhile_gets_no_file(two: tuple[str, str], now: datetime) -> None:
    job = confirmed_export(CASES, now=now)
    Account.objects.filter(username="he").update(is_active=False)
    assert not write_export(job.pk, clock=lambda: now + timedelta(seconds=1))
    job.refresh_from_db()
    assert (job.state, job.fault) == ("failed", "no_account")


@pytest.mark.parametrize("role", list(Role))
def test_only_those_who_audit_may(two: tuple[str, str], now: datetime, role: Role) -> None:
    hire("somebody", role, now=now)
    asked = verbs.propose(CASES, **ASKED, by=two[0], now=now)
    may = set()
    acts: dict[str, Callable[[], object]] = {
        "propose": lambda: verbs.propose(CASES, **ASKED, by="somebody", now=now),
        "refuse": lambda: verbs.refuse(asked.pk, reason="无此必要", by="somebody", now=now),
    }
    for name, act in acts.items():
        with suppress(MayNotIdentify):
            act()
            may.add(name)
    assert may == ({"propose", "refuse"} if role in MAY_IDENTIFY else set())


def test_a_person_and_a_purpose_are_needed(two: tuple[str, str], out: Path) -> None:
    file = out / "cases.csv"
    assert ended_with(file, "--identify", "--purpose", PURPOSE) == 2
    assert ended_with(file, "--identify", "--by", two[0]) == 2
    assert ended_with(file, *identified(two[0], "abcd")) == 2
    assert ended_with(file, *identified(two[0], "about 510107199003074518")) == 2
    assert ended_with(file, *identified("nobody")) == 5
    assert ended_with(file, "--by", two[0], "--purpose", PURPOSE) == 2


def ended_with(file: Path, *options: str) -> int:
    """The exit code; nothing is written, journalled or told."""
    entries = JournalEntry.objects.count()
    with pytest.raises(CommandError) as ended:
        export("cases", file, *options)
    assert (list(file.parent.iterdir()), JournalEntry.objects.count()) == ([], entries)
    assert not PersonAccess.objects.exists()
    return ended.value.returncode
