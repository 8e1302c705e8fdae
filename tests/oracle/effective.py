"""The effective code of a citizen (semantics §4), and the citizens about whom the providers disagree (§5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

from tests.oracle.hits import Hit
from tests.oracle.rulings import HitKey, Ruling
from tests.oracle.seen import horizon_of
from tests.oracle.verdicts import Verdict, inputs_of, shown, verdict
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


class Settled(NamedTuple):
    """The day and the instant of a settled run. ``known_at`` is the instant at which the citizen was judged again since."""

    day: date
    as_of: datetime
    known_at: datetime | None = None


def coloured_verdicts(
    world: World, citizen: str, day: date, as_of: datetime, known_at: datetime | None = None
) -> dict[str, Verdict]:
    """Return provider → verdict, for the providers that have a colour for this citizen."""
    found = {one.code: verdict(world, citizen, one.code, day, as_of, known_at) for one in world.providers}
    return {code: one for code, one in found.items() if one.has_colour}


def held_verdicts(
    world: World, citizen: str, day: date, as_of: datetime, known_at: datetime | None = None
) -> dict[str, Verdict]:
    """Return the held colours: provider → verdict of the day by its source's last accepted horizon, red and yellow only.

    They exist for providers that are unknown although their source has delivered, and only if a version is in force.
    """
    found = {}
    for one in world.providers:
        inputs = inputs_of(world, one.code, day, as_of, known_at)
        if inputs and verdict(world, citizen, one.code, day, as_of, known_at).state == "unknown":
            found[one.code] = shown(world, citizen, inputs)
    return {code: one for code, one in found.items() if one.state != "green"}


def strictest(colours: Iterable[str]) -> str:
    return max(colours, key=SEVERITY.__getitem__)


def suspended(ruling: Ruling, said: Mapping[str, Verdict]) -> bool:
    """Return whether a hit that the ruling did not weigh is more severe than the ruled colour.

    §4 (1) does not say with which verdicts the hits must be. The safer reading is taken: hits of held colours count,
    too. Otherwise, while a source is silent, what people declare to its provider could not suspend a ruling.
    """
    return any(
        SEVERITY[hit.colour] > SEVERITY[ruling.colour] and not any(covers(one, hit) for one in ruling.weighed)
        for one in said.values()
        for hit in one.hits
    )


def covers(weighed: HitKey, hit: Hit) -> bool:
    """Return whether the weighed hit is the same hit, with a colour at least as severe: a milder colour is not a new hit."""
    milder = SEVERITY[weighed.content.colour] >= SEVERITY[hit.colour]
    return milder and weighed.content._replace(colour=hit.colour) == hit.content


def ruling_not_over(world: World, citizen: str, day: date, asked_at: datetime) -> Ruling | None:
    """Return the ruling approved last, or None if it has ended or expired: no older ruling takes effect again then.

    The returned ruling may be suspended.
    """
    approved = [
        (ruling.approved_at, ruling)
        for ruling in world.rulings_about.get(citizen, ())
        if ruling.approved_at and ruling.approved_at <= asked_at
    ]
    if not approved:
        return None
    last = max(approved, key=lambda pair: pair[0])[1]
    over = day > last.ends_on or (last.ended_at is not None and last.ended_at <= asked_at)
    return None if over else last


def ruling_in_force(
    world: World, citizen: str, day: date, asked_at: datetime, said: Mapping[str, Verdict]
) -> Ruling | None:
    last = ruling_not_over(world, citizen, day, asked_at)
    return None if last is None or suspended(last, said) else last


def effective(world: World, citizen: str, day: date, as_of: datetime, known_at: datetime | None = None) -> Effective:
    """Return the effective code as the run of that day and instant settles it."""
    return _effective(world, citizen, Settled(day, as_of, known_at), day, as_of)


def effective_when_asked(
    world: World, citizen: str, run: Settled | None, asked_at: datetime, *, valid_days: int = 1
) -> Effective:
    """Return the effective code at an instant, by the newest settled run. A ruling's last day is compared with that instant.

    Without a run it is unknown. More than ``valid_days`` after the run's day, green and yellow are unknown. This applies
    to the colour of a ruling as well: §4 makes an exception for red only, and no run has looked for new hits since.
    """
    if run is None:
        return Effective("unknown", "unknown")
    today = asked_at.astimezone(world.zone).date()
    found = _effective(world, citizen, run, today, asked_at)
    if found.colour in ("green", "yellow") and today > run.day + timedelta(days=valid_days):
        return Effective("unknown", "expired")
    return found


def _effective(world: World, citizen: str, run: Settled, today: date, asked_at: datetime) -> Effective:
    coloured = coloured_verdicts(world, citizen, *run)
    held = held_verdicts(world, citizen, *run)
    ruling = ruling_in_force(world, citizen, today, asked_at, coloured | held)
    if ruling:
        return Effective(ruling.colour, "ruling")
    known = _known(world, {code: str(one.state) for code, one in coloured.items()}, run.as_of)
    if held:
        colour = strictest(str(one.state) for one in held.values())
        if known is None or SEVERITY[colour] > SEVERITY[known.colour]:
            return Effective(colour, "held")
    return known or Effective("unknown", "unknown")


def _known(world: World, colours: dict[str, str], as_of: datetime) -> Effective | None:
    """Return K of §4 (2): the colour of the providers that have one, by agreement or by the interim policy."""
    if not colours:
        return None
    if len(set(colours.values())) == 1:
        return Effective(next(iter(colours.values())), "agreement")
    return Effective(by_policy(world, colours, as_of), "policy")


def by_policy(world: World, colours: dict[str, str], as_of: datetime) -> str:
    """Return the colour by the city's interim policy: `strictest`, `prefer:<provider>` or `freshest`.

    If the preferred provider has no colour, the strictest colour applies.
    """
    name, _, preferred = world.interim_policy.partition(":")
    if name == "prefer" and preferred in colours:
        return colours[preferred]
    if name == "freshest":
        horizons = {code: horizon_of(world, world.provider(code).source, as_of) for code in colours}
        latest = max(horizon for horizon in horizons.values() if horizon)
        return strictest([colours[code] for code, horizon in horizons.items() if horizon == latest])
    return strictest(list(colours.values()))


def disagreements(world: World, day: date, as_of: datetime, known_at: datetime | None = None) -> list[Disagreement]:
    found = []
    for citizen in sorted(world.citizens):
        coloured = coloured_verdicts(world, citizen, day, as_of, known_at)
        if len({one.state for one in coloured.values()}) > 1:
            found.append(Disagreement(citizen, {code: str(one.state) for code, one in coloured.items()}))
    return found
