"""State machines as tables: state, action, next state, and the roles that may act.

Every change of a state looks the transition up in its table, for one row or many, in Python or in SQL. An action without a row for
a state is not allowed in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

from django.db.models import Model, QuerySet

from regions.refusals import MovedMeanwhile

S = TypeVar("S", bound=str)
A = TypeVar("A", bound=str)


@dataclass(frozen=True)
class Transition(Generic[S, A]):
    """A transition: in ``state``, ``roles`` may do ``action``, which leads to ``next``. ``when`` tells apart two ends of one action."""

    state: S
    action: A
    next: S
    roles: tuple[str, ...] = ()
    when: str = ""


@dataclass(frozen=True)
class TransitionTable(Generic[S, A]):
    rows: tuple[Transition[S, A], ...]

    @classmethod
    def of(cls, *rows: tuple[S | tuple[S, ...], A, S]) -> Self:
        """Build a table from (state or states, action, next)."""
        each = [(states if isinstance(states, tuple) else (states,), action, end) for states, action, end in rows]
        return cls(tuple(Transition(state, action, end) for states, action, end in each for state in states))

    def __iter__(self) -> Iterator[Transition[S, A]]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def states(self) -> tuple[S, ...]:
        """Return every state that occurs, in the order of the rows."""
        return tuple(dict.fromkeys(state for row in self.rows for state in (row.state, row.next)))

    @property
    def final(self) -> tuple[S, ...]:
        left = {row.state for row in self.rows if row.state != row.next}
        return tuple(state for state in self.states if state not in left)

    def find(self, state: str, action: A | None = None) -> tuple[Transition[S, A], ...]:
        """Return the rows for a state, or for one action in it; several if the action can end in several states."""
        return tuple(row for row in self.rows if row.state == state and action in (None, row.action))

    def next_states(self, action: A) -> dict[S, S]:
        """Map each state to the next one for an action. Raises ``LookupError`` if it has several ends in one state."""
        rows = [row for row in self.rows if row.action == action]
        found = {row.state: row.next for row in rows}
        if not rows or len(found) != len(rows):
            raise LookupError(f"{action} has no single end")
        return found

    def next_state(self, action: A) -> S:
        """Return the only state an action leads to. Raises ``LookupError`` if there are several."""
        (one, *others) = set(self.next_states(action).values())
        if others:
            raise LookupError(f"{action} leads to several states")
        return one

    def require(self, state: str, following: str) -> None:
        """Raise ``LookupError`` if no transition leads from one state to the other."""
        if following != state and following not in {row.next for row in self.find(state)}:
            raise LookupError(f"nothing leads from {state} to {following}")

    def move(self, rows: QuerySet[Any], action: A, **changes: Any) -> int:
        """Move the rows whose state allows the action (compare-and-set). Return their number."""
        before = list(self.next_states(action))
        return rows.filter(state__in=before).update(state=self.next_state(action), **changes)


def compare_and_set(row: Model, read: QuerySet[Any], **changes: Any) -> None:
    """Update the row if ``read`` still finds it unchanged, then the object. Raises ``MovedMeanwhile`` if it does not."""
    if read.update(**changes) != 1:
        raise MovedMeanwhile
    for name, value in changes.items():
        setattr(row, name, value)
