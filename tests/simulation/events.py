"""Events, and the records of them in the two sources: in both or in one, at different times, amended and withdrawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from tests.oracle import RuleSetVersion
from tests.simulation.people import Person
from tests.simulation.upstream import Row, Upstream
from tests.worlds import ZONE
from tests.worlds.dice import Dice
from tests.worlds.records import EVENT_KINDS, FOLLOWING_KINDS
from tests.worlds.rules import draw_area

ONLY_DECLARED = frozenset({"symptom", "contact_with_case", "unsure_contact"})
ALIKE_EXCEPT = ("close_contact", "positive_test", "arrival", "suspected_case")
"""The kinds that a corrected record may change to. No `area_stay`, because it needs an area."""


@dataclass
class Recorders:
    """Writes the records of the sources. No two versions of a record have the same `recorded_at`."""

    dice: Dice
    number: int = 0

    def record(
        self, person: Person, versions: Sequence[RuleSetVersion], sources: Sequence[Upstream], now: datetime
    ) -> int:
        """Record an event of the last days in some of the sources, mostly one that a rule matches. Return the number of records."""
        dice = self.dice
        rules = [(rule, one.risk_areas) for one in versions for rule in one.rules if rule.kind not in ONLY_DECLARED]
        kind, area = dice.pick(EVENT_KINDS), None
        if rules and not dice.once_in(4):
            rule, areas = dice.pick(rules)
            kind = rule.kind
            listed = [one.area for one in areas if one.level in rule.area_levels]
            area = dice.pick(listed) if listed else None
        started = now.astimezone(ZONE).date() - timedelta(days=dice.pick((0, 1, 1, 2, 4, 8)))
        lasted = dice.pick((None, None, 0, 3, 9))
        return self._write(
            person,
            kind,
            area or (draw_area(dice) if kind == "area_stay" else None),
            started,
            None if lasted is None else started + timedelta(days=lasted),
            sources,
            now,
        )

    def follow(self, person: Person, sources: Sequence[Upstream], now: datetime) -> int:
        """Record a test or a clearing fact of today or yesterday. Return the number of records."""
        kind = self.dice.pick((*FOLLOWING_KINDS, "case_excluded", "discharged"))
        started = now.astimezone(ZONE).date() - timedelta(days=self.dice.pick((0, 0, 1)))
        return self._write(person, kind, None, started, None, sources, now)

    def _write(
        self,
        person: Person,
        kind: str,
        area: str | None,
        started: date,
        ended: date | None,
        sources: Sequence[Upstream],
        now: datetime,
    ) -> int:
        written = 0
        self.number += 1
        for source in sources:
            if self.dice.once_in(4):
                continue
            delay = timedelta(minutes=self.dice.pick((0, 7, 300, 1500)))
            shifted = started - timedelta(days=self.dice.pick((0, 0, 0, 0, 1)))
            record_id = f"{source.code}-{self.number:05}"
            source.add(Row(record_id, person, kind, area, shifted, ended, self._moment(now + delay)))
            written += 1
        return written

    def amend(self, source: Upstream, people: Sequence[Person], now: datetime) -> int:
        """Add another version of a record: revoked, repeated, corrected, or about another person. Return the number of versions."""
        if not source.rows:
            return 0
        last = source.latest(self.dice.pick(sorted({row.record_id for row in source.rows})))
        moment = self._moment(now)
        if moment <= last.recorded_at:
            return 0
        changed = replace(self._changed(last, people), recorded_at=moment, broken=False)
        if changed.ended_on is not None and changed.ended_on < changed.started_on:
            changed = replace(changed, ended_on=None)
        source.add(changed)
        return 1

    def _changed(self, last: Row, people: Sequence[Person]) -> Row:
        dice = self.dice
        what = dice.pick(("revoked", "revoked", "note", "started", "ended", "kind", "person", "area"))
        if what == "revoked":
            return replace(last, revoked=not last.revoked)
        if what == "started":
            return replace(last, revoked=False, started_on=last.started_on - timedelta(days=dice.number(1, 6)))
        if what == "ended":
            return replace(last, revoked=False, ended_on=last.started_on + timedelta(days=dice.number(0, 12)))
        if what == "kind" and last.kind != "area_stay":
            return replace(last, revoked=False, kind=dice.pick(ALIKE_EXCEPT))
        if what == "person":
            return replace(last, revoked=False, person=dice.pick(people))
        if what == "area" and last.area:
            return replace(last, revoked=False, area=draw_area(dice))
        return replace(last, revoked=False, note=f"{dice.number(1, 10**6)}")

    def spoil(self, source: Upstream, person: Person, now: datetime) -> int:
        """Add a record that must be quarantined, while the rest of its delivery is accepted. Return the number of records."""
        self.number += 1
        today = now.astimezone(ZONE).date()
        record_id = f"{source.code}-{self.number:05}"
        source.add(Row(record_id, person, "arrival", None, today, None, self._moment(now), broken=True))
        return 1

    def _moment(self, about: datetime) -> datetime:
        """Return the instant with a number of microseconds added that differs on each call."""
        self.number += 1
        return about + timedelta(microseconds=self.number)
