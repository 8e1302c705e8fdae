"""Everything a case page shows, read in few questions: the diagnosis, both columns, what was asked and proposed, the family."""

from dataclasses import dataclass, replace

from django.db.models import Exists, OuterRef, Q
from django.http import Http404
from django.utils import translation

from codes.diagnosis.sentences.context import context_from
from codes.diagnosis.telling import Told, tell
from codes.models import Case, CaseEvent, Citizen, Fact, Guardianship, PairDiagnosis, Registration, RunProvider, Verdict
from portal.official.marking import Marks, marks_of
from portal.official.matters import Row, rows, with_matters
from portal.official.sides import SideShown, frozen_providers, sides_of

FACTS = 200
EVENTS = 200


@dataclass(frozen=True)
class Relative:
    """Somebody of the family, with the colour the city stands by."""

    citizen: Citizen
    relation: str
    colour: str
    differs: bool


@dataclass(frozen=True)
class Sheet:
    """The case as officials see it. ``rulings``: this case's, and any that waits or is in force for its citizen."""

    case: Case
    told: list[Told]
    causes: list[str]
    sides: list[SideShown]
    marks: Marks
    colour: str
    because: str
    facts: list[Fact]
    files: list[Row]
    questions: list[Row]
    corrections: list[Row]
    suppressions: list[Row]
    rulings: list[Row]
    events: list[CaseEvent]
    family: list[Relative]

    @property
    def open_question(self) -> Row | None:
        """What the citizen is being asked."""
        return next((row for row in self.questions if row["state"] == "open"), None)

    @property
    def proposed(self) -> Row | None:
        """The ruling that waits for a second official."""
        return next((row for row in self.rulings if row["state"] == "proposed"), None)

    @property
    def standing(self) -> Row | None:
        """The ruling in force for the citizen."""
        return next((row for row in self.rulings if row["state"] == "approved"), None)


def read_sheet(**lookup: object) -> Sheet:
    """The case's sheet. Raises ``Http404``."""
    case = with_matters(Case.objects.filter(**lookup)).first()
    if case is None:
        raise Http404
    pairs = _pairs(case)
    marks = marks_of(pairs)
    frozen = frozen_providers(case.citizen_id)
    verdicts = list(Verdict.objects.filter(citizen=case.citizen_id).select_related("provider"))
    facts = list(
        Fact.objects.filter(citizen=case.citizen_id)
        .select_related("source", "provider")
        .order_by("-received_at", "-pk")[:FACTS]
    )
    suppressions = rows(case, "suppressions")
    colour, because = _effective(case, frozen)
    return Sheet(
        case=case,
        told=_told(case, pairs, frozen, verdicts),
        causes=[pair.primary_cause for pair in pairs],
        sides=sides_of(frozen, verdicts, facts, marks, suppressions),
        marks=marks,
        colour=colour,
        because=because,
        facts=facts,
        files=rows(case, "files"),
        questions=rows(case, "questions"),
        corrections=rows(case, "corrections"),
        suppressions=suppressions,
        rulings=rows(case, "rulings"),
        events=list(case.events.order_by("at", "id")[:EVENTS]),
        family=_family(case.citizen_id, colour),
    )


def _pairs(case: Case) -> list[PairDiagnosis]:
    """The case's own disagreement; for an appeal the one its citizen has now."""
    pairs = PairDiagnosis.objects.select_related("a", "b", "disagreement", "run").order_by("id")
    if case.disagreement_id is not None:
        return list(pairs.filter(disagreement=case.disagreement_id))
    return list(pairs.filter(disagreement__citizen=case.citizen_id, disagreement__closed_run__isnull=True))


def _told(case: Case, pairs: list[PairDiagnosis], frozen: list[RunProvider], verdicts: list[Verdict]) -> list[Told]:
    if not pairs:
        return []
    greens = {verdict.provider.code: verdict.turns_green_on for verdict in verdicts}
    context = replace(context_from(pairs[0].run.day, frozen), turns_green_on=greens, due_at=case.due_at)
    return [tell(pair, audience="official", language=translation.get_language(), context=context) for pair in pairs]


def _effective(case: Case, frozen: list[RunProvider]) -> tuple[str, str]:
    """As ``codes.effective.effective_code``: no row is green by agreement, where some provider knows the citizen."""
    stored = getattr(case.citizen, "effective", None)
    if stored is not None:
        return stored.colour, stored.because
    known = any(one.known and one.is_registered for one in frozen)  # type: ignore[attr-defined]  # annotated there
    return ("green", "agreement") if known else ("unknown", "unknown")


def _family(citizen_id: int, colour: str) -> list[Relative]:
    """Guardians and dependants of the citizen, whose colours often follow one event."""
    held = {
        f"{side}_is_registered": Exists(Registration.objects.filter(citizen=OuterRef(side)))
        for side in ("guardian", "dependant")
    }
    links = (
        Guardianship.objects.filter(Q(guardian=citizen_id) | Q(dependant=citizen_id))
        .filter(accepted=True, ended_at__isnull=True)
        .select_related("guardian__effective", "dependant__effective")
        .annotate(**held)
        .order_by("pk")
    )
    return [_relative(link, "dependant" if link.guardian_id == citizen_id else "guardian", colour) for link in links]


def _relative(link: Guardianship, side: str, colour: str) -> Relative:
    citizen: Citizen = getattr(link, side)
    stored = getattr(citizen, "effective", None)
    without_row = "green" if getattr(link, f"{side}_is_registered") else "unknown"
    theirs = stored.colour if stored is not None else without_row
    relation = link.relation if side == "dependant" else "guardian"
    return Relative(citizen, relation, theirs, theirs != colour)
