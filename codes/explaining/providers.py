"""One provider's side of a person: what it rests on, what it sees, which rules hold, and what ends them."""

from collections.abc import Collection, Iterator
from datetime import timedelta
from itertools import groupby

from codes.engine.sides import CheckInRun, Seen, Side, check_in_runs, seen_by, sides_of
from codes.explaining.words import NOTHING, Label, Teller
from codes.forecast import outlooks, progress
from codes.models import Citizen, Fact, Rule, Run
from codes.vocabulary import Colour, State
from regions.vocabulary import FactKind


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
        for fact_id, about in groupby(own, key=lambda row: row.fact_id):
            yield from _record(facts[fact_id], list(about), rules, tell)
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
