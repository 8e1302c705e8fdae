"""The journal's pages: search by person, object and time, entries in plain words, and the true state of the chain."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from codes.models import Citizen, Neighbour, Provider, Run
from codes.review.proposals import rulings
from portal.auditor import journal as page_of_journal
from portal.auditor.journal_labels import ACTION_LABELS, SUBJECT_LABELS, entry_label
from regions.journal.checkpoints import write_checkpoint
from regions.journal.heads import CoSigned, keep, present_head
from regions.journal.models import JournalEntry
from regions.journal.record import record
from regions.journal.verify import chain_state, verify_and_record
from regions.sources.models import Source
from regions.staff.models import Account
from tests.integration.auditor.conftest import record_many
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk

PAGE = "/staff/journal/"
CONSTANT = re.compile(r"""^([A-Z_]+) = "([a-z_]+\.[a-z_]+)\"""", re.MULTILINE)
# The subjects of entries, where they are made.
KIND = re.compile(r"""subject=f"([a-z_]+):""")
# `record("verb", …` and `Act("verb", …`, wherever the line breaks.
WRITTEN = re.compile(r"""\b(?:record|Act|_journal)\(\s*"([a-z_]+\.[a-z_]+)\"""")


def test_entries_are_read_in_words_and_lead_on(desk: Desk, auditor: Visitor) -> None:
    desk.bring(desk.case("zhang"), "in_review")
    page = auditor.read(f"{PAGE}?by=li")
    assert "taken over" in page
    rows = page.partition('<table class="journal">')[2]
    assert re.search(r"<td>[^<]*taken over[^<]*<details>", rows), "in the row, not only among the acts to choose from"
    assert f"?subject=case%3A{desk.case('zhang').number}" in page.replace("case:", "case%3A")
    assert "接手" in Visitor.at_work("audit_admin", now=desk.now, username="he").read(f"{PAGE}?by=li")


def test_who_had_decided_is_a_name_and_no_markup(desk: Desk, auditor: Visitor) -> None:
    case = desk.case("zhang").number
    record("second_look.drawn", by="system", now=desk.now, subject=f"case:{case}", data={"decided_by": "wu"})
    page = auditor.read(f"{PAGE}?verb=second_look.drawn")
    assert '<td>drew by lot what <span translate="no">wu</span> had closed alone' in page


def test_each_filter_narrows(desk: Desk, auditor: Visitor) -> None:
    record_many(3, by="wang", now=desk.now)
    assert auditor.read(f"{PAGE}?verb=tests.done&by=wang").count("<details>") == 3
    assert auditor.read(f"{PAGE}?subject=thing:1").count("<details>") == 1
    today = desk.now.date()
    assert auditor.read(f"{PAGE}?verb=tests.done&first={today}&last={today}").count("<details>") == 3
    assert "No entry" in auditor.read(f"{PAGE}?verb=tests.done&last=2020-01-01")
    assert "No entry" in auditor.read(f"{PAGE}?first=soon")


def test_a_long_journal_is_read_page_by_page(desk: Desk, auditor: Visitor) -> None:
    record_many(120, by="wang", now=desk.now)
    seen: list[int] = []
    address = f"{PAGE}?verb=tests.done"
    while address:
        response: Any = auditor.get(address)
        seen += [line.entry.seq for line in response.context["lines"]]
        following = response.context["page"].next
        address = f"{PAGE}?verb=tests.done&after={following}" if following else ""
    assert len(seen) == 120
    assert seen == sorted(seen, reverse=True)


def test_the_chain_is_checked_and_what_came_of_it_stays(desk: Desk, auditor: Visitor) -> None:
    write_checkpoint(now=desk.now)
    assert "never from here" in auditor.read(PAGE)
    assert auditor.post(f"{PAGE}verify/").headers["Location"] == PAGE
    assert "holds:" in auditor.read(PAGE)
    entry = JournalEntry.objects.latest("seq")
    assert (entry.verb, entry.by, "broken_at" in entry.data) == ("journal.verified", "ma", False)
    assert entry.data["checkpoints"] > 0


def test_who_has_co_signed_the_journal_last_is_told_and_when_nobody_did(desk: Desk, auditor: Visitor) -> None:
    assert "by nobody yet" in auditor.read(PAGE)
    assert "For two days nobody has co-signed this journal." in auditor.read(PAGE)
    write_checkpoint(now=desk.now)
    head, key = present_head(), Ed25519PrivateKey.generate()
    assert head is not None
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    keep(CoSigned(head, "city:alpha", public, key.sign(head.text), desk.now))
    page = auditor.read(PAGE)
    assert f"entry {head.seq} · the city alpha" in page
    assert "For two days nobody" not in page
    Neighbour.objects.update_or_create(
        division="110000",
        defaults={"name_zh": "甲市", "name_en": "Alpha", "schema_name": "alpha", "address": "https://alpha.example"},
    )
    assert f"entry {head.seq} · the city Alpha" in auditor.read(PAGE)
    with transaction.atomic():
        record(
            "journal.witnessed", by="system", now=desk.now, subject="city:alpha", data={"city": "alpha", "seq": 4711}
        )
    page = auditor.read(f"{PAGE}?subject=Alpha")
    assert "co-signed the journal of the city Alpha up to entry" in page
    assert "4711" in page


def test_a_provider_acts_by_its_title_and_is_found_by_it(desk: Desk, auditor: Visitor) -> None:
    title = Provider.objects.get(code="wechat").title_en
    with transaction.atomic():
        record("phone.proposed", by="provider:wechat", now=desk.now, data={})
    page = auditor.read(f"{PAGE}?by={quote(title)}")
    assert f'?by=provider%3Awechat">{title}</a>' in page


def test_a_broken_chain_is_told(desk: Desk, auditor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regions.journal.verify.digest_of", lambda entry: b"another")
    verify_and_record(by="ma", now=desk.now)
    page = auditor.read(PAGE)
    assert "broken at entry 1" in page
    assert "this is an incident" in page


def test_a_long_chain_is_left_to_a_worker(desk: Desk, auditor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    enqueued: list[tuple[str, str]] = []
    monkeypatch.setattr(page_of_journal, "enqueue_verification", lambda schema, by: enqueued.append((schema, by)))
    monkeypatch.setattr("regions.journal.verify.AT_ONCE", 0)
    auditor.post(f"{PAGE}verify/")
    assert enqueued == [("beta", "ma")]
    assert 'Being checked for <span translate="no">ma</span>;' in auditor.read(PAGE)
    verify_and_record(by="ma", now=desk.now)
    assert chain_state().awaited is None


def test_what_is_not_known_is_shown_as_it_is_written() -> None:
    assert entry_label(JournalEntry(verb="something.new", data={}), {}) == "something.new"
    assert "–" in entry_label(JournalEntry(verb="export.made", data={}), {})


def _recorded(text: str) -> list[str]:
    """Acts that are recorded as they are written, or by the name of a constant."""
    return WRITTEN.findall(text) + [
        verb for name, verb in CONSTANT.findall(text) if re.search(rf"\b(?:record|Act)\(\s*{name}\b", text)
    ]


def test_every_act_the_source_names_is_told() -> None:
    named = [
        verb
        for folder in ("codes", "portal", "regions")
        for path in (Path(settings.BASE_DIR) / folder).rglob("*.py")
        for verb in _recorded(path.read_text(encoding="utf-8"))
    ]
    assert sorted({verb for verb in named if verb not in ACTION_LABELS and not verb.startswith("case.")}) == []
    assert len(named) > 40


@pytest.mark.parametrize(
    "shown", ["D20261124-000007", "d20261124-000007 ", "案件 D20261124-000007", "case:D20261124-000007"]
)
def test_an_act_on_many_is_found_by_each_case_as_pages_show_it(desk: Desk, auditor: Visitor, shown: str) -> None:
    with transaction.atomic():
        numbers = [f"case:D20261124-00000{number}" for number in (6, 7)]
        many = record("case.bulk_approved", by="lin", now=desk.now, data={"cases": 2, "subjects": numbers})
        one = record("case.viewed", by="lin", now=desk.now, subject=numbers[1])
        record("case.viewed", by="lin", now=desk.now, subject=numbers[0])
    response: Any = auditor.get(f"{PAGE}?subject={quote(shown)}")
    assert [line.entry.seq for line in response.context["lines"]] == [one.seq, many.seq]


@pytest.mark.parametrize(("count", "linked", "shown"), [(2, 2, ""), (5, 8, "共5项："), (250, 203, "共250项：")])
def test_an_act_on_many_says_on_what(desk: Desk, count: int, linked: int, shown: str) -> None:
    """How many and the first of them in the row, and in its detail the others; the data names all."""
    with transaction.atomic():
        numbers = [f"case:D20261124-{number:06}" for number in range(1, count + 1)]
        record("case.bulk_escalate", by="system", now=desk.now, data={"cases": count, "subjects": numbers})
    reader = Visitor.at_work("audit_admin", now=desk.now, username="he")
    row = reader.read(f"{PAGE}?verb=case.bulk_escalate").partition("<tbody>")[2].partition("</tr>")[0]
    subject = row.rpartition("<td>")[2]
    assert shown in subject
    assert subject.count("<a ") == min(count, 3)
    assert '>案件 <span translate="no">D20261124-000002</span></a>' in subject
    assert row.count("?subject=") == linked
    assert f"D20261124-{count:06}" in row


def test_a_citizens_entries_are_theirs_and_their_cases(desk: Desk, auditor: Visitor) -> None:
    case = desk.case("zhang")
    Citizen.objects.filter(pk=case.citizen_id).update(ref="C2E46CWT47BR2")
    with transaction.atomic():
        about = record("citizen.viewed", by="lin", now=desk.now, subject="citizen:C2E46CWT47BR2")
        many = record("case.bulk_assigned", by="lin", now=desk.now, data={"subjects": [f"case:{case.number}"]})
    response: Any = auditor.get(f"{PAGE}?subject=C2E46CWT47BR2")
    seen = {line.entry.seq for line in response.context["lines"]}
    assert {about.seq, many.seq} <= seen
    subjects = {line.entry.subject for line in response.context["lines"]}
    assert subjects <= {"", "citizen:C2E46CWT47BR2", f"case:{case.number}"}


def test_what_was_decided_in_a_case_is_found_and_named_by_its_number(desk: Desk, auditor: Visitor) -> None:
    """No page shows the key of a ruling."""
    ruling = desk.approve(desk.propose("zhang"))
    rulings.propose_end(ruling_id=ruling.pk, reason_code="newer_facts", reason="核实有误", by="li", now=desk.now)
    number = desk.case("zhang").number
    for shown in (number, f"ruling {number}"):
        row = auditor.read(f"{PAGE}?subject={quote(shown)}").partition("<tbody>")[2].partition("</tr>")[0]
        text = " ".join(re.sub(r"<[^>]*>", "", re.sub(r"<details>.*?</details>", "", row, flags=re.DOTALL)).split())
        assert "proposed to end a ruling early" in text
        assert f"ruling {number}" in text


def test_the_page_asks_little_whatever_its_entries_are_about(desk: Desk, auditor: Visitor) -> None:
    auditor.read(PAGE)
    for subject in (
        "run:1",
        "run:2",
        "ruling:1",
        "suppression:1",
        "correction:1",
        "source:police",
        "rule_set:national",
    ):
        record("tests.done", by="wang", now=desk.now, subject=subject)
    with CaptureQueriesContext(connection) as asked:
        auditor.read(PAGE)
    queries = [one["sql"] for one in asked if not one["sql"].startswith(("SET search_path", "SAVEPOINT", "RELEASE"))]
    assert len(queries) <= 12, "\n".join(queries)


@pytest.mark.parametrize(
    ("field", "shown", "stored"),
    [
        ("by", "李敏", "li"),
        ("by", "li", "li"),
        ("by", "王芳 (wang)", "wang"),
        ("by", "系统", "system"),
        ("by", "The portal", "system"),
        ("by", "operator chen", "operator:chen"),
        ("by", "运维人员 chen", "operator:chen"),
        ("by", "卡口设备 7", "gate:7"),
        ("by", "市民 C2E46CWT47BR2", "citizen:C2E46CWT47BR2"),
        ("by", "C2E46CWT47BR2", "citizen:C2E46CWT47BR2"),
        ("by", "重庆", "city:500000"),
        ("subject", "账号 li", "staff:li"),
        ("subject", "李敏", "staff:li"),
        ("subject", "account 李敏", "staff:li"),
        ("subject", "公安数据库", "source:police"),
        ("subject", "source Police database", "source:police"),
        ("subject", "Police database", "source:police"),
        ("subject", "支付宝", "provider:alipay"),
        ("subject", "mass change 12", "held_group:12"),
        ("subject", "mass change", "held_group:12"),
        ("subject", "集中变码", "held_group:12"),
        ("subject", "计算任务 2026年11月24日", "run:{run}"),
        ("subject", "run 24 November 2026", "run:{run}"),
        ("subject", "计算任务 2026年11月24日、第7分区", "run:{run}/7"),
        ("subject", "城市 乙市", "city:beta"),
        ("subject", "Beta", "city:beta"),
        ("subject", "见案件S20261124-000012-7", "case:S20261124-000012-7"),
        ("subject", "see D20261124-1000001", "case:D20261124-1000001"),
        ("subject", "报表 复核案件", "export:cases"),
        ("subject", "class of data Sessions", "data:sessions"),
    ],
)
def test_entries_are_found_by_what_pages_show(
    desk: Desk, auditor: Visitor, field: str, shown: str, stored: str
) -> None:
    Account.objects.filter(username="li").update(full_name="李敏")
    Account.objects.filter(username="wang").update(full_name="王芳")
    run = Run.objects.latest("pk")
    stored = stored.format(run=run.pk)
    Source.objects.filter(code="police").update(title_zh="公安数据库", title_en="Police database")
    Provider.objects.filter(code="alipay").update(title_zh="支付宝", title_en="Alipay")
    said: dict[str, Any] = {"by": "nobody", "subject": "thing:1"}
    with transaction.atomic():
        one = record("tests.found", **{**said, field: stored}, now=desk.now)
        record("tests.found", **{**said, field: f"{stored}2"}, now=desk.now)
    response: Any = auditor.get(f"{PAGE}?verb=tests.found&{field}={quote(shown)}")
    seen = [line.entry.seq for line in response.context["lines"]]
    # By a kind alone all of the kind are found.
    assert seen[-1:] == [one.seq]
    assert len(seen) == (2 if shown in ("mass change", "集中变码") else 1)


@pytest.mark.parametrize(
    ("verb", "subject", "data", "shown"),
    [
        (
            "partition.judged",
            "run:{run}/7",
            {"changed": 0},
            ["计算一个分区，0个赋码有变化", "计算任务 2026年11月24日、第7分区"],
        ),
        (
            "run.started",
            "run:{run}",
            {"day": "2026-11-24"},
            ["开始2026年11月24日的计算任务", "计算任务 2026年11月24日"],
        ),
        ("run.failed", "run:{run}", {"step": "settling"}, ["（结算）"]),
        ("correction.opened", "correction:3", {"city": "500000"}, ["请重庆市更正一条记录", "跨市纠错 3"]),
        ("export.identify_confirmed", "export:cases", {"asked_by": "li"}, ["李敏"]),
        ("city.opened", "city:beta", {}, ["城市 乙市"]),
        ("export.made", "export:cases", {"rows": 0}, ["共0行", "报表 复核案件"]),
        ("retention.swept", "data:sessions", {}, ["清除了超过留存期限的数据", "数据类别 会话"]),
    ],
)
def test_entries_name_what_they_are_about_as_pages_do(
    desk: Desk, auditor: Visitor, verb: str, subject: str, data: dict[str, object], shown: list[str]
) -> None:
    Account.objects.filter(username="li").update(full_name="李敏")
    run = Run.objects.latest("pk")
    with transaction.atomic():
        record(verb, by="ma", now=desk.now, subject=subject.format(run=run.pk), data=data)
    reader = Visitor.at_work("audit_admin", now=desk.now, username="he")
    row = reader.read(f"{PAGE}?verb={verb}").partition("<tbody>")[2].partition("</tr>")[0]
    read = re.sub(r"<details>.*?</details>", "", row, flags=re.DOTALL)
    text = " ".join(re.sub(r"<[^>]*>", "", read).split())
    assert [one for one in shown if one not in text] == []


def test_every_kind_of_thing_that_the_source_names_has_a_label() -> None:
    kinds = {
        kind
        for folder in ("codes", "portal", "regions")
        for path in (Path(settings.BASE_DIR) / folder).rglob("*.py")
        for kind in KIND.findall(path.read_text(encoding="utf-8"))
    }
    assert len(kinds) > 10
    assert sorted(kinds - set(SUBJECT_LABELS)) == []


def test_staff_are_named_and_told_apart_by_their_accounts(desk: Desk, auditor: Visitor) -> None:
    Account.objects.filter(username__in=["li", "wang"]).update(full_name="李敏")
    Account.objects.filter(username="ma").update(full_name="林海")
    for username in ("li", "wang", "ma", "gone"):
        record_many(1, by=username, now=desk.now)
    page = auditor.read(f"{PAGE}?verb=tests.done")
    shown = re.findall(r'\?by=(\w+)"><span translate="no">([^<]+)<', page)
    assert sorted(shown) == [("gone", "gone"), ("li", "李敏 (li)"), ("ma", "林海"), ("wang", "李敏 (wang)")]
