"""Render a stored diagnosis as sentences."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import override

from codes.diagnosis.remedies import Responsible, remedy
from codes.diagnosis.root_cause import RootCause, Side
from codes.diagnosis.sentences import causes, rules
from codes.diagnosis.sentences.renderer import Audience, Context, SentenceRenderer
from codes.models import PairDiagnosis
from codes.vocabulary import Colour


@dataclass(frozen=True)
class RenderedDiagnosis:
    """A diagnosis as text.

    ``sentence`` states the cause, ``outcome`` the colours it leads to, ``action`` and ``by_when`` who must do what by when.
    ``responsible`` and ``due`` are the same as values, for filters; ``due`` is ``None`` if no day is known.
    """

    sentence: str
    outcome: str
    action: str
    by_when: str
    responsible: tuple[Responsible, ...]
    due: datetime | date | None


def render_diagnosis(
    diagnosis: PairDiagnosis, *, audience: Audience, language: str, context: Context
) -> RenderedDiagnosis:
    """Render the diagnosis in ``zh-hans`` or ``en``. Fetch it with ``select_related("a", "b", "disagreement")``."""
    root_cause: RootCause = diagnosis.root_cause
    colours = diagnosis.disagreement.colours
    a, b = diagnosis.a.code, diagnosis.b.code
    with override(language):
        shown: dict[Side, Colour] = {"a": Colour(colours[a]), "b": Colour(colours[b])}
        renderer = SentenceRenderer(audience, language, context, {"a": a, "b": b}, shown)
        found = remedy(root_cause, renderer)
        return RenderedDiagnosis(
            sentence=_sentence(root_cause, renderer),
            outcome=_("So %(a)s shows %(colour_a)s, and %(b)s shows %(colour_b)s.")
            % {**renderer.sides, "colour_a": renderer.colour("a"), "colour_b": renderer.colour("b")},
            action=found.action,
            by_when=found.by_when,
            responsible=found.responsible,
            due=found.due,
        )


def _sentence(root_cause: RootCause, renderer: SentenceRenderer) -> str:
    if root_cause["cause"] == "freshness":
        return causes.freshness_sentence(root_cause, renderer)
    if root_cause["cause"] == "rules":
        return rules.rules_sentence(root_cause, renderer)
    if root_cause["cause"] == "declaration":
        return causes.declaration_sentence(root_cause, renderer)
    if root_cause["cause"] == "source":
        return causes.source_sentence(root_cause, renderer)
    return causes.interaction_sentence(root_cause, renderer)
