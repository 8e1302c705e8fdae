"""A city of twenty thousand people after ten quiet weeks: new records and entries about them, and daily runs.

The source of wechat is the police database, that of alipay the big-data centre; both have one rule set. People are numbers
from 1. This module does not define what the sentinel must find.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from django.db import connection

from codes.models import (
    Alarm,
    Citizen,
    Fact,
    Provider,
    RiskArea,
    Rule,
    RuleSet,
    RuleSetVersion,
    Run,
    SubjectCount,
    Suppression,
    Verdict,
)
from codes.runs.ledger import start_run
from codes.runs.steps import run_here
from regions.sources.models import Batch, Source
from tests.worlds import tick

PEOPLE, QUIET_DAYS, HOLD_DAYS = 20_000, 70, 30
RULES: dict[str, tuple[str, dict[str, Any]]] = {
    "R1": ("close_contact", {}),
    "R2": ("spacetime_overlap", {}),
    "R3": ("co_traveller", {}),
    "R4": ("area_stay", {"anchor": "ended", "area_levels": ["high"]}),
    "S1": ("contact_with_case", {}),
}
SETTLE = """
INSERT INTO codes_citizen (ref, id_type, id_hash, id_encrypted, full_name, known_since)
SELECT 'T' || n, '10', int8send(n), '\\x00', '', %(joined)s FROM generate_series(1, %(people)s::bigint) AS n;
INSERT INTO codes_registration (citizen_id, provider_id, registered_at)
SELECT c.id, p.id, %(joined)s - (c.id %% 400) * interval '1 day' FROM codes_citizen c CROSS JOIN codes_provider p
WHERE c.ref LIKE 'T%%';
"""


class Town:
    """The city and its time, which each run moves to the next morning."""

    def __init__(self) -> None:
        self.now: datetime = tick(61)
        self.rule_set = RuleSet.objects.create(code="national")
        self.sources = {
            code: Source.objects.create(code=code, kind="police_database", title_zh=code, title_en=code)
            for code in ("police", "bigdata")
        }
        self.list_areas([], by="lin")
        self.providers = {
            code: Provider.objects.create(
                code=code, title_zh=code, title_en=code, source=self.sources[source], rule_set=self.rule_set
            )
            for code, source in (("wechat", "police"), ("alipay", "bigdata"))
        }
        with connection.cursor() as cursor:
            cursor.execute(SETTLE, {"people": PEOPLE, "joined": self.now - timedelta(days=100)})
        self.first = Citizen.objects.get(ref="T1").pk
        self._be_quiet()
        self.run()

    def list_areas(self, areas: Iterable[str], *, by: str, hold_days: int = HOLD_DAYS) -> RuleSetVersion:
        """Publish a version that takes effect today, with these areas in its risk list and rules of so many ``hold_days``."""
        number = self.rule_set.versions.count() + 1
        effective_from = self.today - timedelta(days=0 if number > 1 else 90)
        version = RuleSetVersion.objects.create(
            rule_set=self.rule_set, version=number, effective_from=effective_from,
            digest="-", created_by=by, created_at=self.now,
        )  # fmt: skip
        for code, (kind, values) in RULES.items():
            Rule.objects.create(version=version, code=code, kind=kind, colour="red", hold_days=hold_days, **values)
        before = RiskArea.objects.filter(version__version=number - 1).values_list("area", "level", "from_day")
        listed = [*before, *((area, "high", self.today - timedelta(days=40)) for area in areas)]
        RiskArea.objects.bulk_create(
            RiskArea(version=version, area=area, level=level, from_day=since) for area, level, since in listed
        )
        return version

    @property
    def today(self) -> date:
        return self.now.date()

    def deliver(
        self,
        people: Iterable[int],
        kind: str = "close_contact",
        *,
        source: str = "police",
        area: str | None = None,
        days_ago: int = 1,
        minutes: int = 400,
    ) -> Batch:
        """Deliver a batch of a source. Its records are spread over so many minutes of the night."""
        batch = self._batch(self.sources[source])
        origin = {"origin": "source", "source": self.sources[source], "batch": batch}
        self._tell(people, kind, origin, area=area, days_ago=days_ago, minutes=minutes)
        return batch

    def declare(self, people: Iterable[int], kind: str = "contact_with_case", *, area: str | None = None) -> None:
        """Add facts that people declare to alipay in the course of the day."""
        origin = {"origin": "provider", "provider": self.providers["alipay"]}
        self._tell(people, kind, origin, area=area, days_ago=0, minutes=900)

    def suppress(self, people: Iterable[int], kind: str = "close_contact") -> None:
        """Suppress the records of these people as of a month ago."""
        at = self.now - timedelta(days=30)
        Suppression.objects.bulk_create(
            Suppression(
                source=fact.source, record_id=fact.record_id, version=fact.version, state="approved", reason_code="wrong_person",
                evidence=["document:1"], proposed_by="li", proposed_at=at, decided_by="wang", decided_at=at,
            )
            for fact in self.facts(people, kind)
        )  # fmt: skip

    def facts(self, people: Iterable[int], kind: str) -> list[Fact]:
        return list(Fact.objects.filter(citizen__in=[self.first + one - 1 for one in people], kind=kind))

    def have_had_a_wave(self) -> None:
        """Add a run with a hundred times as many changes to each quiet day: 1,317 more are then usual for sources and for Wang."""
        evenings = {run.day: run for run in Run.objects.filter(subject_counts=None)}
        SubjectCount.objects.bulk_create(
            SubjectCount(
                run=evenings[one.day],
                day=one.day,
                kind=one.kind,
                key=f"wave-{one.key}" if one.kind == "batch" else one.key,
                red=100 * one.red,
                yellow=0,
                green=0,
            )
            for one in SubjectCount.objects.filter(kind__in=("source", "batch", "official"))
        )

    def run(self) -> Run:
        """Do the day's run with both sources complete, and move the time to the next morning. Return the run."""
        for source in self.sources.values():
            self._batch(source)
        as_of = self.now
        run, opened = start_run(by="system", now=as_of, as_of=as_of, collects=False)
        assert opened
        ended = run_here(run.pk, clock=lambda: as_of, progress=lambda _: None)
        assert ended.state in Run.SETTLED, ended.message
        self.now += timedelta(days=1)
        return ended

    def red(self) -> int:
        return Verdict.objects.filter(colour="red").values("citizen").distinct().count()

    def alarms(self) -> dict[tuple[str, str], int]:
        """Return (kind, key) of each alarm → the number of people."""
        return {(one.kind, one.key): one.figures["people"] for one in Alarm.objects.all()}

    def _batch(self, source: Source) -> Batch:
        return Batch.objects.create(
            source=source, state="accepted", as_of=self.now, since=self.now - timedelta(hours=24),
            started_at=self.now, received_at=self.now, closed_at=self.now,
        )  # fmt: skip

    def _tell(
        self,
        people: Iterable[int],
        kind: str,
        origin: dict[str, Any],
        *,
        area: str | None,
        days_ago: int,
        minutes: int,
    ) -> None:
        Fact.objects.bulk_create(
            Fact(
                citizen_id=self.first + one - 1,
                record_id=f"{kind}-{one}-{self.now.timestamp():.0f}",
                version=1,
                kind=kind,
                area=area,
                started_on=self.today - timedelta(days=days_ago),
                ended_on=self.today - timedelta(days=days_ago) if kind == "area_stay" else None,
                recorded_at=self.now - timedelta(minutes=one % minutes),
                received_at=self.now,
                **origin,
            )
            for one in people
        )

    def _be_quiet(self) -> None:
        """Record ten weeks in which about five people a day turned red by each source and two by their declarations."""
        dice = Random(1)
        runs = Run.objects.bulk_create(
            Run(
                day=self.today - timedelta(days=ago), sequence=sequence, as_of=(at := self.now - timedelta(days=ago)), started_at=at,
                ended_at=at, started_by="system", state=Run.State.DONE, counts={"sentinel": {}},
            )
            for ago in range(QUIET_DAYS, 0, -1) for sequence in (1, 2)
        )  # fmt: skip
        usual = {
            ("source", str(self.sources["police"].pk)): 5,
            ("source", str(self.sources["bigdata"].pk)): 5,
            ("provider", str(self.providers["alipay"].pk)): 2,
            ("batch", ""): 5,
            ("official", "wang"): 2,
            ("place", "350500"): 2,
        }
        SubjectCount.objects.bulk_create(
            SubjectCount(
                run=run,
                day=run.day,
                kind=kind,
                key=key or f"{run.pk}",
                red=dice.randint(0, 2 * mean),
                yellow=0,
                green=0,
            )
            for run in runs[::2]
            for (kind, key), mean in usual.items()
        )
