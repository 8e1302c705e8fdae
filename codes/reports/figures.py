"""Figures of a report: counts by day, by place, and by the age of the data by which providers judged."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Max, OuterRef, Q, Subquery
from django.db.models.functions import TruncDate

from codes.disagreements import pairs_after
from codes.models import Run, RunProvider, VerdictChange
from codes.reports import case_list, daily_disagreements
from codes.reports.request import FILTERS, ReportName, ReportRequest, bounds
from codes.reports.work import Period
from codes.vocabulary import State
from regions.journal.models import JournalEntry
from regions.sources.models import Batch
from regions.tenancy import current_city

FIGURED = tuple(name for name in ReportName if name is not ReportName.WORK)
MOST_DAYS = 92
Value = int | None
Groups = list[tuple[Any, int]]


@dataclass(frozen=True)
class Input:
    """The data of a provider or source: up to when it is complete, its age, and the number of people held, or of deliveries."""

    code: str
    complete_up_to: datetime | None
    age: timedelta | None
    count: int


@dataclass(frozen=True)
class Figures:
    """The figures of a report.

    ``asked`` is the request whose rows the groups count. ``daily``: series → values by day, ``None`` for a day without a figure.
    """

    asked: ReportRequest
    days: list[date]
    daily: Mapping[str, Sequence[Value]]
    places: Groups = field(default_factory=list)
    ages: Groups = field(default_factory=list)
    inputs: list[Input] = field(default_factory=list)
    acts: Groups = field(default_factory=list)


def figures(request: ReportRequest, *, now: datetime) -> Figures:
    """Return the figures of the requested days, or of the last thirty, at most ``MOST_DAYS``.

    For reports of settled days, the groups are those of the newest day.
    """
    today, since = current_city().day_of(now), Run.objects.first_day()
    period = Period.of(request.first, request.last, today=today, since=since, most=MOST_DAYS)
    asked = replace(request, first=period.first, last=period.last)
    days = [period.first + timedelta(days=n) for n in range(period.days)]
    match request.report:
        case ReportName.CODES:
            return _codes(asked, days)
        case ReportName.DISAGREEMENTS:
            return _disagreements(asked, days)
        case ReportName.SOURCES:
            return _deliveries(asked, days, now=now)
        case ReportName.JOURNAL:
            return _entries(asked, days, now=now)
        case _:
            return _cases(asked, days)


def _codes(asked: ReportRequest, days: list[date]) -> Figures:
    """Return the numbers of people red and yellow with the providers, and the data by which these judged last."""
    runs, provider = _settled(asked), asked.wanted("provider")
    judged = [row for row in judged_in(runs) if provider in (None, row.provider.code)]
    daily = {}
    for state in (State.RED, State.YELLOW):
        if asked.wanted("state") in (None, state):
            counts = [sum(getattr(row, state) or 0 for row in judged if row.run_id == run.pk) for run in runs]
            daily[state.value] = by_day(days, runs, counts, judged)
    return Figures(_of_newest(asked, runs), days, daily, inputs=_inputs(runs, judged))


def _disagreements(asked: ReportRequest, days: list[date]) -> Figures:
    """Return the number of differing pairs by day, and the people of the newest day by place and by the age of the data."""
    runs = _settled(asked)
    judged = judged_in(runs)
    narrowed = {name: asked.wanted(name) for name in FILTERS[ReportName.DISAGREEMENTS]}
    if not runs:
        return Figures(asked, days, {})
    daily = {}
    # The daily counts cannot be narrowed by place or age.
    if narrowed["place"] is None and narrowed["data_age"] is None:
        codes = {row.provider_id: row.provider.code for row in judged}
        found = [
            counts
            for kind, counts in pairs_after(runs).items()
            if narrowed["cause"] in (None, kind.cause)
            and narrowed["provider"] in (None, codes.get(kind.a), codes.get(kind.b))
        ]
        daily[""] = by_day(days, runs, [sum(counts) for counts in zip(*found, strict=True)] or [0] * len(runs), judged)
    places, ages = _grouped(daily_disagreements.FIGURES, {**narrowed, "run": runs[-1].pk})
    return Figures(_of_newest(asked, runs), days, daily, places, ages, _inputs(runs, judged))


def _cases(asked: ReportRequest, days: list[date]) -> Figures:
    zone = current_city().zone.key
    places, of_days = _grouped(case_list.FIGURES, {**case_list.parameters_of(asked), "zone": zone})
    counted = dict(of_days)
    return Figures(asked, days, {"": [counted.get(day, 0) for day in days]}, places)


def _deliveries(asked: ReportRequest, days: list[date], *, now: datetime) -> Figures:
    """Return the deliveries by state, and the instant up to which the newest accepted one of each source is complete."""
    zone = current_city().zone
    span = bounds(asked.first, asked.last, zone=zone)
    ends = min(span["until"] or now, now)
    batches = Batch.objects.filter(started_at__gte=span["from"], started_at__lte=ends)
    batches = batches.filter(**{key: value for key, value in _batch_filter(asked).items() if value is not None})
    daily: dict[str, list[Value]] = {}
    of_days = batches.annotate(day=TruncDate("started_at", tzinfo=zone)).values_list("state", "day")
    for became, day, count in of_days.annotate(Count("pk")).order_by("state"):
        daily.setdefault(became, [0] * len(days))[days.index(day)] = count
    counted = {"newest": Max("as_of", filter=Q(state=Batch.State.ACCEPTED)), "count": Count("pk")}
    of_sources = batches.values_list("source__code").annotate(**counted).order_by("source__code")
    inputs = [Input(code, as_of, as_of and ends - as_of, count) for code, as_of, count in of_sources]
    return Figures(asked, days, daily, inputs=inputs)


def _entries(asked: ReportRequest, days: list[date], *, now: datetime) -> Figures:
    """Return the journal entries by day and by verb, the most frequent first."""
    zone = current_city().zone
    span = bounds(asked.first, asked.last, zone=zone)
    entries = JournalEntry.objects.filter(at__gte=span["from"], at__lt=span["until"] or now, **asked.only)
    of_days, acts = Counter[date](), Counter[str]()
    counted = entries.annotate(day=TruncDate("at", tzinfo=zone)).values_list("day", "verb")
    for day, verb, count in counted.annotate(Count("pk")).order_by("verb"):
        of_days[day] += count
        acts[verb] += count
    return Figures(asked, days, {"": [of_days[day] for day in days]}, acts=acts.most_common())


def _batch_filter(asked: ReportRequest) -> dict[str, str | None]:
    return {"source__code": asked.wanted("source"), "state": asked.wanted("state")}


def _settled(asked: ReportRequest) -> list[Run]:
    return list(Run.objects.last_of_each_day().filter(day__gte=asked.first, day__lte=asked.last))


def judged_in(runs: Sequence[Run]) -> list[RunProvider]:
    """Return the runs' inputs with the counts of colours after the runs that amended them; the stored counts are before these."""
    more = {f"more_{state.value}": _amended_to(state) for state in (State.RED, State.YELLOW)}
    rows = RunProvider.objects.filter(run__in=runs).annotate(**more)
    judged = list(rows.select_related("provider").order_by("provider__code"))
    for row in judged:
        for counted, of in (("red", "red"), ("yellow", "yellow"), ("held_red", "red"), ("held_yellow", "yellow")):
            count = getattr(row, counted)
            setattr(row, counted, None if count is None else count + (getattr(row, f"more_{of}") or 0))
    return judged


def _amended_to(state: State) -> Subquery:
    """Return a subquery of the change of a colour's count by the runs that amended a run; null if there are none."""
    changes = VerdictChange.objects.filter(run__amends=OuterRef("run"), provider=OuterRef("provider"), held_in=None)
    more = Count("pk", filter=Q(after=state)) - Count("pk", filter=Q(before=state))
    return Subquery(changes.values("provider").annotate(more=more).values("more"))


def _inputs(runs: Sequence[Run], judged: Iterable[RunProvider]) -> list[Input]:
    """Return each provider of the newest run with its data and the number of people it holds."""
    return [
        Input(
            row.provider.code,
            row.horizon,
            runs[-1].as_of - row.horizon if row.horizon else None,
            (row.red or 0) + (row.yellow or 0),
        )
        for row in judged
        if row.run_id == runs[-1].pk
    ]


def by_day(
    days: Sequence[date], runs: Sequence[Run], counts: Sequence[int], judged: Iterable[RunProvider]
) -> list[Value]:
    """Return the count of each day; ``None`` if no run settled, or if a provider could not judge, since its part is then missing."""
    silent = {row.run_id for row in judged if not row.known}
    known = {run.day: count for run, count in zip(runs, counts, strict=True) if run.pk not in silent}
    return [known.get(day) for day in days]


def _of_newest(asked: ReportRequest, runs: Sequence[Run]) -> ReportRequest:
    return replace(asked, first=runs[-1].day, last=runs[-1].day) if runs else asked


def _grouped(statement: str, parameters: Mapping[str, Any]) -> tuple[Groups, Groups]:
    """Return the counts by place and by the statement's other column, the most frequent first. Both include the group ``None``."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows = cursor.fetchall()
    places = [(place, count) for is_other, place, _, count in rows if not is_other]
    return places, [(other, count) for is_other, _, other, count in rows if is_other]
