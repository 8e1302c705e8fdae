"""Render titles, days, places and lists in one language for one audience. Call it with that language active.

Citizens never see an internal code: anything without a title is described in general words.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import reduce
from typing import Literal
from zoneinfo import ZoneInfo

from django.contrib.postgres.aggregates import JSONBAgg
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import JSONObject
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, pgettext

from codes.diagnosis.root_cause import Side
from codes.models import Citizen, Run, RunProvider, Verdict
from codes.vocabulary import Colour
from regions.divisions import divisions
from regions.tenancy import current_city
from regions.vocabulary import FactKind


@dataclass(frozen=True)
class Title:
    zh: str
    en: str

    def text_in(self, language: str) -> str:
        return self.zh if language.startswith("zh") else self.en


@dataclass(frozen=True)
class Context:
    """The titles and dates that sentences refer to.

    ``providers`` and ``sources`` are by code; ``source_of`` is provider → source; ``max_age`` is by source. ``rule_sets`` are
    those with a title, by code; only officials see them. ``turns_green_on`` has the providers that show this citizen red or
    yellow, with the day or ``None``. ``due_at`` is the deadline of the citizen's case. ``name`` is how the citizen is called on a
    page that another person reads.
    """

    day: date
    zone: ZoneInfo
    providers: Mapping[str, Title]
    sources: Mapping[str, Title]
    source_of: Mapping[str, str]
    max_age: Mapping[str, timedelta] = field(default_factory=dict)
    rule_sets: Mapping[str, Title] = field(default_factory=dict)
    turns_green_on: Mapping[str, date | None] = field(default_factory=dict)
    due_at: datetime | None = None
    name: str = ""


def context_of(run: Run) -> Context:
    """Return the context shared by all people of a run; ``with_citizen`` adds the data of one person."""
    return context_from(
        run.day, RunProvider.objects.filter(run=run).select_related("provider", "source", "version__rule_set")
    )


def context_from(day: date, frozen: Iterable[RunProvider]) -> Context:
    """Return the context from rows that are loaded already, each with its provider and source."""
    frozen = list(frozen)
    return Context(
        day=day,
        zone=current_city().zone,
        providers={one.provider.code: Title(one.provider.title_zh, one.provider.title_en) for one in frozen},
        sources={one.source.code: Title(one.source.title_zh, one.source.title_en) for one in frozen},
        source_of={one.provider.code: one.source.code for one in frozen},
        max_age={one.source.code: timedelta(hours=one.source.max_age_hours) for one in frozen},
        rule_sets={
            rule_set.code: Title(rule_set.title_zh, rule_set.title_en)
            for one in frozen
            if one.version and (rule_set := one.version.rule_set).title_zh
        },
    )


def with_citizen(context: Context, *, citizen_id: int) -> Context:
    (greens,) = Citizen.objects.filter(pk=citizen_id).values_list(greens_of("pk"), flat=True)
    return replace(context, turns_green_on=read_greens(greens))


def greens_of(citizen: str) -> Subquery:
    """Return a subquery with the days on which a citizen's verdicts turn green, for ``read_greens``.

    ``citizen`` is the name of the outer query's field with the citizen's id.
    """
    pair = JSONObject(provider=F("provider__code"), day=F("green_on"))
    held = Verdict.objects.with_green_on().filter(citizen=OuterRef(citizen)).order_by().values("citizen")
    return Subquery(held.annotate(greens=JSONBAgg(pair)).values("greens"))


def read_greens(greens: Sequence[Mapping[str, str | None]] | None) -> Mapping[str, date | None]:
    """Return provider's code → the day or ``None``, for the providers whose verdict is not green."""
    return {str(one["provider"]): date.fromisoformat(one["day"]) if one["day"] else None for one in greens or ()}


# After "记录" / "recorded": a whole clause.
RECORDED: dict[FactKind, str] = {
    FactKind.CONFIRMED_CASE: gettext_noop("that you are a confirmed case"),
    FactKind.ASYMPTOMATIC_CASE: gettext_noop("that you are an asymptomatic case"),
    FactKind.SUSPECTED_CASE: gettext_noop("that you are a suspected case"),
    FactKind.POSITIVE_TEST: gettext_noop("that you tested positive"),
    FactKind.CLOSE_CONTACT: gettext_noop("that you are a close contact"),
    FactKind.SECONDARY_CONTACT: gettext_noop("that you are a contact of a close contact"),
    FactKind.CO_TRAVELLER: gettext_noop("that you travelled with a case"),
    FactKind.SPACETIME_OVERLAP: gettext_noop("that you were at the same place and time as a case"),
    FactKind.AREA_STAY: gettext_noop("that you stayed in %(area)s"),
    FactKind.OVERSEAS_ARRIVAL: gettext_noop("that you arrived from abroad"),
    FactKind.ARRIVAL: gettext_noop("that you came or returned from %(area)s"),
    FactKind.SYMPTOM: gettext_noop("that you have symptoms such as fever or cough"),
    FactKind.CONTACT_WITH_CASE: gettext_noop("that you had contact with a case"),
    FactKind.UNSURE_CONTACT: gettext_noop("that you are not sure about contact with a case"),
    FactKind.FALSE_DECLARATION: gettext_noop("that a declaration of yours was untrue"),
    FactKind.DISCHARGED: gettext_noop("that you were discharged from hospital"),
    FactKind.ISOLATION_COMPLETED: gettext_noop("that you completed isolation"),
    FactKind.CASE_EXCLUDED: gettext_noop("that you were found not to be a case"),
    FactKind.CONTACT_EXCLUDED: gettext_noop("that you were found not to be a contact"),
    FactKind.NEGATIVE_TEST: gettext_noop("that you tested negative"),
}

# After "申报" / "declared": what a declaration or an unhealthy check-in can become.
DECLARED: dict[FactKind, str] = {
    FactKind.SYMPTOM: gettext_noop("symptoms such as fever or cough"),
    FactKind.CONTACT_WITH_CASE: gettext_noop("contact with a case"),
    FactKind.UNSURE_CONTACT: gettext_noop("not being sure about contact with a case"),
    FactKind.AREA_STAY: gettext_noop("a stay in %(area)s (%(span)s)"),
    FactKind.ARRIVAL: gettext_noop("arriving from %(area)s on %(day)s"),
    FactKind.OVERSEAS_ARRIVAL: gettext_noop("arriving from abroad on %(day)s"),
}

LEVELS: dict[str, str] = {
    "high": gettext_noop("high-risk areas"),
    "medium": gettext_noop("medium-risk areas"),
    "low": gettext_noop("low-risk areas"),
    "national_high": gettext_noop("high-risk areas reported nationally"),
    "national_medium": gettext_noop("medium-risk areas reported nationally"),
    "neighbouring": gettext_noop("surroundings of risk areas"),
    "locked_down": gettext_noop("locked-down areas"),
}
OTHER_LEVEL = gettext_noop("other controlled areas")


Audience = Literal["citizen", "official"]
MOST_LISTED = 3


@dataclass(frozen=True)
class SentenceRenderer:
    """Renders parts of sentences. ``codes`` and ``colours`` are those of the pair's providers."""

    audience: Audience
    language: str
    context: Context
    codes: dict[Side, str]
    colours: dict[Side, Colour]

    @property
    def to_official(self) -> bool:
        return self.audience == "official"

    def choose(self, *, citizen: str, official: str, **values: object) -> str:
        """Return the message for this audience, with ``sides`` and ``values`` filled in."""
        return (official if self.to_official else citizen) % {**self.sides, **values}

    @property
    def who(self) -> str:
        return self.context.name or self.choose(citizen=_("You"), official=_("The citizen"))

    def provider(self, side: Side) -> str:
        title = self.context.providers.get(self.codes[side])
        return title.text_in(self.language) if title else self._untitled(self.codes[side], _("this provider"))

    @property
    def sides(self) -> dict[str, str]:
        return {
            "a": self.provider("a"),
            "source_a": self.source("a"),
            "b": self.provider("b"),
            "source_b": self.source("b"),
        }

    def source(self, side: Side) -> str:
        code = self.context.source_of.get(self.codes[side], "")
        title = self.context.sources.get(code)
        return title.text_in(self.language) if title else self._untitled(code, _("its data source"))

    def version(self, code: str, number: int) -> str:
        """Return the name of a rule-set version, with the rule set's code if it has no title."""
        title = self.context.rule_sets.get(code)
        named = title.text_in(self.language) if title else code
        return _("{rule_set}, version {number}").format(rule_set=named, number=number)

    def colour(self, side: Side) -> str:
        return str(self.colours[side].label)

    def level(self, level: str) -> str:
        return _(LEVELS[level]) if level in LEVELS else self._untitled(level, _(OTHER_LEVEL))

    def area(self, code: str | None) -> str:
        """Return the title of the division, or of the one that contains it if the table lacks it."""
        if code is None:
            return _("elsewhere")
        table = divisions()
        for known in (code, code[:4] + "00", code[:2] + "0000"):
            if known in table:
                title = table[known].zh if self.language.startswith("zh") else table[known].en
                return title if known == code else _("a place in %(area)s") % {"area": title}
        return self._untitled(code, _("elsewhere"))

    def day(self, day: date | str) -> str:
        """Return the day as text; for citizens without the year if it is the year of the run."""
        day = date.fromisoformat(day) if isinstance(day, str) else day
        same_year = day.year == self.context.day.year
        return date_format(day, "MONTH_DAY_FORMAT" if same_year and not self.to_official else "DATE_FORMAT")

    def instant(self, instant: str | datetime, *, with_time: bool = False) -> str:
        """Return the instant as text in the city's time zone; for citizens only its day, unless ``with_time`` is set."""
        local = (datetime.fromisoformat(instant) if isinstance(instant, str) else instant).astimezone(self.context.zone)
        if not (self.to_official or with_time):
            return self.day(local.date())
        return _("%(day)s, %(time)s") % {"day": self.day(local.date()), "time": f"{local:%H:%M}"}

    def distinct_instants(self, *instants: str) -> list[str]:
        """Return the instants as text, with their times if two of them would look the same."""
        days = [self.instant(instant) for instant in instants]
        if len(set(days)) == len(days):
            return days
        return [self.instant(instant, with_time=True) for instant in instants]

    def span(self, first: str, last: str | None) -> str:
        if last is None:
            return _("since %(first)s") % {"first": self.day(first)}
        if first == last:
            return self.day(first)
        return _("%(first)s to %(last)s") % {"first": self.day(first), "last": self.day(last)}

    def all_of(self, parts: Iterable[str], *, most: int = MOST_LISTED) -> str:
        """Return "A、B和C", without duplicates and with at most ``most`` parts."""
        parts = list(dict.fromkeys(parts))
        if len(parts) > most:
            return _("%(list)s and more") % {"list": pgettext("between items of a list", ", ").join(parts[:most])}
        return parts[0] if len(parts) == 1 else self._joined(parts, _("%(list)s and %(last)s"))

    def phrases(self, parts: Iterable[str]) -> str:
        """Join all phrases, each of which may contain an “and” itself."""
        *before, last = parts
        return self._joined([*before, last], pgettext("phrases", "%(list)s, and %(last)s")) if before else last

    def clauses(self, parts: Iterable[str], *, most: int = MOST_LISTED) -> str:
        """Join clauses about what is recorded or declared. In Chinese, whole clauses, as citizens read them, are not joined by 和."""
        parts = list(dict.fromkeys(parts))
        if self.to_official or not 1 < len(parts) <= most:
            return self.all_of(parts, most=most)
        return self._joined(parts, pgettext("whole clauses", "%(list)s and %(last)s"))

    def requirements(self, parts: Iterable[str], *, most: int = MOST_LISTED, ends_in_none: bool = False) -> str:
        """Join the requirements of a rule, as predicates. A last one that requires nothing is joined with another conjunction."""
        parts = list(dict.fromkeys(parts))
        if not 1 < len(parts) <= most:
            return self.all_of(parts, most=most)
        if ends_in_none:
            return self._joined(parts, pgettext("the last asks for nothing", "%(list)s and %(last)s"))
        return self._joined(parts, pgettext("requirements of a rule", "%(list)s and %(last)s"))

    def _joined(self, parts: list[str], frame: str) -> str:
        return frame % {"list": pgettext("between items of a list", ", ").join(parts[:-1]), "last": parts[-1]}

    def one_of(self, parts: Iterable[str]) -> str:
        return pgettext("between alternatives", ", or ").join(dict.fromkeys(parts))

    def steps(self, parts: Iterable[str]) -> str:
        return capfirst(_("%(steps)s.") % {"steps": pgettext("between steps", "; ").join(dict.fromkeys(parts))})

    def sentences(self, sentences: Iterable[str]) -> str:
        return reduce(lambda first, following: _("%(first)s %(next)s") % {"first": first, "next": following}, sentences)

    def _untitled(self, code: str, description: str) -> str:
        return code if code and self.to_official else description
