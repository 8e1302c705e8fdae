"""Reading what a citizen's page knows, in seven questions."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import OuterRef, Subquery
from django.utils import translation

from codes.diagnosis.sentences.context import Context, Title
from codes.diagnosis.telling import tell
from codes.effective import effective_code
from codes.models import Citizen, Fact, PairDiagnosis, Registration, Rule, Run, RunProvider, Verdict
from codes.vocabulary import Colour, State
from portal.citizen.my_code import CheckedIn, Difference, Held, MyCode, Side
from regions.models import City

# The unbroken runs of healthy days with each provider.
CHECKED_IN = """
SELECT d.provider_id, lower(run), upper(run) - 1
FROM codes_checkindays d CROSS JOIN LATERAL unnest(d.days) AS run
WHERE d.citizen_id = %(citizen)s
ORDER BY 1, 2
"""


def my_code(citizen: Citizen, *, city: City, now: datetime, due_at: datetime | None = None) -> MyCode:
    """Read the citizen's page. ``due_at``: when an open case of theirs is due, for the sentence's “by when”."""
    today = now.astimezone(city.zone).date()
    verdicts = {one.provider_id: one for one in Verdict.objects.filter(citizen=citizen)}
    facts, rules = _evidence(verdicts.values())
    checked_in = _checked_in(citizen)
    sides = []
    for registration in _registrations(citizen):
        pk = registration.provider_id
        known = bool(registration.known) and registration.registered_at <= registration.as_of
        verdict = verdicts.get(pk) if known else None
        sides.append(
            Side(
                registration=registration,
                state=State(verdict.colour) if verdict else State.GREEN if known else State.UNKNOWN,
                source=registration.provider.source,
                horizon=registration.horizon,
                held=_held(verdict, facts, rules) if verdict else [],
                turns_green_on=verdict.turns_green_on if verdict else None,
                checked_in=checked_in.get(pk, CheckedIn()),
            )
        )
    standing = effective_code(citizen.pk)
    return MyCode(citizen, standing, sides, _differences(citizen, sides, city, today, due_at), today)


def _registrations(citizen: Citizen) -> Any:
    """With whom the citizen is registered, with what the last settled run froze of each provider; none without a run."""
    latest = Run.objects.filter(state__in=Run.SETTLED).order_by("-pk").values("pk")[:1]
    frozen = RunProvider.objects.filter(run_id=Subquery(latest), provider=OuterRef("provider"))
    return (
        Registration.objects.filter(citizen=citizen)
        .select_related("provider__source")
        .annotate(
            known=Subquery(frozen.values("known")),
            horizon=Subquery(frozen.values("horizon")),
            as_of=Subquery(frozen.values("run__as_of")),
        )
        .order_by("provider__code")
    )


def _evidence(verdicts: Iterable[Verdict]) -> tuple[dict[int, Fact], dict[int, Rule]]:
    hits = [hit for verdict in verdicts for hit in verdict.hits]
    if not hits:
        return {}, {}
    facts = Fact.objects.select_related("source", "provider").in_bulk({hit["fact_id"] for hit in hits})
    return facts, Rule.objects.in_bulk({hit["rule_id"] for hit in hits})


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


def _checked_in(citizen: Citizen) -> dict[int, CheckedIn]:
    found: dict[int, CheckedIn] = {}
    with connection.cursor() as cursor:
        cursor.execute(CHECKED_IN, {"citizen": citizen.pk})
        for provider, first, last in cursor.fetchall():
            found.setdefault(provider, CheckedIn()).runs.append((first, last))
    return found


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
