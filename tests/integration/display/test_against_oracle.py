"""Drawn cities: the findings about displayed colours equal the oracle's, in any order of lines and runs."""

from datetime import datetime, timedelta
from itertools import product
from random import Random

import pytest

from codes.display.displayed import Shown, keep_displayed
from codes.display.findings import update_findings
from codes.models import DisplayFinding, Provider
from regions.models import City
from tests.integration.runs.crowd import Crowd
from tests.oracle.displayed import Wrong, displayed_wrongly
from tests.oracle.effective import Settled

WHO = range(8)
COLOURS = ("green", "yellow", "red")
KINDS = ("close_contact", "arrival", "confirmed_case", "contact_excluded", "discharged")
DELAY = timedelta(minutes=10)


@pytest.mark.parametrize("seed", range(3))
def test_findings_are_those_of_the_oracle(bare_city: City, seed: int) -> None:
    dice, crowd = Random(seed), Crowd(least=1000)
    Provider.objects.update(display={colour: colour for colour in COLOURS})
    runs: list[Settled] = []
    shown: dict[tuple[str, str], tuple[datetime, str]] = {}
    told: set[int] = set()
    found = 0
    for _step in range(24):
        match dice.choice(("tell", "run", "show", "show", "show")):
            case "tell":
                told.add(who := dice.choice(WHO))
                crowd.deliver(
                    {who},
                    dice.choice(KINDS),
                    source=dice.choice(("police", "bigdata")),
                    started=dice.choice((0, 3)),
                )
            case "run":
                crowd.now += timedelta(hours=dice.choice((1, 5, 20)))
                runs.append(Settled(crowd.day, crowd.now))
                crowd.run()
                # Where the delay is about to be used up: the run was an hour ago, and these people's colours can have changed in it.
                for who, provider in product(sorted(told), ("alipay", "wechat")):
                    ago = timedelta(minutes=60 - dice.choice((0, 9, 10, 11)))
                    _show(crowd, f"p{who:02}", provider, dice.choice(("green", *COLOURS)), crowd.now - ago, shown)
                told.clear()
            case _:
                line = (f"p{dice.choice(WHO):02}", dice.choice(("alipay", "wechat")))
                ago = timedelta(minutes=dice.choice((0, 3, 10, 11, 90, 60 * 8)))
                _show(crowd, *line, dice.choice(COLOURS), crowd.now - ago, shown)
        crowd.now += timedelta(minutes=dice.choice((1, 10, 12)))
        update_findings(now=crowd.now)
        wanted = {
            line: displayed_wrongly(crowd.world, *line, runs, colour=colour, shown_at=at, delay=DELAY, now=crowd.now)
            for line, (at, colour) in shown.items()
        }
        standing = {line: wrong for line, wrong in wanted.items() if wrong}
        assert _standing() == standing
        found += len(standing)
    assert found


def _show(
    crowd: Crowd, who: str, provider: str, colour: str, at: datetime, shown: dict[tuple[str, str], tuple[datetime, str]]
) -> None:
    citizen = crowd.keys.citizens[who]
    keep_displayed([Shown(citizen, crowd.keys.providers[provider], colour, at)])
    update_findings(now=crowd.now, citizens=[citizen])
    if (who, provider) not in shown or shown[who, provider][0] <= at:
        shown[who, provider] = (at, colour)


def _standing() -> dict[tuple[str, str], Wrong]:
    return {
        (one.citizen.ref, one.provider.code): Wrong(one.expected, one.old_since)
        for one in DisplayFinding.objects.filter(closed_at__isnull=True).select_related("citizen", "provider")
    }
