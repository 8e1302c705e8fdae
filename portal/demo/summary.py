"""The results of the day, read from the database city by city."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Q

from codes.models import Case, Citizen, Disagreement, PairDiagnosis, Run
from codes.vocabulary import Cause
from portal.demo.table import text_table
from regions.models import City
from regions.sources.models import Quarantined
from regions.tenancy import in_city

# Two providers with the same source and rule set cannot differ for one of these causes.
NOT_DECLARED = (Cause.FRESHNESS, Cause.RULES, Cause.SOURCE)


@dataclass(frozen=True)
class ProviderDay:
    """A provider's codes; the colours are None if it could not judge."""

    title: str
    source: str
    rule_set: str
    registered: int
    red: int | None
    yellow: int | None
    green: int | None


@dataclass(frozen=True)
class CityDay:
    """A city's results. `causes` counts people by the primary causes of their disagreements, under each cause a pair has.

    `changed` counts the verdicts the run changed, `quarantined` all quarantined records.
    """

    city: City
    people: int
    providers: Sequence[ProviderDay]
    disagreements: int
    causes: Mapping[Cause, int]
    open_cases: int
    changed: int
    quarantined: int
    seconds: float

    @property
    def name(self) -> str:
        return f"{self.city.name_zh} {self.city.name_en}"

    @property
    def shares_everything(self) -> bool:
        """Whether there are several providers, all with one source and one rule set."""
        bindings = {(provider.source, provider.rule_set) for provider in self.providers}
        return len(self.providers) > 1 and len(bindings) == 1


def look_at(schema: str, run_id: int) -> CityDay:
    """Return the city's results after a run that has ended."""
    with in_city(schema) as city:
        run = Run.objects.get(pk=run_id)
        standing = Q(disagreement__closed_run__isnull=True)
        by_cause = PairDiagnosis.objects.filter(standing).values_list("primary_cause")
        seconds = (run.ended_at - run.started_at).total_seconds() if run.ended_at else 0.0
        return CityDay(
            city=city,
            people=Citizen.objects.count(),
            providers=_providers(run),
            disagreements=Disagreement.objects.filter(closed_run__isnull=True).count(),
            causes={Cause(cause): count for cause, count in by_cause.annotate(Count("disagreement", distinct=True))},
            open_cases=Case.objects.open().count(),
            changed=run.changes.count(),
            quarantined=Quarantined.objects.count(),
            seconds=seconds,
        )


def as_text(days: Iterable[CityDay]) -> str:
    """Return two tables, and a sentence for each city in which only declarations can differ."""
    days = list(days)
    sentences = [_sentence(day) for day in days if day.shares_everything]
    return "\n\n".join([_codes(days), _disagreements(days), *sentences])


def _providers(run: Run) -> list[ProviderDay]:
    frozen = run.providers.select_related("provider__source", "provider__rule_set").order_by("provider__pk")
    return [
        ProviderDay(
            title=f"{one.provider.title_zh} {one.provider.title_en}",
            source=one.provider.source.title_zh,
            rule_set=one.provider.rule_set.code,
            registered=one.registered or 0,
            red=one.red,
            yellow=one.yellow,
            green=one.green,
        )
        for one in frozen
    ]


def _codes(days: Sequence[CityDay]) -> str:
    head = ["city", "people", "provider", "reads", "judges by", "registered", "red", "yellow", "green", "unknown"]
    rows: list[list[str | int]] = []
    for day in days:
        for place, one in enumerate(day.providers):
            colours = (
                ["", "", "", one.registered] if one.green is None else [one.red or 0, one.yellow or 0, one.green, 0]
            )
            own = [day.name, day.people] if place == 0 else ["", ""]
            rows.append([*own, one.title, one.source, one.rule_set, one.registered, *colours])
    return text_table(head, rows)


def _disagreements(days: Sequence[CityDay]) -> str:
    head = ["city", "disagree", *(cause.value for cause in Cause), "cases", "changed", "quarantined", "seconds"]
    rows: list[list[str | int]] = [
        [
            day.name,
            day.disagreements,
            *(day.causes.get(cause, 0) for cause in Cause),
            day.open_cases,
            day.changed,
            day.quarantined,
            f"{day.seconds:.1f}",
        ]
        for day in days
    ]
    return text_table(head, rows)


def _sentence(day: CityDay) -> str:
    elsewhere = sum(day.causes.get(cause, 0) for cause in NOT_DECLARED)
    return (
        f"{day.name}: {len(day.providers)} providers, one source, one rule set – {elsewhere} disagreements from source, rules "
        f"or freshness, {day.causes.get(Cause.DECLARATION, 0)} from what people declared differently."
    )
