"""Who it is, as far as may be shown without a purpose, and everything that makes their code."""

from collections.abc import Collection, Iterator
from datetime import timedelta
from itertools import groupby

from django.db.models import Q

from codes.diagnosis.sentences.voice import about, context_of
from codes.diagnosis.telling import tell as tell_diagnosis
from codes.effective import effective_code
from codes.engine.sides import CheckInRun, Seen, Side, check_in_runs, seen_by, sides_of
from codes.explaining.words import NOTHING, Label, ProposalState, Teller
from codes.forecast import effective_outlook, outlooks, progress
from codes.models import (
    Case,
    CaseState,
    Citizen,
    EffectiveChange,
    Fact,
    PairDiagnosis,
    Provider,
    Rule,
    Ruling,
    Run,
    Suppression,
    VerdictChange,
)
from codes.review.appeals.policy import AppealReason
from codes.review.cases.transitions import Verb
from codes.review.reasons import RulingReason, SuppressionReason
from codes.vocabulary import Because, Cause, Colour, Factor, State
from regions.keys.encryption import decrypt_number
from regions.masking import mask_name, mask_number
from regions.proposals import EndableProposal
from regions.tenancy import current_city
from regions.vocabulary import FactKind, IdType


def told_by_providers(who: Citizen, run: Run, tell: Teller) -> Iterator[str]:
    """Every provider the citizen is registered with, by code. ``run`` is the one whose judgement of them stands."""
    seen, days = seen_by(run, who.pk), check_in_runs(who.pk, known_at=run.as_of)
    rules = Rule.objects.in_bulk({one.rule_id for one in seen if one.rule_id})
    facts = Fact.objects.select_related("source", "provider").in_bulk({one.fact_id for one in seen})
    sides = [side for side in sides_of(who.pk) if side.state is not State.NOT_APPLIED]
    ways = outlooks(who.pk, sides)
    titles = {side.inputs.provider.code: tell.titled(side.inputs.provider) for side in sides}
    for side in sides:
        one = side.inputs
        yield from _provider(side, run, tell)
        own = [row for row in seen if row.provider_id == one.provider_id]
        yield f"  {tell.named(Label.RECORDS, len({row.fact_id for row in own}) or tell.say(Label.NONE))}"
        for fact_id, rows in groupby(own, key=lambda row: row.fact_id):
            yield from _record(facts[fact_id], list(rows), rules, tell)
        yield f"  {tell.named(Label.CHECK_INS, _days(days, one.provider_id, tell))}"
        if way := ways.get(one.provider.code):
            said = progress(way, language=tell.language, title_of=lambda code: titles.get(code, code))
            yield f"  {tell.named(Label.TURNS_GREEN, said.turns_green_on)}{f' ({said.said})' if said.said else ''}"
            yield from (f"  {tell.named(Label.TO_DO, act)}" for act in said.todo)


def _provider(side: Side, run: Run, tell: Teller) -> Iterator[str]:
    one = side.inputs
    why = f" ({one.why_unknown})" if one.why_unknown else ""
    yield f"\n{tell.titled(one.provider)} ({one.provider.code}) · {tell.say(side.state)}{why}"
    yield f"  {tell.named(Label.SOURCE, f'{tell.titled(one.source)} ({one.source.code})')}"
    age = f"{(run.as_of - one.horizon) / timedelta(hours=1):.1f}" if one.horizon else NOTHING
    limit = tell.named(Label.LIMIT, f"{one.source.max_age_hours:g}")
    yield f"  {tell.named(Label.HORIZON, tell.at(one.horizon))} · {tell.named(Label.AGE, age)} · {limit}"
    yield f"  {tell.named(Label.EDITION, one.version)}"


def _record(fact: Fact, about: list[Seen], rules: dict[int, Rule], tell: Teller) -> Iterator[str]:
    origin = fact.source or fact.provider
    whose = f"{tell.titled(origin)} ({origin.code})" if origin else fact.origin
    what = f"{tell.say(FactKind(fact.kind))}{tell.area(fact.area)} · {tell.days(fact.started_on, fact.ended_on)}"
    yield f"    - {fact.record_id} v{fact.version} · {whose} · {what}"
    yield f"      {tell.named(Label.RECORDED, tell.at(fact.recorded_at))} · {tell.named(Label.RECEIVED, tell.at(fact.received_at))}"
    for one in about:
        yield f"      {_hit(one, rules, tell)}"


def _hit(one: Seen, rules: dict[int, Rule], tell: Teller) -> str:
    if one.rule_id is None:
        return tell.say(Label.NO_RULE)
    rule = rules[one.rule_id]
    title = tell.titled(rule) or tell.titled(rule, "reason")
    counted = tell.named(Label.COUNTS_FROM, one.anchor)
    return f"{rule.code} {title} · {tell.say(Colour(rule.colour))} · {counted} · {_release(one, tell)}"


def _release(one: Seen, tell: Teller) -> str:
    if not one.holds:
        return tell.say(Label.RELEASED)
    return tell.named(Label.HOLDS_UNTIL, one.until) if one.until else tell.say(Label.HOLDS)


def _days(days: Collection[CheckInRun], provider: int, tell: Teller) -> str:
    own = [tell.days(one.first, one.last) for one in days if one.provider_id == provider]
    return ", ".join(own) or tell.say(Label.NONE)


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


def explained(who: Citizen, *, language: str) -> Iterator[str]:
    """The lines of an explanation in ``zh-hans`` or ``en``; instants are the city's. Call with that language active."""
    tell = Teller(language, current_city().zone)
    number = mask_number(decrypt_number(bytes(who.id_encrypted)))
    yield f"{who.ref} · {mask_name(who.full_name)} · {tell.say(IdType(who.id_type))} {number}"
    yield f"{tell.named(Label.KNOWN_SINCE, tell.at(who.known_since))} · {tell.named(Label.TIMES, current_city().timezone)}"
    for one in who.registrations.select_related("provider").order_by("registered_at", "provider__code"):
        yield tell.named(
            Label.REGISTERED, f"{tell.titled(one.provider)} ({one.provider.code}) {tell.at(one.registered_at)}"
        )
    judged = Run.objects.judging(who.pk).first()
    if judged is None:
        yield tell.say(Label.NO_RUN)
        return
    standing = effective_code(who.pk)
    said = f"{tell.say(State(standing.colour))} · {tell.say(Because(standing.because))}"
    yield f"{tell.named(Label.EFFECTIVE, said)} · {tell.named(Label.SINCE, tell.at(standing.since))}"
    if way := effective_outlook(who.pk):
        titles = {one.code: tell.titled(one) for one in Provider.objects.all()}
        forward = progress(way, language=language, title_of=lambda code: titles.get(code, code))
        yield tell.named(Label.TURNS_GREEN, forward.turns_green_on)
    yield tell.named(Label.JUDGED, f"{judged} {tell.at(judged.as_of)}")
    yield from told_by_providers(who, judged, tell)
    yield from told_pairs(who, tell)
    yield from told_cases(who, tell)
    yield from told_history(who, tell)
