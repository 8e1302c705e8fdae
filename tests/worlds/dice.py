"""Random choices, by Hypothesis (which can shrink them) or by a seeded generator (which is fast for large worlds).

Every choice lists the simple options first, so that smaller numbers give simpler worlds.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import cache
from random import Random
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

T = TypeVar("T")


class Dice(ABC):
    @abstractmethod
    def number(self, low: int, high: int) -> int:
        """Return a number between low and high, both included."""

    def pick(self, options: Sequence[T]) -> T:
        return options[self.number(0, len(options) - 1)]

    def once_in(self, times: int) -> bool:
        return self.number(1, times) == times

    def up_to(self, most: int) -> Iterator[int]:
        """Yield 0, 1, …, fewer than `most` numbers as a rule: before each, it is drawn whether to stop."""
        for number in range(most):
            if self.number(0, 2) == 0:
                return
            yield number


@cache
def _integers(low: int, high: int) -> SearchStrategy[int]:
    return st.integers(low, high)


class DrawnDice(Dice):
    def __init__(self, draw: DrawFn) -> None:
        self._draw = draw

    def number(self, low: int, high: int) -> int:
        return self._draw(_integers(low, high))


class SeededDice(Dice):
    def __init__(self, seed: int | str) -> None:
        self._random = Random(seed)

    def number(self, low: int, high: int) -> int:
        return self._random.randint(low, high)
