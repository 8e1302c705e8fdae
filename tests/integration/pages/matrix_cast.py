"""The visitors of the matrix, and the objects whose pages they request."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from django.db import transaction
from django.http import HttpResponseBase

from codes.citizens.guardianship import accept_guardianship, ask_guardianship
from codes.display.displayed import Shown, keep_displayed
from codes.display.findings import update_findings
from codes.gates.devices import propose_device
from codes.intake.phones import NamedPhone, propose_phones
from codes.intake.provider_keys import issue_key
from codes.models import (
    Case,
    Citizen,
    CityCorrection,
    DisplayItem,
    Evidence,
    Guardianship,
    Neighbour,
    NoteMention,
    PaperPass,
    PhoneChange,
    Provider,
    RuleSet,
    Run,
)
from codes.passes.paper import issue_paper
from codes.reports.export import FileFormat
from codes.reports.identified import propose as propose_identified
from codes.reports.jobs import ask_for_export
from codes.reports.request import ReportName, ReportRequest
from codes.review import corrections
from codes.review.cases.notes import write_note
from codes.review.cases.saved_filters import save_filter
from codes.review.evidence.files import keep_upload
from codes.review.proposals.bulk_suppressions import propose_bulk_suppression
from codes.review.proposals.held_groups import propose
from codes.review.proposals.suppressions import propose_suppression
from codes.review.reply_templates import save_template
from codes.rule_sets import drafts, rehearsal_jobs
from codes.sentinel.alarms import propose as propose_acknowledgement
from codes.webhooks.subscriptions import propose as propose_webhook
from portal.citizen.entries import declare
from regions.identity import Identity
from regions.sources import changes
from regions.sources.models import Batch, Source
from regions.staff.changes import propose_roles
from regions.staff.models import Account
from regions.staff.roles import Role
from regions.vocabulary import IdType
from tests.integration.lines import ANNA, citizen, declaration, take
from tests.integration.pages.matrix_rows import WORDS, Row
from tests.integration.pages.people import Visitor
from tests.integration.pages.test_who_may import addresses
from tests.integration.review.desk import EVIDENCE, Desk, an_alarm, mass_change
from tests.integration.sources.officials import at_desk

PART = re.compile(r"<(\w+):(\w+)>")
GROUP = "batch|police|0|arrival"
HEALTHY: dict[str, Any] = {
    "symptoms": [],
    "contact": "no",
    "area_stays": [],
    "arrival": None,
    "overseas_arrival_on": None,
}
STRANGER, CITIZEN = "stranger", "citizen"
Things = dict[str, Any]


@dataclass(frozen=True)
class Cast:
    """``people`` by role, ``stranger`` and ``citizen`` among them; ``abroad`` are the same in the other city.

    ``own``: what zhang or the city has, by the part of an address, and again by the address where that differs; ``others``: the
    same of another citizen.
    """

    people: dict[str, Visitor]
    abroad: dict[str, Visitor]
    own: dict[str, Things]
    others: Things

    def parts(self, address: "Address") -> Things:
        """Return the parts with which the address is filled in for visitors who may see it."""
        mine: Things = {}
        if address.name.startswith("citizen_"):
            mine = self.own["dependant's" if "ref" in address.parts else "mine"]
        special = self.own.get(f"dependant's {address.name}" if "ref" in address.parts else address.name, {})
        things = {**WORDS, **self.own[""], **mine, **special}
        return {part: things[part] for part in address.parts}


@dataclass(frozen=True)
class Address:
    """A pattern of the resolver: its name, its route with the parts in braces, and the parts → their converters."""

    name: str
    route: str
    parts: dict[str, str]

    def path(self, things: Things) -> str:
        return self.route.format(**things)


def read_addresses(urlconf: str) -> Iterator[Address]:
    """Yield all addresses of a URL configuration."""
    for route, pattern in addresses(urlconf):
        parts = {part: kind for kind, part in PART.findall(route)}
        yield Address(pattern.name or "", PART.sub(r"{\2}", route), parts)


def everybody_at(host: str, *, now: datetime) -> dict[str, Visitor]:
    """Return a member of staff for each role. Call inside the city."""
    return {role.value: at_desk(f"m-{role.value}", role, now=now, host=host) for role in Role}


def abroad(*, now: datetime) -> dict[str, Visitor]:
    """Return staff of the other city for each role, and a citizen of it. Call inside alpha."""
    take(declaration(submitted_at="2026-11-20T08:00:00+08:00"), now=now)
    return {
        CITIZEN: Visitor.signed_in(citizen(), now=now, host="alpha.localhost"),
        **everybody_at("alpha.localhost", now=now),
    }


def at_home(desk: Desk, picture: bytes) -> tuple[dict[str, Things], Things]:
    """Return the objects of zhang and of the officials, and those of chen and liu, which zhang may not see."""
    now = desk.now
    zhang, chen = map(desk.citizen, ("zhang", "chen"))
    link = guardian_of_chen(desk, picture)
    numbers = {name: desk.appeal(name).number for name in ("zhang", "chen")}
    case = desk.case("liu")
    files = {name: file_of(desk, name, number, picture) for name, number in (*numbers.items(), ("liu", case.number))}
    for who, number in ((zhang, "B20261124-MINE0000"), (chen, "B20261124-CHEN0000")):
        declare(who, HEALTHY, providers=["alipay"], number=number, by=f"citizen:{who.ref}", now=now)
    fact = desk.fact("liu")
    correction = corrections.send(case_id=case.pk, fact_id=fact.pk, text="请核对", sent_to="公安", by="li", now=now)
    ruling = desk.propose("chen", kind="disagreement")
    suppression = propose_suppression(
        fact_id=desk.fact("zhang").pk,
        reason_code="wrong_person",
        evidence=EVIDENCE,
        by="li",
        now=now,
        case_id=desk.case("zhang").pk,
    )
    bulk_suppression = propose_bulk_suppression(
        key=GROUP, reason_code="wrong_person", documents=EVIDENCE, by="li", now=now
    )
    phones = {name: proposed_phone(desk.citizen(name), now=now) for name in ("zhang", "chen")}
    papers = {name: paper_of(desk.citizen(name), now=now) for name in ("zhang", "chen", "liu")}
    alarm = an_alarm(now=now)
    said = propose_acknowledgement(alarm.pk, finding="explained", reason="核对无误", by="m-auditor", now=now)
    waiting = propose(mass_change("R1", now=now).pk, act="release", reason="核对无误", by="li", now=now)
    # Rename it: the other city has a rule set with the same code, whose page would be found there.
    RuleSet.objects.filter(code="national").update(code="city_rules")
    draft = drafts.begin(RuleSet.objects.get(code="city_rules").pk, by="m-rule_manager", now=now)
    account = Account.objects.create(pk=9001, username="one-more", password="!", created_at=now)
    source = Source.objects.get(code="police")
    Source.objects.filter(code="police").update(code="city_police")
    change = changes.propose(
        source_id=source.pk,
        values={"records_view": "records", "clock_view": "clock"},
        credential=None,
        effect={},
        reason="更严",
        by="m-source_manager",
        now=now,
    )
    roles = propose_roles(account.pk, roles=["reviewer"], reason="人手不足", by="m-security_admin", now=now)
    export = ask_for_export(ReportRequest(ReportName.SOURCES), file_format=FileFormat.CSV, by="m-auditor", now=now)
    identified = propose_identified(
        ReportRequest(ReportName.CASES, last=date(2020, 1, 1), identified=True),
        file_format=FileFormat.CSV,
        purpose="第三季度抽查",
        by="m-auditor",
        now=now,
    )
    webhook = propose_webhook(
        provider=Provider.objects.get(code="alipay"),
        address="http://127.0.0.1:9/hook",
        events=["code.changed"],
        reason="前端",
        by="m-source_manager",
        now=now,
    )
    keep_displayed([Shown(zhang.pk, Provider.objects.get(code="wechat").pk, "??", now)])
    update_findings(now=now, citizens=[zhang.pk])
    asked = CityCorrection.objects.create(
        side="sent",
        state="unsent",
        neighbour=Neighbour.objects.create(
            division="500000", name_zh="重庆市", name_en="Chongqing", address="https://cq"
        ),
        citizen=case.citizen,
        fact=fact,
        case=case,
        colour="red",
        text="当天不在现场",
        opened_by="li",
        opened_at=now,
        due_at=now + timedelta(days=1),
    )
    template = save_template(
        template_id=None, use="question", name="补充", text_zh="请补充", text_en="", by="m-approver", now=now
    )
    kept = save_filter(name="红码", query="severity=red", is_default=False, by="m-reviewer")
    note = write_note(case_id=case.pk, text="@m-reviewer 请看", by="li", now=now)
    device = propose_device(
        name="一号", place="东站", expires_at=now + timedelta(days=9), reason="新入口", by="m-system_admin", now=now
    )
    own: dict[str, Things] = {
        "": {
            "number": case.number,
            "ref": "chen",
            "link": link.pk,
            "link_id": link.pk,
            "fact_id": fact.pk,
            "correction": correction.pk,
            "city_correction": asked.pk,
            "suppression": suppression.pk,
            "suppression_id": suppression.pk,
            "ruling_id": ruling.pk,
            "run_id": Run.objects.latest("pk").pk,
            "batch_id": Batch.objects.latest("pk").pk,
            "change_id": change.pk,
            "code": "city_police",
            "name": export.name,
            "identified_id": identified.pk,
            "key": quote(GROUP),
            "bulk_suppression_id": bulk_suppression.pk,
            "group_id": waiting.group_id,
            "proposal_id": waiting.pk,
            "alarm_id": alarm.pk,
            "device_id": device.pk,
            "key_id": issue_key(provider="alipay", by="m-system_admin", now=now)[0].pk,
            "item_id": DisplayItem.objects.get().pk,
            "webhook_id": webhook.pk,
            "template_id": template.pk,
            "filter_id": kept.pk,
            "mention_id": NoteMention.objects.get(note=note).pk,
            "draft_id": draft.pk,
            "place": 0,
            "version": 1,
            "rehearsal_id": rehearsal_jobs.ask(draft.pk, by="m-rule_manager", now=now).pk,
            "account_id": account.pk,
            "evidence": files["zhang"],
        },
        **{f"official_rule_set{page}": {"code": "city_rules"} for page in ("", "_version", "_begin", "_upload")},
        "mine": {
            "number": numbers["zhang"],
            "evidence": files["zhang"],
            "change": phones["zhang"],
            "paper": papers["zhang"],
        },
        "official_phone": {"change_id": phones["zhang"]},
        **{f"official_staff_change{act}": {"change_id": roles.pk} for act in ("", "_decide")},
        "dependant's": {"number": numbers["chen"], "evidence": files["chen"], "paper": papers["chen"]},
        "citizen_declared": {"number": "B20261124-MINE0000"},
        "dependant's citizen_declared": {"number": "B20261124-CHEN0000"},
        "official_evidence": {"number": numbers["zhang"]},
        "official_alarm_decide": {"proposal_id": said.pk},
        "guide_picture": {"name": "citizen_code"},
        "official_guardian_proof": {"evidence": Evidence.objects.get(guardianship=link).pk},
        "official_suppression_back": {"number": desk.case("zhang").number},
        "official_suppression_end": {"number": desk.case("zhang").number},
    }
    others = {
        "number": case.number,
        "ref": "liu",
        "link": link.pk + 7,
        "evidence": files["liu"],
        "change": phones["chen"],
        "paper": papers["liu"],
    }
    return own, others


def proposed_phone(citizen: Citizen, *, now: datetime) -> int:
    """Propose another phone, which the person has not confirmed. Return its key."""
    propose_phones([NamedPhone(citizen, None, "13711112222")], by="system", now=now)
    return PhoneChange.objects.get(citizen=citizen).pk


def paper_of(citizen: Citizen, *, now: datetime) -> int:
    """Issue a paper code. Return its key."""
    issue_paper(citizen, by=f"citizen:{citizen.ref}", now=now)
    return PaperPass.objects.get(citizen=citizen).pk


def guardian_of_chen(desk: Desk, picture: bytes) -> Guardianship:
    """Make zhang the guardian of chen."""
    zhang = desk.citizen("zhang")
    proof = keep_upload(citizen=zhang, content=picture, original_name="hukou.jpg", by="citizen:zhang", now=desk.now)
    asked = ask_guardianship(
        guardian=zhang,
        dependant=Identity(IdType.RESIDENT_ID, ANNA),
        relation="parent",
        by="citizen:zhang",
        now=desk.now,
        evidence_ids=[proof.pk],
    )
    return accept_guardianship(guardianship_id=asked.pk, by="li", now=desk.now)


def file_of(desk: Desk, name: str, number: str, picture: bytes) -> int:
    """Add a photo to the person's case. Return its key."""
    kept = keep_upload(
        citizen=desk.citizen(name), content=picture, original_name="a.jpg", by=f"citizen:{name}", now=desk.now
    )
    Evidence.objects.filter(pk=kept.pk).update(case=Case.objects.get(number=number))
    return kept.pk


@contextmanager
def undone() -> Iterator[None]:
    """Roll back all changes of the block."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def asked(visitor: Visitor, method: str, path: str) -> HttpResponseBase:
    """Return the answer to a request, and undo its changes in the database and in the browser."""
    cookies = deepcopy(visitor.client.cookies)
    visitor.client.raise_request_exception = False
    with undone():
        # As programs send an empty body; without the header, calls between cities are refused for its lack.
        response: HttpResponseBase = visitor.client.generic(method, path, CONTENT_LENGTH="0")
    visitor.client.cookies = cookies
    return response


CITY_ADDRESSES = tuple(read_addresses("portal.urls_city"))
PUBLIC_ADDRESSES = tuple(read_addresses("portal.urls_public"))


@dataclass(frozen=True)
class Place:
    """A URL configuration and the expected results. A test of its own fails if an address has no row."""

    cast: Cast
    rows: dict[str, Row]
    addresses: tuple[Address, ...]
    door: str

    def each(self) -> Iterator[tuple[Address, Row, str]]:
        """Yield address, expected result, and the path for visitors who may see it."""
        for address in self.addresses:
            if row := self.rows.get(address.name):
                yield address, row, address.path(self.cast.parts(address))


def may(row: Row, who: str) -> bool:
    """Return whether this visitor may see the address."""
    if row.who in ("anyone", "machine"):
        return row.who == "anyone"
    if row.who == "citizen" or who in (STRANGER, CITIZEN):
        return row.who == who
    return row.who == "staff" or Role(who) in row.who


def whoever_may(row: Row, people: Mapping[str, Visitor]) -> str:
    """Return one of the visitors who may see the address."""
    found: str = next(who for who in (CITIZEN, *Role, STRANGER) if who in people and may(row, who))
    return found
