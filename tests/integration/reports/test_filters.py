"""A filtered report contains exactly the matching rows of the whole one, reveals nobody else, and its manifest states the filter."""

from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from codes.models import PersonAccess
from codes.reports.catalogue import open_report
from codes.reports.jobs import write_export
from codes.reports.request import CannotExport, ReportName, ReportRequest
from codes.reports.rows import first_rows
from tests.integration.reports.conftest import Settled
from tests.integration.reports.reading import confirmed_export


def rows(report: ReportName, **only: str) -> list[dict[str, object]]:
    with transaction.atomic():
        content = open_report(ReportRequest(report, only=only), now=timezone.now())
        return [dict(zip(content.columns, row, strict=True)) for row in content.rows]


@pytest.mark.parametrize("state", ["red", "yellow", "green", "unknown"])
def test_codes_of_one_state(three_days: Settled, state: str) -> None:
    assert rows(ReportName.CODES, state=state) == [one for one in rows(ReportName.CODES) if one["state"] == state]


def test_other_reports_are_narrowed_alike(three_days: Settled) -> None:
    everything = rows(ReportName.CODES)
    provider = str(everything[0]["provider"])
    assert rows(ReportName.CODES, provider=provider) == [one for one in everything if one["provider"] == provider]
    for report, name in [(ReportName.CASES, "kind"), (ReportName.CASES, "state"), (ReportName.JOURNAL, "verb")]:
        whole = rows(report)
        value = str(whole[0][name])
        assert rows(report, **{name: value}) == [one for one in whole if one[name] == value]
    for one in rows(ReportName.DISAGREEMENTS, cause="rules"):
        assert "rules" in str(one["pairs"])


def test_the_first_rows_are_those_of_the_whole(three_days: Settled) -> None:
    everything = rows(ReportName.CODES)
    with first_rows(5):
        assert rows(ReportName.CODES) == everything


def test_only_whom_the_file_names_is_told(three_days: Settled, settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    red = {str(one["citizen_ref"]) for one in rows(ReportName.CODES, state="red")}
    request = ReportRequest(ReportName.CODES, identified=True, only={"state": "red"})
    job = confirmed_export(request, now=three_days.runs[-1].as_of)
    assert write_export(job.pk, clock=lambda: three_days.runs[-1].as_of)
    assert set(PersonAccess.objects.values_list("citizen__ref", flat=True)) == red
    assert red


def test_a_filter_the_report_does_not_have_is_refused() -> None:
    with pytest.raises(CannotExport, match="cannot be narrowed"):
        ReportRequest(ReportName.SOURCES, only={"cause": "rules"})
