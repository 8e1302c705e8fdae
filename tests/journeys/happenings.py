"""What happens in the city so that every page for officials has content. Nearly all of it is done by the product's functions."""

import io
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from PIL import Image

from codes.citizens.guardianship import accept_guardianship, ask_guardianship
from codes.display.displayed import Shown, keep_displayed
from codes.display.findings import update_findings
from codes.display.items import tell
from codes.models import (
    Case,
    Citizen,
    CityCorrection,
    DisplayItem,
    Evidence,
    Guardianship,
    Neighbour,
    Provider,
    ReplyTemplate,
    RuleSet,
    Run,
)
from codes.reports.export import FileFormat
from codes.reports.identified import propose as propose_identified
from codes.reports.jobs import ask_for_export, write_export
from codes.reports.request import ReportName, ReportRequest
from codes.review import corrections, information
from codes.review.cases import close
from codes.review.cases.notes import write_note
from codes.review.cases.saved_filters import save_filter
from codes.review.evidence.files import keep_upload
from codes.review.proposals.bulk_suppressions import propose_bulk_suppression
from codes.review.proposals.suppressions import propose_suppression
from codes.review.reply_templates import save_template
from codes.rule_sets import drafts, rehearsal_jobs
from codes.webhooks.subscriptions import propose as propose_webhook
from portal.citizen.entries import declare
from regions.identity import Identity
from regions.sources import changes
from regions.sources.models import Batch, Source
from regions.staff.changes import propose_account
from regions.staff.models import Account, StaffChange
from regions.staff.roles import Role
from regions.tenancy import current_city
from tests.integration.pages.people import tie_phone
from tests.integration.review.desk import EVIDENCE, Desk, an_alarm, hire, mass_change
from tests.journeys.world import CITY, World

NUMBER = "B20261124-7K2M9XAB"
HEALTHY: dict[str, Any] = {
    "symptoms": [],
    "contact": "no",
    "area_stays": [],
    "arrival": None,
    "overseas_arrival_on": None,
}
GROUP, MENDED = "batch|police|0|spacetime_overlap", "batch|police|0|symptom"
# Further officials: user name → role and name.
OTHERS = {
    "qian": (Role.SOURCE_MANAGER, "钱伟"),
    "zhou": (Role.RULE_MANAGER, "周莉"),
    "gao": (Role.SECURITY_ADMIN, "高鹏"),
    "tang": (Role.REVIEWER, "唐静"),
    "hao": (Role.AUDIT_ADMIN, "郝静"),
    "new": (Role.REVIEWER, "何新"),
}


def _photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), "#dde6ea").save(out, format="JPEG")
    return out.getvalue()


PHOTO = _photo()


@dataclass(frozen=True)
class Happened:
    """The pages for officials: user name → (URL name → path below ``/staff/``)."""

    pages: dict[str, dict[str, str]]


def happen(world: World) -> Happened:
    """Create everything and return the pages. Call it once, inside the city."""
    desk = world.desk
    for username, (role, full_name) in OTHERS.items():
        account = hire(username, role, now=desk.now)
        Account.objects.filter(pk=account.pk).update(full_name=full_name, must_change_password=False)
        if username != "new":
            tie_phone(account, schema=CITY)
    appeal = _appeal(desk, "4W14H6TD")
    _declare(desk, "4W14H6TD")
    information.ask(case_id=appeal.pk, question="请补充11月22日的车票或住宿证明。", by="li", now=desk.now)
    guardian = _guardian(world, desk)
    ruling = desk.propose("4W10H6TD")
    case = desk.case("4W11H6TD")
    corrections.send(
        case_id=case.pk,
        fact_id=desk.fact("4W11H6TD").pk,
        text="请核对该条记录的日期。",
        sent_to="市公安局",
        by="li",
        now=desk.now,
    )
    asked = _asked_elsewhere(desk, case)
    record = propose_suppression(
        fact_id=desk.fact("5RB0E7ZK").pk,
        reason_code="wrong_person",
        evidence=EVIDENCE,
        by="li",
        now=desk.now,
        case_id=desk.case("5RB0E7ZK").pk,
    )
    bulk_suppression = propose_bulk_suppression(
        key=MENDED, reason_code="wrong_dates", documents=EVIDENCE, by="li", now=desk.now
    )
    held = mass_change("R2", now=desk.now)
    _second_look(desk, "4W07H6TD")
    template = _templates(desk)
    save_filter(name="红码逾期", query="severity=red&overdue=1", is_default=False, by="li")
    for text in ("@li 车票已核对，与记录不符，请一并看看。", "已电话联系市公安局，明天回复。"):
        write_note(case_id=case.pk, text=text, by="wu", now=desk.now)
    propose_account(
        username="ma.lan",
        full_name="马兰",
        office="市卫生健康委员会",
        email="ma.lan@example.cn",
        roles=["reviewer"],
        reason="新入职，负责申诉复核。",
        by="gao",
        now=desk.now,
    )
    together = f"approvals/together/?by=li&at={quote(ruling.proposed_at.isoformat())}"
    reviewer = {
        "staff_home": "",
        "official_queue": "queue/",
        "official_find": "cases/",
        "official_groups": "groups/",
        "official_group": f"groups/of/{quote(GROUP)}/",
        "official_case": f"cases/{case.number}/",
        "official_suppress": f"cases/{case.number}/records/{desk.fact('4W11H6TD').pk}/wrong/",
        "official_queue_assign_all": f"queue/assign-all/?group={quote(GROUP)}",
        "official_queue_propose_all": f"queue/propose-all/?group={quote(GROUP)}",
        "official_guardians": "guardians/",
        "official_phones": "phones/",
        "official_second_looks": "second-looks/",
        "official_mentions": "notes/",
        "official_paper_codes": "paper-codes/",
        "official_runs": "runs/",
        "official_run": f"runs/{Run.objects.latest('pk').pk}/",
        "official_held_groups": "held-groups/",
        "official_held_group": f"held-groups/{held.pk}/",
        "official_dashboard": "dashboard/",
        "official_corrections": "corrections/",
        "official_correction": f"corrections/{asked.pk}/",
        "official_correction_ask": f"corrections/ask/{case.number}/",
    }
    approver = {
        "official_approvals": "approvals/",
        "official_work": "work/",
        "official_work_table": "work/causes/",
        "official_work_cases": "work/cases/?what=opened",
        "official_approve_ruling": f"approvals/rulings/{ruling.pk}/",
        "official_approve_record": f"approvals/records/{record.pk}/",
        "official_approve_together": together,
        "official_reply_templates": "reply-templates/",
        "official_reply_template": f"reply-templates/{template.pk}/",
        "official_bulk_suppression": f"groups/mendings/{bulk_suppression.pk}/",
    }
    assert guardian.accepted is None
    return Happened(
        {
            "li": reviewer,
            "wang": approver,
            "qian": _sources(desk),
            "zhou": _rules(desk),
            "sun": _audit(desk),
            "gao": _staff(),
        }
    )


def _asked_elsewhere(desk: Desk, case: Case) -> CityCorrection:
    """Create a record of the case's citizen that Chongqing passed on and has been asked to correct."""
    owner = Neighbour.objects.create(
        division="500000", name_zh="重庆市", name_en="Chongqing", address="https://cq.example"
    )
    passed_on = desk.tell(case.citizen.ref, "spacetime_overlap", record_id="CQ-77", detail={"issued_by": "500000"})
    return CityCorrection.objects.create(
        side="sent",
        state="asked",
        neighbour=owner,
        citizen=case.citizen,
        fact=passed_on,
        case=case,
        colour="red",
        text="当天在本市上班，有考勤记录。",
        evidence=[{"record": "negative_test", "from": "2026-11-22"}],
        opened_by="li",
        opened_at=desk.now,
        due_at=desk.now + timedelta(days=1),
        their_number="C20261124-000001",
    )


def _templates(desk: Desk) -> ReplyTemplate:
    """Save a reply template for questions and one for decisions. Return the first."""
    words = {
        "question": (
            "补充车票",
            "请补充{today}前的车票或住宿证明。",
            "Please send tickets or hotel receipts from before {today}.",
        ),
        "decision": ("记录属实", "经核实，{case}号案件所涉记录属实。如有新证据请再次申诉，或拨打{hotline}。", ""),
    }
    kept = [
        save_template(template_id=None, use=use, name=name, text_zh=chinese, text_en=english, by="wang", now=desk.now)
        for use, (name, chinese, english) in words.items()
    ]
    return kept[0]


def _second_look(desk: Desk, ref: str) -> None:
    """Let another official than li close the case alone, and select it for a second look."""
    current_city().second_look_share = 1
    close.uphold(case_id=desk.case(ref).pk, reason_code="mends_itself", by="wu", now=desk.now)
    current_city().second_look_share = 0


def _appeal(desk: Desk, ref: str) -> Case:
    kept = keep_upload(
        citizen=desk.citizen(ref), content=PHOTO, original_name="车票.jpg", by=f"citizen:{ref}", now=desk.now
    )
    case = Case.objects.get(number=desk.appeal(ref, text="两个平台颜色不同，我没有去过那里。").number)
    Evidence.objects.filter(pk=kept.pk).update(case=case)
    return case


def _declare(desk: Desk, ref: str) -> None:
    declare(
        desk.citizen(ref), HEALTHY, providers=["alipay", "wechat"], number=NUMBER, by=f"citizen:{ref}", now=desk.now
    )


def _guardian(world: World, desk: Desk) -> Guardianship:
    """Give 4W12H6TD one accepted dependant, and one that is only requested. Return the requested one."""
    guardian = desk.citizen("4W12H6TD")
    asked = []
    for ref, relation in (("4W09H6TD", "child"), ("4W08H6TD", "parent")):
        child = world.citizens[ref]
        proof = keep_upload(
            citizen=guardian, content=PHOTO, original_name="户口本.jpg", by=f"citizen:{guardian.ref}", now=desk.now
        )
        asked.append(
            ask_guardianship(
                guardian=guardian,
                dependant=Identity(child.id_type, child.id_number),
                relation=relation,
                by=f"citizen:{guardian.ref}",
                now=desk.now,
                evidence_ids=[proof.pk],
            )
        )
    accept_guardianship(guardianship_id=asked[0].pk, by="li", now=desk.now)
    return asked[1]


def _sources(desk: Desk) -> dict[str, str]:
    change = changes.propose(
        source_id=Source.objects.get(code="police").pk,
        values={"records_view": "health_records", "clock_view": "health_clock", "max_age_hours": 24.0},
        credential=None,
        effect={},
        reason="新库已启用",
        by="qian",
        now=desk.now,
    )
    item = _display(desk)
    webhook = propose_webhook(
        provider=Provider.objects.get(code="alipay"),
        address="http://127.0.0.1:9/hook",
        events=["code.changed"],
        reason="前端更新颜色",
        by="qian",
        now=desk.now,
    )
    return {
        "official_webhooks": "webhooks/",
        "official_webhook_new": "webhooks/new/",
        "official_webhook": f"webhooks/{webhook.pk}/",
        "official_displays": "displays/",
        "official_display": f"displays/{item.pk}/",
        "official_sources": "sources/",
        "official_source": "sources/police/",
        "official_source_change_form": "sources/bigdata/change/",
        "official_source_change": f"sources/changes/{change.pk}/",
        "official_source_quarantine": "sources/police/quarantine/",
        "official_batch": f"sources/batches/{Batch.objects.latest('pk').pk}/",
    }


def _display(desk: Desk) -> DisplayItem:
    """Let WeChat display an unmapped value to two people and an unexplained colour to a third. Return the item of the value."""
    wechat = Provider.objects.get(code="wechat")
    Provider.objects.filter(pk=wechat.pk).update(display={"00": "green", "01": "yellow", "10": "red"})
    shown = {"7K2MQ9XA": "02", "9D4TW1HB": "02", "3PX8C6VN": "01"}
    people = {Citizen.objects.get(ref=ref).pk: value for ref, value in shown.items()}
    keep_displayed(Shown(citizen, wechat.pk, value, desk.now) for citizen, value in people.items())
    update_findings(now=desk.now, citizens=people)
    item = DisplayItem.objects.get(value="02")
    tell(item.pk, note="已电话告知微信接口负责人", by="qian", now=desk.now)
    return item


def _rules(desk: Desk) -> dict[str, str]:
    draft = drafts.begin(RuleSet.objects.get(code="national").pk, by="zhou", now=desk.now)
    rehearsal_jobs.ask(draft.pk, by="zhou", now=desk.now)
    return {
        "official_rule_sets": "rule-sets/",
        "official_rule_set": "rule-sets/national/",
        "official_rule_set_version": "rule-sets/national/versions/1/",
        "official_rule_set_upload": "rule-sets/national/upload/",
        "official_draft": f"rule-sets/drafts/{draft.pk}/",
        "official_draft_new_rule": f"rule-sets/drafts/{draft.pk}/rules/new/",
        "official_draft_rule": f"rule-sets/drafts/{draft.pk}/rules/0/",
        "official_draft_areas": f"rule-sets/drafts/{draft.pk}/areas/",
    }


def _audit(desk: Desk) -> dict[str, str]:
    job = ask_for_export(ReportRequest(ReportName.CASES), file_format=FileFormat.CSV, by="sun", now=desk.now)
    assert write_export(job.pk, clock=lambda: desk.now)
    asked = propose_identified(
        ReportRequest(ReportName.DISAGREEMENTS, identified=True),
        file_format=FileFormat.XLSX,
        purpose="核对第三季度红码申诉的处理",
        by="hao",
        now=desk.now,
    )
    alarm = an_alarm(now=desk.now)
    return {
        "official_alarms": "alarms/",
        "official_alarm": f"alarms/{alarm.pk}/",
        "auditor_identified_exports": "reports/identified/",
        "auditor_identified_export": f"reports/identified/{asked.pk}/",
        "auditor_retention": "reports/retention/",
        "auditor_reports": "reports/",
        "auditor_report": "reports/disagreements/?show=1&first=&last=",
        "auditor_report_figures": "reports/disagreements/figures/",
        "auditor_verify": "reports/verify/",
        "auditor_export": f"reports/exports/{job.name}/",
        "auditor_journal": "journal/",
        "auditor_replay": "replay/",
    }


def _staff() -> dict[str, str]:
    account = Account.objects.get(username="li")
    return {
        "official_staff": "people/",
        "official_account": f"people/{account.pk}/",
        "official_staff_change": f"people/changes/{StaffChange.objects.latest('pk').pk}/",
        "official_account_add": "people/new/",
    }
