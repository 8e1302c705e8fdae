"""Why two officials ended a decision early: by a reason from a list, which its citizen reads wherever the end is told."""

from collections.abc import Callable
from typing import Any

from codes.models import EffectiveChange, Message, Ruling
from codes.review.errors import Reason
from codes.review.proposals import rulings, suppressions
from tests.integration.pages.people import Visitor
from tests.integration.pages.test_one_reading import text_of
from tests.integration.review.desk import EVIDENCE, Desk
from tests.integration.review.test_rulings import refusal

Opens = Callable[[str], Visitor]
WHY = "原决定的依据查明不实"
ENDED = "提前终止"


def end(desk: Desk, ruling: Ruling, **why: Any) -> Ruling:
    why = {"reason_code": "grounds_untrue", "reason": "单位来函", **why}
    rulings.propose_end(ruling_id=ruling.pk, by="li", now=desk.now, **why)
    return rulings.approve_end(ruling_id=ruling.pk, by="wang", now=desk.now)


def test_the_citizen_reads_why_wherever_the_end_is_told(desk: Desk, visitor: Opens) -> None:
    ruling = end(desk, desk.approve(desk.propose("zhang", "green")))
    assert ruling.case is not None
    zhang = visitor("zhang")
    pages = ["/code/", "/code/history/", "/messages/", f"/cases/{ruling.case.number}/"]
    told = {path: text_of(zhang.read(path)) for path in pages}
    assert {path for path, text in told.items() if f"理由：{WHY}。" in text} == set(pages)
    timeline = told[f"/cases/{ruling.case.number}/"].split("办理进度")[1]
    assert timeline.index("决定提前终止") < timeline.index(WHY)
    assert WHY in text_of(zhang.post("/data/document/").content.decode())
    assert all("单位来函" not in text for text in told.values()), "a note for officials"
    english = text_of(zhang.in_english().read("/code/history/"))
    assert "Their reason: what the decision rested on proved to be untrue." in english


def test_an_end_of_an_earlier_release_says_no_reason(desk: Desk, visitor: Opens) -> None:
    ruling = end(desk, desk.approve(desk.propose("zhang", "green")))
    Ruling.objects.update(end_code="")
    Message.objects.filter(kind="colour_changed").update(data={"before": "green", "after": "red"})
    assert ruling.case is not None
    for path in ("/code/", "/code/history/", f"/cases/{ruling.case.number}/"):
        text = text_of(visitor("zhang").read(path))
        assert ENDED in text
        assert WHY not in text
    assert ENDED not in text_of(visitor("zhang").read("/messages/"))


def test_a_reason_of_the_list_and_a_note_are_required(desk: Desk) -> None:
    ruling = desk.approve(desk.propose("zhang", "green"))
    who: dict[str, Any] = {"by": "li", "now": desk.now, "reason": "单位来函"}
    propose = rulings.propose_end
    assert refusal(propose, ruling_id=ruling.pk, reason_code="", **who) is Reason.UNKNOWN_REASON
    assert refusal(propose, ruling_id=ruling.pk, reason_code="found_right", **who) is Reason.UNKNOWN_REASON
    again = suppressions.propose_suppression_end
    assert refusal(again, suppression_id=1, reason_code="grounds_untrue", **who) is Reason.UNKNOWN_REASON


def test_an_end_refused_leaves_no_reason_behind(desk: Desk) -> None:
    ruling = desk.approve(desk.propose("zhang", "green"))
    why = {"reason_code": "grounds_untrue", "reason": "单位来函"}
    rulings.propose_end(ruling_id=ruling.pk, by="li", now=desk.now, **why)
    assert Ruling.refuse_end(ruling.pk, by="wang", now=desk.now).end_code == ""


def test_the_copy_of_data_tells_no_reason_before_the_end(desk: Desk, visitor: Opens) -> None:
    ruling = desk.approve(desk.propose("zhang", "green"))
    why = {"reason_code": "grounds_untrue", "reason": "单位来函"}
    rulings.propose_end(ruling_id=ruling.pk, by="li", now=desk.now, **why)
    zhang = visitor("zhang")
    assert WHY not in text_of(zhang.post("/data/document/").content.decode())
    assert "grounds_untrue" not in zhang.post("/data/copy/").content.decode()
    rulings.approve_end(ruling_id=ruling.pk, by="wang", now=desk.now)
    assert "grounds_untrue" in zhang.post("/data/copy/").content.decode()


def test_why_a_record_counts_again_is_in_my_data(desk: Desk, visitor: Opens) -> None:
    fact = desk.fact()
    wrong = suppressions.propose_suppression(
        fact_id=fact.pk, reason_code="duplicate", evidence=EVIDENCE, by="li", now=desk.now
    )
    suppressions.approve_suppression(suppression_id=wrong.pk, by="wang", now=desk.now)
    why = {"reason_code": "found_right", "reason": "来函"}
    suppressions.propose_suppression_end(suppression_id=wrong.pk, by="li", now=desk.now, **why)
    suppressions.approve_suppression_end(suppression_id=wrong.pk, by="wang", now=desk.now)
    assert "经再次核实，该记录无误" in text_of(visitor(fact.citizen.ref).post("/data/document/").content.decode())


def test_the_change_names_the_ruling_that_ended(desk: Desk) -> None:
    ruling = end(desk, desk.approve(desk.propose("zhang", "green")))
    newest = EffectiveChange.objects.filter(citizen=ruling.citizen).latest("pk")
    assert (newest.ruling_id, newest.before_because) == (ruling.pk, "ruling")
