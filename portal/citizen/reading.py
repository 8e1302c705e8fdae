"""Reading what a citizen's page knows, in few questions."""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta

from django.utils import translation

from codes.diagnosis.sentences.voice import Context, Title
from codes.diagnosis.telling import tell
from codes.effective import effective_code
from codes.engine.sides import sides_of
from codes.forecast import Hit, effective_from, has_a_way, hits_of, outlooks_from, rules_needed
from codes.models import Citizen, Fact, PairDiagnosis, Registration, Rule, Verdict
from codes.vocabulary import Colour, State
from portal.citizen.my_code import Difference, Held, MyCode, Side
from regions.models import City


def my_code(citizen: Citizen, *, city: City, now: datetime, due_at: datetime | None = None) -> MyCode:
    """Read the citizen's page. ``due_at``: when an open case of theirs is due, for the sentence's “by when”."""
    today = city.day_of(now)
    standing = effective_code(citizen.pk)
    judged = sides_of(citizen.pk)
    run = judged[0].inputs.run if judged else None
    verdicts = [side.verdict for side in judged if side.verdict]
    hits = hits_of(citizen.pk, run_id=run.pk, today=today) if run and verdicts else []
    facts, rules = _evidence(verdicts, hits)
    checked_in = {hit.provider for hit in hits if hit.checked_in}
    by_provider = {side.inputs.provider_id: side for side in judged}
    sides = []
    for one in (
        Registration.objects.filter(citizen=citizen).select_related("provider__source").order_by("provider__code")
    ):
        side = by_provider.get(one.provider_id)
        verdict = side.verdict if side else None
        sides.append(
            Side(
                registration=one,
                state=side.state if side else State.UNKNOWN,
                source=one.provider.source,
                horizon=side.inputs.horizon if side else None,
                held=_held(verdict, facts, rules) if verdict else [],
                turns_green_on=verdict.turns_green_on if verdict else None,
                is_checked_in=one.provider.code in checked_in,
            )
        )
    outlook = None
    if has_a_way(standing):
        own = outlooks_from(verdicts, hits, rules, day=run.day) if run else {}
        outlook = effective_from(own, judged, standing, citizen_id=citizen.pk)
    return MyCode(citizen, standing, sides, _differences(citizen, sides, city, today, due_at), today, outlook)


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
