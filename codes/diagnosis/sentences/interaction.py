"""No single factor explains the difference: which of them together do."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from codes.diagnosis.root_cause import Interaction
from codes.diagnosis.sentences.voice import Voice
from codes.vocabulary import Factor

FACTORS: dict[Factor, str] = {
    Factor.FRESHNESS: gettext_noop("how far the data is updated"),
    Factor.RULES: gettext_noop("the rules"),
    Factor.DECLARATION: gettext_noop("declarations and check-ins"),
    Factor.SOURCE: gettext_noop("the records of the data sources"),
}


def told(cause: Interaction, voice: Voice) -> str:
    """To the citizen what would have to be alike; to the official both directions."""
    if not voice.to_official:
        return _(
            "No single cause explains the difference: the colours agree only when these are alike on both sides: %(sets)s."
        ) % {"sets": _sets(smallest_sets(cause), voice)}
    return _(
        "No single factor is enough. %(a)s gets the colour of %(b)s by taking over from it: %(a_to_b)s; %(b)s "
        "gets the colour of %(a)s by taking over from it: %(b_to_a)s."
    ) % {
        "a": voice.provider("a"),
        "b": voice.provider("b"),
        "a_to_b": _sets(cause["swaps_a_to_b"], voice),
        "b_to_a": _sets(cause["swaps_b_to_a"], voice),
    }


def smallest_sets(cause: Interaction) -> list[list[str]]:
    """The sets of the fewest factors in either direction, each once."""
    sets = [*cause["swaps_a_to_b"], *cause["swaps_b_to_a"]]
    fewest = min(len(one) for one in sets)
    return [list(one) for one in dict.fromkeys(tuple(one) for one in sets if len(one) == fewest)]


def _sets(sets: list[list[str]], voice: Voice) -> str:
    return voice.one_of(voice.all_of([_(FACTORS[Factor(factor)]) for factor in one], most=len(FACTORS)) for one in sets)
