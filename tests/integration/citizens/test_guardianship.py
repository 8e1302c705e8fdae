"""Dependants: requested by document, decided by an official, at most four, ended by either side."""

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import TextChoices

from codes.citizens import guardianship
from codes.citizens.guardianship import GuardianshipFault, Relation, dependants_of, to_review
from codes.models import Citizen, Guardianship
from codes.review.evidence.files import keep_upload
from codes.review.permissions import require_own
from regions.identity import Identity, check_identity
from regions.journal.models import JournalEntry
from regions.refusals import MovedMeanwhile, NotAllowed, NotFound, Refused
from regions.vocabulary import IdType, label_in
from tests.integration.review.desk import Desk, written
from tests.unit.review.test_uploads import picture

CHILD = check_identity("10", "11010519491231002X", today=date(2026, 11, 24))


def other(number: int) -> Identity:
    return Identity(IdType.PASSPORT, f"E{number:08d}")


def proof(desk: Desk, name: str = "zhang") -> list[int]:
    kept = keep_upload(
        citizen=desk.citizen(name),
        content=picture("PNG"),
        original_name="户口簿.png",
        by=f"citizen:{name}",
        now=desk.now,
    )
    return [kept.pk]


def ask(desk: Desk, dependant: Identity = CHILD, **changes: object) -> Guardianship:
    asked: dict[str, object] = {
        "guardian": desk.citizen("zhang"),
        "dependant": dependant,
        "relation": "child",
        "by": "citizen:zhang",
        "now": desk.now,
    }
    asked["evidence_ids"] = proof(desk) if "evidence_ids" not in changes else ()
    return guardianship.ask_guardianship(**{**asked, **changes})  # type: ignore[arg-type]


def fault(act: object, *arguments: object, **values: object) -> TextChoices:
    with pytest.raises(Refused) as refused:
        act(*arguments, **values)  # type: ignore[operator]
    return refused.value.reason


def test_a_dependant_is_shown_once_an_official_has_accepted(desk: Desk) -> None:
    link = ask(desk)
    assert [one.pk for one in to_review()] == [link.pk]
    assert link.evidence.count() == 1
    accepted = guardianship.accept_guardianship(guardianship_id=link.pk, by="li", now=desk.now)
    assert (accepted.accepted, accepted.reviewed_by) == (True, "li")
    assert [(one.dependant_id, one.accepted) for one in dependants_of(desk.citizen("zhang"))] == [
        (link.dependant_id, True)
    ]
    assert to_review() == []


def test_the_answer_is_the_same_whether_the_city_knows_the_person(desk: Desk) -> None:
    known = ask(desk, CHILD)
    assert Citizen.objects.get(pk=known.dependant_id).full_name == ""
    again = ask(desk, other(1))
    told = [(link.accepted, link.reviewed_at, link.ended_at, link.relation) for link in (known, again)]
    assert told[0] == told[1]


def test_four_at_most_pending_ones_included(desk: Desk) -> None:
    links = [ask(desk, other(number)) for number in range(4)]
    assert fault(ask, desk, other(9)) is GuardianshipFault.TOO_MANY
    guardianship.end_guardianship(guardianship_id=links[0].pk, by="citizen:zhang", now=desk.now)
    ask(desk, other(9))


def test_a_refusal_says_why_and_can_be_asked_again(desk: Desk) -> None:
    link = ask(desk)
    with pytest.raises(Refused):
        guardianship.refuse_guardianship(guardianship_id=link.pk, reason=" ", by="li", now=desk.now)
    refused = guardianship.refuse_guardianship(guardianship_id=link.pk, reason="材料不清晰", by="li", now=desk.now)
    assert (refused.accepted, refused.refusal, refused.ended_at) == (False, "材料不清晰", desk.now)
    assert dependants_of(desk.citizen("zhang")) == []
    ask(desk)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"relation": "neighbour"}, GuardianshipFault.UNKNOWN_RELATION),
        ({"evidence_ids": ()}, GuardianshipFault.NO_EVIDENCE),
    ],
)
def test_a_request_needs_relation_and_proof(desk: Desk, changes: dict[str, object], why: GuardianshipFault) -> None:
    before = written()
    assert fault(ask, desk, **changes) is why
    assert (written()[0], written()[2]) == (before[0], before[2])


def test_nobody_guards_themselves_or_twice_the_same(desk: Desk) -> None:
    link = ask(desk)
    assert fault(ask, desk) is GuardianshipFault.ASKED_ALREADY
    me = Citizen.objects.get(pk=link.dependant_id)
    with pytest.raises(IntegrityError), transaction.atomic():
        Guardianship.objects.create(guardian=me, dependant=me, asked_at=desk.now)
    files = keep_upload(citizen=me, content=picture("PNG"), original_name="", by=f"citizen:{me.ref}", now=desk.now)
    why = fault(
        guardianship.ask_guardianship,
        guardian=me,
        dependant=CHILD,
        relation="other",
        by=f"citizen:{me.ref}",
        now=desk.now,
        evidence_ids=[files.pk],
    )
    assert why is GuardianshipFault.ONESELF


def test_who_may_do_what(desk: Desk) -> None:
    link = ask(desk)
    key: dict[str, Any] = {"guardianship_id": link.pk, "now": desk.now}
    for by in ("wang", "sun", "citizen:zhang", "system"):
        with pytest.raises(NotAllowed):
            guardianship.accept_guardianship(by=by, **key)
    with pytest.raises(NotFound):
        ask(desk, other(2), by="citizen:chen")
    for key_of, by in ((link.pk, "citizen:chen"), (10**9, "citizen:zhang")):
        with pytest.raises(NotFound):
            guardianship.end_guardianship(guardianship_id=key_of, by=by, now=desk.now)


@pytest.mark.parametrize("who", ["guardian", "dependant", "reviewer"])
def test_either_side_or_a_reviewer_ends_it_once(desk: Desk, who: str) -> None:
    link = ask(desk)
    guardianship.accept_guardianship(guardianship_id=link.pk, by="li", now=desk.now)
    by = {"guardian": "citizen:zhang", "dependant": f"citizen:{link.dependant.ref}", "reviewer": "wu"}[who]
    ended = guardianship.end_guardianship(guardianship_id=link.pk, by=by, now=desk.now)
    assert (ended.ended_by, ended.ended_at) == (by, desk.now)
    with pytest.raises(MovedMeanwhile):
        guardianship.end_guardianship(guardianship_id=link.pk, by=by, now=desk.now)


def test_only_who_guards_now_acts_for_the_dependant(desk: Desk) -> None:
    """Not who has asked, nor who did."""
    link = ask(desk)
    dependant = link.dependant
    key: dict[str, Any] = {"guardianship_id": link.pk, "now": desk.now}
    with pytest.raises(NotFound):
        require_own("citizen:zhang", dependant)
    guardianship.accept_guardianship(by="li", **key)
    require_own("citizen:zhang", dependant)
    with pytest.raises(NotFound):
        require_own("citizen:chen", dependant)
    guardianship.end_guardianship(by="citizen:zhang", **key)
    with pytest.raises(NotFound):
        require_own("citizen:zhang", dependant)


def test_it_is_reviewed_once(desk: Desk) -> None:
    link = ask(desk)
    guardianship.accept_guardianship(guardianship_id=link.pk, by="li", now=desk.now)
    with pytest.raises(MovedMeanwhile):
        guardianship.refuse_guardianship(guardianship_id=link.pk, reason="不", by="wu", now=desk.now)


def test_it_is_journalled_about_the_dependant(desk: Desk) -> None:
    link = ask(desk)
    guardianship.accept_guardianship(guardianship_id=link.pk, by="li", now=desk.now)
    told = JournalEntry.objects.filter(subject=f"citizen:{link.dependant.ref}").order_by("seq")
    assert [(entry.verb, entry.by) for entry in told] == [
        ("guardianship.asked", "citizen:zhang"),
        ("guardianship.accepted", "li"),
    ]


@pytest.mark.parametrize("word", [*Relation, *GuardianshipFault])
def test_every_word_is_said_in_both_languages(word: Relation | GuardianshipFault) -> None:
    assert label_in("zh-hans", word)
    assert label_in("en", word)
