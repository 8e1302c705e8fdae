"""Every page once, with content: who visits it, and what must have happened before.

The axe test and the screenshots visit these pages. The test fails if a URL name of the resolver is missing here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from playwright.sync_api import BrowserContext

from codes.intake.phones import NamedPhone, propose_phones
from codes.intake.provider_keys import LIFETIME, count_call, issue_key, rotate_key
from codes.models import Citizen, Message, Provider, Scope, StatedName
from codes.risk_lists import send as send_risk_list
from codes.tasks import sum_up_cities
from portal.citizen.sign_in.views import BROWSER_COOKIE
from portal.web.display import DisplayPreferences
from regions.sources.models import Source
from regions.staff.enrolment import open_link, take_to_send
from regions.staff.models import Account
from regions.tenancy import in_city
from tests.integration.gates.people import SECOND, browser, enrolled, link_for, proposed
from tests.integration.operator.conftest import CITY_FORM
from tests.integration.pages.people import PASSWORD, Visitor
from tests.journeys.cast import CROWD
from tests.journeys.happenings import NUMBER, PHOTO, Happened, happen
from tests.journeys.world import CITY, OPERATOR, SECOND_OPERATOR, World

# URL names that are not whole pages: files, fragments, descriptions for machines, and redirects.
NO_PAGES = frozenset(
    {
        "api_cases",
        "api_corrections",
        "api_deliveries",
        "api_disagreements",
        "api_export",
        "api_export_file",
        "api_exports",
        "api_no_such_address",
        "api_schema",
        "api_webhook",
        "api_webhooks",
        "auditor_export_file",
        "auditor_export_manifest",
        "citizen_declare",
        "citizen_evidence",
        "citizen_manifest",
        "citizen_pass",
        "enrolment_link",
        "gate_enrolment_link",
        "gate_manifest",
        "gate_neighbours",
        "gate_worker",
        "guide_picture",
        "key_list",
        "mfa_reauthenticate",
        "official_case_next",
        "official_draft_rehearsal_list",
        "official_evidence",
        "official_guardian_proof",
        "official_work_file",
        "openid_connect_callback",
        "places",
    }
)
WITH_CODE, WITHOUT_CODE, ASKED = "4W12H6TD", "4W13H6TD", "4W14H6TD"
REFUSED = frozenset({"socialaccount_login_error"})


@dataclass(frozen=True)
class Picture:
    """A page and who visits it. ``name`` is the URL name in the resolver."""

    name: str
    path: str
    visitor: Visitor
    host: str = f"{CITY}.localhost"

    def enter(self, context: BrowserContext, world: World, *, language: str, look: DisplayPreferences) -> None:
        """Set the browser's cookies: the visitor's session, the keys by which the browser is known, language and appearance."""
        url = world.address("/", host=self.host)
        held = self.visitor.client.cookies
        known = {
            name: held[name].value
            for name in (settings.SESSION_COOKIE_NAME, settings.GATE_COOKIE_NAME, BROWSER_COOKIE)
            if name in held
        }
        cookies = {
            settings.LANGUAGE_COOKIE_NAME: language,
            settings.LOOK_COOKIE_NAME: f"{look.theme}.{look.contrast}.{look.size}",
            **known,
        }
        context.clear_cookies()
        context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])


def hang(world: World) -> list[Picture]:
    """Create everything that the pages show. Return the pages."""
    operators = list(_of_the_operator(world))
    with in_city(CITY):
        happened = happen(world)
        return [
            *operators,
            *_of_the_door(world),
            *_of_strangers(),
            *_of_citizens(world),
            *_of_a_gate(world),
            *_of_the_desk(world, happened),
        ]


def _of_the_operator(world: World) -> Iterator[Picture]:
    visitor = Visitor.as_account(OPERATOR, now=world.clock(), host="localhost")
    second = Visitor.as_account(SECOND_OPERATOR, now=world.clock(), host="localhost")
    opening = second.post("/open/", CITY_FORM).headers["Location"]
    sum_up_cities()
    entries = [{"area": "533103", "level": "high", "from": world.clock().date().isoformat()}]
    sent = send_risk_list(entries, note="省防控办通知", by=OPERATOR, now=world.clock())
    pages = {
        "operator_city": f"/cities/{CITY}/",
        "operator_service": f"/cities/{CITY}/service/",
        "operator_risk_lists": "/risk-lists/",
        "operator_risk_list": f"/risk-lists/{sent.name}/",
        "operator_open_city": "/open/",
        "operator_opening": opening,
        "staff_home": "/",
    }
    for name, path in pages.items():
        yield Picture(name, path, visitor, "localhost")


def _of_strangers() -> Iterator[Picture]:
    pages = {
        "citizen_home": "/",
        "citizen_sign_in": "/sign-in/",
        "citizen_phone_confirm": "/phone/",
        "account_login": "/staff/sign-in/",
        "socialaccount_login_error": "/staff/single-sign-on/failed/",
        "display": "/display/",
        "guide": "/guide/citizen/",
        "api_reference": "/api/v1/reference/",
        "public_figures": "/figures/",
    }
    for name, path in pages.items():
        yield Picture(name, path, _nobody())


def _of_a_gate(world: World) -> Iterator[Picture]:
    _device, phone = enrolled("二号机", now=world.clock())
    yield Picture("gate", "/gate/", phone)
    yield Picture("gate_document", "/gate/document/", phone)
    _device, link = link_for("三号机", now=world.clock())
    coming = browser(f"{CITY}.localhost")
    coming.get(link)
    yield Picture("gate_enrolment", "/gate/enrol/", coming)
    waiting = proposed(now=world.clock())
    administrator = Visitor.as_account(SECOND, now=world.clock(), host=f"{CITY}.localhost")
    for name, path in {
        "official_gates": "",
        "official_gate_add": "new/",
        "official_gate": f"{waiting.pk}/",
    }.items():
        yield Picture(name, f"/staff/gates/{path}", administrator)
    given_up = {"state": "dead", "fault": "refused", "attempts": 8, "tried_at": world.clock()}
    Message.objects.filter(pk__in=list(Message.objects.values_list("pk", flat=True)[:2])).update(**given_up)
    yield Picture("official_messages", "/staff/messages/", administrator)
    yield from _of_keys(world, administrator)


def _of_keys(world: World, administrator: Visitor) -> Iterator[Picture]:
    """Create the keys: WeChat has two, one of which replaces the other; Alipay has none."""
    now = world.clock()
    old, _secret = issue_key(provider="wechat", by=SECOND, now=now, scopes=list(Scope))
    count_call(old, now=now)
    new, _secret = rotate_key(
        old.pk, old_until=now + timedelta(days=7), scopes=old.scopes, lifetime=LIFETIME, by=SECOND, now=now
    )
    pages = {"official_keys": "", "official_key_issue": "new/?provider=alipay", "official_key": f"{new.pk}/"}
    for name, path in {**pages, "official_key_rotate": f"{new.pk}/replace/"}.items():
        yield Picture(name, f"/staff/keys/{path}", administrator)


def _of_citizens(world: World) -> Iterator[Picture]:
    coming = _nobody()
    person = world.citizens[WITHOUT_CODE]
    coming.post("/sign-in/", {"id_type": person.id_type.value, "id_number": person.id_number})
    yield Picture("citizen_sign_in_code", "/sign-in/code/", coming)
    asking, appealed = _citizen(WITH_CODE, world), _citizen(ASKED, world)
    _name_otherwise(Citizen.objects.get(ref=WITH_CODE), world)
    _go_half_way(asking, world)
    pages = {
        "citizen_code": "code/",
        "citizen_calendar": "code/calendar/",
        "citizen_history": "code/history/",
        "citizen_check_in": "check-in/",
        "citizen_paper": "paper/",
        "citizen_other_city": "other-city/",
        "citizen_data": "data/",
        "citizen_appeal": "appeal/",
        "citizen_appeal_reason": "appeal/reason/",
        "citizen_appeal_evidence": "appeal/evidence/",
        "citizen_appeal_words": "appeal/words/",
        "citizen_appeal_check": "appeal/check/",
        "citizen_declare_check": "declare/check/",
        "citizen_declare_page": "declare/symptoms/",
        "citizen_messages": "messages/",
        "citizen_message_choices": "messages/choices/",
        "citizen_family": "family/",
        "citizen_family_ask": "family/ask/",
        "citizen_family_proof": "family/ask/proof/",
    }
    for name, path in pages.items():
        yield Picture(name, f"/{path}", asking)
    number = Citizen.objects.get(ref=ASKED).cases.filter(kind="appeal").get().number
    for name, path in {
        "citizen_cases": "cases/",
        "citizen_case": f"cases/{number}/",
        "citizen_appealed": f"appeal/done/{number}/",
        "citizen_declared": f"declare/done/{NUMBER}/",
    }.items():
        yield Picture(name, f"/{path}", appealed)


def _name_otherwise(citizen: Citizen, world: World) -> None:
    """Let a provider state another phone of the citizen, and another name than a source states."""
    now = world.clock()
    wechat, police = Provider.objects.get(code="wechat"), Source.objects.get(code="police")
    with transaction.atomic():
        propose_phones([NamedPhone(citizen, wechat.pk, "13711112222")], by="provider:wechat", now=now)
    StatedName.objects.create(citizen=citizen, provider=wechat, full_name="王小明", stated_at=now, received_at=now)
    StatedName.objects.create(citizen=citizen, source=police, full_name="李国强", stated_at=now, received_at=now)
    Citizen.objects.filter(pk=citizen.pk).update(names_differ=True)


def _go_half_way(person: Visitor, world: World) -> None:
    """Fill in an appeal, a declaration and a request for a dependant, each up to its last page."""
    target = person.read("/appeal/").split('name="target" value="')[1].split('"')[0]
    person.post("/appeal/", {"target": target})
    person.post("/appeal/reason/", {"reason": "not_there"})
    person.post("/appeal/evidence/", {"act": "add", "file": SimpleUploadedFile("车票.jpg", PHOTO, "image/jpeg")})
    person.post("/appeal/words/", {"text": "我那天在外地出差。"})
    person.get("/declare/")
    person.post("/declare/to/", {"providers": ["alipay", "wechat"]})
    person.post("/declare/symptoms/", {"has": "yes", "symptoms": ["dry_cough"]})
    person.post("/declare/contact/", {"contact": "no"})
    person.post("/declare/stays/", {"act": "add", "area": "武汉市", "from_day": "2026-11-10", "left_on": "2026-11-12"})
    person.post("/declare/stays/", {"act": "on"})
    person.post("/declare/arrival/", {"came": "no"})
    child = world.citizens[list(CROWD)[15]]
    person.post("/family/ask/", {"id_type": child.id_type.value, "id_number": child.id_number, "relation": "parent"})


def _of_the_desk(world: World, happened: Happened) -> Iterator[Picture]:
    for username, pages in happened.pages.items():
        visitor = Visitor.as_account(username, now=world.clock())
        for name, path in pages.items():
            yield Picture(name, f"/staff/{path}", visitor)


def _of_the_door(world: World) -> Iterator[Picture]:
    half = _nobody()
    half.post("/staff/sign-in/", {"login": "zhao", "password": PASSWORD})
    yield Picture("mfa_authenticate", "/staff/sign-in/code/", half)
    inside = Visitor.as_account("li", now=world.clock())
    pages = {
        "staff_account": "account/",
        "account_logout": "sign-out/",
        "account_change_password": "account/password/",
        "account_reauthenticate": "account/confirm/",
        "mfa_deactivate_totp": "account/codes/renew/",
    }
    for name, path in pages.items():
        yield Picture(name, f"/staff/{path}", inside)
    fresh = Visitor.as_account("new", now=world.clock())
    yield Picture("mfa_activate_totp", "/staff/account/codes/", fresh)
    enrolling = _nobody()
    newcomer = Account.objects.create(username="su.ke", email="su.ke@example.cn", created_at=world.clock())
    with transaction.atomic():
        link = open_link(newcomer, now=world.clock())
    _, token = take_to_send(link.pk, now=world.clock()) or (None, "")
    enrolling.get(f"/staff/enrol/{token}/")
    yield Picture("enrolment", "/staff/enrol/", enrolling)
    ready = Visitor.as_account("tang", now=world.clock())
    ready.post("/staff/account/codes/recovery/new/")
    yield Picture("mfa_view_recovery_codes", "/staff/account/codes/recovery/", ready)
    yield Picture("mfa_generate_recovery_codes", "/staff/account/codes/recovery/new/", ready)


def _citizen(ref: str, world: World) -> Visitor:
    return Visitor.signed_in(Citizen.objects.get(ref=ref), now=world.clock())


def _nobody() -> Visitor:
    return Visitor(Client(headers={"host": f"{CITY}.localhost"}))
