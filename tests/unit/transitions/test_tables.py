"""Every state machine's table is whole, and what is not in it does not happen."""

from itertools import product
from typing import Any

import pytest
from django.db.models import Model

from codes.models import Run
from portal.management.commands.draw_case_life import OTHERS
from regions.leased_jobs import LeasedJob
from regions.transitions import TransitionTable

CREATED_IN = {Run: {Run.State.AMENDED}}
MACHINES = list(OTHERS.items())
NAMES = [model.__name__ for model in OTHERS]


@pytest.mark.parametrize(("model", "table"), MACHINES, ids=NAMES)
def test_every_state_is_reached_from_the_first(model: Any, table: TransitionTable[Any, str]) -> None:
    found = {table.states[0]}
    while more := {row.next for row in table if row.state in found} - found:
        found |= more
    assert found | CREATED_IN.get(model, set()) == set(model.State)


@pytest.mark.parametrize(("model", "table"), MACHINES, ids=NAMES)
def test_an_action_leads_to_one_state(model: type[Model], table: TransitionTable[Any, str]) -> None:
    assert all(table.next_state(row.action) == row.next for row in table)


@pytest.mark.parametrize(("model", "table"), MACHINES, ids=NAMES)
def test_only_what_the_table_says_leads_from_one_state_to_another(model: Any, table: TransitionTable[Any, str]) -> None:
    possible = {(row.state, row.next) for row in table} | {(state, state) for state in model.State}
    for pair in product(model.State, repeat=2):
        if pair in possible:
            table.require(*pair)
        else:
            with pytest.raises(LookupError):
                table.require(*pair)


@pytest.mark.parametrize("model", [model for model in OTHERS if issubclass(model, LeasedJob)])
def test_a_job_is_claimed_while_it_waits_or_its_worker_is_late(model: type[LeasedJob]) -> None:
    assert set(model.TRANSITIONS.next_states("claim")) == {model.WAITING, model.AT_WORK}
    assert model.TRANSITIONS.next_state("claim") == model.AT_WORK
    assert model.TRANSITIONS.next_states("give_back") == {model.AT_WORK: model.WAITING}


def test_a_run_is_open_until_it_ends() -> None:
    assert set(Run.OPEN) == set(Run.State) - set(Run.TRANSITIONS.final) - {Run.State.AMENDED}


def test_an_unknown_action_leads_nowhere() -> None:
    with pytest.raises(LookupError):
        Run.TRANSITIONS.next_state("no such thing")


def test_an_action_with_two_ends_has_no_single_one() -> None:
    table = TransitionTable.of(("a", "go", "b"), ("a", "go", "c"), ("b", "turn", "a"), ("c", "turn", "b"))
    with pytest.raises(LookupError):
        table.next_states("go")
    with pytest.raises(LookupError):
        table.next_state("turn")
    assert table.next_states("turn") == {"b": "a", "c": "b"}
