"""Cities with which the semantics are tested: drawn by Hypothesis, drawn from a seed, or made to disagree for a known cause."""

from tests.worlds.calendar import FORESEEABLE_DAYS, NOW, TODAY, ZONE, asked_at, day, tick
from tests.worlds.causes import CAUSES, RootCause
from tests.worlds.injected import INTERACTION, PAIRS, Injected, injected
from tests.worlds.scenes import Scene, random_world, scenes, small_world, worlds

__all__ = [
    "CAUSES",
    "FORESEEABLE_DAYS",
    "INTERACTION",
    "NOW",
    "PAIRS",
    "TODAY",
    "ZONE",
    "Injected",
    "RootCause",
    "Scene",
    "asked_at",
    "day",
    "injected",
    "random_world",
    "scenes",
    "small_world",
    "tick",
    "worlds",
]
