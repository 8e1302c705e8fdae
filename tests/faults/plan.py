"""A plan: the faults and the moments of the daily job at which they happen. It depends on its seed alone."""

from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random

CITIES = ("north", "middle", "south")
# The city in which exports and rehearsals are requested.
ASKED_IN = CITIES[0]


class Kind(StrEnum):
    """The kinds of faults. The first eight interrupt work that is being done; the others are noise and must have no effect."""

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
    """A moment: ``pause`` seconds after the city is observed in the step or a later one.

    For ``Step.EVALUATING``, ``share`` is the share of the partitions that must be done.
    """

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
    # A random number for the choices within the fault: the worker, the child or the partition.
    dice: int

    def __str__(self) -> str:
        return f"{self.kind} ({self.moment})"


def plan(seed: int) -> list[Fault]:
    """Return the plan of the seed: one or two faults that interrupt work, and two that are noise.

    There are at most two of the first sort because the product gives up after a third one, as it should. The first fault
    of each sort follows from the seed in turn, so that a range of consecutive seeds contains all kinds.
    """
    dice = Random(seed)
    # Starting the beats takes longer than the daily job: at most one fault of a plan does it.
    further = [kind for kind in NOISE if kind != Kind.BEATS]
    kinds = [HARD[seed % len(HARD)], NOISE[seed % len(NOISE)], dice.choice(further)]
    if dice.random() < 1 / 3:
        kinds.append(dice.choice([kind for kind in HARD if kind not in JOBS]))
    return [Fault(kind, _moment(kind, dice), dice.randrange(1 << 30)) for kind in kinds]


def _moment(kind: Kind, dice: Random) -> Moment:
    steps = [Step.COLLECTING, Step.EVALUATING, Step.EVALUATING, Step.EVALUATING, Step.SETTLING, Step.SETTLING]
    drawn = Moment(dice.choice(CITIES), dice.choice(steps), dice.random(), dice.uniform(0, LONGEST_PAUSE))
    # Exports and rehearsals need a settled run.
    return drawn if kind not in (Kind.EXPORT, Kind.REHEARSAL) else replace(drawn, city=ASKED_IN, step=Step.ENDED)
