"""Reads the rows from which a ``Reading`` is made: each once, in at most twelve queries including those of the page."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import translation

from codes.diagnosis.render import render_diagnosis
from codes.diagnosis.sentences.renderer import Context, Title
from codes.effective import CurrentCode
from codes.engine.provider_states import ProviderState, provider_states
from codes.forecast.outlook import (
    Hit,
    Outlook,
    deciding_providers,
    effective_from,
    has_outlook,
    hits_of,
    outlook_of_all,
    outlooks_from,
    rules_needed,
)
from codes.glance import Glance, late_shown_since
from codes.held import one_sided_sentences, state_sentences
from codes.models import (
    Case,
    Citizen,
    Entry,
    Fact,
    HeldChange,
    HeldGroup,
    InformationRequest,
    PairDiagnosis,
    Provider,
    Registration,
    Rule,
    Ruling,
    Run,
    Verdict,
)
from codes.validity import Age
from codes.vocabulary import Because, State
from portal.citizen.code.reading import Difference, Entered, HoldingRecord, Question, Reading, Side
from regions.models import City


def read_code(
    citizen: Citizen, *, city: City, now: datetime, glance: Glance, standing: CurrentCode, name: str = ""
) -> Reading:
    today = city.day_of(now)
    judged = provider_states(citizen.pk, now=now)
    run = judged[0].inputs.run if judged else None
    age = Age.of(run.day if run else None, now=now)
    verdicts = [side.holding for side in judged if side.holding]
    hits = hits_of(citizen.pk, run_id=judged[0].rests_on, today=today) if run and verdicts else []
    facts, rules = _facts_and_rules(verdicts, hits)
    sides = _sides(citizen, judged, hits, facts, rules, age, since=late_shown_since(today))
    cases = _cases(glance)
    ruling = _ruling_in_force(citizen, cases) if standing.because == Because.RULING else None
    matters = [case for case in cases if case.closed_at is None]
    decided = [case for case in cases if case.closed_at is not None]
    reading = Reading(
        citizen=citizen,
        standing=standing,
        sides=sides,
        differences=[],
        today=today,
        outlook=_outlook(verdicts, hits, rules, judged, standing, ruling) if age.is_valid else None,
        one_sided=one_sided_sentences(judged),
        is_kept_back=any(side.base_run_id for side in judged),
        expired=None if age.is_valid else age.run_day,
        ruling=ruling,
        question=_question(matters),
        matters=matters,
        outcome=max(decided, key=lambda case: (case.closed_at, case.kind == Case.Kind.APPEAL), default=None),
        entered=_entered(citizen, run, city) if run and glance.entered else (),
        name=name,
    )
    return replace(reading, differences=_differences(reading, city) if glance.is_held else [])


def _sides(
    citizen: Citizen,
    judged: Sequence[ProviderState],
    hits: Iterable[Hit],
    facts: dict[int, Fact],
    rules: dict[int, Rule],
    age: Age,
    *,
    since: date,
) -> list[Side]:
    checked_in = {hit.provider for hit in hits if hit.checked_in}
    deciding = set(deciding_providers(judged))
    by_provider = {side.inputs.provider_id: side for side in judged}
    sides = []
    late = Entry.objects.filter(citizen=citizen, provider=OuterRef("provider"), late=True, day__gte=since).order_by()
    late_days = late.values("provider").annotate(days=Count("day", distinct=True)).values("days")
    for one in (
        Registration.objects.filter(citizen=citizen, provider__in=Provider.objects.current())
        .annotate(late_days=Coalesce(Subquery(late_days), 0))
        .select_related("provider__source")
        .order_by("provider__code")
    ):
        side = by_provider.get(one.provider_id)
        verdict = side.holding if side else None
        sides.append(
            Side(
                provider=one.provider,
                state=side.state if side else State.UNKNOWN,
                source=one.provider.source,
                horizon=side.inputs.horizon if side else None,
                records=_records(verdict, facts, rules) if verdict else [],
                turns_green_on=verdict.turns_green_on if verdict and age.is_valid else None,
                decides=one.provider.code in deciding,
                is_checked_in=one.provider.code in checked_in,
                late_days=one.late_days,
                held=State(side.held.colour) if side and side.held else None,
                was=side.was if side else None,
                why_unknown=side.why_unknown if side else "",
                sentences=state_sentences(side) if side else (),
            )
        )
    return sides


def _outlook(
    verdicts: Collection[Verdict],
    hits: Sequence[Hit],
    rules: dict[int, Rule],
    judged: Sequence[ProviderState],
    standing: CurrentCode,
    ruling: Ruling | None,
) -> Outlook | None:
    own = outlooks_from(verdicts, hits, rules, day=judged[0].inputs.run.day) if judged else {}
    if has_outlook(standing):
        return effective_from(own, judged, ruled_until=ruling.expires_on if ruling else None)
    return outlook_of_all(own) if own and standing.colour == State.GREEN else None


def _cases(glance: Glance) -> list[Any]:
    """Return the open and the recently decided cases, each annotated with its open question, if any."""
    if not glance.cases:
        return []
    open_question = InformationRequest.objects.filter(case=OuterRef("pk"), state=InformationRequest.State.OPEN)
    asked = {name: Subquery(open_question.values(name)[:1]) for name in ("question", "answer_by")}
    return list(Case.objects.filter(pk__in=glance.cases).select_related("ruling").annotate(**asked))


def _ruling_in_force(citizen: Citizen, cases: Iterable[Case]) -> Ruling | None:
    """Return the ruling in force. Usually it belongs to one of the cases already read, which saves a query."""
    for case in cases:
        if case.ruling and case.ruling.state == Ruling.State.APPROVED and case.ruling.suspended_at is None:
            return case.ruling
    return Ruling.objects.filter(citizen=citizen, state=Ruling.State.APPROVED, suspended_at__isnull=True).first()


def _question(matters: Iterable[Any]) -> Question | None:
    asked = (Question(case, case.question, case.answer_by) for case in matters if case.question)
    return min(asked, key=lambda one: one.answer_by, default=None)


def _entered(citizen: Citizen, run: Run, city: City) -> list[Entered]:
    """Return the facts declared since the run, the revoked ones that the run counted, and those whose effect is held.

    An answer sent to several providers may occur several times.
    """
    since = run.as_of
    earlier = Fact.objects.filter(
        record_id=OuterRef("record_id"), provider=OuterRef("provider"), received_at__lte=since, revoked=False
    )
    found = Fact.objects.filter(citizen=citizen, origin="provider", superseded=False, received_at__gt=since)
    counting = found.annotate(counted=Exists(earlier)).order_by("received_at", "pk")
    checked = [Entered(one, is_checked_first=True) for one in _checked_first(citizen, run, city)]
    return [*checked, *(Entered(one) for one in counting if one.counted or not one.revoked)]


def _checked_first(citizen: Citizen, run: Run, city: City) -> list[Fact]:
    """Return the declared facts by which the run would have changed a colour of theirs, had the change not been held.

    A change to green names no fact: it is what they took back on the day of the group.
    """
    found: dict[int, Fact] = {}
    kept = HeldChange.objects.filter(change__citizen=citizen, change__run=run).select_related("change", "group")
    for one in kept.filter(group__state=HeldGroup.State.HELD, group__cause_kind=HeldGroup.CauseKind.ENTRIES):
        facts = Fact.objects.filter(citizen=citizen, provider=one.group.provider, superseded=False)
        named = {hit["fact_id"] for hit in one.change.hits}
        for fact in facts.filter(Q(pk__in=named) | Q(revoked=True), received_at__lte=run.as_of).order_by("pk"):
            if city.day_of(fact.received_at) == one.group.received_on:
                found[fact.pk] = fact
    return list(found.values())


def _facts_and_rules(verdicts: Collection[Verdict], hits: Iterable[Hit]) -> tuple[dict[int, Fact], dict[int, Rule]]:
    stored = [hit for verdict in verdicts for hit in verdict.hits]
    if not stored:
        return {}, {}
    facts = Fact.objects.select_related("source", "provider").in_bulk({hit["fact_id"] for hit in stored})
    return facts, Rule.objects.in_bulk({hit["rule_id"] for hit in stored} | rules_needed(verdicts, hits))


def _records(verdict: Verdict, facts: dict[int, Fact], rules: dict[int, Rule]) -> list[HoldingRecord]:
    return [
        HoldingRecord(
            rule=rules[hit["rule_id"]],
            fact=facts[hit["fact_id"]],
            anchor=date.fromisoformat(hit["anchor"]),
            until=date.fromisoformat(hit["until"]) if hit["until"] else None,
        )
        for hit in verdict.hits
    ]


def _differences(reading: Reading, city: City) -> list[Difference]:
    pairs = PairDiagnosis.objects.select_related("a", "b", "disagreement").filter(
        disagreement__citizen=reading.citizen, disagreement__closed_run__isnull=True
    )
    sides = reading.sides
    context = Context(
        day=reading.today,
        zone=city.zone,
        providers={side.provider.code: Title(side.provider.title_zh, side.provider.title_en) for side in sides},
        sources={side.source.code: Title(side.source.title_zh, side.source.title_en) for side in sides},
        source_of={side.provider.code: side.source.code for side in sides},
        max_age={side.source.code: timedelta(hours=side.source.max_age_hours) for side in sides},
        turns_green_on={side.provider.code: side.turns_green_on for side in sides if side.records},
        due_at=reading.is_answered_by,
        name=reading.name,
    )
    language = translation.get_language() or ""
    return [
        Difference(pair, render_diagnosis(pair, audience="citizen", language=language, context=context))
        for pair in pairs
    ]
