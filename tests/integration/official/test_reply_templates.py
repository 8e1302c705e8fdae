"""Reply templates: approvers edit them with checked placeholders; on a case they are inserted without losing what was typed."""

import re

from codes.models import ReplyTemplate
from codes.review.reply_templates import save_template
from regions.journal.models import JournalEntry
from tests.integration.official.conftest import At
from tests.integration.official.test_case_page import page_of
from tests.integration.pages.asking import at_most
from tests.integration.review.desk import Desk

PAGE = "/staff/reply-templates/"
WORDS = {
    "use": "question",
    "name": "补充车票",
    "text_zh": "{case}：请补充车票。",
    "text_en": "{case}: please send tickets.",
}


def test_an_approver_keeps_them_and_unknown_places_are_refused_by_name(desk: Desk, at_work: At) -> None:
    wang, li = at_work("wang"), at_work("li")
    refused = wang.post(PAGE, {**WORDS, "text_en": "Dear {name}"})
    assert refused.status_code == 422
    assert "{name}" in refused.content.decode()
    assert wang.post(PAGE, WORDS).status_code == 302
    kept = ReplyTemplate.objects.get()
    assert (kept.edited_by, JournalEntry.objects.latest("seq").verb) == ("wang", "reply_template.saved")
    assert wang.post(PAGE, WORDS).status_code == 422
    with at_most(12):
        assert "补充车票" in li.read(PAGE)
    assert li.post(PAGE, {**WORDS, "name": "另一个"}).status_code == 403
    assert li.post(f"{PAGE}{kept.pk}/", WORDS).status_code == 403
    wang.post(f"{PAGE}{kept.pk}/", {**WORDS, "text_zh": "请补充住宿证明。"})
    kept.refresh_from_db()
    assert kept.text_zh == "请补充住宿证明。"
    wang.post(f"{PAGE}{kept.pk}/retire/")
    assert "补充车票" not in li.read(PAGE)


def test_one_press_puts_it_in_below_what_was_typed(desk: Desk, at_work: At) -> None:
    li, case = at_work("li"), desk.case("zhang")
    kept = {
        use: save_template(template_id=None, by="wang", now=desk.now, **{**WORDS, "use": use})
        for use in ("question", "decision")
    }
    with at_most(12):
        page = li.read(page_of(case))
    assert page.count('name="fill"') == 2
    filled = ""
    for use, act in (("question", "ask"), ("decision", "decide")):
        typed = {"note": "您好。", "outcome": "green", "document": "文〔2026〕3号", "fill": kept[use].pk}
        answer = li.post(f"{page_of(case)}{act}/", typed)
        filled = answer.content.decode()
        assert answer.status_code == 200
        assert f"您好。\n{case.number}：请补充车票。\n\n{case.number}: please send tickets.</textarea>" in filled
    # The last was the decision: the rest of what was chosen and typed stands there too.
    assert re.search(r'value="green"[^>]*checked', filled)
    assert 'value="文〔2026〕3号"' in filled
    case.refresh_from_db()
    assert case.state == "received"
