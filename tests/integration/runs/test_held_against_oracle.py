"""Drawn cities: after each run, the standing colours and the held changes equal the oracle's."""

from datetime import timedelta
from random import Random

import pytest

from codes.models import HeldGroup, Run, Verdict, VerdictChange
from regions.models import City
from regions.tenancy import current_city
from tests.integration.runs.crowd import PEOPLE, Crowd
from tests.oracle import MassChanges

LEAST = 8
SEEDS = range(10)
KINDS = ("close_contact", "confirmed_case", "spacetime_overlap", "arrival", "contact_excluded", "discharged")
# Below, at and above the limit, and everybody.
SIZES = (3, LEAST - 1, LEAST, 14, PEOPLE)


class Drawn:
    """A city and what is told in it, by dice; nobody decides about what is kept back."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        self.crowd = Crowd(least=LEAST)
        self.oracle = MassChanges(share=current_city().mass_change_share, least=LEAST)
        self.told: dict[tuple[str, str], set[int]] = {}

    def act(self) -> None:
        """One delivery, import or version."""
        crowd, dice = self.crowd, self.dice
        crowd.now += timedelta(minutes=1)
        who = set(dice.sample(range(PEOPLE), dice.choice(SIZES)))
        what = dice.random()
        if what < 0.1:
            crowd.publish(hold_days=dice.choice((0, 3)), days_ahead=dice.choice((0, 1)))
        elif what < 0.25:
            crowd.declare(who)
        elif what < 0.5 and self.told:
            source, kind = dice.choice(sorted(self.told))
            crowd.deliver(sorted(self.told.pop((source, kind))), kind, source=source, revoked=True)
        else:
            source, kind = dice.choice(("police", "bigdata")), dice.choice(KINDS)
            self.told.setdefault((source, kind), set()).update(who)
            crowd.deliver(sorted(who), kind, source=source, started=dice.choice((0, 1, 4)))

    def run(self, *, after: tuple[int, ...] = (1, 5, 26, 24 * 8)) -> None:
        """The city's and the oracle's, so many hours later."""
        crowd = self.crowd
        crowd.now += timedelta(hours=self.dice.choice(after))
        as_of, day = crowd.now, crowd.day
        crowd.run()
        self.oracle.settle(crowd.world, day, as_of)

    def city_says(self) -> tuple[dict[tuple[str, str], str], set[tuple[str, str]], int]:
        """Who is not green, whose change is kept back, and how many groups wait."""
        last = Run.objects.last_settled()
        kept = VerdictChange.objects.filter(run=last, held_in__isnull=False)
        colours = Verdict.objects.values_list("citizen__ref", "provider__code", "colour")
        return (
            {(citizen, provider): colour for citizen, provider, colour in colours},
            set(kept.values_list("citizen__ref", "provider__code")),
            HeldGroup.objects.waiting().count(),
        )

    def oracle_says(self) -> tuple[dict[tuple[str, str], str], set[tuple[str, str]], int]:
        colours = {
            pair: str(one.verdict.state) for pair, one in self.oracle.shown.items() if one.verdict.state != "green"
        }
        return colours, set(self.oracle.kept), len(self.oracle.groups)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_is_kept_back(bare_city: City, seed: int) -> None:
    drawn = Drawn(seed)
    for _ in range(5):
        for _ in range(drawn.dice.randint(1, 3)):
            drawn.act()
        drawn.run()
        assert drawn.city_says() == drawn.oracle_says()
