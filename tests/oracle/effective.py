"""The one colour the city stands by (semantics §4), and who the providers disagree about (§5)."""

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
    """The day and the instant of a settled run; ``known_at``: when the citizen was judged again since."""

    day: date
    as_of: datetime
    known_at: datetime | None = None


def coloured_verdicts(
    world: World, citizen: str, day: date, as_of: datetime, known_at: datetime | None = None
) -> dict[str, Verdict]:
    """Provider → verdict, of the providers that have a colour for this citizen."""
    found = {one.code: verdict(world, citizen, one.code, day, as_of, known_at) for one in world.providers}
    return {code: one for code, one in found.items() if one.has_colour}


def held_verdicts(
    world: World, citizen: str, day: date, as_of: datetime, known_at: datetime | None = None
) -> dict[str, Verdict]:
    """Provider → what it would say of the day by its last accepted horizon, red and yellow only.

    Of the providers that are unknown though their source has delivered; without a version in force there is nothing.
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
    """A hit it did not weigh is more severe than the colour it gave.

    Whose hits, the semantics leave open (§4 1); read the safer way, those of held colours too, or a silent source would
    lift what its provider's people declare meanwhile.
    """
    return any(
        SEVERITY[hit.colour] > SEVERITY[ruling.colour] and not any(covers(one, hit) for one in ruling.weighed)
        for one in said.values()
        for hit in one.hits
    )


def covers(weighed: HitKey, hit: Hit) -> bool:
    """The same hit, weighed when its rule gave a colour at least as severe: one that has become milder is nothing new."""
    milder = SEVERITY[weighed.content.colour] >= SEVERITY[hit.colour]
    return milder and weighed.content._replace(colour=hit.colour) == hit.content


def ruling_not_over(world: World, citizen: str, day: date, asked_at: datetime) -> Ruling | None:
    """The last approved one, unless it has ended or expired: then no older one comes back. It may be suspended."""
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
    """As the run of that day and instant settles it."""
    return _effective(world, citizen, Settled(day, as_of, known_at), day, as_of)


def effective_when_asked(
    world: World, citizen: str, run: Settled | None, asked_at: datetime, *, valid_days: int = 1
) -> Effective:
    """What is shown at an instant: the newest settled run's, while it is valid; a ruling's last day counts as of now.

    Nobody was judged without a run: unknown. Past the day after the run's, green and yellow are unknown, a ruling's as
    well: the semantics (§4) except red only, and nobody has looked for hits it did not weigh.
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
    """K: what the providers that have a colour say together."""
    if not colours:
        return None
    if len(set(colours.values())) == 1:
        return Effective(next(iter(colours.values())), "agreement")
    return Effective(by_policy(world, colours, as_of), "policy")


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


def disagreements(world: World, day: date, as_of: datetime, known_at: datetime | None = None) -> list[Disagreement]:
    found = []
    for citizen in sorted(world.citizens):
        coloured = coloured_verdicts(world, citizen, day, as_of, known_at)
        if len({one.state for one in coloured.values()}) > 1:
            found.append(Disagreement(citizen, {code: str(one.state) for code, one in coloured.items()}))
    return found
