"""Data for pages that a run alone does not create: proposals that wait for a second person, requests, half-filled forms."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from codes.display.displayed import Shown, keep_displayed
from codes.display.findings import update_findings
from codes.gates.devices import propose_device
from codes.intake.provider_keys import issue_key
from codes.models import (
    Alarm,
    Case,
    CityCorrection,
    Fact,
    HeldChange,
    HeldGroup,
    Neighbour,
    Provider,
    Rule,
    RuleSet,
    Run,
    VerdictChange,
)
from codes.reports.export import FileFormat
from codes.reports.identified import propose as propose_identified
from codes.reports.jobs import ask_for_export
from codes.reports.request import ReportName, ReportRequest
from codes.review.cases.saved_filters import save_filter
from codes.review.proposals.bulk_suppressions import propose_bulk_suppression
from codes.review.proposals.rulings import propose
from codes.review.proposals.suppressions import propose_suppression
from codes.review.reasons import RulingReason, SuppressionReason
from codes.review.reply_templates import save_template
from codes.rule_sets.drafts import begin
from codes.webhooks.subscriptions import propose as propose_webhook
from regions.sources import changes
from regions.sources.models import Batch, Source
from regions.staff.accounts import add_staff
from regions.staff.changes import propose_account
from regions.staff.roles import Role

# User name → role.
STAFF = {
    "bench-who-proposes": Role.REVIEWER,
    "bench-who-approves": Role.APPROVER,
    "bench-who-drafts": Role.RULE_MANAGER,
    "bench-who-collects": Role.SOURCE_MANAGER,
    "bench-who-reports": Role.AUDITOR,
    "bench-who-audits": Role.AUDIT_ADMIN,
    "bench-who-hires": Role.SECURITY_ADMIN,
    "bench-who-keeps": Role.SYSTEM_ADMIN,
}
REVIEWER, APPROVER, RULE_MANAGER, SOURCE_MANAGER, AUDITOR, AUDIT_ADMIN, SECURITY_ADMIN, SYSTEM_ADMIN = STAFF
EVIDENCE = ["document:a letter"]
WHY = "bench"
HELD_RULE = "close_contact"


def stage(cases: Sequence[Case], *, now: datetime) -> None:
    """Propose a green code for the first half of the cases, suppressions for the others, and create everything else that waits."""
    for username, role in STAFF.items():
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
    _of_the_desk(cases[0], now=now)
    _of_runs(now=now)
    _of_providers(cases, now=now)
    _of_others(now=now)


def _of_the_desk(case: Case, *, now: datetime) -> None:
    """Create a template, a filter, a bulk suppression, and a correction asked of another city."""
    save_template(template_id=None, use="question", name=WHY, text_zh=WHY, text_en=WHY, by=APPROVER, now=now)
    save_filter(name=WHY, query="severity=red", is_default=False, by=REVIEWER)
    grouped = Case.objects.filter(closed_at__isnull=True, group_key__startswith="batch|").order_by("-group_key")
    propose_bulk_suppression(
        key=grouped[0].group_key, reason_code=next(iter(SuppressionReason)), documents=EVIDENCE, by=REVIEWER, now=now
    )
    owner = Neighbour.objects.create(division="500000", name_zh=WHY, name_en=WHY, address="https://city.example")
    record = Fact.objects.filter(citizen=case.citizen_id).order_by("pk")[0]
    CityCorrection.objects.create(
        side="sent", state="asked", neighbour=owner, citizen=case.citizen, fact=record, case=case, colour="red", text=WHY,
        opened_by=REVIEWER, opened_at=now, due_at=now + timedelta(days=1), their_number="C-1",
    )  # fmt: skip


def _of_runs(*, now: datetime) -> None:
    """Hold the changes of one rule as a group, and raise the alarm about them."""
    run, batch = Run.objects.latest("pk"), Batch.objects.latest("pk")
    rule = Rule.objects.filter(kind=HELD_RULE).latest("pk")
    kept = VerdictChange.objects.filter(run=run, hits__contains=[{"rule": rule.code}])
    people = kept.count()
    group = HeldGroup.objects.create(
        key=f"batch:{batch.pk}:{rule.version.rule_set_id}:{rule.code}", rule_set=rule.version.rule_set, rule=rule.code,
        cause_kind="batch", batch=batch, first_run=run, base_run=run, red=people, green=0, registered=people * 10, held_at=now,
    )  # fmt: skip
    HeldChange.objects.bulk_create((HeldChange(group=group, change=one) for one in kept), batch_size=5000)
    figures = {
        "window": 7, "people": people, "expected": 32, "limit": 112, "registered": people * 10,
        "days": [[str(run.day - timedelta(days=ago)), 0 if ago else people] for ago in range(28)],
        "rules": [[rule.code, people]],
        "shared": [["batch", str(batch.pk), people]],
    }  # fmt: skip
    Alarm.objects.create(
        kind="source", key=str(batch.source_id), colour="red", severity="alert", figures=figures, first_run=run,
        last_run=run, raised_at=now,
    )  # fmt: skip


def _of_providers(cases: Sequence[Case], *, now: datetime) -> None:
    """Report an unknown displayed value for some people; issue a key, and propose a webhook."""
    provider = Provider.objects.order_by("code")[0]
    Provider.objects.filter(pk=provider.pk).update(display={"00": "green", "01": "yellow", "10": "red"})
    people = [case.citizen_id for case in cases]
    keep_displayed(Shown(one, provider.pk, "02", now) for one in people)
    update_findings(now=now, citizens=people)
    issue_key(provider=provider.code, by=SYSTEM_ADMIN, now=now)
    propose_webhook(
        provider=provider,
        address="http://127.0.0.1:9/",
        events=["code.changed"],
        reason=WHY,
        by=SOURCE_MANAGER,
        now=now,
    )


def _of_others(*, now: datetime) -> None:
    """Propose what waits for a second administrator, source manager or auditor, and request a report."""
    who: dict[str, Any] = {"reason": WHY, "now": now}
    changes.propose(
        source_id=Source.objects.order_by("code")[0].pk,
        values={"records_view": "records", "clock_view": "clock", "max_age_hours": 20.0},
        credential=None,
        effect={},
        by=SOURCE_MANAGER,
        **who,
    )
    propose_account(
        username="bench-new", full_name=WHY, office=WHY, email="new@example.cn", roles=[Role.REVIEWER], by=SECURITY_ADMIN, **who
    )  # fmt: skip
    propose_device(name=WHY, place=WHY, expires_at=now + timedelta(days=9), by=SYSTEM_ADMIN, **who)
    ask_for_export(ReportRequest(ReportName.CASES), file_format=FileFormat.CSV, by=AUDITOR, now=now)
    wanted = ReportRequest(ReportName.DISAGREEMENTS, identified=True)
    propose_identified(wanted, file_format=FileFormat.CSV, purpose=WHY, by=AUDIT_ADMIN, now=now)
