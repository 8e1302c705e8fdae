"""A city as its people's stories see it: its providers, sources and rules, and the time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from regions.city_file import BigDataCentre, CityFile, Provider
from regions.vocabulary import FactKind

# How far sources are behind the clock. If a city has two, the big-data centre delivers once a day, the police at once.
PROMPT = timedelta(minutes=10)
LATE = timedelta(hours=9)


@dataclass(frozen=True)
class Stage:
    """A city. `opened` is the moment to which the stories refer: "three days ago" counts from its local day.

    `days` is the length of the past before it, in days.
    """

    city: CityFile
    opened: datetime
    days: int = 0

    @property
    def schema(self) -> str:
        return self.city.city.schema_name

    @property
    def title(self) -> str:
        return f"{self.city.city.name.zh} {self.city.city.name.en}"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.city.city.timezone)

    @property
    def today(self) -> date:
        return self.opened.astimezone(self.zone).date()

    @property
    def providers(self) -> Sequence[Provider]:
        return self.city.providers

    @property
    def sources(self) -> list[str]:
        """The sources that some provider reads."""
        return sorted({provider.source for provider in self.providers})

    @property
    def late_source(self) -> str | None:
        """The source that is hours behind the others, or None if there is only one."""
        centres = {source.code for source in self.city.sources if isinstance(source, BigDataCentre)}
        late = [code for code in self.sources if code in centres]
        return late[0] if late and len(self.sources) > 1 else None

    @property
    def rule_sets(self) -> frozenset[str]:
        return frozenset(provider.rule_set for provider in self.providers)

    def day(self, ago: int) -> date:
        """Return the local day so many days before the stories' own."""
        return self.today - timedelta(days=ago)

    def at(self, ago: int, hour: int, minute: int = 0) -> datetime:
        """Return that time of the local day so many days before the stories' own."""
        return datetime.combine(self.day(ago), time(hour, minute), self.zone)

    def word(self, source: str, kind: FactKind) -> str:
        """Return the source's word for a kind: its own where its settings map one."""
        kinds = next(one.kinds for one in self.city.sources if one.code == source)
        return next((word for word, ours in kinds.items() if ours is kind), kind.value)
