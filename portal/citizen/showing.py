"""The face of a code: word, shape, colour, and the pass that a gate reads."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString

from codes.effective import Standing
from codes.vocabulary import State


@dataclass(frozen=True)
class Face:
    """``qr`` is none where there is nothing to show at a gate."""

    state: State
    since: datetime | None
    qr: SafeString | None = None


def face(standing: Standing) -> Face:
    """The face of this moment."""
    return Face(State(standing.colour), standing.since)
