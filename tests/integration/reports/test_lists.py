"""The reports of instants: cases, appeals, the journal and the batches, by days in the city's time zone."""

from datetime import datetime, timedelta
from pathlib import Path

from codes.models import Appeal, Case, Fact, Provider
from codes.reports.case_list import COLUMNS as CASE_COLUMNS
from codes.reports.catalogue import COLUMNS as DELIVERY_COLUMNS
from codes.reports.catalogue import JOURNAL_ENTRIES_COLUMNS as JOURNAL_COLUMNS
from regions.journal.models import JournalEntry
from regions.sources.models import Batch, Source
from tests.integration.reports.conftest import Settled
from tests.integration.reports.days import person
from tests.integration.reports.reading import export, read

HOUR = timedelta(hours=1)


def test_cases_are_listed_in_the_order_they_were_opened(three_days: Settled, out: Path) -> None:
    rows = read(export("cases", out / "cases.jsonl"))
    cases = list(Case.objects.order_by("opened_at", "pk").select_related("citizen", "disagreement"))
    assert list(rows[0]) == list(CASE_COLUMNS)
    assert [row["number"] for row in rows] == [case.number for case in cases]
    places = {name: place for place, name in enumerate(three_days.scene.world.citizens)}
    for row, case in zip(rows, cases, strict=True):
        who = person(places[case.citizen.ref])
        assert (row["id_number"], row["full_name"]) == (who.masked_number, who.masked_name)
        assert row["colours"] == (case.disagreement.colours if case.disagreement else None)
        assert datetime.fromisoformat(row["opened_at"]) == case.opened_at
        assert row["opened_at"].endswith("+08:00")
        assert (row["closed_at"] is None) == (case.closed_at is None)


def test_days_are_the_citys_from_their_first_moment_to_their_last(three_days: Settled, out: Path) -> None:
    inside, outside = Case.objects.order_by("pk")[:2]
    for case in Case.objects.all():
        case.opened_at = datetime.fromisoformat("2022-03-20T00:00:00+08:00")
        case.save()
    Case.objects.filter(pk=inside.pk).update(opened_at=datetime.fromisoformat("2022-03-22T23:59:59.999+08:00"))
    Case.objects.filter(pk=outside.pk).update(opened_at=datetime.fromisoformat("2022-03-23T00:00:00+08:00"))
    file = out / "cases.jsonl"
    assert [row["number"] for row in read(export("cases", file, "--day", "2022-03-22"))] == [inside.number]
    assert [row["number"] for row in read(export("cases", file, "--from", "2022-03-23"))] == [outside.number]
    until = read(export("cases", file, "--to", "2022-03-20"))
    assert len(until) == Case.objects.count() - 2


def test_appeals_are_the_cases_that_citizens_asked_for(three_days: Settled, out: Path) -> None:
    last = three_days.runs[-1]
    before = Case.objects.filter(closed_at__isnull=True).first()
    fact = Fact.objects.order_by("pk").first()
    provider = Provider.objects.get(code="alipay")
    assert before is not None
    assert fact is not None
    case = Case.objects.create(
        number="A20220324-000001", kind="appeal", citizen=before.citizen, follows=before,
        opened_at=last.as_of, due_at=last.as_of + 24 * HOUR,
    )  # fmt: skip
    Appeal.objects.create(
        case=case, provider=provider, rule="A4", fact=fact, reason_code="not_there", text="王小三 was there, not me",
        colour="red", filed_by=f"citizen:{before.citizen.ref}", filed_at=last.as_of, withdraw_until=last.as_of + HOUR,
    )  # fmt: skip
    case.rulings.create(
        citizen=case.citizen, colour="green", reason_code="reviewed", reason="王小三 said so", evidence=["document:1"],
        expires_on=last.day, proposed_by="li", proposed_at=last.as_of,
    )  # fmt: skip
    file = export("appeals", out / "appeals.jsonl")
    (row,) = read(file)
    assert (row["number"], row["kind"], row["follows"]) == ("A20220324-000001", "appeal", before.number)
    assert row["appeal"]["provider"] == "alipay"
    assert row["appeal"]["reason_code"] == "not_there"
    assert [(one["colour"], one["state"], one["proposed_by"]) for one in row["rulings"]] == [
        ("green", "proposed", "li")
    ]
    assert "王小三" not in file.read_text(encoding="utf-8"), "free text names people"
    assert "A20220324-000001" in {one["number"] for one in read(export("cases", out / "cases.jsonl"))}


def test_the_journal_is_listed_with_its_digests(three_days: Settled, out: Path) -> None:
    entries = list(JournalEntry.objects.order_by("seq"))
    rows = read(export("journal", out / "journal.jsonl"))
    assert list(rows[0]) == list(JOURNAL_COLUMNS)
    assert [(row["seq"], row["verb"], row["by"], row["data"]) for row in rows] == [
        (entry.seq, entry.verb, entry.by, entry.data) for entry in entries
    ]
    assert [bytes.fromhex(row["digest"]) for row in rows] == [bytes(entry.digest) for entry in entries]
    assert [datetime.fromisoformat(row["at"]) for row in rows] == [entry.at for entry in entries]
    day = three_days.runs[1].day
    of_one_day = read(export("journal", out / "journal.jsonl", "--day", str(day)))
    zone = three_days.scene.world.zone
    assert [row["seq"] for row in of_one_day] == [one.seq for one in entries if one.at.astimezone(zone).date() == day]


def test_deliveries_are_listed_with_what_became_of_them(three_days: Settled, out: Path) -> None:
    source = Source.objects.order_by("code").first()
    assert source is not None
    at = three_days.runs[-1].as_of
    Batch.objects.create(
        source=source, state="refused", started_at=at, closed_at=at, delivered=10, quarantined=4, full=True, late=1, changed=2, missing=3,
        reason="too_many_bad", parts={"delivered": 10, "bad": 4},
    )  # fmt: skip
    rows = read(export("sources", out / "sources.jsonl"))
    assert list(rows[0]) == list(DELIVERY_COLUMNS)
    assert len(rows) == Batch.objects.count()
    assert (rows[-1]["state"], rows[-1]["reason"], rows[-1]["as_of"]) == ("refused", "too_many_bad", None)
    assert [rows[-1][name] for name in ("quarantined", "full", "late", "changed", "missing")] == [4, True, 1, 2, 3]
    assert "4 of 10" in rows[-1]["message"]
    assert {row["state"] for row in rows[:-1]} == {"accepted"}
