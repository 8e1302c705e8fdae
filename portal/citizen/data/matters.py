"""The chapters about disagreements, cases, appeals, questions, evidence and rulings."""

from django.db.models import Case, F, Q, QuerySet, TextField, Value, When
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from codes import models as m
from codes.diagnosis.render import render_diagnosis
from codes.diagnosis.sentences.renderer import Context, context_of
from codes.review.proposals.whose_record import rulings_about
from codes.review.reasons import RulingEndReason, RulingReason, SuppressionEndReason, SuppressionReason
from portal.citizen.appeals.cases import INTERNAL_VERBS
from portal.citizen.data import words
from portal.citizen.data.chapter import CASE, COLOUR, PROVIDER, SOURCE, Chapter, Column, Rows, of

# A row has the reason from the proposal of an end on, which officials may refuse or which the last day may overtake.
WHY_ENDED = Case(When(~Q(ended_by=""), then=F("end_code")), default=Value(""), output_field=TextField())


def _rulings(citizen: m.Citizen) -> "QuerySet[m.Ruling]":
    return m.Ruling.objects.filter(citizen=citizen).annotate(why_ended=WHY_ENDED)


def _suppressions(citizen: m.Citizen) -> "QuerySet[m.Suppression]":
    """Return the suppressions of records while they were the citizen's."""
    return rulings_about(citizen).annotate(why_ended=WHY_ENDED)


def _diagnoses(found: "QuerySet[m.PairDiagnosis]") -> Rows:
    """Return the cause of each disagreement in a sentence, as it was diagnosed."""
    contexts: dict[int, Context] = {}
    rows = []
    for pair in found.select_related("a", "b", "run", "disagreement__opened_run", "disagreement__closed_run"):
        context = contexts.setdefault(pair.run_id, context_of(pair.run))
        rendered = render_diagnosis(pair, audience="citizen", language=get_language() or "", context=context)
        closed = pair.disagreement.closed_run
        rows.append(
            {
                "since": pair.disagreement.opened_run.day,
                "until": closed.day if closed else None,
                "cause": pair.primary_cause,
                "sentence": gettext("%(first)s %(next)s") % {"first": rendered.sentence, "next": rendered.outcome},
                "root_cause": pair.root_cause,
            }
        )
    return rows


def _visible_events(citizen: m.Citizen) -> "QuerySet[m.CaseEvent]":
    return m.CaseEvent.objects.filter(case__citizen=citizen).exclude(verb__in=INTERNAL_VERBS)


MATTERS = (
    Chapter(
        "disagreements",
        _("Differences between providers, and why"),
        of(m.PairDiagnosis, "disagreement__citizen"),
        (
            Column("since", _("First day")),
            Column("until", _("Day of the end")),
            Column("cause"),
            Column("sentence", _("Why"), words.ours),
            Column("root_cause"),
        ),
        _diagnoses,
        shows=(m.Disagreement,),
    ),
    Chapter(
        "cases",
        _("Reviews and appeals"),
        of(m.Case),
        (
            Column("number", _("Case number")),
            Column("kind", _("Kind"), words.case_kind),
            Column("state", _("State"), words.labelled("case")),
            Column("opened_at", _("Opened at")),
            Column("due_at", _("Answer due at")),
            Column("closed_at", _("Closed at")),
            Column("outcome"),
            Column("answer", _("What you are told")),
        ),
    ),
    Chapter(
        "case_events",
        _("What happened in them"),
        _visible_events,
        (CASE, Column("at", _("At")), Column("verb", _("Step"), words.labelled("act"))),
    ),
    Chapter(
        "appeals",
        _("What was appealed against"),
        of(m.Appeal, "case__citizen"),
        (
            CASE,
            PROVIDER,
            Column("rule"),
            Column("fact__kind", _("Record"), words.labelled("kind")),
            Column("reason_code", _("What is wrong"), words.labelled("appeal")),
            Column("text", _("In your words")),
            Column("tested_on", _("Tested on")),
            Column("colour", _("Colour then"), COLOUR),
            Column("filed_at", _("Filed at")),
            Column("disagreement", _("Your disagreement")),
        ),
    ),
    Chapter(
        "questions",
        _("Questions of officials, and answers"),
        of(m.InformationRequest, "case__citizen"),
        (
            CASE,
            Column("question", _("Question")),
            Column("asked_at", _("Asked at")),
            Column("answer", _("Your answer")),
            Column("state", _("State"), words.state),
            Column("closed_at", _("Closed at")),
        ),
    ),
    Chapter(
        "corrections",
        _("Corrections asked of offices"),
        of(m.CorrectionRequest, "case__citizen"),
        (
            CASE,
            Column("sent_to", _("Office")),
            Column("sent_at", _("Asked at")),
            Column("answer", _("Answer"), words.state),
            Column("answer_text", _("In its words")),
            Column("answered_at", _("Answered at")),
        ),
    ),
    Chapter(
        "city_corrections",
        _("Corrections asked between cities"),
        of(m.CityCorrection),
        (
            Column("neighbour__division", _("City"), words.area),
            Column("opened_at", _("Asked at")),
            Column("state", _("State"), words.chosen(dict(m.CityCorrection.State.choices))),
            Column("answer", _("Answer"), words.chosen(dict(m.CityCorrection.Answer.choices))),
            Column("answer_text", _("In its words")),
            Column("answered_at", _("Answered at")),
        ),
    ),
    Chapter(
        "evidence",
        _("Files handed in"),
        of(m.Evidence),
        (
            CASE,
            Column("original_name", _("Name of the file")),
            Column("content_type", _("Kind"), words.file_type),
            Column("size", _("Size"), words.size),
            Column("uploaded_at", _("Handed in at")),
        ),
    ),
    Chapter(
        "rulings",
        _("Decisions about the colour"),
        _rulings,
        (
            Column("colour", _("Colour"), COLOUR),
            Column("reason_code", _("Reason"), words.chosen(dict(RulingReason.choices))),
            Column("state", _("State"), words.state),
            Column("proposed_at", _("Proposed at")),
            Column("decided_at", _("Decided at")),
            Column("expires_on", _("No longer from")),
            Column("ended_at", _("Ended at")),
            Column("why_ended", _("Why it ended early"), words.chosen(dict(RulingEndReason.choices))),
        ),
    ),
    Chapter(
        "suppressions",
        _("Decisions that a record is wrong"),
        _suppressions,
        (
            SOURCE,
            Column("provider__code", _("Declared with"), words.provider),
            Column("record_id"),
            Column("reason_code", _("Reason"), words.chosen(dict(SuppressionReason.choices))),
            Column("state", _("State"), words.state),
            Column("proposed_at", _("Proposed at")),
            Column("decided_at", _("Decided at")),
            Column("ended_at", _("Ended at")),
            Column("why_ended", _("Why it counts again"), words.chosen(dict(SuppressionEndReason.choices))),
        ),
    ),
)
