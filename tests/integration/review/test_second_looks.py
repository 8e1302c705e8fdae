"""A random sample of cases closed by one official is looked at by a colleague, who decides the case if they differ."""

from collections.abc import Iterator

import pytest

from codes.models import Case, SecondLook
from codes.review.cases import close, second_looks
from codes.review.cases.second_looks import take_second_look
from codes.review.errors import Reason
from regions.journal.models import JournalEntry
from regions.refusals import CommonReason, MovedMeanwhile, NotFound, Refused
from regions.staff.roles import Role
from regions.tenancy import current_city
from tests.integration.review.desk import Desk, hire, written


class Lots:
    """The lots as they fall, one after the other."""

    def __init__(self, *fallen: float) -> None:
        self.fallen = list(fallen)

    def random(self) -> float:
        return self.fallen.pop(0)


@pytest.fixture
def drawing(desk: Desk) -> Iterator[Desk]:
    """The desk, with the share that cities begin with."""
    city = current_city()
    city.second_look_share = type(city)._meta.get_field("second_look_share").default
    yield desk
    city.second_look_share = 0


def denied(desk: Desk, name: str) -> Case:
    desk.appeal(name)
    return close.deny(
        case_id=desk.case(name, "appeal").pk, reason_code="record_confirmed", answer="属实", by="li", now=desk.now
    )


def test_the_lot_falls_by_the_share_on_whatever_one_official_closes(
    drawing: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_looks, "RANDOM", lots := Lots(0.0499, 0.05, 0.0))
    drawn = drawing.bring(drawing.case("zhang"), "decided")
    spared = drawing.bring(drawing.case("chen"), "decided")
    appealed = denied(drawing, "zhang")
    assert lots.fallen == []
    looks = SecondLook.objects.order_by("pk")
    assert [(one.case_id, one.decided_by, one.case_outcome) for one in looks] == [
        (one.pk, "li", "record_confirmed") for one in (drawn, appealed)
    ]
    told = JournalEntry.objects.filter(verb="second_look.drawn").order_by("seq")
    assert [(entry.by, entry.subject) for entry in told] == [
        ("system", f"case:{one.number}") for one in (drawn, appealed)
    ]
    assert not SecondLook.objects.filter(case=spared).exists()


def test_what_a_second_official_decided_is_never_drawn(drawing: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_looks, "RANDOM", Lots())
    drawing.approve(drawing.propose("zhang"))
    assert drawing.case("zhang").state == "decided"


def test_a_closing_that_fails_leaves_no_lot(drawing: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lot is drawn in the same transaction: nobody closes, looks whether it fell, and goes back."""
    monkeypatch.setattr(second_looks, "RANDOM", Lots(0.0))
    case = drawing.case("zhang")
    monkeypatch.setattr(second_looks, "record", lambda *_, **__: 1 / 0)
    before = written()
    with pytest.raises(ZeroDivisionError):
        close.uphold(case_id=case.pk, reason_code="record_confirmed", by="li", now=drawing.now)
    assert written() == before
    assert not SecondLook.objects.exists()


def look(desk: Desk, case: Case, outcome: str, *, by: str = "wu", reason: str = "") -> SecondLook:
    return take_second_look(case_id=case.pk, outcome=outcome, reason=reason, by=by, now=desk.now)


@pytest.fixture
def closed(drawing: Desk, monkeypatch: pytest.MonkeyPatch) -> Case:
    """zhang's case, closed by li alone, with the lot on it."""
    monkeypatch.setattr(second_looks, "RANDOM", Lots(0.0))
    return drawing.bring(drawing.case("zhang"), "decided")


def test_agreeing_changes_nothing_but_is_counted(drawing: Desk, closed: Case) -> None:
    row = Case.objects.filter(pk=closed.pk).values().get()
    look(drawing, closed, "agrees")
    assert Case.objects.filter(pk=closed.pk).values().get() == row
    taken = SecondLook.objects.get()
    assert (taken.outcome, taken.looked_by, taken.looked_at) == ("agrees", "wu", drawing.now)
    assert JournalEntry.objects.latest("seq").verb == "second_look.agrees"


def test_differing_opens_the_case_for_whoever_differed_and_not_for_whoever_closed_it(
    drawing: Desk, closed: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(drawing, closed, "differs", reason="日期不符")
    case = drawing.case("zhang")
    assert (case.pk, case.state, case.assigned_to, case.closed_at) == (closed.pk, "in_review", "wu", None)
    assert (case.outcome, case.answer) == ("", "")
    assert case.due_at > drawing.now
    assert {"case.reopened", "second_look.differs"} <= set(JournalEntry.objects.values_list("verb", flat=True))
    Case.objects.filter(pk=case.pk).update(assigned_to="li")
    with pytest.raises(Refused) as refused:
        close.uphold(case_id=case.pk, reason_code="record_confirmed", by="li", now=drawing.now)
    assert refused.value.reason is Reason.OVERTURNED
    Case.objects.filter(pk=case.pk).update(assigned_to="wu")
    ruling = drawing.propose("zhang", by="wu")
    drawing.approve(ruling)
    assert drawing.case("zhang").state == "decided"


def test_a_denied_appeal_is_reopened_even_after_its_citizen_objected(
    drawing: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_looks, "RANDOM", Lots(0.0))
    drawing.appeal("zhang")
    case = drawing.bring(drawing.case("zhang", "appeal"), "disagreement_logged")
    look(drawing, case, "differs", reason="证据有效")
    assert drawing.case("zhang", "appeal").state == "in_review"


def test_where_a_newer_case_is_open_that_one_decides(drawing: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_looks, "RANDOM", Lots(0.0))
    case = denied(drawing, "zhang")
    drawing.appeal("zhang")
    look(drawing, case, "differs", reason="证据有效")
    case.refresh_from_db()
    assert case.state == "denied"
    assert SecondLook.objects.get().outcome == "differs"


def test_who_may_take_it_and_how(drawing: Desk, closed: Case) -> None:
    hire("zhou", Role.RULE_MANAGER, now=drawing.now)
    before = written()
    for by, outcome, reason, expected in (
        ("li", "agrees", "", Reason.OWN_DECISION),
        ("wu", "differs", " ", CommonReason.NO_REASON),
        ("wu", "perhaps", "x", Reason.UNKNOWN_REASON),
        ("wang", "agrees", "", CommonReason.NOT_YOURS),
        ("zhou", "agrees", "", CommonReason.NOT_YOURS),
    ):
        with pytest.raises(Refused) as refused:
            look(drawing, closed, outcome, by=by, reason=reason)
        assert refused.value.reason is expected
    with pytest.raises(NotFound):
        look(drawing, drawing.case("chen"), "agrees")
    assert written() == before
    look(drawing, closed, "agrees")
    with pytest.raises(MovedMeanwhile):
        look(drawing, closed, "agrees", by="zhao")
