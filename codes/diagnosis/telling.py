"""A stored diagnosis, told."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import override

from codes.diagnosis.remedies import Mender, remedy
from codes.diagnosis.root_cause import RootCause, Side
from codes.diagnosis.sentences import declaration, freshness, interaction, rules, source
from codes.diagnosis.sentences.voice import Audience, Context, Voice
from codes.models import PairDiagnosis
from codes.vocabulary import Colour


@dataclass(frozen=True)
class Told:
    """``sentence``: the cause; ``outcome``: the colours it leads to; then in whose hands it is and by when.

    ``menders`` and ``due`` are the same as values, for filters; ``due`` is none where nobody can name a day.
    """

    sentence: str
    outcome: str
    who_mends: str
    by_when: str
    menders: tuple[Mender, ...]
    due: datetime | date | None


def tell(diagnosis: PairDiagnosis, *, audience: Audience, language: str, context: Context) -> Told:
    """Say a diagnosis in ``zh-hans`` or ``en``. Reads ``a``, ``b`` and ``disagreement``: select them with it."""
    root_cause: RootCause = diagnosis.root_cause
    colours = diagnosis.disagreement.colours
    a, b = diagnosis.a.code, diagnosis.b.code
    with override(language):
        shown: dict[Side, Colour] = {"a": Colour(colours[a]), "b": Colour(colours[b])}
        voice = Voice(audience, language, context, {"a": a, "b": b}, shown)
        mended = remedy(root_cause, voice)
        return Told(
            sentence=_sentence(root_cause, voice),
            outcome=_("So %(a)s shows %(colour_a)s, and %(b)s shows %(colour_b)s.")
            % {
                "a": voice.provider("a"),
                "colour_a": voice.colour("a"),
                "b": voice.provider("b"),
                "colour_b": voice.colour("b"),
            },
            who_mends=mended.who_mends,
            by_when=mended.by_when,
            menders=mended.menders,
            due=mended.due,
        )


def _sentence(root_cause: RootCause, voice: Voice) -> str:
    if root_cause["cause"] == "freshness":
        return freshness.told(root_cause, voice)
    if root_cause["cause"] == "rules":
        return rules.told(root_cause, voice)
    if root_cause["cause"] == "declaration":
        return declaration.told(root_cause, voice)
    if root_cause["cause"] == "source":
        return source.told(root_cause, voice)
    return interaction.told(root_cause, voice)
