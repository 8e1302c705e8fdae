"""A plan: which faults, and at what moments of the daily job. Drawn from its seed and nothing else."""

from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random

CITIES = ("north", "middle", "south")
# Whose people ask for exports and rehearsals.
ASKED_IN = CITIES[0]


class Kind(StrEnum):
    """What happens. The first eight take work away from whoever does it; the others are noise that must not matter."""

    CHILD = "kill a child"
    WORKER = "kill a worker"
    STOP = "stop a worker past its lease"
    DATABASE = "restart PostgreSQL"
    BACKENDS = "terminate backends"
    EXPORT = "kill an export"
    OPENING = "kill an opening"
    REHEARSAL = "kill a rehearsal"
    BEAT = "kill the beat"
    BROKER = "restart the broker"
    EMPTY = "empty the broker"
    DELIVER = "deliver a partition 20 times"
    BEATS = "start five beats"
    CLICKS = "click recompute 50 times"


JOBS = (Kind.EXPORT, Kind.OPENING, Kind.REHEARSAL)
HARD = (Kind.CHILD, Kind.WORKER, Kind.STOP, Kind.DATABASE, Kind.BACKENDS, *JOBS)
NOISE = tuple(kind for kind in Kind if kind not in HARD)
LONGEST_PAUSE = 0.2


class Step(StrEnum):
    COLLECTING = "collecting"
    EVALUATING = "evaluating"
    SETTLING = "settling"
    ENDED = "ended"


@dataclass(frozen=True)
class Moment:
    """``pause`` seconds after a city is seen in the step or past it; of evaluating, with this share of its partitions done."""

    city: str
    step: Step
    share: float
    pause: float

    def __str__(self) -> str:
        step = f"{self.share:.0%} judged" if self.step == Step.EVALUATING else self.step
        return f"{self.city} {step} +{self.pause:.2f} s"


@dataclass(frozen=True)
class Fault:
    kind: Kind
    moment: Moment
    # For what the fault itself chooses: which worker, which child, which partition.
    dice: int

    def __str__(self) -> str:
        return f"{self.kind} ({self.moment})"


def plan(seed: int) -> list[Fault]:
    """One fault or two that take work away – a third would be given up on, as it should – and two that are noise.

    The first of each turns with the seed, so that any few plans in a row have them all.
    """
    dice = Random(seed)
    # Beats take longer to start than the day.
    further = [kind for kind in NOISE if kind != Kind.BEATS]
    kinds = [HARD[seed % len(HARD)], NOISE[seed % len(NOISE)], dice.choice(further)]
    if dice.random() < 1 / 3:
        kinds.append(dice.choice([kind for kind in HARD if kind not in JOBS]))
    return [Fault(kind, _moment(kind, dice), dice.randrange(1 << 30)) for kind in kinds]


def _moment(kind: Kind, dice: Random) -> Moment:
    steps = [Step.COLLECTING, Step.EVALUATING, Step.EVALUATING, Step.EVALUATING, Step.SETTLING, Step.SETTLING]
    drawn = Moment(dice.choice(CITIES), dice.choice(steps), dice.random(), dice.uniform(0, LONGEST_PAUSE))
    # Before a day has settled there is nothing to export or to rehearse on.
    return drawn if kind not in (Kind.EXPORT, Kind.REHEARSAL) else replace(drawn, city=ASKED_IN, step=Step.ENDED)
