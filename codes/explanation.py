"""The complete explanation of a citizen's codes as lines of text, for those who answer the citizen or check a decision."""

from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from itertools import groupby

from django.db.models import TextChoices
from django.utils.translation import get_language, gettext_lazy, pgettext, pgettext_lazy
from django.utils.translation import gettext as _

from codes.diagnosis.render import render_diagnosis
from codes.diagnosis.sentences.renderer import context_of, with_citizen
from codes.effective import effective_code
from codes.engine.provider_states import (
    CheckInRun,
    ProviderState,
    VisibleRecord,
    check_in_runs,
    provider_states,
    visible_records,
)
from codes.forecast.outlook import effective_outlook, outlooks
from codes.forecast.sentences import render_outlook
from codes.held import one_sided_sentences, state_sentences
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
from codes.review.evidence.access import names_of
from codes.review.reasons import RulingEndReason, RulingReason, SuppressionEndReason, SuppressionReason
from codes.validity import Age
from codes.vocabulary import Because, Cause, Colour, Factor, State
from regions.divisions import division_title
from regions.keys.encryption import decrypt_number
from regions.masking import mask_name, mask_number
from regions.proposals import EndableProposal
from regions.sources.models import Source
from regions.tenancy import current_city
from regions.vocabulary import FactKind, IdType

NOTHING = "–"


class ProposalState(TextChoices):
    PROPOSED = "proposed", pgettext_lazy("proposal state", "waiting for a second official")
    APPROVED = "approved", gettext_lazy("in force")
    REFUSED = "refused", gettext_lazy("refused")
    WITHDRAWN = "withdrawn", gettext_lazy("withdrawn")
    ENDED = "ended", gettext_lazy("ended")


def explain(citizen: Citizen, *, now: datetime) -> Iterator[str]:
    """Yield the lines in the active language, with instants in the city's time. Names are masked, because no purpose is stated."""
    number = mask_number(decrypt_number(bytes(citizen.id_encrypted)))
    yield f"{citizen.ref} · {mask_name(citizen.full_name)} · {IdType(citizen.id_type).label} {number}"
    if citizen.names_differ:
        names = [f"{_titled(one.stated_by)} {mask_name(one.full_name)}" for one in names_of(citizen)]
        yield _labelled(_("names differ"), ", ".join(names))
    zone = _labelled(_("times are of the zone"), current_city().timezone)
    yield f"{_labelled(_('known since'), _instant(citizen.known_since))} · {zone}"
    for one in citizen.registrations.select_related("provider").order_by("registered_at", "provider__code"):
        yield _labelled(_("registered"), f"{_titled(one.provider)} {_instant(one.registered_at)}")
    run = Run.objects.judging(citizen.pk).first()
    if run is None:
        yield _("no run has settled yet")
        return
    code = effective_code(citizen.pk, now=now)
    effective = f"{State(code.colour).label} · {Because(code.because).label}"
    yield f"{_labelled(_('effective code'), effective)} · {_labelled(_('since'), _instant(code.since))}"
    if outlook := effective_outlook(citizen.pk, now=now):
        yield _labelled(_("turns green on"), outlook.turns_green_on)
    yield _labelled(_("judged"), f"{run} {_instant(run.as_of)}")
    yield from _providers(citizen, run, now=now)
    yield from _pairs(citizen)
    yield from _cases(citizen)
    yield from _rulings(citizen)
    yield from _history(citizen)


def _providers(citizen: Citizen, run: Run, *, now: datetime) -> Iterator[str]:
    """Yield the lines about each provider the citizen is registered with, by code. ``run`` is the run that judged them last."""
    sides = [side for side in provider_states(citizen.pk, now=now) if side.state is not State.NOT_APPLIED]
    seen = visible_records(sides[0].rests_on if sides else run.pk, citizen.pk)
    check_ins = check_in_runs(citizen.pk, known_at=run.as_of)
    rules = Rule.objects.in_bulk({one.rule_id for one in seen if one.rule_id})
    facts = Fact.objects.select_related("source", "provider").in_bulk({one.fact_id for one in seen})
    by_code = outlooks(citizen.pk, sides) if Age.of(run.day, now=now).is_valid else {}
    yield from one_sided_sentences(sides)
    titles = {provider.code: _title(provider) for provider in Provider.objects.all()}
    for side in sides:
        provider = side.inputs.provider
        yield from _provider(side, run)
        own = [row for row in seen if row.provider_id == provider.pk]
        yield f"  {_labelled(_('records it sees'), len({row.fact_id for row in own}) or _('none'))}"
        for fact_id, rows in groupby(own, key=lambda row: row.fact_id):
            yield from _record(facts[fact_id], list(rows), rules)
        yield f"  {_labelled(_('healthy check-ins'), _check_ins(check_ins, provider.pk))}"
        if outlook := by_code.get(provider.code):
            progress = render_outlook(
                outlook, language=get_language(), title_of=lambda code: titles[code], audience="official"
            )
            counted = f" ({progress.count})" if progress.count else ""
            yield f"  {_labelled(_('turns green on'), progress.turns_green_on)}{counted}"
            yield from (f"  {_labelled(_('to do'), act)}" for act in progress.todo)


def _provider(side: ProviderState, run: Run) -> Iterator[str]:
    one = side.inputs
    why = f" ({side.why_unknown})" if side.why_unknown else ""
    yield f"\n{_titled(one.provider)} · {side.state.label}{why}"
    yield from (f"  {sentence}" for sentence in state_sentences(side))
    yield f"  {_labelled(_('source'), _titled(one.source))}"
    age = f"{(run.as_of - one.horizon) / timedelta(hours=1):.1f}" if one.horizon else NOTHING
    limit = _labelled(_("limit in hours"), f"{one.source.max_age_hours:g}")
    horizon = _labelled(_("complete up to"), _instant(one.horizon))
    yield f"  {horizon} · {_labelled(_('hours old when judged'), age)} · {limit}"
    yield f"  {_labelled(_('rule set version'), one.version)}"


def _record(fact: Fact, matches: list[VisibleRecord], rules: dict[int, Rule]) -> Iterator[str]:
    origin = fact.source or fact.provider
    area = f" {division_title(fact.area, get_language())} ({fact.area})" if fact.area else ""
    kind = f"{FactKind(fact.kind).label}{area} · {_span(fact.started_on, fact.ended_on)}"
    yield f"    - {fact.record_id} v{fact.version} · {_titled(origin) if origin else fact.origin} · {kind}"
    recorded = _labelled(_("recorded"), _instant(fact.recorded_at))
    yield f"      {recorded} · {_labelled(_('received'), _instant(fact.received_at))}"
    for match in matches:
        yield f"      {_match(match, rules)}"


def _match(match: VisibleRecord, rules: dict[int, Rule]) -> str:
    if match.rule_id is None:
        return _("no rule is about it")
    rule = rules[match.rule_id]
    if not match.holds:
        held = _("released")
    elif match.until:
        held = _labelled(_("holds, if done as told, until"), match.until)
    else:
        held = _("holds, and no day ends it")
    title = _title(rule) or _title(rule, "reason")
    counted = _("the stay goes on: no day counts yet") if match.goes_on else _labelled(_("counts from"), match.anchor)
    return f"{rule.code} {title} · {Colour(rule.colour).label} · {counted} · {held}"


def _check_ins(runs: Collection[CheckInRun], provider: int) -> str:
    return ", ".join(_span(run.first, run.last) for run in runs if run.provider_id == provider) or _("none")


def _pairs(citizen: Citizen) -> Iterator[str]:
    pairs = PairDiagnosis.objects.filter(disagreement__citizen=citizen, disagreement__closed_run__isnull=True)
    for pair in pairs.select_related("a", "b", "disagreement", "run").order_by("a__code", "b__code"):
        context = with_citizen(context_of(pair.run), citizen_id=citizen.pk)
        diagnosis = render_diagnosis(pair, audience="official", language=get_language(), context=context)
        yield f"\n{_labelled(_('disagreement'), f'{pair.a.code} / {pair.b.code}')}"
        yield f"  {_labelled(_('primary cause'), Cause(pair.primary_cause).label)}"
        label = _("would show the other's colour with the other's")
        for one, other, swaps in ((pair.a, pair.b, pair.swaps_a_to_b), (pair.b, pair.a, pair.swaps_b_to_a)):
            factors = "; ".join(" + ".join(str(Factor(factor).label) for factor in swap) for swap in swaps)
            yield f"  {one.code} → {other.code} · {_labelled(label, factors)}"
        yield f"  {diagnosis.sentence}"
        yield f"  {diagnosis.outcome}"
        yield f"  {diagnosis.action} · {diagnosis.by_when}"


def _cases(citizen: Citizen) -> Iterator[str]:
    cases = list(Case.objects.filter(citizen=citizen).select_related("appeal__provider").order_by("opened_at", "pk"))
    yield f"\n{_labelled(_('cases'), len(cases) or _('none'))}"
    for case in cases:
        times = [_labelled(_("opened"), _instant(case.opened_at)), _labelled(_("due"), _instant(case.due_at))]
        if case.closed_at:
            times.append(_labelled(pgettext("label", "closed"), _instant(case.closed_at)))
        yield f"  {case.number} · {CaseState(case.state).label} · {' · '.join(times)}"
        if case.kind == Case.Kind.APPEAL:
            reason = AppealReason(case.appeal.reason_code).label
            yield f"    {_labelled(_('appeal'), f'{case.appeal.provider.code} {case.appeal.rule} · {reason}')}"
        for event in case.events.order_by("at", "pk"):
            yield f"    {_instant(event.at)} · {Verb(event.verb).label} · {event.by}"


def _rulings(citizen: Citizen) -> Iterator[str]:
    """Yield the lines about rulings, and about records with a suppression of any version, proposed or decided."""
    for ruling in Ruling.objects.filter(citizen=citizen).order_by("pk"):
        decision = f"{Colour(ruling.colour).label} · {RulingReason(ruling.reason_code).label}"
        parts = [_labelled(_("rulings"), decision), _labelled(_("until"), ruling.expires_on)]
        if ruling.suspended_at:
            parts.append(_labelled(_("suspended at"), _instant(ruling.suspended_at)))
        yield f"  {' · '.join([*parts, *_proposal(ruling, RulingEndReason)])}"
    own = set(Fact.objects.filter(citizen=citizen).values_list("record_id", "source", "provider"))
    for wrong in Suppression.objects.filter(record_id__in={record for record, *_origin in own}).order_by("pk"):
        if (wrong.record_id, wrong.source_id, wrong.provider_id) in own:
            record = f"{wrong.record_id} · {SuppressionReason(wrong.reason_code).label}"
            decision = _labelled(_("records ruled to be wrong"), record)
            yield f"  {' · '.join([decision, *_proposal(wrong, SuppressionEndReason)])}"


def _proposal(one: EndableProposal, ends: type[TextChoices]) -> list[str]:
    parts = [
        str(ProposalState(one.state).label),
        _labelled(_("proposed"), f"{one.proposed_by} {_instant(one.proposed_at)}"),
    ]
    if one.decided_by:
        parts.append(_labelled(_("decided"), f"{one.decided_by} {_instant(one.decided_at)}"))
    if one.ended_at:
        parts.append(_labelled(_("ended at"), _instant(one.ended_at)))
    if one.ended_by and one.end_code:
        parts.append(str(ends(one.end_code).label))
    return parts


def _history(citizen: Citizen) -> Iterator[str]:
    yield "\n" + _("changes of the effective code")
    for change in EffectiveChange.objects.filter(citizen=citizen).order_by("since", "pk"):
        because = Because(change.after_because).label
        yield f"  {_instant(change.since)} · {_change(change.before, change.after)} · {because}"
    yield "\n" + _("changes of providers' colours")
    changes = VerdictChange.objects.counted().filter(citizen=citizen).select_related("run", "provider")
    for one in changes.order_by("run", "provider__code"):
        rules = " ".join(dict.fromkeys(hit["rule"] for hit in one.hits))
        yield f"  {_instant(one.run.as_of)} · {one.provider.code} · {_change(one.before, one.after)} {rules}".rstrip()


def _change(before: str, after: str) -> str:
    return f"{State(before).label} → {State(after).label}"


def _labelled(label: str, value: object) -> str:
    colon = "：" if get_language().startswith("zh") else ": "
    return f"{label}{colon}{NOTHING if value in (None, '') else value}"


def _title(row: object, field: str = "title") -> str:
    return str(getattr(row, f"{field}_{'zh' if get_language().startswith('zh') else 'en'}"))


def _titled(row: Provider | Source) -> str:
    return f"{_title(row)} ({row.code})"


def _instant(instant: datetime | None) -> str:
    """Return the instant in the city's time zone, with its offset."""
    return instant.astimezone(current_city().zone).isoformat(sep=" ", timespec="minutes") if instant else NOTHING


def _span(first: date, last: date | None) -> str:
    if last is None:
        return f"{first} – …"
    return f"{first} – {last}" if last != first else str(first)
