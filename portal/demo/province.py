"""The province: its cities, the number of people in each, and the state kept from one demo to the next."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from shutil import copytree
from typing import Self

from portal.demo.people import Population
from portal.demo.stage import Stage
from portal.embedded.state import CHECKOUT, State
from regions.city_file import BigDataCentre, CityFile, read_city_file

CITY_FILES = CHECKOUT / "cities"
SEED = "2026"
# Millions, roughly; a city whose file somebody adds counts as a small one.
POPULATIONS = {
    "chongqing": 32,
    "shanghai": 25,
    "chengdu": 21,
    "guangzhou": 19,
    "shenzhen": 18,
    "hangzhou": 12,
    "hefei": 10,
}
OTHER_POPULATION = 8
_NAME = "demo"


@dataclass(frozen=True)
class Province:
    """A province. `opened` is the instant its stories refer to, after a past of `days`; `sizes` are the numbers of people.

    `lived` has, for each filled city, the last day up to which its people's events are stored.
    """

    opened: datetime
    sizes: Mapping[str, int]
    lived: Mapping[str, date]
    days: int = 0

    @classmethod
    def load(cls, state: State) -> Self | None:
        """Return the province of an earlier demo."""
        kept = state.load(_NAME)
        if not kept:
            return None
        lived = {schema: date.fromisoformat(day) for schema, day in json.loads(kept["lived"]).items()}
        return cls(datetime.fromisoformat(kept["opened"]), json.loads(kept["sizes"]), lived, int(kept.get("days", "0")))

    @classmethod
    def found(cls, people: int, cities: Sequence[CityFile], *, days: int, now: datetime) -> Self:
        """Return a new province."""
        return cls(now, shares(people, [city.city.schema_name for city in cities]), {}, days)

    def save(self, state: State) -> None:
        lived = {schema: day.isoformat() for schema, day in self.lived.items()}
        kept = {
            "opened": self.opened.isoformat(),
            "sizes": json.dumps(self.sizes),
            "lived": json.dumps(lived),
            "days": str(self.days),
        }
        state.save(_NAME, kept)

    @property
    def people(self) -> int:
        return sum(self.sizes.values())

    def with_cities(self, cities: Sequence[CityFile]) -> Self:
        """Return the province with the cities whose files were added since; existing cities keep their people."""
        sizes = shares(self.people, [city.city.schema_name for city in cities])
        return replace(self, sizes={**sizes, **self.sizes})

    def having_lived(self, schema: str, until: date) -> Self:
        """Return the province after a city's events were stored up to a day."""
        return replace(self, lived={**self.lived, schema: until})

    def population(self, stage: Stage) -> Population:
        return Population(SEED, stage.city.city.division, self.sizes[stage.schema], stage.today)


def shares(people: int, schemas: Sequence[str]) -> dict[str, int]:
    """Distribute people by the size of the real cities; the remainder of rounding goes to the largest city."""
    weights = {schema: POPULATIONS.get(schema, OTHER_POPULATION) for schema in schemas}
    sizes = {schema: people * weight // sum(weights.values()) for schema, weight in weights.items()}
    sizes[max(weights, key=lambda schema: weights[schema])] += people - sum(sizes.values())
    return sizes


def city_files(folder: Path = CITY_FILES) -> list[CityFile]:
    """Return the files of the cities, in the order of their names. Raises FileFaults."""
    return [read_city_file(path) for path in sorted(folder.glob("*.toml"))]


def files_for(base_url: str, cities: Sequence[CityFile], folder: Path) -> list[Path]:
    """Return the files by which to open the cities: the shipped ones, or copies if the centre has another address."""
    addresses = {source.base_url for city in cities for source in city.sources if isinstance(source, BigDataCentre)}
    if addresses <= {base_url}:
        return [city.path for city in cities]
    copies = copytree(cities[0].path.parent, folder / "cities", dirs_exist_ok=True)
    for city in cities:
        text = city.path.read_text(encoding="utf-8")
        for address in addresses:
            text = text.replace(f'"{address}"', f'"{base_url}"')
        (copies / city.path.name).write_text(text, encoding="utf-8")
    return [copies / city.path.name for city in cities]
