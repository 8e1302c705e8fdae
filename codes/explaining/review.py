"""What became of a person's differences: pairs with cause and piece, cases, appeals, rulings, and every change of colour."""

from collections.abc import Iterator

from django.db.models import Q

from codes.diagnosis.sentences.context import about, context_of
from codes.diagnosis.telling import tell as tell_diagnosis
from codes.explaining.words import Label, ProposalState, Teller
from codes.models import (
    Case,
    CaseState,
    Citizen,
    EffectiveChange,
    Fact,
    PairDiagnosis,
    Ruling,
    Suppression,
    VerdictChange,
)
from codes.models.run import Run
from codes.review.appealable import AppealReason
from codes.review.reasons import RulingReason, SuppressionReason
from codes.review.verbs import Verb
from codes.vocabulary import Because, Cause, Colour, Factor, State
from regions.proposals import EndableProposal


def told_pairs(who: Citizen, tell: Teller) -> Iterator[str]:
    """The pairs that differ now."""
    pairs = PairDiagnosis.objects.filter(disagreement__citizen=who, disagreement__closed_run__isnull=True)
    for pair in pairs.select_related("a", "b", "disagreement", "run").order_by("a__code", "b__code"):
        context = about(context_of(pair.run), citizen_id=who.pk)
        told = tell_diagnosis(pair, audience="official", language=tell.language, context=context)
        yield f"\n{tell.named(Label.DISAGREEMENT, f'{pair.a.code} / {pair.b.code}')}"
        yield f"  {tell.named(Label.CAUSE, tell.say(Cause(pair.primary_cause)))}"
        for one, other, swaps in ((pair.a, pair.b, pair.swaps_a_to_b), (pair.b, pair.a, pair.swaps_b_to_a)):
            named = "; ".join(" + ".join(tell.say(Factor(factor)) for factor in swap) for swap in swaps)
            yield f"  {one.code} → {other.code} · {tell.named(Label.SWAPS, named)}"
        yield f"  {told.sentence}"
        yield f"  {told.outcome}"
        yield f"  {told.who_mends} {told.by_when}"


def told_cases(who: Citizen, tell: Teller) -> Iterator[str]:
    """Cases and appeals with their timelines, then rulings and records ruled to be wrong."""
    cases = list(Case.objects.filter(citizen=who).select_related("appeal__provider").order_by("opened_at", "pk"))
    yield f"\n{tell.named(Label.CASES, len(cases) or tell.say(Label.NONE))}"
    for case in cases:
        clocks = [tell.named(Label.OPENED, tell.at(case.opened_at)), tell.named(Label.DUE, tell.at(case.due_at))]
        if case.closed_at:
            clocks.append(tell.named(Label.CLOSED, tell.at(case.closed_at)))
        yield f"  {case.number} · {tell.say(CaseState(case.state))} · {' · '.join(clocks)}"
        if case.kind == Case.Kind.APPEAL:
            reason = tell.say(AppealReason(case.appeal.reason_code))
            yield f"    {tell.named(Label.APPEAL, f'{case.appeal.provider.code} {case.appeal.rule} · {reason}')}"
        for event in case.events.order_by("at", "pk"):
            yield f"    {tell.at(event.at)} · {tell.say(Verb(event.verb))} · {event.by}"
    for ruling in Ruling.objects.filter(citizen=who).order_by("pk"):
        what = f"{tell.say(Colour(ruling.colour))} · {tell.say(RulingReason(ruling.reason_code))}"
        suspended = f" · {tell.named(Label.SUSPENDED, tell.at(ruling.suspended_at))}" if ruling.suspended_at else ""
        until = tell.named(Label.UNTIL, ruling.expires_on)
        yield f"  {tell.named(Label.RULINGS, what)} · {until}{suspended} · {_proposal(ruling, tell)}"
    for wrong in _wrong_records(who):
        what = f"{wrong.record_id} · {tell.say(SuppressionReason(wrong.reason_code))}"
        yield f"  {tell.named(Label.SUPPRESSIONS, what)} · {_proposal(wrong, tell)}"


def told_history(who: Citizen, tell: Teller) -> Iterator[str]:
    """Every change of the effective code and of a provider's colour, the oldest first."""
    yield f"\n{tell.say(Label.CODE_HISTORY)}"
    for change in EffectiveChange.objects.filter(citizen=who).order_by("since", "pk"):
        before, after = (tell.say(State(one)) for one in (change.before, change.after))
        yield f"  {tell.at(change.since)} · {before} → {after} · {tell.say(Because(change.after_because))}"
    yield f"\n{tell.say(Label.COLOUR_HISTORY)}"
    changes = VerdictChange.objects.filter(citizen=who, run__state__in=Run.COUNTED).select_related("run", "provider")
    for one in changes.order_by("run", "provider__code"):
        before, after = (tell.say(State(colour)) for colour in (one.before, one.after))
        rules = " ".join(dict.fromkeys(hit["rule"] for hit in one.hits))
        yield f"  {tell.at(one.run.as_of)} · {one.provider.code} · {before} → {after} {rules}".rstrip()


def _wrong_records(who: Citizen) -> Iterator[Suppression]:
    """What was proposed or ruled about a record of theirs, in whichever version."""
    own = Fact.objects.filter(citizen=who).values_list("record_id", "source", "provider").distinct()
    wanted = set(own)
    found = Suppression.objects.filter(Q(record_id__in={record for record, _, _ in wanted})).order_by("pk")
    return (one for one in found if (one.record_id, one.source_id, one.provider_id) in wanted)


def _proposal(one: EndableProposal, tell: Teller) -> str:
    parts = [
        tell.say(ProposalState(one.state)),
        tell.named(Label.PROPOSED, f"{one.proposed_by} {tell.at(one.proposed_at)}"),
    ]
    if one.decided_by:
        parts.append(tell.named(Label.DECIDED, f"{one.decided_by} {tell.at(one.decided_at)}"))
    if one.ended_at:
        parts.append(tell.named(Label.ENDED, tell.at(one.ended_at)))
    return " · ".join(parts)
