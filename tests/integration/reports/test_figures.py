"""Reports as figures: every group equals the report filtered by it, and every day equals the report of that day."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from codes.models import PairDiagnosis, Run, RunProvider
from codes.reports.catalogue import open_report
from codes.reports.figures import Figures, figures
from codes.reports.request import ReportName, ReportRequest
from tests.integration.reports.conftest import Settled
from tests.integration.reports.days import ONE_DAY


def asked(three_days: Settled, report: ReportName, **only: str) -> ReportRequest:
    return ReportRequest(report, three_days.runs[0].day, three_days.runs[-1].day, only=only)


def figures_of(three_days: Settled, request: ReportRequest) -> Figures:
    return figures(request, now=three_days.runs[-1].as_of + ONE_DAY)


def rows(three_days: Settled, request: ReportRequest) -> list[dict[str, Any]]:
    content = open_report(request, now=three_days.runs[-1].as_of + ONE_DAY)
    return [dict(zip(content.columns, row, strict=True)) for row in content.rows]


def areas(found: Any) -> Iterator[str]:
    """The areas named anywhere in a root cause, the nearest first."""
    if isinstance(found, dict) and found.get("area"):
        yield found["area"]
    for one in found.values() if isinstance(found, dict) else found if isinstance(found, list) else ():
        yield from areas(one)


@pytest.mark.parametrize("by", ["", "cause", "provider"])
def test_people_are_grouped_as_their_rows_are_narrowed(three_days: Settled, by: str) -> None:
    """Of all, of one cause, of one provider."""
    pair = PairDiagnosis.objects.filter(disagreement__closed_run=None).latest("pk")
    only = {by: {"cause": pair.primary_cause, "provider": pair.a.code}[by]} if by else {}
    request = asked(three_days, ReportName.DISAGREEMENTS, **only)
    found, newest = (
        figures_of(three_days, request),
        ReportRequest(request.report, three_days.runs[-1].day, three_days.runs[-1].day, only=only),
    )
    assert found.asked == newest
    whole = rows(three_days, newest)
    assert whole
    for column, groups in (("place", found.places), ("data_age", found.ages)):
        assert sum(count for _, count in groups) == len(whole)
        for value, count in groups:
            if value is not None:
                narrowed = ReportRequest(newest.report, newest.first, newest.last, only={**only, column: value})
                assert len(rows(three_days, narrowed)) == count, (column, value)
    if not only:
        assert len(found.places) > 1
        assert {value for value, _ in found.ages} - {None} != set()
        named = {place for place, _ in found.places} - {None}
        assert named <= {area for row in whole for pair in row["pairs"] for area in areas(pair["guilty"])}


def test_cases_are_grouped_as_their_rows_are_narrowed(three_days: Settled) -> None:
    request = asked(three_days, ReportName.CASES)
    found, whole = figures_of(three_days, request), rows(three_days, request)
    assert sum(count for _, count in found.places) == len(whole)
    assert len(found.places) > 1
    for place, count in found.places:
        if place is not None:
            assert len(rows(three_days, asked(three_days, ReportName.CASES, place=place))) == count
    of_days = Counter(date.fromisoformat(row["opened_at"][:10]) for row in whole)
    assert dict(zip(found.days, found.daily[""], strict=True)) == {day: of_days[day] for day in found.days}


def test_entries_of_the_journal_are_counted_by_day_and_by_act(three_days: Settled) -> None:
    request = asked(three_days, ReportName.JOURNAL)
    found, whole = figures_of(three_days, request), rows(three_days, request)
    of_days = Counter(date.fromisoformat(row["at"][:10]) for row in whole)
    assert len(of_days) > 1
    assert dict(zip(found.days, found.daily[""], strict=True)) == {day: of_days[day] for day in found.days}
    assert dict(found.acts) == Counter(row["verb"] for row in whole)
    assert [count for _, count in found.acts] == sorted((count for _, count in found.acts), reverse=True)
    act, count = found.acts[0]
    narrowed = figures_of(three_days, asked(three_days, ReportName.JOURNAL, verb=act))
    assert narrowed.acts == [(act, count)]
    assert sum(one or 0 for one in narrowed.daily[""]) == count


def test_each_day_is_what_the_report_of_the_day_has(three_days: Settled) -> None:
    """On the second day a source has become stale: no figure then, rather than a smaller one."""
    codes = figures_of(three_days, asked(three_days, ReportName.CODES))
    differing = figures_of(three_days, asked(three_days, ReportName.DISAGREEMENTS))
    known = 0
    for place, run in enumerate(three_days.runs):
        of_day = ReportRequest(ReportName.CODES, run.day, run.day)
        counted = Counter(row["state"] for row in rows(three_days, of_day))
        pairs = [
            pair
            for row in rows(three_days, ReportRequest(ReportName.DISAGREEMENTS, run.day, run.day))
            for pair in row["pairs"]
        ]
        is_known = not run.providers.filter(known=False).exists()
        known += is_known
        for state in ("red", "yellow"):
            assert codes.daily[state][place] == (counted[state] if is_known else None)
        assert differing.daily[""][place] == (len(pairs) if is_known else None)
    assert 0 < known < len(three_days.runs)


def test_the_age_of_the_data_is_told_for_each_provider(three_days: Settled) -> None:
    newest = three_days.runs[-1]
    found = figures_of(three_days, asked(three_days, ReportName.CODES))
    judged = {row.provider.code: row for row in RunProvider.objects.filter(run=newest).select_related("provider")}
    assert {one.code for one in found.inputs} == set(judged)
    for one in found.inputs:
        assert one.complete_up_to == judged[one.code].horizon
        assert one.age == (newest.as_of - one.complete_up_to if one.complete_up_to else None)


@pytest.mark.parametrize("report", [ReportName.CODES, ReportName.CASES, ReportName.SOURCES, ReportName.JOURNAL])
@pytest.mark.parametrize("last", [date.min, date.min + ONE_DAY])
def test_days_before_all_days_are_the_citys_first(three_days: Settled, report: ReportName, last: date) -> None:
    found = figures_of(three_days, ReportRequest(report, None, last))
    assert found.days == [Run.objects.first_day()]
