"""What sentences need beside the stored piece: titles of providers and sources, the city's clock, who waits how long."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from codes.models import Run, RunProvider, Verdict
from regions.tenancy import current_city


@dataclass(frozen=True)
class Title:
    """What people call something, in both languages."""

    zh: str
    en: str

    def said_in(self, language: str) -> str:
        return self.zh if language.startswith("zh") else self.en


@dataclass(frozen=True)
class Context:
    """``providers`` and ``sources`` by code; ``source_of`` provider → source; ``max_age`` by source.

    ``turns_green_on`` holds the providers that show this citizen red or yellow, with the day or none;
    ``due_at`` is when the citizen's case is due.
    """

    day: date
    zone: ZoneInfo
    providers: Mapping[str, Title]
    sources: Mapping[str, Title]
    source_of: Mapping[str, str]
    max_age: Mapping[str, timedelta] = field(default_factory=dict)
    turns_green_on: Mapping[str, date | None] = field(default_factory=dict)
    due_at: datetime | None = None


def context_of(run: Run) -> Context:
    """The context of everybody's sentences of one run; of one person see ``about``."""
    return context_from(run.day, RunProvider.objects.filter(run=run).select_related("provider", "source"))


def context_from(day: date, frozen: Iterable[RunProvider]) -> Context:
    """The same from rows that are at hand already, each with its provider and source."""
    frozen = list(frozen)
    return Context(
        day=day,
        zone=current_city().zone,
        providers={one.provider.code: Title(one.provider.title_zh, one.provider.title_en) for one in frozen},
        sources={one.source.code: Title(one.source.title_zh, one.source.title_en) for one in frozen},
        source_of={one.provider.code: one.source.code for one in frozen},
        max_age={one.source.code: timedelta(hours=one.source.max_age_hours) for one in frozen},
    )


def about(context: Context, *, citizen_id: int, due_at: datetime | None = None) -> Context:
    """The same with what is known of one citizen: when each verdict turns green, and when the case is due."""
    return replace(context, turns_green_on=turning_green([citizen_id])[citizen_id], due_at=due_at)


def turning_green(citizens: Collection[int]) -> Mapping[int, Mapping[str, date | None]]:
    """For each of them, by provider's code, the day each verdict that is not green turns green, or none."""
    greens: dict[int, dict[str, date | None]] = {citizen: {} for citizen in citizens}
    held = Verdict.objects.filter(citizen__in=citizens).values_list("citizen", "provider__code", "turns_green_on")
    for citizen, provider, day in held:
        greens[citizen][provider] = day
    return greens
