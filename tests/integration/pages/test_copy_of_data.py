"""A copy of everything that the city stores about a person: complete, in plain words, without identifiers of the program."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import translation

from codes.models import (
    Citizen,
    CorrectionRequest,
    Displayed,
    DisplayFinding,
    Entry,
    FormerRef,
    Guardianship,
    MessageChoice,
    PaperPass,
    PersonAccess,
    PhoneChange,
    PhoneNotice,
    Provider,
    Rule,
    StatedName,
    Suppression,
)
from codes.review import information
from codes.review.evidence.files import keep_upload
from portal.citizen.data.chapters import CHAPTERS, NOT_IN_COPY, tables_in_copy
from portal.citizen.data.views import personal_data, readable_data
from portal.web.kept_forms import Draft
from regions.journal.models import JournalEntry
from regions.retention.classes import data_classes
from regions.sources.models import Source
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk

Opens = Callable[[str], Visitor]


def test_every_personal_table_is_in_the_copy_or_says_why_not() -> None:
    told, classes = tables_in_copy(), {one.name: set(one.tables) for one in data_classes()}
    missing = {
        table
        for name, tables in classes.items()
        for table in tables
        if table not in told and name not in NOT_IN_COPY and table not in NOT_IN_COPY
    }
    assert not missing, "neither in the copy of a person's data nor named in NOT_IN_COPY"
    tables = set().union(*classes.values())
    assert not set(NOT_IN_COPY) - set(classes) - tables, "reasons for what does not exist"
    without = {table for name in NOT_IN_COPY for table in classes.get(name, {name})}
    assert not without & told, "in the copy, and said not to be"


@pytest.fixture
def full(desk: Desk, picture: bytes) -> Citizen:
    """Zhang, with a row in every chapter."""
    zhang, now = desk.citizen("zhang"), desk.now
    for model, names in ((Provider, {"alipay": "支付宝", "wechat": "微信"}), (Source, {"police": "公安数据库"})):
        model.objects.update(title_zh="大数据中心", title_en="Big data centre")
        for code, title in names.items():
            model.objects.filter(code=code).update(title_zh=title)
    Rule.objects.update(title_zh="时空伴随人员")
    alipay, wechat = Provider.objects.get(code="alipay"), Provider.objects.get(code="wechat")
    filed = desk.appeal("zhang")
    question = information.ask(case_id=filed.case_id, question="请提供车票", by="li", now=now)
    kept = keep_upload(citizen=zhang, content=picture, original_name="车票.jpg", by="citizen:zhang", now=now)
    information.answer(request_id=question.pk, text="见附件", by="citizen:zhang", now=now, evidence_ids=[kept.pk])
    desk.approve(desk.propose("zhang", kind="appeal"))
    case, fact = desk.case("zhang", "appeal"), desk.fact("zhang")
    CorrectionRequest.objects.create(case=case, fact=fact, text="核实", sent_to="市公安局", sent_by="li", sent_at=now)
    Suppression.objects.create(
        source=fact.source, record_id=fact.record_id, reason_code="wrong_dates", evidence=["x"], proposed_by="li", proposed_at=now
    )  # fmt: skip
    FormerRef.objects.create(ref="p-1", citizen=zhang, joined_at=now)
    StatedName.objects.create(citizen=zhang, provider=alipay, full_name="章三", stated_at=now, received_at=now)
    Displayed.objects.create(citizen=zhang, provider=alipay, value="红", colour="red", shown_at=now)
    DisplayFinding.objects.create(
        citizen=zhang, provider=alipay, value="红", colour="red", expected="green", shown_at=now, opened_at=now
    )
    said = {"citizen": zhang, "provider": wechat, "instant": now, "received_at": now, "digest": b"1"}
    answers = {
        "symptoms": ["fever"],
        "contact": "unsure",
        "area_stays": [{"area": "420100", "from": "2026-11-12"}],
        "arrival": {"from_area": "420100", "on": "2026-11-20"},
    }
    Entry.objects.create(entry_id="d-9", type="declaration", submitted_at=now, content=answers, **said)
    Entry.objects.create(entry_id="c-9", type="check_in", day=now.date(), healthy=True, **said)
    Entry.objects.create(entry_id="s-9", type="displayed", content={"value": "红"}, **said)
    PaperPass.objects.create(
        citizen=zhang, pseudonym_hash=b"1", asked_by="citizen:zhang", issued_at=now, expires_at=now + timedelta(days=9)
    )
    phone = {"phone_encrypted": zhang.phone_encrypted, "phone_hash": b"1"}
    change = PhoneChange.objects.create(
        citizen=zhang, provider=wechat, state="confirmed", how="citizen", decided_by="citizen:zhang", decided_at=now,
        proposed_at=now, **phone,
    )  # fmt: skip
    PhoneNotice.objects.create(
        change=change, receiver="earlier", about="confirmed", phone_encrypted=zhang.phone_encrypted, made_at=now
    )
    chen = desk.citizen("chen")
    Citizen.objects.filter(pk=chen.pk).update(id_encrypted=zhang.id_encrypted)
    Guardianship.objects.create(guardian=zhang, dependant=chen, relation="child", asked_at=now)
    Guardianship.objects.create(guardian=chen, dependant=zhang, relation="spouse", asked_at=now)
    MessageChoice.objects.create(citizen=zhang, without=["case_decided"], language="zh-hans")
    Draft(zhang, "declaration", "zhang").keep("contact", {"contact": "no"})
    for by, what in (("li", "identity"), ("provider:wechat", "status"), ("citizen:zhang", "evidence:1")):
        PersonAccess.objects.create(citizen=zhang, at=now, by=by, purpose="核对身份", what=what)
    return zhang


# Another city's correction needs another city: tests/integration/cities has one.
EMPTY = {"city_corrections"}
# What is nobody's word: the person's own reference, numbers, and names of files.
NO_WORDS = re.compile(r"zhang|p-1|\w+\.jpg|A\d{8}-\d+|°C")


def test_the_document_tells_every_chapter_in_words_of_one_language(full: Citizen, desk: Desk, visitor: Opens) -> None:
    with translation.override("zh-hans"):
        told = readable_data(full, now=desk.now)
    empty = {one.name for one, read in zip(CHAPTERS, told["chapters"], strict=True) if not read["rows"]}
    assert empty == EMPTY
    response = visitor("zhang").post("/data/document/")
    page = response.content.decode()
    text = NO_WORDS.sub("", re.sub(r"<style>.*</style>|<[^>]*>", " ", page, flags=re.DOTALL))
    assert not re.findall(r"[A-Za-z_]{2,}", text)
    assert not re.findall(r"\{|\}|None|True|False", text)
    for said in ("请提供车票", "见附件", "车票.jpg", "不确定", "武汉", "市公安局", "核对身份", "记录日期有误"):
        assert said in page
    assert response.headers["Content-Disposition"].endswith('.html"')
    assert JournalEntry.objects.filter(verb="citizen.copied", by="citizen:zhang").count() == 1


def test_the_document_begins_each_word_as_a_table_does(full: Citizen, desk: Desk) -> None:
    with translation.override("en"):
        told = readable_data(full, now=desk.now)
    assert [text for _title, text, is_own in told["about"] if not is_own and text[:1].islower()] == []


def test_no_official_is_named_in_the_copy(full: Citizen, desk: Desk) -> None:
    with translation.override("en"):
        copies = personal_data(full, now=desk.now), readable_data(full, now=desk.now)
    for copy in copies:
        assert not re.search(r"'(li|wang)'", str(copy))
    assert {one["by"] for one in copies[0]["looked_at_by"]} == {
        "an office of the city",
        "Big data centre",
        "citizen zhang",
    }


def test_the_page_says_what_is_in_the_copy(visitor: Opens) -> None:
    page = visitor("zhang").read("/data/")
    with translation.override("zh-hans"):
        assert all(str(chapter.title) in page for chapter in CHAPTERS)
    assert 'action="/data/document/"' in page
    assert 'formaction="/data/copy/"' in page
