"""Everything that the page of a case shows, read in few queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import Q
from django.http import Http404, QueryDict
from django.utils import timezone, translation

from codes.diagnosis.render import RenderedDiagnosis, render_diagnosis
from codes.diagnosis.sentences.renderer import context_from
from codes.display.findings import displayed_of
from codes.effective import CurrentCode, effective_codes
from codes.engine.provider_states import (
    ProviderState,
    VisibleRecord,
    provider_states,
    provider_states_at,
    visible_records,
)
from codes.forecast.outlook import Outlook, outlooks
from codes.held import one_sided_sentences
from codes.models import Case, Displayed, Fact, PairDiagnosis, Ruling, StatedName, Suppression
from codes.review.evidence.access import names_of
from portal.official.cases.related import DECIDED, Row, related_rows, with_related
from portal.official.cases.sides import Differences, differences_of, sides_shown
from regions.journal.models import JournalEntry
from regions.numbers import number_of

FACTS = 200
ENDS = ("guardian", "dependant")
ENDS_SHOWN = [
    f"{kind.NAME}.{act}"
    for kind in (Ruling, Suppression)
    for act in ("end_proposed", "end_refused", "ended", "expired")
]


@dataclass(frozen=True)
class CaseDetail:
    """A case as officials see it. For a closed case, ``sides`` are the providers' states when it was closed.

    ``is_kept_back``: whether a newer change of the citizen is held in a mass change, so that ``sides`` are those before it.
    ``rulings`` holds the rulings of this case and any other ruling of its citizen that is proposed or in force.
    """

    case: Case
    explanations: list[RenderedDiagnosis]
    causes: list[str]
    sides: list[Row]
    differences: Differences
    colour: str
    because: str
    one_sided: list[str]
    is_kept_back: bool
    explained_on: date | None
    facts: list[Fact]
    files: list[Row]
    questions: list[Row]
    corrections: list[Row]
    suppressions: list[Row]
    rulings: list[Row]
    second_looks: list[Row]
    notes: list[Row]
    colleagues: list[Row]
    templates: list[Row]
    followers: list[Row]
    events: list[Row]
    family: list[Row]
    names: list[StatedName]

    @property
    def open_question(self) -> Row | None:
        return next((row for row in self.questions if row["state"] == "open"), None)

    @property
    def question_templates(self) -> list[Row]:
        return [row for row in self.templates if row["use"] == "question"]

    @property
    def decision_templates(self) -> list[Row]:
        return [row for row in self.templates if row["use"] == "decision"]

    @property
    def taken_looks(self) -> list[Row]:
        return [row for row in self.second_looks if row["outcome"]]

    def second_look_waits_for(self, username: str) -> bool:
        """Return whether a second look waits that ``username`` may take.

        Whoever closed the case is not shown that one waits.
        """
        return any(not row["outcome"] and row["decided_by"] != username for row in self.second_looks)

    @property
    def proposed(self) -> Row | None:
        return next((row for row in self.rulings if row["state"] == "proposed"), None)

    @property
    def standing(self) -> Row | None:
        return next((row for row in self.rulings if row["state"] == "approved"), None)


def read_case(**lookup: object) -> CaseDetail:
    """Return the case found by ``lookup``. Raises ``Http404`` if there is none."""
    now = timezone.now()
    case = with_related(Case.objects.filter(**lookup)).first()
    if case is None:
        raise Http404
    pairs = _pairs(case)
    differences = differences_of(pairs)
    sides = (
        provider_states_at(case.citizen_id, at=case.closed_at)
        if case.closed_at
        else provider_states(case.citizen_id, now=now)
    )
    seen = visible_records(sides[0].rests_on, case.citizen_id) if sides else []
    facts = _facts(case.citizen_id, differences, sides, seen)
    suppressions = related_rows(case, "suppressions")
    rulings, links = related_rows(case, "rulings"), related_rows(case, "family")
    codes = effective_codes({case.citizen_id, *(link[f"{end}_id"] for link in links for end in ENDS)}, now=now)
    standing = codes[case.citizen_id]
    return CaseDetail(
        case=case,
        explanations=_explain(case, pairs, sides),
        causes=[pair.primary_cause for pair in pairs],
        sides=sides_shown(
            sides,
            seen,
            facts,
            differences,
            suppressions,
            related_rows(case, "late_check_ins"),
            outlooks=_without_a_day(case.citizen_id, sides),
            displayed={shown.provider_id: shown for shown in _displayed(case)},
        ),
        differences=differences,
        colour=standing.colour,
        because=standing.because,
        one_sided=one_sided_sentences(sides),
        is_kept_back=not case.closed_at and any(side.base_run_id for side in sides),
        explained_on=_explained_on(case, pairs, sides),
        facts=list(facts.values()),
        files=related_rows(case, "files"),
        questions=related_rows(case, "questions"),
        corrections=related_rows(case, "corrections"),
        suppressions=suppressions,
        rulings=rulings,
        second_looks=related_rows(case, "second_looks"),
        notes=related_rows(case, "notes"),
        colleagues=related_rows(case, "colleagues"),
        templates=related_rows(case, "templates"),
        followers=related_rows(case, "followers"),
        events=_timeline(case, rulings),
        family=[_relative(link, case.citizen_id, codes) for link in links],
        names=list(names_of(case.citizen)) if case.citizen.names_differ else [],
    )


def _displayed(case: Any) -> list[Displayed]:
    return displayed_of(case.citizen_id) if case.is_displayed else []  # annotated by with_related


def _pairs(case: Case) -> list[PairDiagnosis]:
    """Return the diagnosed pairs of the case's disagreement; for an appeal, those of its citizen's open disagreement."""
    pairs = PairDiagnosis.objects.select_related("a", "b", "disagreement", "run").order_by("id")
    if case.disagreement_id is not None:
        return list(pairs.filter(disagreement=case.disagreement_id))
    return list(pairs.filter(disagreement__citizen=case.citizen_id, disagreement__closed_run__isnull=True))


def _facts(
    citizen_id: int, differences: Differences, sides: list[ProviderState], seen: list[VisibleRecord]
) -> dict[int, Fact]:
    """Return the facts that the columns show and the citizen's newest records, on which a proposal may rest, by id."""
    held = {hit["fact_id"] for side in sides if side.holding for hit in side.holding.hits}
    wanted = {one.fact_id for one in seen} | held | differences.lacking
    newest = Fact.objects.filter(citizen=citizen_id).order_by("-received_at", "-pk")[:FACTS]
    found = Fact.objects.filter(Q(pk__in=wanted) | Q(pk__in=newest.values("pk")), citizen=citizen_id)
    return {fact.pk: fact for fact in found.select_related("source", "provider")}


def _without_a_day(citizen_id: int, sides: list[ProviderState]) -> dict[str, Outlook]:
    """Return the outlooks of the providers whose colour has no day on which it turns green, by provider code."""
    held = [side for side in sides if side.holding and side.holding.turns_green_on is None]
    return outlooks(citizen_id, held) if held else {}


def _explain(case: Case, pairs: list[PairDiagnosis], sides: list[ProviderState]) -> list[RenderedDiagnosis]:
    if not pairs:
        return []
    greens = {side.inputs.provider.code: side.verdict.turns_green_on for side in sides if side.verdict}
    context = context_from(pairs[0].run.day, [side.inputs for side in sides])
    context = replace(context, turns_green_on=greens, due_at=case.due_at)
    return [
        render_diagnosis(pair, audience="official", language=translation.get_language(), context=context)
        for pair in pairs
    ]


def _explained_on(case: Case, pairs: list[PairDiagnosis], sides: list[ProviderState]) -> date | None:
    """Return the day that the explanation is of, if an open case's providers show other colours by now; else ``None``."""
    if case.closed_at or not pairs:
        return None
    shown = {side.inputs.provider.code: side.state.value for side in sides}
    explained = pairs[0].disagreement.colours
    return pairs[0].run.day if any(shown.get(code) != colour for code, colour in explained.items()) else None


def _timeline(case: Case, rulings: list[Row]) -> list[Row]:
    """Return the events of the case, the latest first.

    How its rulings and suppressions ended is read from the journal, because the case's own events do not contain it.
    """
    own = [row for row in rulings if row["case_id"] == case.pk and row["state"] in DECIDED]
    decided = [f"{Ruling.NAME}:{row['id']}" for row in own]
    decided += [f"{Suppression.NAME}:{row['id']}" for row in related_rows(case, "own_suppressions")]
    ends = JournalEntry.objects.filter(subject__in=decided, verb__in=ENDS_SHOWN)
    rows = related_rows(case, "events") + [
        {**row, "id": row["seq"]} for row in ends.values("seq", "at", "by", "verb", "data")
    ]
    return sorted(rows, key=lambda row: (row["at"], row["id"]), reverse=True)


def _relative(link: Row, citizen_id: int, codes: Mapping[int, CurrentCode]) -> Row:
    """Return a member of the family with their effective code."""
    end = "dependant" if link["guardian_id"] == citizen_id else "guardian"
    colour = codes[link[f"{end}_id"]].colour
    return {
        "ref": link[f"{end}__ref"],
        "full_name": link[f"{end}__full_name"],
        "relation": link["relation"] if end == "dependant" else end,
        "colour": colour,
        "differs": colour != codes[citizen_id].colour,
    }


MOST_ROWS_READ = 1000


def submitted_rows(data: QueryDict, prefix: str, names: Sequence[str]) -> list[dict[str, str]]:
    """Return the rows of a form as they were typed, without empty rows."""
    total = min(number_of(data.get(f"{prefix}-TOTAL_FORMS", ""), digits=5) or 0, MOST_ROWS_READ)
    rows = [{name: data.get(f"{prefix}-{place}-{name}", "") for name in names} for place in range(total)]
    return [row for row in rows if any(row.values())]
