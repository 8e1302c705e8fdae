"""A past day's work with cases: citizens appeal and answer, officials decide, always by the portal's own functions."""

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.db.models import QuerySet

from codes.models import (
    Alarm,
    AlarmAcknowledgement,
    Case,
    Citizen,
    HeldGroup,
    HeldGroupProposal,
    InformationRequest,
    PairDiagnosis,
    ReplyTemplate,
    Rule,
    Ruling,
    SecondLook,
    Suppression,
    Verdict,
)
from codes.review import information
from codes.review.appeals import appeals
from codes.review.appeals.policy import AppealReason, targets_of
from codes.review.cases import close
from codes.review.cases.notes import write_note
from codes.review.cases.second_looks import take_second_look
from codes.review.proposals import held_groups, rulings, suppressions
from codes.review.proposals.ruling_policy import hits_of
from codes.review.reasons import RefusalReason, RulingEndReason, RulingReason, SuppressionReason, UpholdReason
from codes.review.reply_templates import save_template
from codes.sentinel import alarms
from codes.vocabulary import Cause, Colour
from portal.demo.accounts import APPROVER, REVIEWERS
from regions.refusals import Refused
from regions.staff.roles import Role
from regions.tenancy import current_city
from regions.vocabulary import FactKind

DOCUMENT = "document:2026-118"
CASES, APPEALS = 3, 1
# One case of this many is left to the next day, one proposal of this many is refused, and so on.
ONE_IN, NOTE_IN, REFUSED_IN, ENDED_IN = 3, 6, 5, 5
RULING_DAYS = (4, 12)
# The city's reply templates: use, name, Chinese, English.
TEMPLATES = (
    (
        ReplyTemplate.Use.QUESTION,
        "补充行程材料",
        "您好，办理案件{case}需要核实您的行程。请在{due}前上传能说明行程的材料，如车票、登机牌或单位证明。如有疑问请致电{hotline}。",
        "To decide on case {case} we need to know where you were. Please send what shows it by {due}. Questions: {hotline}.",
    ),
    (
        ReplyTemplate.Use.DECISION,
        "来源单位已更正",
        "经核实，数据来源单位已确认该记录有误并作更正，自{today}起不再依据该记录判定您的健康码。",
        "The source has confirmed that the record was wrong and has put it right. From {today} on your code does not follow from it.",
    ),
)


@dataclass
class Desk:
    """The work of one city on one day. ``over`` are hashes of people whose records are wrong, ``spared`` of those left for today.

    It has random numbers of its own, so that a past simulated again is the same.
    """

    over: Collection[bytes]
    spared: Collection[bytes]
    dice: Random
    now: datetime

    def work(self) -> None:
        """Do the day's work from morning to evening. Call in the city."""
        self._keep_templates()
        self._answer_held_groups()
        self._close_alarms()
        self._citizens()
        for case in list(self._open_cases()[:CASES]):
            if self.dice.randrange(ONE_IN):
                self._treat(case)
        self._decide_proposals()
        self._end_a_ruling()
        self._look_again()

    def _keep_templates(self) -> None:
        """Write the templates once, without using random numbers."""
        if not ReplyTemplate.objects.exists():
            for use, name, text_zh, text_en in TEMPLATES:
                save_template(
                    template_id=None, use=use, name=name, text_zh=text_zh, text_en=text_en, by=APPROVER, now=self.now
                )

    def _act(self, verb: Callable[..., Any], *parts: Any, by: str, **how: Any) -> None:
        """Do it some minutes later. An act that is refused, such as on a case a run has closed meanwhile, is skipped."""
        self.now += timedelta(minutes=self.dice.randint(2, 15))
        with suppress(Refused):
            verb(*parts, by=by, now=self.now, **how)

    def _open_cases(self) -> QuerySet[Case]:
        return (
            Case.objects.undecided()
            .select_related("citizen")
            .exclude(citizen__id_hash__in=self.spared)
            .order_by("due_at", "pk")
        )

    def _answer_held_groups(self) -> None:
        """Decide held groups within the hour: wrong contacts are refused, arrivals from abroad released."""
        for group in HeldGroup.objects.waiting():
            rules = Rule.objects.filter(version__rule_set=group.rule_set, code=group.rule)
            wrong = rules.filter(kind=FactKind.CLOSE_CONTACT).exists()
            act = HeldGroupProposal.Act.REFUSE if wrong else HeldGroupProposal.Act.RELEASE
            reason = "疾控中心确认：整批误录。" if wrong else "已与海关核对，航班属实。"
            self._act(held_groups.propose, group.pk, act=act, reason=reason, by=REVIEWERS[0])
            for proposal in held_groups.proposals_to_decide().filter(group=group):
                self._act(held_groups.approve, proposal.pk, by=APPROVER)

    def _close_alarms(self) -> None:
        """Close alarms the day after, by two people of different roles."""
        finding = AlarmAcknowledgement.Finding.EXPLAINED
        for alarm in Alarm.objects.standing().filter(raised_at__lt=self.now - timedelta(hours=12)):
            self._act(
                alarms.propose, alarm.pk, finding=finding, reason="已核实，原因清楚。", by=Role.SECURITY_ADMIN.value
            )
            for proposal in alarm.acknowledgements.waiting():
                self._act(alarms.confirm, proposal.pk, by=Role.AUDITOR.value)

    def _citizens(self) -> None:
        """Let some citizens answer questions, and a citizen who is held appeal."""
        for asked in InformationRequest.objects.filter(state=InformationRequest.State.OPEN).select_related(
            "case__citizen"
        ):
            if self.dice.randrange(ONE_IN):
                text = "当天我在单位上班，有考勤记录。"
                self._act(information.answer, request_id=asked.pk, text=text, by=asked.case.citizen.actor)
        appealed = Case.objects.filter(kind=Case.Kind.APPEAL).values("citizen")
        held = Verdict.objects.exclude(citizen__in=appealed).exclude(citizen__id_hash__in=self.spared)
        numbers = sorted(set(held.values_list("citizen", flat=True)))
        for number in self.dice.sample(numbers, min(len(numbers), APPEALS)):
            citizen = Citizen.objects.get(pk=number)
            target = next((one for one in targets_of(citizen) if AppealReason.OTHER in one.reasons), None)
            if target is not None:
                self._act(
                    appeals.file_appeal,
                    citizen=citizen,
                    provider=target.provider,
                    rule=target.rule,
                    fact_id=target.fact_id,
                    reason_code=AppealReason.OTHER,
                    text="记录与我的行程不符，请核实。",
                    by=citizen.actor,
                )

    def _treat(self, case: Case) -> None:
        """Treat a case as its cause suggests; the first look is recorded in any case."""
        by = case.assigned_to or self.dice.choice(REVIEWERS)
        self._act(close.look, case_id=case.pk, by=by)
        if not self.dice.randrange(NOTE_IN):
            other = next(one for one in REVIEWERS if one != by)
            self._act(write_note, case_id=case.pk, text=f"@{other} 已电话核实，请一并看看。", by=by)
        if case.kind == Case.Kind.APPEAL:
            self._answer_appeal(case, by)
            return
        pairs = PairDiagnosis.objects.filter(disagreement=case.disagreement).order_by("pk")
        match pairs.values_list("primary_cause", flat=True).first():
            case Cause.FRESHNESS:
                self._act(close.uphold, case_id=case.pk, reason_code=UpholdReason.MENDS_ITSELF, by=by)
            case Cause.DECLARATION if not InformationRequest.objects.filter(case=case).exists():
                self._act(
                    information.ask, case_id=case.pk, question="您在两个平台的申报不同，请说明哪一份属实。", by=by
                )
            case Cause.DECLARATION:
                self._act(close.uphold, case_id=case.pk, reason_code=UpholdReason.DECLARE_AGAIN, by=by)
            case Cause.SOURCE if bytes(case.citizen.id_hash) in self.over:
                self._have_suppressed(case, by)
            case Cause.INTERACTION if case.complex_since is None:
                self._act(close.mark_complex, case_id=case.pk, reason="需向两个部门核实。", by=by)
            case Cause.RULES if self.dice.randrange(ONE_IN):
                self._act(close.uphold, case_id=case.pk, reason_code=UpholdReason.MEASURE_RUNS, by=by)
            case _:
                self._propose(case, Colour.YELLOW, RulingReason.LESS_SEVERE, by)

    def _answer_appeal(self, case: Case, by: str) -> None:
        if self.dice.randrange(ONE_IN):
            self._propose(case, Colour.GREEN, RulingReason.NOT_THERE, by)
        else:
            answer = "经与登记单位核实，该记录属实。"
            self._act(close.deny, case_id=case.pk, reason_code=UpholdReason.RECORD_CONFIRMED, answer=answer, by=by)

    def _propose(self, case: Case, colour: Colour, reason: RulingReason, by: str) -> None:
        until = current_city().day_of(self.now) + timedelta(days=self.dice.randint(*RULING_DAYS))
        how: dict[str, Any] = {"colour": colour, "reason_code": reason, "evidence": [DOCUMENT], "expires_on": until}
        self._act(rulings.propose, case_id=case.pk, by=by, **how)

    def _have_suppressed(self, case: Case, by: str) -> None:
        """Propose to suppress the record that only one source has."""
        for fact in sorted({hit.fact_id for hit in hits_of([case.citizen_id])[case.citizen_id]})[:1]:
            how: dict[str, Any] = {"reason_code": SuppressionReason.WRONG_PERSON, "evidence": [DOCUMENT]}
            self._act(suppressions.propose_suppression, fact_id=fact, case_id=case.pk, by=by, **how)

    def _decide_proposals(self) -> None:
        """Decide proposals that wait for the second official; some are refused."""
        thin = RefusalReason.EVIDENCE_THIN
        for ruling in Ruling.objects.waiting().order_by("pk"):
            if self.dice.randrange(REFUSED_IN):
                self._act(rulings.approve, ruling_id=ruling.pk, by=APPROVER)
            else:
                self._act(rulings.refuse, ruling_id=ruling.pk, reason_code=thin, by=APPROVER)
        for wrong in Suppression.objects.waiting().order_by("pk"):
            if self.dice.randrange(REFUSED_IN):
                self._act(suppressions.approve_suppression, suppression_id=wrong.pk, by=APPROVER)
            else:
                self._act(suppressions.refuse_suppression, suppression_id=wrong.pk, reason_code=thin, by=APPROVER)

    def _end_a_ruling(self) -> None:
        """End a ruling early now and then, as if its reason had proved untrue."""
        if self.dice.randrange(ENDED_IN):
            return
        for ruling in Ruling.objects.filter(state=Ruling.State.APPROVED).order_by("pk")[:1]:
            why = {"reason_code": RulingEndReason.GROUNDS_UNTRUE, "reason": "单位来函更正。"}
            self._act(rulings.propose_end, ruling_id=ruling.pk, **why, by=REVIEWERS[0])
            self._act(rulings.approve_end, ruling_id=ruling.pk, by=APPROVER)

    def _look_again(self) -> None:
        """Take the second looks drawn by lot at what a colleague closed alone."""
        for drawn in SecondLook.objects.waiting():
            other = next(one for one in REVIEWERS if one != drawn.decided_by)
            self._act(take_second_look, case_id=drawn.case_id, outcome=SecondLook.Outcome.AGREES, reason="", by=other)
