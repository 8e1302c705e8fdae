"""The code on each of the last 14 days, and the check-ins that were made, are missing or were too late."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.contrib.postgres.aggregates import BoolOr
from django.db.models import Q, TextChoices
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.http import require_safe

from codes.effective import daily_codes
from codes.engine.provider_states import CheckInRun, check_in_runs, provider_states
from codes.forecast.outlook import Hit, hits_of
from codes.models import Citizen, Entry, Provider, Registration, Rule, Run
from codes.validity import Age
from portal.citizen.subject import SubjectRequest, for_subject, name_of_ward
from portal.templatetags.citizen import titles
from portal.web.host import required_city

DAYS = 14
ONE_DAY = timedelta(days=1)


class Mark(TextChoices):
    """The state of a day's check-in with a provider. ``icon`` distinguishes the states without colour."""

    DONE = "done", gettext_lazy("checked in")
    ILL = "ill", gettext_lazy("symptoms reported")
    LATE = "late", gettext_lazy("too late")
    MISSING = "missing", gettext_lazy("missing")
    OPEN = "open", pgettext_lazy("check-in of a day", "not yet")
    NONE = "none", gettext_lazy("not needed")

    @property
    def icon(self) -> str:
        return _ICONS.get(self.value, "")


_ICONS = {"done": "done", "ill": "attention", "late": "clock", "missing": "missing"}


@dataclass(frozen=True)
class Count:
    """The check-ins needed for the longest-lasting record whose rule counts them: ``needed`` days in a row.

    ``since``: the first day that counts, which may be in the future, or ``None`` while the end of a stay is not known.
    """

    needed: int
    since: date | None


@dataclass(frozen=True)
class Column:
    """The days of one provider, or of several that count alike. Today is first."""

    providers: tuple[Provider, ...]
    count: Count | None
    marks: tuple[Mark, ...]
    longest: int

    @property
    def title(self) -> str:
        return titles(self.providers)


@for_subject
@require_safe
def calendar_page(request: SubjectRequest) -> HttpResponse:
    """Show the last 14 days, today first. A sentence names the days that are missing or were too late."""
    now = timezone.now()
    today = required_city(request).day_of(now)
    days = [today - timedelta(days=ago) for ago in range(DAYS)]
    columns = _columns(request.subject, days, now=now)
    codes = daily_codes(request.subject.pk, since=days[-1], now=now)
    context = {
        "name": name_of_ward(request),
        "columns": [(column, _sentences(column, days)) for column in columns],
        "is_counted": any(column.count for column in columns),
        "is_worked_out": _is_worked_out(request.subject, now=now),
        "is_open": any(column.marks[0] is Mark.OPEN for column in columns),
        "today": today,
        "rows": [(day, codes[day], _marks_of(nth, columns)) for nth, day in enumerate(days)],
    }
    return render(request, "citizen/calendar.html", context)


def _is_worked_out(citizen: Citizen, *, now: datetime) -> bool:
    """Return whether the last run that judged the citizen is still valid.

    If not, it is not known which check-ins are needed.
    """
    run = Run.objects.judging(citizen.pk).first()
    return Age.of(run.day if run else None, now=now).is_valid


def _marks_of(nth: int, columns: Sequence[Column]) -> list[tuple[str, Mark]]:
    """Return the marks of one day with the titles of their providers.

    If all providers have the same mark, the title is empty.
    """
    marked: dict[Mark, list[Provider]] = {}
    for column in columns:
        marked.setdefault(column.marks[nth], []).extend(column.providers)
    return [(titles(providers) if len(marked) > 1 else "", mark) for mark, providers in marked.items()]


def _columns(citizen: Citizen, days: Sequence[date], *, now: datetime) -> list[Column]:
    """Return one column per provider. Providers whose days are the same share one."""
    registered = Registration.objects.filter(citizen=citizen, provider__in=Provider.objects.current())
    providers = [one.provider for one in registered.select_related("provider").order_by("provider__code")]
    counts = _counts(citizen, today=days[0], now=now)
    runs = check_in_runs(citizen.pk, known_at=now)
    others = _not_counted(citizen, since=days[-1])
    columns: dict[Column, Column] = {}
    for provider in providers:
        own = [run for run in runs if run.provider_id == provider.pk]
        count = counts.get(provider.code)
        marks = tuple(_mark(day, days[0], count, own, others.get((provider.pk, day))) for day in days)
        alike = Column((), count, marks, _longest(own, count, days[0]))
        before = columns.get(alike, alike)
        columns[alike] = replace(before, providers=(*before.providers, provider))
    return list(columns.values())


def _counts(citizen: Citizen, *, today: date, now: datetime) -> dict[str, Count]:
    """Return what each provider counts, by code, for those that hold the citizen by a rule that counts check-ins."""
    judged = provider_states(citizen.pk, now=now)
    verdicts = {one.holding.provider.code: one.holding for one in judged if one.holding}
    if not verdicts:
        return {}
    hits = hits_of(citizen.pk, run_id=judged[0].rests_on, today=today)
    rules = Rule.objects.in_bulk({hit.rule_id for hit in hits})
    found: dict[str, Hit] = {}
    for hit in hits:
        verdict, rule = verdicts.get(hit.provider), rules[hit.rule_id]
        if verdict is None or not hit.holds or hit.version_id != verdict.version_id:
            continue
        if rule.checkin_days and rule.hold_days is not None:
            found[hit.provider] = max(found.get(hit.provider, hit), hit, key=_how_lasting)
    return {code: Count(rules[hit.rule_id].checkin_days, hit.counts_from) for code, hit in found.items()}


def _how_lasting(hit: Hit) -> tuple[date, date]:
    return hit.until_if_followed or date.max, hit.anchor


def _not_counted(citizen: Citizen, *, since: date) -> Mapping[tuple[int, date], Mark]:
    """Return the days, by provider, with reported symptoms or with a healthy check-in that was too late.

    A check-in that counts takes precedence.
    """
    entries = Entry.objects.filter(citizen=citizen, type="check_in", day__gte=since).filter(
        Q(late=True) | Q(healthy=False)
    )
    days = entries.order_by().values_list("provider", "day").annotate(is_ill=BoolOr(Q(healthy=False)))
    return {(provider, day): Mark.ILL if is_ill else Mark.LATE for provider, day, is_ill in days}


def _mark(day: date, today: date, count: Count | None, runs: Iterable[CheckInRun], other: Mark | None) -> Mark:
    if any(run.first <= day <= run.last for run in runs):
        return Mark.DONE
    if other:
        return other
    if count is None or count.since is None or day < count.since:
        return Mark.NONE
    return Mark.OPEN if day == today else Mark.MISSING


def _longest(runs: Iterable[CheckInRun], count: Count | None, today: date) -> int:
    """Return the longest run of consecutive days that count, up to today."""
    if count is None or count.since is None:
        return 0
    lengths = ((min(run.last, today) - max(run.first, count.since)).days + 1 for run in runs)
    return max([0, *lengths])


def _sentences(column: Column, days: Sequence[date]) -> list[str]:
    """Return the sentences about a column, or none if its provider counts no check-ins."""
    count, today = column.count, days[0]
    if count is None:
        return []
    if count.since is None:
        return [_("No day counts yet: the end of the stay is not known.")]
    if count.since > today:
        return [_("Check-ins count from %(day)s on.") % {"day": _day(count.since)}]
    values = {"day": _day(count.since), "needed": count.needed, "longest": column.longest}
    sentences = [_("Days needed in a row from %(day)s on: %(needed)d. The most in a row so far: %(longest)d.") % values]
    marked = {
        mark: [day for day, one in zip(days, column.marks, strict=True) if one is mark and day >= count.since]
        for mark in Mark
    }
    sentences += [
        sentence % {"days": _listed(marked[mark])}
        for mark, sentence in (
            (Mark.MISSING, _("Missing: %(days)s.")),
            (Mark.LATE, _("Made too late and not counted: %(days)s.")),
            (Mark.ILL, _("Symptoms were reported, so that these days do not count: %(days)s.")),
        )
        if marked[mark]
    ]
    if len(sentences) == 1:
        sentences.append(_("No day is missing."))
    if today - ONE_DAY in marked[Mark.MISSING]:
        yesterday = {"day": _day(today - ONE_DAY)}
        sentences.append(_("%(day)s still counts if the provider's own app reports it today.") % yesterday)
    if marked[Mark.OPEN]:
        sentences.append(_("Today's check-in is still to be made."))
    return sentences


def _listed(days: Collection[date]) -> str:
    return pgettext("between items of a list", ", ").join(_day(day) for day in sorted(days))


def _day(day: date) -> str:
    return date_format(day, "MONTH_DAY_FORMAT")
