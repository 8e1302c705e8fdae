"""What is to be looked at and a run alone does not make: proposals that wait for a second official, and a draft of a version."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from codes.models import Case, Fact, RuleSet
from codes.review.proposals.rulings import propose
from codes.review.proposals.suppressions import propose_suppression
from codes.review.reasons import RulingReason, SuppressionReason
from codes.rule_sets.drafts import begin
from regions.staff.accounts import add_staff
from regions.staff.roles import Role

REVIEWER, RULE_MANAGER = "bench-who-proposes", "bench-who-drafts"
EVIDENCE = ["document:a letter"]


def stage(cases: Sequence[Case], *, now: datetime) -> None:
    """Propose a green code for the first half of the cases, and for the others that a record is wrong; begin a draft."""
    for username, role in ((REVIEWER, Role.REVIEWER), (RULE_MANAGER, Role.RULE_MANAGER)):
        add_staff(username=username, roles=[role], by="system", now=now)
    half = len(cases) // 2
    until = now.date() + timedelta(days=7)
    for case in cases[:half]:
        propose(
            case_id=case.pk,
            colour="green",
            reason_code=RulingReason.OLDER_DATA,
            evidence=EVIDENCE,
            expires_on=until,
            by=REVIEWER,
            now=now,
        )
    for case in cases[half:]:
        record = Fact.objects.filter(citizen=case.citizen_id).order_by("pk")[0]
        propose_suppression(
            fact_id=record.pk,
            reason_code=next(iter(SuppressionReason)),
            evidence=EVIDENCE,
            by=REVIEWER,
            now=now,
            case_id=case.pk,
        )
    begin(RuleSet.objects.order_by("code")[0].pk, by=RULE_MANAGER, now=now)
