"""What is told of groups lets nobody work out a small one, not even who knows how it is made."""

from collections import defaultdict
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from codes.models.published_week import LEAST_GROUP
from codes.public_figures import publishable

GROUPS = st.dictionaries(st.sampled_from("abcde"), st.integers(0, 200))
# A small world, so that all of it can be gone through.
LEAST, MOST = 5, 14


@given(GROUPS)
def test_what_is_told_is_true_and_no_small_group(counts: dict[str, int]) -> None:
    shown, total = publishable(counts)
    assert shown.keys() == counts.keys()
    assert all(count is None or count == counts[name] for name, count in shown.items())
    assert total in (None, sum(counts.values()))
    assert all(count is None or count == 0 or count >= LEAST_GROUP for count in (*shown.values(), total))
    if all(count == 0 or count >= LEAST_GROUP for count in counts.values()):
        assert (shown, total) == (counts, sum(counts.values())), "nothing is left out without need"


def test_everything_that_can_lie_behind_it_leaves_a_small_group_open() -> None:
    """Of all that would be told alike, each group left out is of several sizes."""
    alike = defaultdict(list)
    for numbers in product(range(MOST + 1), repeat=3):
        shown, total = publishable(dict(zip("abc", numbers, strict=True)), least=LEAST)
        alike[(*shown.values(), total)].append(numbers)
    for seen, behind in alike.items():
        for place, count in enumerate(seen[:-1]):
            assert count is not None or len({numbers[place] for numbers in behind}) > 1, behind
