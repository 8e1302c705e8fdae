"""Compare the verdicts and forecasts of the oracle with the city's, for everybody in a world and in the same form."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from codes.models import Registration, Run, Verdict, VerdictChange
from codes.models.verdict import latest_day
from tests.integration.engine.keys import Keys
from tests.integration.engine.loading import hits_of
from tests.oracle import FactRef, forecast, verdict
from tests.worlds import FORESEEABLE_DAYS, Scene


class Said(NamedTuple):
    """A verdict with its forecast: a day, or the rules that wait for an act, each with whether the end of a stay is missing."""

    state: str
    hits: frozenset[tuple[str, FactRef, date]] = frozenset()
    turns_green_on: date | None = None
    waiting_rules: frozenset[tuple[str, bool]] = frozenset()


Sayings = dict[tuple[str, str], Said]
"""(citizen, provider) → verdict and forecast."""


def oracle_says(scene: Scene) -> Sayings:
    codes = [provider.code for provider in scene.world.providers]
    return {(citizen, code): _oracle_says(scene, citizen, code) for citizen in scene.world.citizens for code in codes}


def city_says(run: Run, keys: Keys, held: Iterable[Verdict | VerdictChange]) -> Sayings:
    """Return the city's verdicts. ``held`` are those that are not green, from the standing ones or from the run's changes."""
    known = dict(run.providers.values_list("provider_id", "known"))
    registered = set(Registration.objects.filter(registered_at__lte=run.as_of).values_list("citizen_id", "provider_id"))
    rows = {(row.citizen_id, row.provider_id): row for row in held}
    said: Sayings = {}
    for citizen, citizen_key in keys.citizens.items():
        for provider, provider_key in keys.providers.items():
            row = rows.pop((citizen_key, provider_key), None)
            if (citizen_key, provider_key) not in registered:
                said[citizen, provider] = Said("not_applied")
            elif not known[provider_key]:
                said[citizen, provider] = Said("unknown")
            else:
                said[citizen, provider] = _city_says(row, keys, day=run.day) if row else Said("green")
    assert not rows, "verdicts about nobody, or about nobody registered"
    return said


def differences(ours: Sayings, theirs: Sayings) -> list[str]:
    """Return a line for each verdict on which the two differ."""
    assert ours.keys() == theirs.keys()
    return [f"{key}: oracle {theirs[key]}, city {ours[key]}" for key in sorted(ours) if ours[key] != theirs[key]]


def _oracle_says(scene: Scene, citizen: str, provider: str) -> Said:
    asked = scene.world, citizen, provider, scene.day, scene.as_of
    found = verdict(*asked)
    if found.state not in ("red", "yellow"):
        return Said(found.state)
    coming = forecast(*asked, days_ahead=FORESEEABLE_DAYS)
    return Said(
        found.state,
        frozenset((hit.rule_code, hit.fact, hit.anchor) for hit in found.hits),
        coming.turns_green_on,
        frozenset((missing.rule_code, missing.act == "left") for missing in coming.missing),
    )


def _city_says(row: Verdict | VerdictChange, keys: Keys, *, day: date) -> Said:
    return Said(
        row.colour if isinstance(row, Verdict) else row.after,
        frozenset(hits_of(row.hits, keys.facts)),
        latest_day(row.turns_green_on, row.healthy_days, day=day),
        frozenset((need["rule"], need.get("leaves", False)) for need in row.needs or ()),
    )
