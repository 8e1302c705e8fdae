"""The shared words: their spelling is a contract, their order decides, and each is said in two languages."""

import copy
from itertools import combinations_with_replacement

import pytest
from django.db.models import TextChoices

from codes.vocabulary import Anchor, Because, Cause, Colour, Factor, State, strictest
from regions.vocabulary import CLEARING_KINDS, FACT_KINDS, FactKind, IdType, label_in

FACT_KIND_SPELLING = """
confirmed_case asymptomatic_case suspected_case positive_test close_contact secondary_contact co_traveller
spacetime_overlap area_stay overseas_arrival arrival symptom contact_with_case unsure_contact false_declaration
discharged isolation_completed case_excluded contact_excluded negative_test
"""
SPELLINGS: list[tuple[type[TextChoices], str]] = [
    (Colour, "red yellow green"),
    (State, "red yellow green unknown not_applied"),
    (Anchor, "started ended recorded"),
    (Factor, "declaration source rules freshness"),
    (Cause, "freshness rules declaration source interaction"),
    (Because, "ruling agreement policy held unknown expired"),
    (IdType, "10 14 15 16 20 34 99"),
    (FactKind, FACT_KIND_SPELLING),
]
WORDS: list[type[TextChoices]] = [words for words, _ in SPELLINGS]
MEMBERS = [member for words in WORDS for member in words]


@pytest.mark.parametrize(("words", "spelling"), SPELLINGS)
def test_spelling_and_order(words: type[TextChoices], spelling: str) -> None:
    assert [member.value for member in words] == spelling.split()


@pytest.mark.parametrize("member", MEMBERS, ids=repr)
def test_every_word_is_said_in_both_languages_and_survives_copying(member: TextChoices) -> None:
    assert (
        label_in("zh-Hans", member)
        == label_in("zh-hans", member)
        != label_in("en", member)
        == label_in("en-gb", member)
    )
    assert label_in("zh-hans", member)
    assert label_in("en", member)
    assert str(member) == member.value == f"{member}"
    assert copy.deepcopy(member) is type(member)(member.value) is member
    assert (member.value, label_in("zh-hans", member)) in type(member).choices


def test_clearing_kinds_are_the_five_that_clear() -> None:
    assert {kind.value for kind in CLEARING_KINDS} == {
        "discharged",
        "isolation_completed",
        "case_excluded",
        "contact_excluded",
        "negative_test",
    }
    assert CLEARING_KINDS < FACT_KINDS == set(FactKind)


def test_states_sort_from_red_to_not_applied_and_only_three_are_colours() -> None:
    assert sorted(State, key=lambda state: -state.severity) == list(State)
    assert [state.colour for state in State] == [*Colour, None, None]
    assert [State(colour.value).severity for colour in Colour] == [colour.severity for colour in Colour]


@pytest.mark.parametrize("colours", list(combinations_with_replacement(Colour, 2)))
def test_red_on_either_side_counts_as_red(colours: tuple[Colour, Colour]) -> None:
    expected = next(colour for colour in Colour if colour in colours)
    assert strictest(colours) is strictest(reversed(colours)) is expected


def test_no_colour_is_no_green() -> None:
    with pytest.raises(ValueError, match="empty"):
        strictest([])
