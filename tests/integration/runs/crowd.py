"""A city of sixty people, hour by hour: batches of a source, entries of a provider, and runs.

The source of wechat is the police database, that of alipay the big-data centre; both have one rule set. People are numbers
from 0 and are registered with both. Records and entries are of the present hour and count in the next run.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from codes import models
from codes.models import Citizen, Fact, HeldGroup, Run
from codes.runs.ledger import start_run
from codes.runs.steps import run_here
from regions.sources.models import Batch as BatchRow
from regions.staff.roles import Role
from regions.tenancy import current_city
from tests.integration.engine.keys import Keys
from tests.integration.engine.loading import load_world
from tests.integration.review.desk import hire
from tests.oracle import Batch, FactVersion, Origin, Provider, Registration, Rule, RuleSetVersion, Source, World
from tests.worlds import ZONE, day, tick

PEOPLE = 60
RULES = (
    Rule("R1", "close_contact", "red", hold_days=14, cleared_by=("contact_excluded",)),
    Rule("R2", "confirmed_case", "red", hold_days=None, cleared_by=("discharged",)),
    Rule("R3", "spacetime_overlap", "red", hold_days=7, checkin_days=7),
    Rule("Y1", "arrival", "yellow", hold_days=14),
    Rule("S1", "contact_with_case", "red", hold_days=14),
)


@dataclass
class Crowd:
    """The city as stored and as a world of the oracle, and its time. A change of at least ``least`` people is a mass change."""

    now: datetime = field(default_factory=lambda: tick(61))
    least: int = 20
    world: World = field(init=False)
    keys: Keys = field(init=False)

    def __post_init__(self) -> None:
        people = tuple(f"p{number:02}" for number in range(PEOPLE))
        told = self.now - timedelta(days=30)
        self.world = World(
            providers=(Provider("alipay", "bigdata", "national"), Provider("wechat", "police", "national")),
            sources=(Source("bigdata", timedelta(days=9)), Source("police", timedelta(days=9))),
            rule_sets=(RuleSetVersion("national", 1, day(-90), RULES),),
            citizens=people,
            registrations=tuple(Registration(one, code, told) for one in people for code in ("alipay", "wechat")),
            zone=ZONE,
        )
        self.keys = load_world(self.world, known_at=self.now)
        self.set_limits()
        for name, role in {"li": Role.REVIEWER, "wang": Role.APPROVER, "zhao": Role.APPROVER}.items():
            hire(name, role, now=self.now)

    def set_limits(self) -> None:
        """Set the city's limits on the object of the current connection. They are not stored."""
        current_city().mass_change_least = self.least
        current_city().mass_change_share = 0.02

    @property
    def day(self) -> date:
        return current_city().day_of(self.now)

    def deliver(
        self,
        who: Iterable[int] = (),
        kind: str = "close_contact",
        *,
        source: str = "police",
        revoked: bool = False,
        started: int = 1,
    ) -> BatchRow:
        """Deliver a batch of a source: for each person a record of the kind that started ``started`` days ago, or its next version."""
        batch = BatchRow.objects.create(
            source_id=self.keys.sources[source],
            state=BatchRow.State.ACCEPTED,
            as_of=self.now,
            started_at=self.now,
            received_at=self.now,
            closed_at=self.now,
        )
        told = [
            replace(one, batches=(*one.batches, Batch(self.now, self.now))) if one.code == source else one
            for one in self.world.sources
        ]
        self.world = replace(self.world, sources=tuple(told))
        self.add(batch, who, kind, revoked=revoked, started=started)
        return batch

    def add(
        self, batch: BatchRow, who: Iterable[int], kind: str, *, revoked: bool = False, started: int = 1
    ) -> list[Fact]:
        """Add records to a batch."""
        origin = {"origin": "source", "source_id": batch.source_id, "batch": batch}
        return [self._fact(number, kind, origin, revoked=revoked, started=started) for number in who]

    def declare(
        self, who: Iterable[int], kind: str = "contact_with_case", *, provider: str = "alipay", revoked: bool = False
    ) -> list[Fact]:
        """Add the facts that these people declare to a provider, or their revocation."""
        origin = {"origin": "provider", "provider_id": self.keys.providers[provider]}
        return [self._fact(number, kind, origin, revoked=revoked, started=0) for number in who]

    def publish(self, *, hold_days: int, days_ahead: int = 0) -> models.RuleSetVersion:
        """Publish a version that takes effect today or later and has other ``hold_days`` in all rules that have any."""
        first = models.RuleSetVersion.objects.latest("version")
        rules = list(first.rules.all())
        version = models.RuleSetVersion.objects.create(
            rule_set=first.rule_set,
            version=first.version + 1,
            effective_from=self.day + timedelta(days=days_ahead),
            digest="-",
            created_by="test",
            created_at=self.now,
        )
        for rule in rules:
            rule.pk, rule.version = None, version
            rule.hold_days = rule.hold_days and hold_days
            rule.save()
        known = self.world.rule_sets[-1]
        shorter = tuple(replace(one, hold_days=one.hold_days and hold_days) for one in known.rules)
        told = replace(known, version=version.version, effective_from=version.effective_from, rules=shorter)
        self.world = replace(self.world, rule_sets=(*self.world.rule_sets, told))
        return version

    def run(self, *, after: timedelta = timedelta(hours=1)) -> Run:
        """Do a run and return it, with both sources complete up to its instant, which is ``after`` the present one."""
        for source in self.keys.sources:
            self.deliver(source=source)
        as_of = self.now
        run, opened = start_run(by="system", now=as_of, as_of=as_of, collects=False)
        assert opened
        ended = run_here(run.pk, clock=lambda: as_of, progress=lambda _: None)
        self.now += after
        return ended

    def red(self, provider: str = "wechat") -> set[int]:
        """Return the numbers of the people who are red with the provider."""
        stood = models.Verdict.objects.filter(provider__code=provider, colour="red")
        return {int(ref[1:]) for ref in stood.values_list("citizen__ref", flat=True)}

    def held(self, group: HeldGroup) -> set[int]:
        """Return the numbers of the people whose change is held in the group."""
        last = Run.objects.last_settled()
        assert last is not None
        return {int(ref[1:]) for ref in group.changes_after(last).values_list("citizen__ref", flat=True)}

    def citizen(self, number: int) -> Citizen:
        return Citizen.objects.get(ref=f"p{number:02}")

    def _fact(self, number: int, kind: str, origin: dict[str, Any], *, revoked: bool, started: int) -> Fact:
        record = f"{origin.get('source_id') or origin.get('provider_id')}-{number}-{kind}"
        before = Fact.objects.filter(record_id=record)
        first = before.order_by("version").first()
        version = before.count() + 1
        before.update(superseded=True)
        stated: dict[str, Any] = {
            "record_id": record,
            "version": version,
            "kind": kind,
            "revoked": revoked,
            "started_on": first.started_on if first else self.day - timedelta(days=started),
            "recorded_at": self.now,
            "received_at": self.now,
        }
        said = FactVersion(self._origin(origin), citizen=f"p{number:02}", area=None, ended_on=None, **stated)
        self.world = replace(self.world, facts=(*self.world.facts, said))
        return Fact.objects.create(citizen=self.citizen(number), **stated, **origin)

    def _origin(self, origin: dict[str, Any]) -> Origin:
        keys = self.keys.sources if origin["origin"] == "source" else self.keys.providers
        wanted = origin.get("source_id") or origin.get("provider_id")
        return Origin(origin["origin"], next(code for code, key in keys.items() if key == wanted))
