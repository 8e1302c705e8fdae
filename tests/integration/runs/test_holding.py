"""A run in which too many turn red at once waits for two people, and until then the city shows what it showed before."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from codes.models import Case, Disagreement, EffectiveChange, Run, Verdict, VerdictChange
from codes.runs.settle import refuse, release
from codes.runs.steps import run_here
from regions.journal.models import JournalEntry
from regions.models import City
from regions.refusals import NotAllowed, Refused
from regions.staff.roles import Role
from regions.tenancy import current_city
from tests.integration.review.desk import hire
from tests.integration.runs.days import WHO, Life, cases_told
from tests.oracle import effective

A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def flip(bare_city: City, monkeypatch: pytest.MonkeyPatch) -> tuple[Life, Run]:
    """The second day's run, held: one of three registrations is too many here."""
    monkeypatch.setattr("codes.runs.settle.LEAST_TURNED_RED", 1)
    life = Life()
    life.live("")
    for name in ("li", "wang", "zhao"):
        hire(name, Role.APPROVER, now=life.as_of)
    return life, life.live("police: close_contact")


def finish(life: Life, run: Run) -> Run:
    return run_here(run.pk, clock=lambda: life.as_of, progress=lambda _: None)


def test_a_held_run_shows_nobody_anything(flip: tuple[Life, Run]) -> None:
    _, run = flip
    assert run.state == Run.State.HELD
    assert run.message == "1 of 3 registrations would turn red at once (33.3%; the limit is 2.0%)"
    assert VerdictChange.objects.filter(run=run).count() == 1, "there to look at"
    for shown in (Verdict, Disagreement, Case, EffectiveChange):
        assert not shown._default_manager.exists()
    assert JournalEntry.objects.get(verb="run.held").data == {"why": run.message}


def test_two_people_let_it_settle(flip: tuple[Life, Run]) -> None:
    life, run = flip
    release(run.pk, by="li", now=life.as_of)
    with pytest.raises(Refused, match="second person"):
        release(run.pk, by="li", now=life.as_of + A_MINUTE)
    released = release(run.pk, by="wang", now=life.as_of + A_MINUTE)
    assert finish(life, released).state == Run.State.DONE
    assert cases_told() == "1 received"
    assert Verdict.objects.get().colour == effective(life.world, WHO, life.day, life.as_of).colour == "red"
    asked, allowed = JournalEntry.objects.filter(verb__startswith="run.release").order_by("seq")
    assert (asked.by, allowed.by, allowed.data) == ("li", "wang", {"asked_by": "li"})
    with pytest.raises(Refused, match="not held"):
        release(run.pk, by="zhao", now=life.as_of + A_MINUTE)


def test_the_verbs_ask_for_the_role(flip: tuple[Life, Run]) -> None:
    life, run = flip
    hire("qian", Role.SOURCE_MANAGER, now=life.as_of)
    with pytest.raises(NotAllowed):
        release(run.pk, by="qian", now=life.as_of)
    with pytest.raises(NotAllowed):
        refuse(run.pk, by="qian", reason="x", now=life.as_of)
    assert Run.objects.get(pk=run.pk).release_asked_by == ""


def test_the_database_wants_two_people_too(flip: tuple[Life, Run]) -> None:
    life, run = flip
    with pytest.raises(IntegrityError, match="held_run_is_released_by_two_people"), transaction.atomic():
        Run.objects.filter(pk=run.pk).update(
            release_asked_by="li", release_asked_at=life.as_of, released_by="li", released_at=life.as_of
        )


def test_a_refused_run_counts_for_nothing(flip: tuple[Life, Run]) -> None:
    life, run = flip
    refused = refuse(run.pk, by="li", reason="the source sent nonsense", now=life.as_of)
    assert (refused.state, refused.message) == (Run.State.FAILED, "refused by li: the source sent nonsense")
    assert finish(life, refused).state == Run.State.FAILED
    assert not Verdict.objects.exists()
    assert JournalEntry.objects.get(verb="run.refused").data == {"reason": "the source sent nonsense"}


def test_the_next_run_finds_the_same_flip_and_is_held_too(flip: tuple[Life, Run]) -> None:
    life, run = flip
    later = life.live("")
    assert (later.state, later.pk > run.pk) == (Run.State.HELD, True)


def test_a_held_run_is_overtaken_by_one_that_settles(flip: tuple[Life, Run]) -> None:
    life, run = flip
    assert life.live("police: -close_contact").state == Run.State.DONE
    release(run.pk, by="li", now=life.as_of)
    with pytest.raises(Refused, match="overtaken"):
        release(run.pk, by="wang", now=life.as_of)


def test_few_people_are_no_mass(bare_city: City) -> None:
    """However large their share."""
    life = Life()
    life.live("")
    assert life.live("police: close_contact").state == Run.State.DONE


def test_below_the_citys_share_nothing_is_held(bare_city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codes.runs.settle.LEAST_TURNED_RED", 1)
    life = Life()
    current_city().mass_change_share = 0.34
    life.live("")
    assert life.live("police: close_contact").state == Run.State.DONE


def test_a_citys_first_run_is_not_held(bare_city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codes.runs.settle.LEAST_TURNED_RED", 1)
    assert Life().live("everybody: close_contact").state == Run.State.DONE
