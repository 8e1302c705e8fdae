"""The one colour the city stands by (semantics §4), and who the providers disagree about (§5)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, NamedTuple

from tests.oracle.hits import hits
from tests.oracle.rulings import Ruling
from tests.oracle.seen import horizon_of
from tests.oracle.verdicts import Verdict, colour_of, inputs_of, verdict
from tests.oracle.world import World

SEVERITY = {"green": 0, "yellow": 1, "red": 2}

Because = Literal["ruling", "agreement", "policy", "held", "unknown", "expired"]


class Effective(NamedTuple):
    colour: str
    because: Because


class Disagreement(NamedTuple):
    citizen: str
    colours: dict[str, str]
    """Provider → colour, of the providers that have one."""


def coloured_verdicts(world: World, citizen: str, day: date, as_of: datetime) -> dict[str, Verdict]:
    """Provider → verdict, of the providers that have a colour for this citizen."""
    found = {one.code: verdict(world, citizen, one.code, day, as_of) for one in world.providers}
    return {code: one for code, one in found.items() if one.has_colour}


def strictest(colours: list[str]) -> str:
    return max(colours, key=SEVERITY.__getitem__)


def suspended(ruling: Ruling, coloured: dict[str, Verdict]) -> bool:
    """A hit it did not weigh is more severe than the colour it gave."""
    return any(
        hit.key not in ruling.weighed and SEVERITY[hit.colour] > SEVERITY[ruling.colour]
        for one in coloured.values()
        for hit in one.hits
    )


def ruling_in_force(
    world: World, citizen: str, day: date, as_of: datetime, coloured: dict[str, Verdict]
) -> Ruling | None:
    """The last approved one that has not expired; a suspended one does not bring an older one back."""
    approved = [
        (ruling.approved_at, ruling)
        for ruling in world.rulings_about.get(citizen, ())
        if ruling.approved_at and ruling.approved_at <= as_of and day <= ruling.ends_on
    ]
    if not approved:
        return None
    last = max(approved, key=lambda pair: pair[0])[1]
    return None if suspended(last, coloured) else last


def effective(world: World, citizen: str, day: date, as_of: datetime) -> Effective:
    coloured = coloured_verdicts(world, citizen, day, as_of)
    held = held_verdicts(world, citizen, day, as_of)
    ruling = ruling_in_force(world, citizen, day, as_of, coloured | held)
    if ruling:
        return Effective(ruling.colour, "ruling")
    colours = {code: str(one.state) for code, one in coloured.items()}
    k = None
    if colours:
        k = (
            Effective(next(iter(colours.values())), "agreement")
            if len(set(colours.values())) == 1
            else Effective(by_policy(world, colours, as_of), "policy")
        )
    severe = [str(one.state) for one in held.values() if one.state != "green"]
    if severe and (k is None or SEVERITY[strictest(severe)] > SEVERITY[k.colour]):
        return Effective(strictest(severe), "held")
    return k or Effective("unknown", "unknown")


def held_verdicts(world: World, citizen: str, day: date, as_of: datetime) -> dict[str, Verdict]:
    found = {}
    for one in world.providers:
        if verdict(world, citizen, one.code, day, as_of).state != "unknown":
            continue
        inputs = inputs_of(world, one.code, day, as_of)
        if inputs is None:
            continue
        hit = tuple(hits(world, citizen, inputs))
        found[one.code] = Verdict(colour_of(hit), hit)
    return found


def by_policy(world: World, colours: dict[str, str], as_of: datetime) -> str:
    """`strictest`, `prefer:<provider>` or `freshest`; a preferred provider without a colour leaves strictest."""
    name, _, preferred = world.interim_policy.partition(":")
    if name == "prefer" and preferred in colours:
        return colours[preferred]
    if name == "freshest":
        horizons = {code: horizon_of(world, world.provider(code).source, as_of) for code in colours}
        latest = max(horizon for horizon in horizons.values() if horizon)
        return strictest([colours[code] for code, horizon in horizons.items() if horizon == latest])
    return strictest(list(colours.values()))


def disagreements(world: World, day: date, as_of: datetime) -> list[Disagreement]:
    found = []
    for citizen in sorted(world.citizens):
        coloured = coloured_verdicts(world, citizen, day, as_of)
        if len({one.state for one in coloured.values()}) > 1:
            found.append(Disagreement(citizen, {code: str(one.state) for code, one in coloured.items()}))
    return found
