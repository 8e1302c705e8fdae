"""The days before the start, simulated by the portal's own functions and daily job; no result is written directly.

Every act is given the instant at which it happens. Days advance from the oldest, each day for all cities before the next.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from random import Random

from codes.messages.outbox import write_messages_of_ending_rulings
from codes.models import Run
from codes.public_figures import publish_weeks
from codes.review.cases.sweep import sweep_reviews
from codes.runs.ledger import start_if_due
from codes.runs.steps import run_here
from codes.witnessing import witness_all
from portal.demo.desk import Desk
from portal.demo.earlier import RUN_AT
from portal.demo.filling import Later, take
from portal.demo.incidents import Incidents, WrongBatch
from portal.demo.passed_on import PassedOn
from portal.demo.people import Person, Population
from portal.demo.stage import Stage
from portal.demo.stories import Fate, Story
from regions.identity import Identity
from regions.keys.encryption import identity_hash
from regions.tenancy import in_city

SWEPT_AT, OPENS_AT, SENT_AT, ENDS_AT = (0, 20), (9, 0), (20, 30), (23, 0)
MONDAY = 0


@dataclass
class Past:
    """``later`` has, for each city with days left to simulate, the lines of these days."""

    later: Mapping[str, Later]
    stages: Sequence[Stage]
    people: Mapping[str, Population]
    passed_on: PassedOn | None
    wrong_batch: WrongBatch | None
    folder: Path

    def live(self) -> Iterator[tuple[Stage, int]]:
        """Simulate the remaining days. Yield each day of a city when it has ended."""
        stages = [stage for stage in self.stages if stage.schema in self.later]
        incidents = Incidents.of(self.stages)
        over = {stage.schema: self._whom(stage, lambda story: story.is_over) for stage in stages}
        # Displayed values are compared with today's colour, and the corrections are requested today.
        others = self.passed_on.people if self.passed_on else ()
        spared = {stage.schema: self._whom(stage, lambda story: story.display is not None, others) for stage in stages}
        for ago in range(max((stage.days for stage in stages), default=0), 0, -1):
            if living := [stage for stage in stages if stage.day(ago) > self.later[stage.schema].after]:
                for stage in living:
                    self._day(stage, ago, incidents, over[stage.schema], spared[stage.schema])
                    yield stage, ago
                witness_all(now=max(stage.at(ago, *ENDS_AT) for stage in living))

    def _day(self, stage: Stage, ago: int, incidents: Incidents, over: set[bytes], spared: set[bytes]) -> None:
        run_at, ends_at = stage.at(ago, *RUN_AT), stage.at(ago, *ENDS_AT)
        incidents.move_clocks(stage, ago, now=run_at, folder=self.folder)
        with in_city(stage.schema):
            sweep_reviews(now=stage.at(ago, *SWEPT_AT))
            run = start_if_due(now=run_at)
            if run is not None:
                _work(run, run_at)
            opens_at = stage.at(ago, *OPENS_AT)
            incidents.change_rules(stage, ago, now=opens_at)
            Desk(over, spared, Random(f"{stage.schema}/{ago}"), opens_at).work()
            if self.wrong_batch:
                self.wrong_batch.collect(stage, ago, folder=self.folder)
            take(stage, self.later[stage.schema].of(stage.day(ago)), now=stage.at(ago, *SENT_AT))
            write_messages_of_ending_rulings(now=ends_at)
            if stage.day(ago).weekday() == MONDAY:
                publish_weeks(now=ends_at)

    def _whom(self, stage: Stage, fits: Callable[[Story], bool], others: Iterable[Person] = ()) -> set[bytes]:
        """Return the identity hashes of people with such a story, and of ``others``."""
        fate, people = Fate(stage), self.people[stage.schema]
        stories = ((number, fate.story_of(number)) for number in range(people.size))
        theirs = (people.person(number) for number, story in stories if story is not None and fits(story))
        with in_city(stage.schema):
            return {identity_hash(Identity(one.id_type, one.id_number)) for one in chain(theirs, others)}


def _work(run: Run, at: datetime) -> None:
    """Do the daily job in this process. Its clock advances from the run's minute as fast as the machine's."""
    began = time.monotonic()
    run_here(run.pk, clock=lambda: at + timedelta(seconds=time.monotonic() - began), progress=lambda _: None)
