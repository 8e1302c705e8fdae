"""Cities to try the semantics on: drawn by Hypothesis, from a seed, or made to differ for one known cause."""

from tests.worlds.calendar import NOW, TODAY, day, tick
from tests.worlds.scenes import Scene, random_world, scenes, worlds

__all__ = ["NOW", "TODAY", "Scene", "day", "random_world", "scenes", "tick", "worlds"]
