"""The transition tables are whole: every state is reached and left, every act has its people, the page shows them."""

from itertools import product

import pytest

from codes.models import Case, CaseState
from codes.models.case import CLOSED_STATES, OPEN_STATES
from codes.review.cases.transitions import (
    APPEAL_TRANSITIONS,
    CASE_TRANSITIONS,
    TRANSITIONS_BY_KIND,
    Actor,
    CaseTransitions,
    Verb,
    transitions_from,
)
from codes.review.permissions import ACTORS
from portal.management.commands.draw_case_life import PAGE, page
from regions.vocabulary import label_in

TABLES = {"case": CASE_TRANSITIONS, "appeal": APPEAL_TRANSITIONS}
DONE_BY_NOBODY_ELSE = {Verb.OPEN, Verb.FILE}


def reachable(life: CaseTransitions) -> set[CaseState]:
    found = {CaseState.RECEIVED}
    while more := {move.next for move in life if move.state in found} - found:
        found |= more
    return found


@pytest.mark.parametrize("name", TABLES)
def test_every_state_of_a_life_is_reached_from_its_beginning(name: str) -> None:
    assert reachable(TABLES[name]) == set(TABLES[name].states)


def test_the_two_lives_use_every_state() -> None:
    assert set(CASE_TRANSITIONS.states) | set(APPEAL_TRANSITIONS.states) == set(CaseState)


def test_appeals_have_the_states_that_are_worth_having() -> None:
    wanted = "received in_review waiting_for_information accepted partly_accepted denied withdrawn disagreement_logged"
    assert set(wanted.split()) <= {state.value for state in APPEAL_TRANSITIONS.states}


@pytest.mark.parametrize(("name", "state"), list(product(TABLES, OPEN_STATES)))
def test_an_open_state_can_be_left_by_an_official_and_by_a_run(name: str, state: str) -> None:
    exits = {move.action: move for move in TABLES[name] if move.state == state and move.next != state}
    assert Verb.CONVERGE in exits
    assert any(Actor.REVIEWER in move.roles or Actor.APPROVER in move.roles for move in exits.values())


@pytest.mark.parametrize(("name", "state"), list(product(TABLES, CLOSED_STATES)))
def test_a_closed_state_stays_closed(name: str, state: str) -> None:
    exits = [move for move in TABLES[name] if move.state == state]
    """But for a second look at what one official closed alone, which opens it again."""
    assert all((move.next in OPEN_STATES) == (move.action is Verb.REOPEN) for move in exits)
    assert {move.action for move in exits} <= {Verb.LOG_DISAGREEMENT, Verb.REOPEN}


@pytest.mark.parametrize("kind", Case.Kind.values)
@pytest.mark.parametrize(("state", "verb"), list(product(CaseState, Verb)))
def test_an_act_in_a_state_has_one_end_or_ends_told_apart(kind: str, state: CaseState, verb: Verb) -> None:
    rows = transitions_from(kind, state, verb)
    assert len({row.when for row in rows}) == len(rows)
    assert len(rows) < 2 or all(row.when for row in rows)


@pytest.mark.parametrize("verb", Verb)
def test_an_act_is_the_same_peoples_in_every_state(verb: Verb) -> None:
    assert len({move.roles for move in (*CASE_TRANSITIONS, *APPEAL_TRANSITIONS) if move.action is verb}) <= 1


@pytest.mark.parametrize("verb", [verb for verb in Verb if verb not in DONE_BY_NOBODY_ELSE])
def test_every_act_is_possible_somewhere(verb: Verb) -> None:
    assert [move for move in (*CASE_TRANSITIONS, *APPEAL_TRANSITIONS) if move.action is verb]


def test_nobody_both_proposes_and_approves_by_one_role() -> None:
    assert ACTORS[Verb.PROPOSE] == {Actor.REVIEWER}
    assert ACTORS[Verb.APPROVE] == ACTORS[Verb.REFUSE] == {Actor.APPROVER}
    assert ACTORS[Verb.APPROVE_SUPPRESSION] == {Actor.APPROVER}


def test_the_only_way_to_a_colour_is_through_a_proposal() -> None:
    assert {move.state for move in (*CASE_TRANSITIONS, *APPEAL_TRANSITIONS) if move.action is Verb.APPROVE} == {
        CaseState.PROPOSED
    }


@pytest.mark.parametrize("kind", Case.Kind.values)
def test_every_kind_of_case_has_a_life(kind: str) -> None:
    assert TRANSITIONS_BY_KIND[kind]


@pytest.mark.parametrize("word", [*CaseState, *Verb, *Actor])
def test_every_word_is_said_in_both_languages(word: CaseState | Verb | Actor) -> None:
    assert label_in("zh-hans", word)
    assert label_in("en", word)
    assert label_in("zh-hans", word) != label_in("en", word)


def test_the_page_is_what_the_tables_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run ./run manage draw_case_life"
