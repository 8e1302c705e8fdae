"""What can be appealed against, with which reason and evidence, and what else people can do."""

from datetime import date, timedelta
from itertools import product

import pytest
from django.db.models import TextChoices
from django.utils import translation

from codes.review.appeals.policy import (
    APPEALABLE,
    EVIDENCE_FOR,
    FITS,
    INSTEAD,
    NO_APPEAL,
    AppealReason,
    Circumstances,
    Instead,
    check_appeal,
    reasons_for,
)
from codes.review.errors import Reason
from regions.refusals import CommonReason, Refused
from regions.vocabulary import CLEARING_KINDS, FactKind, label_in

TODAY = date(2026, 11, 24)
ANCHOR = date(2026, 11, 20)
HOLDING_KINDS = [kind for kind in FactKind if kind not in CLEARING_KINDS]


def refusal(**changes: object) -> TextChoices | None:
    """Why a sound appeal with these changes is refused; none when it is not."""
    sound = {
        "kind": "area_stay",
        "reason_code": "not_there",
        "text": "",
        "files": 1,
        "tested_on": None,
        "anchor": ANCHOR,
        "today": TODAY,
    }
    try:
        check_appeal(**{**sound, **changes})  # type: ignore[arg-type]
    except Refused as refused:
        return refused.reason
    return None


@pytest.mark.parametrize("kind", HOLDING_KINDS)
def test_every_kind_that_can_hold_a_code_is_decided_and_told_what_to_do(kind: FactKind) -> None:
    assert (kind in NO_APPEAL) != (kind in APPEALABLE)
    assert label_in("zh-hans", INSTEAD[kind])
    assert label_in("en", INSTEAD[kind])


@pytest.mark.parametrize("kind", ["confirmed_case", "asymptomatic_case", "close_contact", "secondary_contact"])
def test_confirmed_cases_and_contacts_cannot_appeal_and_hear_what_else(kind: str) -> None:
    with pytest.raises(Refused) as refused:
        check_appeal(kind=kind, reason_code="other", text="请", files=5, tested_on=None, anchor=ANCHOR, today=TODAY)
    assert refused.value.params["instead"] in (Instead.ASK_HOSPITAL, Instead.ASK_ASSIGNING_PLACE)
    assert reasons_for(kind) == []


@pytest.mark.parametrize(("kind", "reason"), list(product(HOLDING_KINDS, AppealReason)))
def test_a_reason_fits_some_kinds_and_no_others(kind: FactKind, reason: AppealReason) -> None:
    sent = {"kind": kind.value, "reason_code": reason.value, "text": "因为", "files": 5, "tested_on": TODAY}
    why = refusal(**sent)
    if kind in NO_APPEAL:
        assert why is Reason.CANNOT_APPEAL
    else:
        assert (why is None) == (kind in FITS[reason])


CANNOT_APPLY: list[tuple[Circumstances, AppealReason]] = [
    (Circumstances(names_differ=False), AppealReason.NAMES_DIFFER),
    (Circumstances(providers_differ=False), AppealReason.PROVIDERS_DIFFER),
    (Circumstances(is_declared=True), AppealReason.NOT_THERE),
    (Circumstances(is_declared=False), AppealReason.DECLARED_BY_MISTAKE),
    (Circumstances(a_test_releases=False), AppealReason.TESTED_NEGATIVE),
    (Circumstances(a_period_releases=False), AppealReason.ISOLATION_DONE),
]


@pytest.mark.parametrize("kind", HOLDING_KINDS)
def test_a_reason_that_cannot_apply_to_the_record_is_not_offered(kind: FactKind) -> None:
    for about, reason in CANNOT_APPLY:
        left = [one for one in reasons_for(kind) if one is not reason]
        assert reasons_for(kind, about) == left, reason
        if kind not in NO_APPEAL:
            sent = {"kind": kind.value, "reason_code": reason.value, "text": "因为", "files": 5, "tested_on": TODAY}
            assert refusal(**sent, about=about) is Reason.REASON_DOES_NOT_FIT


@pytest.mark.parametrize("kind", sorted(APPEALABLE))
def test_every_appealable_kind_has_reasons(kind: FactKind) -> None:
    assert {AppealReason.NOT_ME, AppealReason.OTHER} <= set(reasons_for(kind))


@pytest.mark.parametrize("reason", AppealReason)
def test_every_reason_says_which_evidence_it_needs(reason: AppealReason) -> None:
    asked = EVIDENCE_FOR[reason]
    with translation.override("en"):
        english = str(asked.label)
    with translation.override("zh-hans"):
        assert str(asked.label) not in ("", english)
    assert 0 <= asked.files <= 5


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, None),
        ({"files": 0}, Reason.FILES_MISSING),
        ({"reason_code": "whim"}, Reason.UNKNOWN_REASON),
        ({"reason_code": "other", "text": "", "files": 0}, CommonReason.NO_REASON),
        ({"reason_code": "other", "text": "说明", "files": 0}, None),
        ({"reason_code": "providers_differ", "files": 0}, None),
        ({"kind": "symptom", "reason_code": "declared_by_mistake", "files": 0}, None),
        ({"kind": "symptom", "reason_code": "not_there"}, Reason.REASON_DOES_NOT_FIT),
    ],
)
def test_what_an_appeal_needs(changes: dict[str, object], why: Reason | None) -> None:
    assert refusal(**changes) is why


@pytest.mark.parametrize(
    ("tested_on", "why"),
    [
        (None, Reason.TEST_DATE),
        (date(2026, 11, 19), Reason.TEST_DATE),
        (ANCHOR, Reason.TEST_DATE),
        (ANCHOR + timedelta(days=1), None),
        (TODAY, None),
        (date(2026, 11, 25), Reason.TEST_DATE),
    ],
)
def test_a_test_is_later_than_the_record_and_not_to_come(tested_on: date | None, why: Reason | None) -> None:
    assert refusal(reason_code="tested_negative", tested_on=tested_on) is why
