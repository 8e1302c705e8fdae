"""A city opened by the form: every fault at its field, done by a worker, its state shown truly, and its first run followed."""

import html
import json
import re
from datetime import datetime
from importlib import import_module

import pytest
from django.apps import apps
from django.conf import settings
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import get_language

from codes.city_counts import update_city_counts
from codes.models import Provider, Run
from codes.opening_requests import (
    USE,
    Bundle,
    ask_to_open,
    confirm_opening,
    decline_opening,
    faults_of,
    open_asked,
    sweep_openings,
)
from codes.rule_sets.version_file import VersionContent, read_version
from codes.runs.steps import run_here
from portal.official.tasks import sweep_enrolment_links
from portal.operator.forms import RULE_SETS
from regions.faults import Fault, FaultCode
from regions.journal.models import JournalEntry
from regions.keys.encryption import decrypt_for_installation, encrypt_for_installation
from regions.leased_jobs import MAX_ATTEMPTS
from regions.models import City, CityOpening
from regions.refusals import Refused
from regions.sources.models import Source
from regions.staff.first_administrators import administrators_at_work, send_first_links
from regions.staff.models import Account, EnrolmentLink, RoleGrant
from regions.staff.roles import Role
from regions.tenancy import in_city
from tests.integration.operator.conftest import CITY_FORM, second_operator
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import hire
from tests.integration.staff.people import follow

FORM = "/open/"


def sent(operator: Visitor, **changed: str) -> str:
    response = operator.post(FORM, {**CITY_FORM, **changed})
    assert response.status_code == 200
    return html.unescape(response.content.decode())


def field_of(page: str, fault: str) -> str:
    """The field the summary's line about the fault leads to."""
    found = re.search(rf'<a href="#id_([\w-]+)">[^<]*{re.escape(fault)}', page)
    assert found, fault
    return found[1]


@pytest.mark.parametrize(
    ("changed", "field", "fault"),
    [
        ({"city-schema": "Gamma!"}, "city-schema", "must be 2 to 40 small letters"),
        ({"city-name_en": ""}, "city-name_en", "is missing"),
        ({"city-division": "51"}, "city-division", "must be the code of a division"),
        (
            {"city-interim_policy": "prefer", "city-preferred": "nobody"},
            "city-interim_policy",
            "prefers none of the providers",
        ),
        ({"city-mass_change_share": "much"}, "city-mass_change_share", "must be a number"),
        ({"sources-0-url_env": ""}, "sources-0-url_env", "is missing"),
        ({"sources-0-url": "sqlite://", "sources-0-url_env": "X"}, "sources-0-url", "cannot stand beside"),
        ({"sources-0-page_size": "0"}, "sources-0-page_size", "must be 1 or more"),
        ({"sources-0-kinds": "MJ = nothing"}, "sources-0-kinds", "must be one of"),
        ({"providers-0-source": "nowhere"}, "providers-0-source", "names none of the sources"),
        ({"providers-0-rule_set": "local"}, "providers-0-rule_set", "names none of the rule sets"),
        ({"rule_sets-0-shipped": "", "rule_sets-0-text": "code = "}, "rule_sets-0-shipped", "is not TOML"),
        ({"rule_sets-0-shipped": "", "rule_sets-0-text": 'code = "x"'}, "rule_sets-0-shipped", "is missing"),
        ({"sources-1-code": "police"}, "sources-1-title_zh", "is missing"),
        ({"security_administrators-1-email": "nobody"}, "security_administrators-1-email", "must be an e-mail address"),
        ({"security_administrators-0-username": "安"}, "security_administrators-0-username", "must be a user name"),
        ({"security_administrators-1-username": "an.jing"}, "security_administrators-1-username", "repeats"),
        ({"security_administrators-1-email": "an.jing@gamma.example.cn"}, "security_administrators-1-email", "repeats"),
    ],
)
def test_a_fault_stands_at_its_field(operator: Visitor, changed: dict[str, str], field: str, fault: str) -> None:
    page = sent(operator, **changed)
    assert field_of(page, fault) == field
    assert not CityOpening.objects.exists()


def test_a_form_without_any_list_says_so(operator: Visitor) -> None:
    none = {f"{name}-TOTAL_FORMS": "0" for name in ("sources", "providers", "rule_sets")}
    page = sent(operator, **none)
    assert all(f"{name}: is missing" in page for name in ("Data sources", "Providers", "Rule sets"))


def test_a_source_where_none_may_be_is_refused(operator: Visitor) -> None:
    centre = {"sources-0-kind": "big_data_centre", "sources-0-app_id": "gamma", "sources-0-secret_env": "X"}
    page = sent(operator, **centre, **{"sources-0-base_url": "http://192.0.2.7:80/api"})
    assert 'href="#id_sources-0-base_url"' in page


def test_rows_are_added_without_losing_what_was_written(operator: Visitor) -> None:
    page = sent(operator, add="providers")
    assert "id_providers-2-code" in page
    assert 'value="丙市公安局数据库"' in page
    assert 'value="3"' in page


def test_a_right_form_waits_for_two_and_a_worker_with_its_file_encrypted(
    operator: Visitor, enqueued: list[object], clock: datetime
) -> None:
    answer = operator.post(
        FORM, {**CITY_FORM, "sources-0-url_env": "", "sources-0-url": "postgresql://u:geheim@localhost/x"}
    )
    opening = CityOpening.objects.get()
    assert answer.headers["Location"] == f"/openings/{opening.name}/"
    assert enqueued == []
    assert b"geheim" not in bytes(opening.content or b"")
    page = operator.read(f"/openings/{opening.name}/")
    assert "Another operator confirms it" in page
    assert "geheim" not in page
    assert JournalEntry.objects.latest("seq").verb == "city.opening_asked"
    assert sweep_openings(now=opening.asked_at) == []
    second = second_operator(now=clock)
    seen = second.read(f"/openings/{opening.name}/")
    assert all(
        one in seen for one in ("gamma.localhost", "an.jing@gamma.example.cn", "postgresql · localhost · 5432 · x · u")
    )
    assert "geheim" not in seen
    assert "<h1>Gamma</h1>" in seen
    assert "the stricter colour counts" in seen
    second.post(f"/openings/{opening.name}/decide/", {"verb": "confirm"})
    assert enqueued == [opening.pk]
    assert "Waiting for a worker" in second.read(f"/openings/{opening.name}/")
    assert JournalEntry.objects.latest("seq").by == "su"
    assert sweep_openings(now=opening.asked_at) == [opening.pk]


def test_one_operator_opens_nothing_alone(operator: Visitor, enqueued: list[object], clock: datetime) -> None:
    operator.post(FORM, CITY_FORM)
    opening = CityOpening.objects.get()
    assert "does not approve" in operator.read(decided(operator, opening, "confirm"))
    with pytest.raises(Refused):
        confirm_opening(opening.pk, by="mo", now=clock)
    with pytest.raises(Refused):
        decline_opening(opening.pk, by="mo", now=clock)
    with pytest.raises(IntegrityError), transaction.atomic():
        CityOpening.objects.update(state="waiting", decided_by="mo", decided_at=clock)
    assert open_asked(opening.pk, clock=lambda: clock) is None
    assert (enqueued, City.objects.filter(schema_name="gamma").exists()) == ([], False)
    second = second_operator(now=clock)
    assert "Only the proposer" in second.read(decided(second, opening, "withdraw"))
    assert "Nothing was done." in operator.read(decided(operator, opening, "withdraw"))
    opening.refresh_from_db()
    assert (opening.state, opening.content) == ("withdrawn", None)
    assert second.post(f"/openings/{opening.name}/decide/", {"verb": "confirm"}).status_code == 409


def test_a_declined_opening_keeps_nothing(operator: Visitor, clock: datetime) -> None:
    operator.post(FORM, CITY_FORM)
    opening, second = CityOpening.objects.get(), second_operator(now=clock)
    assert "Declined by" in second.read(decided(second, opening, "decline"))
    opening.refresh_from_db()
    assert (opening.state, opening.content, opening.decided_by) == ("declined", None, "su")


@pytest.mark.parametrize(("filled", "told"), [(0, "needs two security administrators"), (1, "at least 2")])
def test_a_new_city_names_two_administrators(operator: Visitor, filled: int, told: str) -> None:
    rows = {
        key: ""
        for key in CITY_FORM
        if (found := re.match(r"security_administrators-(\d)", key)) and int(found[1]) >= filled
    }
    assert told in sent(operator, **{**CITY_FORM, **rows, "security_administrators-TOTAL_FORMS": "2"})
    assert not CityOpening.objects.exists()


def decided(visitor: Visitor, opening: CityOpening, verb: str) -> str:
    """Press a button of the opening's page; the page it leads to."""
    return visitor.post(f"/openings/{opening.name}/decide/", {"verb": verb}).headers["Location"]


def confirmed_request(bundle: Bundle, *, schema: str, now: datetime) -> CityOpening:
    """Asked for by one and confirmed by another."""
    opening = ask_to_open(bundle, schema=schema, by="system", now=now)
    return confirm_opening(opening.pk, by="operator:su", now=now)


def test_an_existing_city_is_changed_only_on_purpose(operator: Visitor) -> None:
    page = sent(operator, **{"city-schema": "beta"})
    assert field_of(page, "There is such a city") == "city-schema"
    operator.post(FORM, {**CITY_FORM, "city-schema": "beta", "city-change_existing": "on"})
    assert CityOpening.objects.get().schema == "beta"


def test_only_who_may_opens_cities(db: None, clock: datetime) -> None:
    other = Visitor.at_work("audit_admin", now=clock, host="localhost", username="he")
    assert other.get(FORM).status_code == 403
    assert other.get("/openings/abc/").status_code == 403
    assert other.get("/").status_code == 200


def test_a_missing_opening_is_a_404(operator: Visitor) -> None:
    assert operator.get("/openings/abc/").status_code == 404


def test_a_refused_file_says_what_is_wrong_and_is_gone(operator: Visitor, now: datetime) -> None:
    opening = confirmed_request(Bundle({"city": {}}, {}), schema="gamma", now=now)
    assert open_asked(opening.pk, clock=lambda: now) is None
    opening.refresh_from_db()
    assert (opening.state, opening.content) == ("refused", None)
    assert "city.host" in operator.read(f"/openings/{opening.name}/")


def test_what_kills_every_worker_is_told(operator: Visitor, now: datetime) -> None:
    opening = confirmed_request(Bundle({}, {}), schema="gamma", now=now)
    CityOpening.objects.update(state="opening", attempts=MAX_ATTEMPTS, lease_until=now)
    assert sweep_openings(now=now + settings.LEASE) == []
    assert "could not be opened" in operator.read(f"/openings/{opening.name}/")


@pytest.mark.parametrize("wrong", [{"state": "done"}, {"content": None}, {"asked_by": ""}, {"state": "lost"}])
def test_the_database_refuses_half_truths(db: None, now: datetime, wrong: dict[str, object]) -> None:
    ask_to_open(Bundle({}, {}), schema="gamma", by="system", now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        CityOpening.objects.update(**wrong)


def test_faults_are_said_in_chinese() -> None:
    with translation.override("zh-hans"):
        missing = Fault("sources[0].url_env", FaultCode.NO_CREDENTIAL, {"variable": "url_env", "credential": "url"})
        assert missing.message_in(get_language()) == "缺失：请填写 url_env 或 url 之一"


def test_what_is_kept_for_the_worker_is_what_was_checked(operator: Visitor, enqueued: list[object]) -> None:
    odd = '引"号\\'
    operator.post(FORM, {**CITY_FORM, "city-name_zh": odd})
    kept = json.loads(decrypt_for_installation(bytes(CityOpening.objects.get().content or b""), use=USE))
    assert (kept["city"]["city"]["name"]["zh"], kept["city"]["city"]["mass_change_share"]) == (odd, 0.02)
    file, versions = Bundle(**kept).read()
    assert (file.city.schema_name, [version.code for version in versions]) == ("gamma", ["national"])
    assert versions == [read_version(RULE_SETS / "national-1.toml")]


def test_an_opening_put_down_as_toml_is_read_after_the_change(operator: Visitor, now: datetime) -> None:
    """Openings that stand when the portal is updated are done as if they had been asked for today."""
    migration = import_module("regions.migrations.0003_openings_as_json")
    rules = {"rules/0.toml": (RULE_SETS / "national-1.toml").read_text(encoding="utf-8")}
    old = {"city": '[city]\nname = { zh = "丙" }\nmass_change_share = 0.5\n', "rules": rules}
    waiting = ask_to_open(Bundle({}, {}), schema="gamma", by="system", now=now)
    CityOpening.objects.filter(pk=waiting.pk).update(
        content=encrypt_for_installation(json.dumps(old).encode(), use=USE)
    )
    refused = confirmed_request(Bundle({"city": {}}, {}), schema="delta", now=now)
    open_asked(refused.pk, clock=lambda: now)
    CityOpening.objects.filter(pk=refused.pk).update(faults=[["city.host", "is missing"]])
    migration.read_what_stands(apps, None)
    waiting.refresh_from_db()
    kept = Bundle(**json.loads(decrypt_for_installation(bytes(waiting.content or b""), use=USE)))
    assert kept.city == {"city": {"name": {"zh": "丙"}, "mass_change_share": 0.5}}
    assert VersionContent.model_validate(kept.rules["rules/0.toml"]) == read_version(RULE_SETS / "national-1.toml")
    refused.refresh_from_db()
    assert [str(fault) for fault in faults_of(refused)] == ["city.host: is missing"]


def test_what_a_worker_had_while_the_portal_was_updated_is_confirmed_anew(db: None, now: datetime) -> None:
    opening = confirmed_request(Bundle({}, {}), schema="gamma", now=now)
    CityOpening.objects.update(state="opening", lease_until=now, attempts=1)
    import_module("regions.migrations.0007_openings_by_two").ask_again(apps, None)
    opening.refresh_from_db()
    assert (opening.state, opening.fence, opening.lease_until) == ("asked", 1, None)


def enrol_late(operator: Visitor, now: datetime) -> None:
    """Both administrators are too late for their links; one operator has new ones sent, until somebody has enrolled."""
    with in_city("gamma"):
        EnrolmentLink.objects.open().update(voided_at=now)
    assert operator.read("/cities/gamma/service/").count("the link is too old") == 2
    links = [re.findall(r"/staff/enrol/[\w-]+/", str(one.body))[0] for one in mail.outbox]
    assert follow(links[0], host="gamma.localhost")[2] == 404
    mail.outbox.clear()
    operator.post("/cities/gamma/links/")
    assert operator.read("/cities/gamma/service/").count("the link waits") == 2
    assert (sweep_enrolment_links(), operator.read("/cities/gamma/service/").count("has the link")) == (2, 2)
    link = re.findall(r"/staff/enrol/[\w-]+/", str(mail.outbox[0].body))[0]
    assert follow(link, host="gamma.localhost")[2] == 302
    assert "has enrolled" in operator.read("/cities/gamma/service/")
    with pytest.raises(Refused):
        send_first_links("gamma", by="mo", now=now)


def test_who_works_no_more_is_no_administrator(alpha: City, now: datetime) -> None:
    """A city that has only such ones names others when it is opened again."""
    hire("an", Role.SECURITY_ADMIN, now=now)
    hire("bao", Role.SECURITY_ADMIN, now=now)
    hire("cai", Role.REVIEWER, now=now)
    assert [one.username for one in administrators_at_work()] == ["an", "bao"]
    Account.objects.filter(username="an").update(is_active=False)
    assert [one.username for one in administrators_at_work()] == ["bao"]
    RoleGrant.objects.filter(account__username="bao").update(revoked_at=now, revoked_by="an")
    assert not administrators_at_work().exists()


@pytest.mark.django_db(transaction=True)
def test_a_city_opens_runs_and_opens_again_unchanged(clock: datetime, enqueued: list[object]) -> None:
    operator = Visitor.at_work("system_admin", now=clock, host="localhost", username="mo").in_english()
    second = second_operator(now=clock)
    for again in (False, True):
        operator.post(FORM, {**CITY_FORM, **({"city-change_existing": "on"} if again else {})})
        opening = CityOpening.objects.latest("pk")
        decided(second, opening, "confirm")
        opened = open_asked(opening.pk, clock=lambda: clock)
        assert opened is not None
        assert (opened.created, opened.changed) == (not again, [])
        page = operator.read(f"/openings/{opening.name}/")
        assert ("nothing changed" if again else "The city is open") in page
    with in_city("gamma"):
        assert Source.objects.get().kinds == {"MJ": "close_contact", "确诊": "confirmed_case"}
        assert Provider.objects.get().rule_set.code == "national"
        entry = JournalEntry.objects.get(verb="city.opened")
        assert (entry.by, entry.data["confirmed_by"]) == ("operator:mo", "operator:su")
        assert set(RoleGrant.objects.values_list("account__username", "role")) == {
            ("an.jing", "security_admin"),
            ("bao.ping", "security_admin"),
        }
        assert not any(account.has_usable_password() for account in Account.objects.all())
    assert (sweep_enrolment_links(), [one.to[0] for one in mail.outbox]) == (
        2,
        ["an.jing@gamma.example.cn", "bao.ping@gamma.example.cn"],
    )
    enrol_late(operator, clock)
    opening = CityOpening.objects.latest("pk")
    operator.post(f"/openings/{opening.name}/first-run/")
    assert "Collecting" in operator.read(f"/openings/{opening.name}/")
    opening.refresh_from_db()
    with in_city("gamma"):
        run = run_here(opening.first_run or 0, clock=lambda: clock, progress=lambda run: None)
    assert run.state in Run.SETTLED
    assert "Ended on" in operator.read(f"/openings/{opening.name}/")
    update_city_counts("gamma", now=clock)
    assert "gamma.localhost" in operator.read("/")
