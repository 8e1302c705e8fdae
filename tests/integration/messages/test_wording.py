"""A message names a case as its page does, as an appeal or a review, in the portal and by SMS."""

import re
from datetime import timedelta

import pytest

from codes.messages.outbox import Recipient, write_messages
from codes.messages.sending import sms_text
from codes.models import Case, Message, MessageChoice, MessageKind
from codes.models.case import CaseState
from codes.review.cases.move import message_data
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk

NUMBER = "X20261124-000007"
TITLES = {
    "zh-hans": {True: f"申诉{NUMBER}", False: f"复核{NUMBER}"},
    "en": {True: f"Appeal {NUMBER}", False: f"Review {NUMBER}"},
}
NOUNS = {"zh-hans": {True: "申诉", False: "复核"}, "en": {True: "appeal", False: "review"}}
ENDS = {
    True: (CaseState.ACCEPTED, CaseState.PARTLY_ACCEPTED, CaseState.DENIED, CaseState.CONVERGED),
    False: (CaseState.DECIDED,),
}
WORDS_OF_NO_PAGE = re.compile(r"事项|案件|全案|\b(case|matter)s?\b", re.IGNORECASE)


def case_of(desk: Desk, kind: str) -> Case:
    """zhang's case of the kind, under the same number for each."""
    if kind == Case.Kind.APPEAL:
        desk.appeal()
    elif kind != Case.Kind.DISAGREEMENT:
        Case.objects.create(
            kind=kind, citizen=desk.citizen("zhang"), opened_at=desk.now, due_at=desk.now + timedelta(days=1)
        )
    case = desk.case(kind=kind)
    case.number = NUMBER
    case.save()
    return case


def tell_all_of(case: Case, desk: Desk) -> list[Message]:
    """Every message there is about the case, the newest first."""
    states = {
        MessageKind.QUESTION_ASKED: (CaseState.WAITING_FOR_INFORMATION,),
        MessageKind.CASE_REOPENED: (CaseState.IN_REVIEW,),
        MessageKind.CASE_DECIDED: ENDS[case.kind == Case.Kind.APPEAL],
    }
    Message.objects.all().delete()
    for kind, told in states.items():
        for case.state in told:
            write_messages(kind, [Recipient(case.citizen_id, message_data(case))], now=desk.now)
    return list(Message.objects.order_by("-pk"))


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("kind", Case.Kind.values)
def test_a_message_calls_a_case_as_its_page_does(
    desk: Desk, kind: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: desk.now)
    is_appeal = kind == Case.Kind.APPEAL
    title, noun, other = TITLES[language][is_appeal], NOUNS[language][is_appeal], NOUNS[language][not is_appeal]
    case = case_of(desk, kind)
    messages = tell_all_of(case, desk)
    zhang = Visitor.signed_in(case.citizen, now=desk.now)
    if language == "en":
        zhang.in_english()
    assert f'<p class="kicker">{title}</p>' in zhang.read(f"/cases/{NUMBER}/")
    shown = re.findall(r"<li[^>]*>\s*<p>.*?</li>", zhang.read("/messages/"), re.DOTALL)
    assert len(shown) == len(messages)
    for item in shown:
        told = " ".join(re.sub(r"<[^>]*>", " ", item).split())
        assert title in told
        assert not re.search(rf"{WORDS_OF_NO_PAGE.pattern}|{other}", told, re.IGNORECASE), told
        assert f'href="/cases/{NUMBER}/"' in item
    MessageChoice.objects.create(citizen=case.citizen, language=language)
    for message in messages:
        text = sms_text(message, "https://beta.example/")
        assert noun in text
        assert not re.search(rf"{WORDS_OF_NO_PAGE.pattern}|{other}", text, re.IGNORECASE), text


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_what_one_chooses_by_names_both(desk: Desk, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And so do the words where no message is yet."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: desk.now)
    Message.objects.all().delete()
    zhang = Visitor.signed_in(desk.citizen("zhang"), now=desk.now)
    if language == "en":
        zhang.in_english()
    for path in ("/messages/", "/messages/choices/"):
        main = re.sub(r"<[^>]*>", " ", zhang.read(path).partition("<main")[2])
        assert all(noun in main for noun in NOUNS[language].values())
        assert not WORDS_OF_NO_PAGE.search(main)
