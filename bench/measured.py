"""The results of ``./run bench recompute``."""

from dataclasses import dataclass, field

from bench.city import Size
from bench.clock import Watch, typical
from bench.rounds import Round


@dataclass
class Measured:
    """All results, in seconds and MiB; ``celery`` is by the number of worker processes."""

    size: Size
    here: list[Round] = field(default_factory=list)
    again: list[Round] = field(default_factory=list)
    celery: dict[int, list[float]] = field(default_factory=dict)
    floors: list[Watch] = field(default_factory=list)
    floors_with_diagnoses: list[Watch] = field(default_factory=list)
    bare_floors: list[Watch] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    loop: Watch = field(default_factory=Watch)
    loop_with_facts: Watch = field(default_factory=Watch)
    engines: dict[str, float] = field(default_factory=dict)
    growth: dict[int, list[Round]] = field(default_factory=dict)
    worker_memory: float = 0.0
    backend_memory: float = 0.0
    own_memory: float = 0.0

    def of(self, part: str) -> Watch:
        """Return the medians of one part of the rounds here."""
        return typical([getattr(one, part) for one in self.here])
