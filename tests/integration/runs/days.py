"""A city of one person, day by day: the deliveries of the sources in the morning, a run, and its results.

There are three providers with one rule set and a source each: bigdata for alipay, police for wechat, hospitals for cityapp.
The acts of a day are words, so that a history can be written as a table:

``police+bigdata: close_contact``   these sources deliver a record of this kind that starts on that day
``police: -close_contact``          it is revoked
``police silent``                   nothing is delivered, so that wechat is UNKNOWN
``everybody silent``
``decide``                          officials decide the open case
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from codes import models
from codes.intake.check_ins import CheckedIn, record_check_ins
from codes.intake.declarations import Holder
from codes.models import Case, CaseEvent, Fact, Run
from codes.runs.ledger import start_run
from codes.runs.steps import run_here
from regions.sources.models import Batch as BatchRow
from regions.sources.models import Source as SourceRow
from regions.tenancy import current_city
from tests.integration.engine.keys import Keys
from tests.integration.engine.loading import load_world
from tests.oracle import (
    Batch,
    FactVersion,
    Origin,
    Provider,
    Registration,
    Rule,
    RuleSetVersion,
    Source,
    World,
)
from tests.worlds import ZONE, day, tick

WHO = "zhang"
SOURCES = {"bigdata": "alipay", "police": "wechat", "hospitals": "cityapp"}
RULES = (
    Rule("R1", "close_contact", "red", hold_days=14),
    Rule("R2", "positive_test", "red", hold_days=None, cleared_by=("negative_test",)),
    Rule("R3", "suspected_case", "red", hold_days=14),
    Rule("Y1", "arrival", "yellow", hold_days=14),
)
MAX_AGE = timedelta(hours=24)
STATED = ("record_id", "version", "kind", "area", "started_on", "ended_on", "recorded_at", "received_at", "revoked")


def before_the_first_day(*, registered: tuple[str, ...], interim_policy: str) -> World:
    """Return a world in which no source has delivered and the person is registered."""
    return World(
        providers=tuple(Provider(code, source, "national") for source, code in SOURCES.items()),
        sources=tuple(Source(code, MAX_AGE) for code in SOURCES),
        rule_sets=(RuleSetVersion("national", 1, day(-90), RULES),),
        citizens=(WHO,),
        registrations=tuple(Registration(WHO, code, tick(-1)) for code in registered),
        interim_policy=interim_policy,
        zone=ZONE,
    )


@dataclass
class Life:
    """The city as a world of the oracle and as stored, after the days so far."""

    registered: tuple[str, ...] = tuple(SOURCES.values())
    interim_policy: str = "strictest"
    proves: bool = False
    number: int = -1
    world: World = field(init=False)
    keys: Keys = field(init=False)

    def __post_init__(self) -> None:
        self.world = before_the_first_day(registered=self.registered, interim_policy=self.interim_policy)
        self.keys = load_world(self.world, known_at=tick(0))
        current_city().interim_policy = self.interim_policy

    @property
    def day(self) -> date:
        return day(self.number)

    @property
    def as_of(self) -> datetime:
        """The instant of the day's run, 11:00. Sources deliver an hour before."""
        return tick(self.number * 3 + 1)

    def live(self, acts: str) -> Run:
        """Do the acts of the next day (separated by commas), then its run. Return the run."""
        self.number += 1
        told = [act.strip() for act in acts.split(",") if act.strip()]
        silent = {name for act in told if act.endswith(" silent") for name in self._names(act.removesuffix(" silent"))}
        for act in told:
            if act == "decide":
                decide(at=self.as_of - timedelta(hours=1))
            elif ":" in act:
                names, _, kind = act.partition(": ")
                for name in self._names(names):
                    self._tell(name, kind)
        for name in SOURCES:
            if name not in silent:
                self._deliver(name)
        run, opened = start_run(by="system", now=self.as_of, as_of=self.as_of, collects=False, proves=self.proves)
        assert opened
        return run_here(run.pk, clock=lambda: self.as_of, progress=lambda _: None)

    def allow_age_of(self, hours: int) -> None:
        """Set the maximum age of all sources."""
        told = tuple(replace(one, max_age=timedelta(hours=hours)) for one in self.world.sources)
        self.world = replace(self.world, sources=told)
        SourceRow.objects.update(max_age_hours=hours)

    def rules_from(self, number: int) -> None:
        """Let the only rule-set version take effect on that day."""
        models.RuleSetVersion.objects.update(effective_from=day(number))

    def _names(self, text: str) -> list[str]:
        return list(SOURCES) if text == "everybody" else text.split("+")

    def _tell(self, source: str, kind: str) -> None:
        """Add a new record, or the next version of the record of that kind."""
        revoked, kind = kind.startswith("-"), kind.removeprefix("-")
        origin = Origin("source", source)
        before = [fact for fact in self.world.facts if fact.origin == origin and fact.record_id == kind]
        at = self.as_of - timedelta(hours=1)
        fact = FactVersion(
            origin=origin,
            record_id=kind,
            version=len(before) + 1,
            citizen=WHO,
            kind=kind,
            area=None,
            started_on=before[0].started_on if before else self.day,
            ended_on=None,
            recorded_at=at,
            received_at=at,
            revoked=revoked,
        )
        self.world = replace(self.world, facts=(*self.world.facts, fact))
        records = Fact.objects.filter(source=self.keys.sources[source], record_id=kind)
        records.update(superseded=True)
        stored = Fact.objects.create(
            citizen_id=self.keys.citizens[WHO],
            origin="source",
            source_id=self.keys.sources[source],
            **{name: getattr(fact, name) for name in STATED},
        )
        self.keys.facts[stored.pk] = fact.ref

    def _deliver(self, source: str) -> None:
        at = self.as_of - timedelta(hours=1)
        batch = Batch(accepted_at=at, as_of=at)
        told = [
            replace(one, batches=(*one.batches, batch)) if one.code == source else one for one in self.world.sources
        ]
        self.world = replace(self.world, sources=tuple(told))
        BatchRow.objects.create(
            source_id=self.keys.sources[source],
            state=BatchRow.State.ACCEPTED,
            as_of=at,
            started_at=at,
            received_at=at,
            closed_at=at,
        )


def decide(*, at: datetime) -> None:
    """Decide the open case directly in the database."""
    assert Case.objects.filter(closed_at__isnull=True, kind="disagreement").update(
        state="decided", closed_at=at, outcome="green"
    )


def cases_told() -> str:
    """Return the cases as text: ``1 decided, 2 received after 1``, with ``re-linked`` for each time that happened."""
    return ", ".join(_told(case) for case in Case.objects.order_by("pk"))


def _told(case: Case) -> str:
    numbers = {one.pk: place for place, one in enumerate(Case.objects.order_by("pk"), start=1)}
    words = [str(numbers[case.pk]), case.state]
    if case.follows_id:
        words += ["after", str(numbers[case.follows_id])]
    words += ["re-linked"] * CaseEvent.objects.filter(case=case, verb="relinked").count()
    return " ".join(words)


def check_in(life: Life, on: date, *, healthy: bool) -> None:
    """Store a check-in that is received an hour after the last run."""
    holder = Holder(life.keys.citizens[WHO], life.keys.providers["alipay"])
    at = life.as_of + timedelta(hours=1)
    entry = models.Entry.objects.create(
        **holder._asdict(),
        entry_id=f"{on} {healthy}",
        type="check_in",
        day=on,
        healthy=healthy,
        submitted_at=at,
        received_at=at,
        instant=at,
        digest=b"-",
    )
    record_check_ins([CheckedIn(holder, entry.entry_id, on, healthy, False, at)], now=at)
