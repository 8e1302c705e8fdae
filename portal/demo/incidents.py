"""Incidents and changes of the past: a wrong batch, an outage, a late delivery, a new version of the rules.

Their days are fractions of the past's length. A past shorter than ``LEAST_DAYS`` has none of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from codes.intake.collecting import collect_source
from codes.models import RuleSet
from codes.rule_sets import drafts, rehearsal_jobs
from portal.demo import sources
from portal.demo.life import Life
from portal.demo.mass_changes import Crowds, enough_to_be_held, free_numbers
from portal.demo.people import Person, Population
from portal.demo.records import RawRecord, raw_record
from portal.demo.stage import Stage
from portal.demo.stand_ins.big_data_faults import Fault
from regions.sources.models import Source
from regions.staff.roles import Role
from regions.vocabulary import FactKind

LEAST_DAYS = 5
# Sanya, where nobody has stayed, so that nobody changes colour.
NEW_AREA = "460200"


@dataclass(frozen=True)
class WrongBatch:
    """People whom a source recorded as contacts one noon, and whose records it revoked two days later.

    They are a delivery of their own, so that two people can refuse all of it without refusing correct records.
    """

    stage: Stage
    people: Sequence[Person]

    @classmethod
    def of(cls, crowds: Crowds | None, people: Mapping[str, Population]) -> "WrongBatch | None":
        """Return the batch for the city of the mass changes, of other people, or None if the city is too small or has no past."""
        if crowds is None or crowds.stage.days < LEAST_DAYS:
            return None
        stage, theirs = crowds.stage, people[crowds.stage.schema]
        many, taken = enough_to_be_held(stage, theirs), len(crowds.flight) + len(crowds.contacts) + 1
        some = [theirs.person(number) for number in islice(free_numbers(stage, theirs), taken, taken + many)]
        return cls(stage, some) if len(some) == many else None

    def records(self, source: str) -> Iterator[RawRecord]:
        """Yield the source's records about them, and their revocations."""
        for person in self.people:
            life = Life(self.stage, person.dice)
            life.tell(FactKind.CLOSE_CONTACT, self.ago + 2, only=source, recorded_at=self.stage.at(self.ago, 12))
            (record,) = life.records
            yield raw_record(person, life, record)
            over = replace(record, recorded_at=self.stage.at(self.ago - 2, 15), revoked=True)
            yield raw_record(person, life, over)

    @property
    def ago(self) -> int:
        return self.stage.days * 2 // 3

    def collect(self, stage: Stage, ago: int, *, folder: Path) -> None:
        """Collect the city's sources before and after, on that day, as its source manager. Call in the city."""
        if stage != self.stage or ago != self.ago:
            return
        for hour in (11, 13):
            now = stage.at(ago, hour, 30)
            for source in Source.objects.current():
                sources.move_clock(stage, source.code, now=now, folder=folder)
                collect_source(source, now=now, by=Role.SOURCE_MANAGER.value)


@dataclass(frozen=True)
class Incidents:
    """Cities whose centre is the later of two sources: in the first it is down for two days, in the last it is late once.

    A short past has neither, but its sources' clocks move all the same.
    """

    broken: Stage | None
    late: Stage | None

    @classmethod
    def of(cls, stages: Sequence[Stage]) -> "Incidents":
        can = [stage for stage in stages if stage.late_source is not None and stage.days >= LEAST_DAYS]
        return cls(can[0], can[-1]) if can else cls(None, None)

    def move_clocks(self, stage: Stage, ago: int, *, now: datetime, folder: Path) -> None:
        """Move the clocks of the city's sources to that day, unless they are down or late."""
        outage = stage.days * 3 // 5
        for source in stage.sources:
            is_centre = source == stage.late_source
            if stage == self.broken and is_centre and ago in (outage, outage - 2):
                fault = Fault.FORBIDDEN_PAGE if ago == outage else Fault.NONE
                sources.set_fault(stage, source, fault, folder=folder)
            if stage == self.late and is_centre and ago == stage.days // 3:
                continue
            sources.move_clock(stage, source, now=now, folder=folder)

    def change_rules(self, stage: Stage, ago: int, *, now: datetime) -> None:
        """Add an area to the risk list of the city's own rule set, by two people. Call in the city."""
        if stage != self.broken or ago != stage.days * 2 // 5:
            return
        rule_set = RuleSet.objects.exclude(code="national").order_by("code").first()
        if rule_set is None:
            return
        by = Role.RULE_MANAGER.value
        draft = drafts.begin(rule_set.pk, by=by, now=now)
        area: dict[str, Any] = {"area": NEW_AREA, "level": "high", "from": stage.day(ago).isoformat()}
        content = {**draft.content, "risk_areas": [*draft.content["risk_areas"], area]}
        draft = drafts.save(draft.pk, content, revision=draft.revision, by=by, now=now)
        job = rehearsal_jobs.ask(draft.pk, by=by, now=now)
        rehearsal_jobs.rehearse(job.pk, clock=lambda: now + timedelta(minutes=5))
        later = now + timedelta(minutes=20)
        drafts.propose(draft.pk, revision=draft.revision, reason="三亚市列为高风险地区", by=by, now=later)
        drafts.put_in_force(draft.pk, revision=draft.revision, by=Role.APPROVER.value, now=later + timedelta(hours=1))
