"""Full names and numbers: who may take them out, what for, and who learns of it."""

from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
from django.core.management import CommandError

from codes.models import Case, PersonAccess, Registration
from regions.journal.models import JournalEntry
from regions.staff.accounts import add_staff
from regions.staff.models import Account
from regions.staff.roles import Role
from tests.integration.journal.holding import journal_break
from tests.integration.reports.conftest import Settled
from tests.integration.reports.days import person
from tests.integration.reports.reading import export, manifest_of, read

PURPOSE = "第三季度抽查"


@pytest.fixture
def auditor(three_days: Settled, now: datetime) -> str:
    add_staff(username="li.auditor", roles=["auditor"], by="system", now=now)
    return "li.auditor"


def identified(by: str, purpose: str = PURPOSE) -> list[str]:
    return ["--identify", "--by", by, "--purpose", purpose]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "xlsx"])
def test_full_names_and_numbers_are_given(three_days: Settled, auditor: str, out: Path, kind: str) -> None:
    rows = read(export("codes", out / f"codes.{kind}", *identified(auditor)))
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


def test_the_journal_and_everybody_in_it_learn_of_it(three_days: Settled, auditor: str, out: Path) -> None:
    manifest = manifest_of(export("codes", out / "codes.csv", *identified(auditor)))
    assert (manifest["identified"], manifest["purpose"], manifest["made_by"]) == (True, PURPOSE, auditor)
    entry = JournalEntry.objects.latest("seq")
    assert (entry.verb, entry.by, entry.subject) == ("export.identified", auditor, "export:codes")
    assert entry.data == {key: manifest[key] for key in ("filters", "format", "rows", "sha256", "purpose")}
    assert journal_break() is None
    run = three_days.runs[-1]
    in_it = set(Registration.objects.filter(registered_at__lte=run.as_of).values_list("citizen", flat=True))
    told = PersonAccess.objects.values_list("citizen", "by", "purpose", "what")
    assert set(told) == {(citizen, auditor, PURPOSE, "export:codes") for citizen in in_it}
    assert set(Counter(citizen for citizen, *_ in told).values()) == {1}


def test_only_those_in_the_rows_are_told(three_days: Settled, auditor: str, out: Path) -> None:
    rows = read(export("cases", out / "cases.jsonl", *identified(auditor)))
    assert len(rows) == Case.objects.count()
    told = PersonAccess.objects.values_list("citizen__ref", flat=True)
    assert sorted(told) == sorted({row["citizen_ref"] for row in rows})


def test_a_masked_export_is_nobodys_access(three_days: Settled, out: Path) -> None:
    export("codes", out / "codes.csv")
    assert not PersonAccess.objects.exists()


@pytest.mark.parametrize("role", list(Role))
def test_only_those_who_audit_may(three_days: Settled, now: datetime, out: Path, role: Role) -> None:
    add_staff(username="somebody", roles=[role], by="system", now=now)
    if role in (Role.AUDITOR, Role.AUDIT_ADMIN):
        export("codes", out / "codes.csv", *identified("somebody"))
        assert (out / "codes.csv").stat().st_size
        return
    assert ended_with(out / "codes.csv", *identified("somebody")) == 5


def test_a_withdrawn_role_or_a_closed_account_may_not(auditor: str, now: datetime, out: Path) -> None:
    account = Account.objects.get(username=auditor)
    account.grants.update(revoked_at=now, revoked_by="tests")
    assert ended_with(out / "codes.csv", *identified(auditor)) == 5
    account.grants.update(revoked_at=None, revoked_by="")
    Account.objects.filter(pk=account.pk).update(is_active=False)
    assert ended_with(out / "codes.csv", *identified(auditor)) == 5


def test_nobody_unknown_may(three_days: Settled, out: Path) -> None:
    assert ended_with(out / "codes.csv", *identified("nobody")) == 5


def test_a_person_and_a_purpose_are_needed(auditor: str, out: Path) -> None:
    file = out / "codes.csv"
    assert ended_with(file, "--identify", "--purpose", PURPOSE) == 2
    assert ended_with(file, "--identify", "--by", auditor) == 2
    assert ended_with(file, *identified(auditor, "abcd")) == 2
    assert ended_with(file, *identified(auditor, "about 510107199003074518")) == 2


def ended_with(file: Path, *options: str) -> int:
    """The exit code; nothing is written, journalled or told."""
    entries = JournalEntry.objects.count()
    with pytest.raises(CommandError) as ended:
        export("codes", file, *options)
    assert (list(file.parent.iterdir()), JournalEntry.objects.count()) == ([], entries)
    assert not PersonAccess.objects.exists()
    return ended.value.returncode
