"""Reading what a citizen's page knows, in few questions."""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import translation

from codes.diagnosis.sentences.context import Context, Title
from codes.diagnosis.telling import tell
from codes.effective import effective_code
from codes.forecast import Hit, effective_from, has_a_way, hits_of, outlooks_from, rules_needed
from codes.models import Citizen, Fact, PairDiagnosis, Registration, Rule, Run, RunProvider, Verdict
from codes.vocabulary import Colour, State
from portal.citizen.my_code import Difference, Held, MyCode, Side
from regions.models import City


def my_code(citizen: Citizen, *, city: City, now: datetime, due_at: datetime | None = None) -> MyCode:
    """Read the citizen's page. ``due_at``: when an open case of theirs is due, for the sentence's “by when”."""
    today = city.day_of(now)
    standing = effective_code(citizen.pk)
    registered = _registrations(citizen)
    heard = {one.provider_id for one in registered if one.known and one.registered_at <= one.as_of}
    stored = Verdict.objects.filter(citizen=citizen).select_related("provider")
    verdicts = {one.provider_id: one for one in stored if one.provider_id in heard}
    hits = hits_of(citizen.pk, run_id=registered[0].judged_by, today=today) if verdicts else []
    facts, rules = _evidence(verdicts.values(), hits)
    checked_in = {hit.provider for hit in hits if hit.checked_in}
    sides = []
    for one in registered:
        verdict, known = verdicts.get(one.provider_id), one.provider_id in heard
        sides.append(
            Side(
                registration=one,
                state=State(verdict.colour) if verdict else State.GREEN if known else State.UNKNOWN,
                source=one.provider.source,
                horizon=one.horizon,
                held=_held(verdict, facts, rules) if verdict else [],
                turns_green_on=verdict.turns_green_on if verdict else None,
                is_checked_in=one.provider.code in checked_in,
            )
        )
    outlook = None
    if has_a_way(standing):
        own = outlooks_from(verdicts.values(), hits, rules, day=registered[0].judged_on) if verdicts else {}
        horizons = {one.provider.code: one.horizon for one in registered if one.provider_id in heard}
        outlook = effective_from(own, horizons, standing, citizen_id=citizen.pk)
    return MyCode(citizen, standing, sides, _differences(citizen, sides, city, today, due_at), today, outlook)


def _registrations(citizen: Citizen) -> list[Any]:
    """With whom the citizen is registered, with what the last settled run froze of each provider; none without a run.

    ``judged_by`` is the run whose judgement of the citizen stands: that one, or what amended it for them.
    """
    settled = Run.objects.settled()
    latest = settled.values("pk")[:1]
    frozen = RunProvider.objects.filter(run_id=Subquery(latest), provider=OuterRef("provider"))
    mended = Run.objects.filter(amends=Subquery(latest), citizens__citizen=citizen).order_by("-pk").values("pk")[:1]
    rows = (
        Registration.objects.filter(citizen=citizen)
        .select_related("provider__source")
        .annotate(
            known=Subquery(frozen.values("known")),
            horizon=Subquery(frozen.values("horizon")),
            as_of=Subquery(frozen.values("run__as_of")),
            judged_on=Subquery(settled.values("day")[:1]),
            judged_by=Coalesce(Subquery(mended), Subquery(latest)),
        )
        .order_by("provider__code")
    )
    return list(rows)


def _evidence(verdicts: Collection[Verdict], hits: Iterable[Hit]) -> tuple[dict[int, Fact], dict[int, Rule]]:
    told = [hit for verdict in verdicts for hit in verdict.hits]
    if not told:
        return {}, {}
    facts = Fact.objects.select_related("source", "provider").in_bulk({hit["fact_id"] for hit in told})
    return facts, Rule.objects.in_bulk({hit["rule_id"] for hit in told} | rules_needed(verdicts, hits))


def _held(verdict: Verdict, facts: dict[int, Fact], rules: dict[int, Rule]) -> list[Held]:
    held = [
        Held(
            rule=rules[hit["rule_id"]],
            fact=facts[hit["fact_id"]],
            anchor=date.fromisoformat(hit["anchor"]),
            until=date.fromisoformat(hit["until"]) if hit["until"] else None,
        )
        for hit in verdict.hits
    ]
    return sorted(held, key=lambda one: (-Colour(one.rule.colour).severity, one.rule.code))


def _differences(
    citizen: Citizen, sides: list[Side], city: City, today: date, due_at: datetime | None
) -> list[Difference]:
    pairs = PairDiagnosis.objects.select_related("a", "b", "disagreement").filter(
        disagreement__citizen=citizen, disagreement__closed_run__isnull=True
    )
    context = Context(
        day=today,
        zone=city.zone,
        providers={side.provider.code: Title(side.provider.title_zh, side.provider.title_en) for side in sides},
        sources={side.source.code: Title(side.source.title_zh, side.source.title_en) for side in sides},
        source_of={side.provider.code: side.source.code for side in sides},
        max_age={side.source.code: timedelta(hours=side.source.max_age_hours) for side in sides},
        turns_green_on={side.provider.code: side.turns_green_on for side in sides if side.held},
        due_at=due_at,
    )
    language = translation.get_language()
    return [Difference(pair, tell(pair, audience="citizen", language=language, context=context)) for pair in pairs]
