"""What a rehearsal found, as tables."""

from dataclasses import dataclass
from typing import Any

from codes.models import Provider
from portal.templatetags.page import titled


@dataclass(frozen=True)
class TallyShown:
    """Counts of a rehearsal; ``colours``: (provider, from, to, people)."""

    citizens: int
    colours: list[tuple[str, str, str, int]]
    stricter_by: list[tuple[str, int]]
    milder_by: list[tuple[str, int]]
    appears: int
    vanishes: int
    providers: list[str]


def tally_shown(tally: dict[str, Any]) -> TallyShown:
    """The tally with providers by their titles."""
    names = {one.code: titled(one) for one in Provider.objects.all()}
    return TallyShown(
        citizens=tally["citizens"],
        colours=[(names.get(code, code), before, after, people) for code, before, after, people in tally["colours"]],
        stricter_by=[(rule, people) for rule, people in tally["stricter_by"]],
        milder_by=[(rule, people) for rule, people in tally["milder_by"]],
        appears=tally["appears"],
        vanishes=tally["vanishes"],
        providers=[names.get(code, code) for code in tally["providers"]],
    )
