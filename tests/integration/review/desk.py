"""A city with a settled run, a few people about whom two providers disagree, and the officials who review the cases.

The source of wechat is the police database, that of alipay the big-data centre; both have one rule set. Each person has a
record in the police database that the big-data centre does not have, and therefore a disagreement.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max

from codes.models import (
    Alarm,
    Case,
    CaseEvent,
    Citizen,
    Fact,
    HeldChange,
    HeldGroup,
    Ruling,
    Run,
    VerdictChange,
)
from codes.models import RuleSetVersion as RuleSetVersionRow
from codes.review import information
from codes.review.appeals import appeals
from codes.review.appeals.appeals import Filed
from codes.review.cases import assign, close
from codes.review.proposals import rulings
from codes.runs.ledger import start_run
from codes.runs.steps import run_here
from regions.journal.models import JournalEntry
from regions.sources.models import Batch as BatchRow
from regions.sources.models import Source as SourceRow
from regions.staff.models import Account, RoleGrant
from regions.staff.roles import Role
from tests.integration.engine.keys import Keys
from tests.integration.engine.loading import load_world
from tests.oracle import Batch, FactVersion, Origin, Provider, Registration, Rule, RuleSetVersion, Source, World

RULES = (
    Rule("R1", "close_contact", "red", hold_days=14),
    Rule("R2", "spacetime_overlap", "red", hold_days=14),
    Rule("R3", "confirmed_case", "red", hold_days=None, cleared_by=("discharged",)),
    Rule("Y1", "arrival", "yellow", hold_days=7),
    Rule("Y2", "symptom", "yellow", hold_days=7),
)
STAFF = {
    "li": (Role.REVIEWER,),
    "wu": (Role.REVIEWER,),
    "wang": (Role.APPROVER,),
    "zhao": (Role.REVIEWER, Role.APPROVER),
    "sun": (Role.AUDITOR,),
}
EVIDENCE = ("document:2026-17",)


@dataclass(frozen=True)
class Desk:
    """What officials do in the city. The acts are by ``li`` (reviewer) and ``wang`` (approver) unless specified otherwise."""

    keys: Keys
    now: datetime

    def citizen(self, name: str) -> Citizen:
        return Citizen.objects.get(ref=name)

    def case(self, name: str = "zhang", kind: str = "disagreement") -> Case:
        """Return the person's newest case of the kind."""
        return Case.objects.filter(citizen__ref=name, kind=kind).latest("pk")

    def fact(self, name: str = "zhang") -> Fact:
        """Return the newest version of the person's first record, of the police database."""
        return Fact.objects.get(record_id=f"police-{name}", superseded=False)

    def propose(
        self, name: str = "zhang", colour: str = "green", *, kind: str = "disagreement", by: str = "li"
    ) -> Ruling:
        reason = {"green": "wrong_person", "yellow": "less_severe", "red": "owner_confirmed"}[colour]
        return rulings.propose(
            case_id=self.case(name, kind).pk,
            colour=colour,
            reason_code=reason,
            evidence=EVIDENCE,
            expires_on=self.now.date() + timedelta(days=10),
            by=by,
            now=self.now,
        )

    def approve(self, ruling: Ruling, by: str = "wang") -> Ruling:
        return rulings.approve(ruling_id=ruling.pk, by=by, now=self.now)

    def appeal(self, name: str = "zhang", reason_code: str = "providers_differ", text: str = "") -> Filed:
        """File an appeal against the person's record of the police database."""
        fact = self.fact(name)
        rule = next(rule.code for rule in RULES if rule.kind == fact.kind)
        return appeals.file_appeal(
            citizen=self.citizen(name),
            provider="wechat",
            rule=rule,
            fact_id=fact.pk,
            reason_code=reason_code,
            text=text,
            by=f"citizen:{name}",
            now=self.now,
        )

    def bring(self, case: Case, state: str) -> Case:
        """Bring the case to a state by the product's functions. Return it."""
        who: dict[str, Any] = {"case_id": case.pk, "by": "li", "now": self.now}
        match state:
            case "received":
                pass
            case "in_review":
                assign.take_over(assignee="", **who)
            case "waiting_for_information":
                information.ask(question="何时？", **who)
            case "proposed":
                self.propose(case.citizen.ref, kind=case.kind)
            case "decided":
                close.uphold(reason_code="record_confirmed", **who)
            case "denied":
                close.deny(reason_code="record_confirmed", answer="记录属实", **who)
            case "disagreement_logged":
                self.bring(case, "denied")
                appeals.log_disagreement(case_id=case.pk, text="不同意", by=f"citizen:{case.citizen.ref}", now=self.now)
            case "withdrawn":
                appeals.withdraw(case_id=case.pk, by=f"citizen:{case.citizen.ref}", now=self.now)
            case "accepted" | "partly_accepted":
                colour = "green" if state == "accepted" else "yellow"
                self.approve(self.propose(case.citizen.ref, colour, kind=case.kind))
            case "converged":
                self.revoke(case.citizen.ref)
                self.run()
        case.refresh_from_db()
        assert case.state == state
        return case

    def tell(
        self,
        name: str,
        kind: str,
        *,
        record_id: str = "",
        revoked: bool = False,
        source: str = "police",
        detail: dict[str, str] | None = None,
        days_ago: int = 1,
    ) -> Fact:
        """Add a record that started so many days ago, or its next version, received an hour ago. Return the fact."""
        record_id = record_id or f"{source}-{name}-{kind}"
        before = Fact.objects.filter(record_id=record_id)
        number = before.count() + 1
        before.update(superseded=True)
        at = self.now - timedelta(hours=1)
        return Fact.objects.create(
            citizen=self.citizen(name),
            origin="source",
            source_id=self.keys.sources[source],
            record_id=record_id,
            version=number,
            kind=kind,
            revoked=revoked,
            detail=detail or {},
            started_on=(at - timedelta(days=days_ago)).date(),
            recorded_at=at,
            received_at=at,
        )

    def revoke(self, name: str) -> Fact:
        """Revoke the person's record of the police database. Return the revoking version."""
        fact = self.fact(name)
        return self.tell(name, fact.kind, record_id=fact.record_id, revoked=True)

    def run(self, at: datetime | None = None, *, silent: tuple[str, ...] = (), everybody: bool = False) -> Run:
        """Do a run at a later instant than all earlier ones. The sources that are not ``silent`` deliver before it."""
        last = Run.objects.aggregate(last=Max("as_of"))["last"] or self.now
        as_of = at or max(self.now, last) + timedelta(minutes=1)
        for name, source in self.keys.sources.items():
            if name not in silent:
                deliver(source, at=as_of)
        run, opened = start_run(by="system", now=as_of, as_of=as_of, collects=False, everybody=everybody)
        assert opened
        return run_here(run.pk, clock=lambda: as_of, progress=lambda _: None)


def deliver(source: int, *, at: datetime) -> None:
    BatchRow.objects.create(
        source_id=source, state=BatchRow.State.ACCEPTED, as_of=at, started_at=at, received_at=at, closed_at=at
    )


def an_alarm(*, now: datetime) -> Alarm:
    """Create an alarm about 1,317 people who turned red by records of the police database."""
    run = Run.objects.latest("pk")
    police = SourceRow.objects.get(code="police")
    figures = {
        "window": 7,
        "people": 1317,
        "expected": 32,
        "limit": 112,
        "registered": 20_000,
        "days": [[str(run.day - timedelta(days=ago)), 0 if ago else 1285] for ago in range(28)],
        "rules": [["R1", 1317]],
        "shared": [
            ["batch", str(BatchRow.objects.filter(source=police).latest("pk").pk), 700],
            ["place", "410100", 1200],
        ],
    }
    return Alarm.objects.create(
        kind="source", key=str(police.pk), colour="red", severity="alert", figures=figures,
        first_run=run, last_run=run, raised_at=now,
    )  # fmt: skip


def mass_change(rule: str, *, now: datetime) -> HeldGroup:
    """Hold the last run's changes by the rule, as if they were a mass change. Return the group."""
    run = Run.objects.latest("pk")
    version = RuleSetVersionRow.objects.filter(rules__code=rule).latest("pk")
    batch = BatchRow.objects.latest("pk")
    group = HeldGroup.objects.create(
        key=f"batch:{batch.pk}:{version.rule_set_id}:{rule}",
        rule_set=version.rule_set,
        rule=rule,
        cause_kind="batch",
        batch=batch,
        first_run=run,
        base_run=run,
        red=30,
        green=0,
        registered=100,
        held_at=now,
    )
    kept = VerdictChange.objects.filter(run=run, hits__contains=[{"rule": rule}])
    HeldChange.objects.bulk_create(HeldChange(group=group, change=one) for one in kept)
    return group


def open_desk(people: Mapping[str, str], *, now: datetime, rules: tuple[Rule, ...] = RULES) -> Desk:
    """Fill the current city with these people (name → kind of their record in the police database), and do the first run."""
    told = now - timedelta(hours=3)
    facts = [
        FactVersion(
            origin=Origin("source", "police"),
            record_id=f"police-{name}",
            version=1,
            citizen=name,
            kind=kind,
            area=None,
            started_on=(now - timedelta(days=2)).date(),
            ended_on=None,
            recorded_at=told,
            received_at=told,
        )
        for name, kind in people.items()
    ]
    batches = (Batch(accepted_at=told, as_of=told),)
    world = World(
        providers=(Provider("alipay", "bigdata", "national"), Provider("wechat", "police", "national")),
        sources=(Source("bigdata", timedelta(hours=26), batches), Source("police", timedelta(hours=26), batches)),
        rule_sets=(RuleSetVersion("national", 1, (now - timedelta(days=90)).date(), rules),),
        citizens=tuple(people),
        facts=tuple(facts),
        registrations=tuple(Registration(name, code, told) for name in people for code in ("alipay", "wechat")),
    )
    desk = Desk(load_world(world, known_at=now), now)
    for username, roles in STAFF.items():
        hire(username, *roles, now=now)
    desk.run(now - timedelta(minutes=1))
    return desk


def hire(username: str, *roles: Role, now: datetime) -> Account:
    """Create an account without a password: hashing passwords takes too long."""
    account = Account.objects.create(username=username, password="!", created_at=now)
    RoleGrant.objects.bulk_create(
        RoleGrant(account=account, role=role.value, granted_by="tests", granted_at=now) for role in roles
    )
    return account


def written() -> tuple[int, int, list[Any]]:
    """Return the numbers of events and journal entries, and all rows of cases, which a refused act must not change."""
    rows = list(Case.objects.order_by("pk").values_list())
    return CaseEvent.objects.count(), JournalEntry.objects.count(), rows
