"""What the code page shows: the effective code, each provider's side with its records and rules, and why two differ."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count
from django.utils import timezone, translation
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from codes.diagnosis.render import RenderedDiagnosis, render_diagnosis
from codes.diagnosis.sentences.renderer import Context, Title
from codes.effective import CurrentCode
from codes.engine.provider_states import provider_states
from codes.forecast.outlook import (
    Act,
    CheckIn,
    Hit,
    Outlook,
    TellEnd,
    Wait,
    effective_from,
    has_outlook,
    hits_of,
    outlooks_from,
    rules_needed,
)
from codes.forecast.sentences import act_sentence, render_outlook
from codes.glance import Glance
from codes.held import one_sided_sentences, state_sentences
from codes.models import Citizen, Fact, PairDiagnosis, Provider, Registration, Rule, Verdict
from codes.validity import Age
from codes.vocabulary import Because, Colour, State
from portal.citizen.subject import SubjectRequest, subject_url
from portal.templatetags.page import titled
from portal.web.host import required_city
from regions.models import City
from regions.sources.models import Source

LATE_SHOWN = timedelta(days=14)


@dataclass(frozen=True)
class HoldingRecord:
    """One record that holds the citizen, with the rule that says so."""

    rule: Rule
    fact: Fact
    anchor: date
    until: date | None

    @property
    def is_declared(self) -> bool:
        """Whether the citizen declared it, and can declare otherwise."""
        return self.fact.origin == "provider"


@dataclass(frozen=True)
class Side:
    """What one provider shows, and what it rests on. ``horizon``: its source is complete up to here. ``held``: what the source said
    last, where it is silent; ``told``: what is to be said of that, or of a colour that is no longer valid.

    ``is_checked_in``: a healthy check-in of today, told where check-ins can matter.
    """

    provider: Provider
    state: State
    source: Source
    horizon: datetime | None
    records: list[HoldingRecord]
    turns_green_on: date | None
    is_checked_in: bool = False
    held: State | None = None
    told: Sequence[str] = ()


@dataclass(frozen=True)
class Difference:
    pair: PairDiagnosis
    told: RenderedDiagnosis


@dataclass(frozen=True)
class MyCode:
    """Everything the page needs. ``outlook``: the way to green, of a code that is red or yellow. ``one_sided``: who judges alone.

    ``expired``: the day of the last run, where what it settled is no longer valid. ``plain``: equal for people whose sides look alike,
    green and explained by nothing; empty for others.
    """

    citizen: Citizen
    standing: CurrentCode
    sides: list[Side]
    differences: list[Difference]
    today: date
    outlook: Outlook | None = None
    one_sided: Sequence[str] = ()
    expired: date | None = None
    plain: str = ""

    @property
    def state(self) -> State:
        return State(self.standing.colour)

    @property
    def because(self) -> Because:
        return Because(self.standing.because)

    @property
    def deciding(self) -> list[Side]:
        """The sides whose colour, shown or held, is the effective one."""
        is_held = self.because is Because.HELD
        return [side for side in self.sides if (side.held if is_held else side.state) is self.state]

    @property
    def records(self) -> list[HoldingRecord]:
        """The records that make the effective colour, each once."""
        wanted = self.standing.colour
        found = {h.fact.pk: h for side in self.deciding for h in side.records if h.rule.colour == wanted}
        return list(found.values())

    @property
    def turns_green_on(self) -> date | None:
        """When the code turns green if the citizen does as told; none when nobody can name a day."""
        return self.outlook.turns_green_on if self.outlook else None

    @property
    def green_takes_acts(self) -> bool:
        """Whether that day holds only if the citizen does something, rather than waits."""
        return self.outlook is not None and any(not isinstance(act, Wait) for act in self.outlook.acts)


def progress(mine: MyCode) -> dict[str, Any] | None:
    """As the forecast counts it; none when no day is in sight, or the way is a day at most. Without a ``day`` while none counts."""
    way = mine.outlook
    if way is None or way.of_days is None or (way.of_days < 2 and way.starts_on is None):
        return None
    text = render_outlook(way, language=get_language() or "", title_of=str).count
    day = None if way.day_number is None else min(way.day_number, way.of_days)
    return {"day": day, "days": way.of_days, "text": text}


@dataclass(frozen=True)
class Step:
    """A sentence, and where it is done; ``posts`` names the button that does it in one tap."""

    text: str
    link: str = ""
    label: str = ""
    posts: str = ""
    is_done: bool = False


def steps(mine: MyCode, request: SubjectRequest) -> list[Step]:
    """What the forecast asks for, in the order of doing. Green needs none."""
    if mine.state is State.UNKNOWN:
        return _without_a_colour(mine, request)
    if mine.state is State.GREEN:
        return []
    if mine.expired:
        return [Step(str(_AS_SOON_AS_WORKED_OUT)), *_call(request)]
    acts = mine.outlook.acts if mine.outlook else []
    others = [_step(act, mine, request) for act in acts if not isinstance(act, CheckIn)]
    found = [*_check_ins(mine, request), *others]
    if not any(isinstance(act, TellEnd) and act.declared_with for act in acts):
        found += _declarations(mine, request)
    if mine.because is Because.HELD:
        found += _while_held(request)
    if not found:
        found.append(Step(_("Nothing has to be done: the code changes by itself on the day named above.")))
    return found


def _step(act: Act, mine: MyCode, request: SubjectRequest) -> Step:
    match act:
        case TellEnd(declared_with=None):
            return Step(_act_text(act, mine), subject_url(request, "citizen_appeal"), _("Appeal"))
        case TellEnd():
            return Step(_act_text(act, mine), subject_url(request, "citizen_declare"), _("Declare again"))
    return Step(_act_text(act, mine))


def _check_ins(mine: MyCode, request: SubjectRequest) -> list[Step]:
    """One step for all providers that count days, done in one tap; done for today once each of them has it."""
    wanted = [act for act in (mine.outlook.acts if mine.outlook else []) if isinstance(act, CheckIn)]
    if not wanted:
        return []
    counting = {act.provider for act in wanted}
    text = _space().join([*(_act_text(act, mine) for act in wanted), *_late_days(counting, request)])
    if all(side.is_checked_in for side in mine.sides if side.provider.code in counting):
        return [Step(_("Today's health check-in is done.") + _space() + text, is_done=True)]
    return [Step(text, subject_url(request, "citizen_check_in"), _("I am well: check in"), posts="check_in")]


def _late_days(providers: Collection[str], request: SubjectRequest) -> list[str]:
    """Whoever reported days too late is told why these are not counted."""
    recent = request.subject.entries.filter(late=True, day__gte=timezone.localdate() - LATE_SHOWN)
    days = recent.filter(provider__code__in=providers).aggregate(days=Count("day", distinct=True))["days"]
    if not days:
        return []
    text = ngettext(
        "%(n)d check-in of yours was made later than the day after and is not counted.",
        "%(n)d check-ins of yours were made later than the day after and are not counted.",
        days,
    )
    return [text % {"n": days}]


def _act_text(act: Act, mine: MyCode) -> str:
    titles = {side.provider.code: titled(side.provider) for side in mine.sides}
    return act_sentence(act, language=translation.get_language(), title_of=lambda code: titles.get(code, code))


def _declarations(mine: MyCode, request: SubjectRequest) -> list[Step]:
    if not any(one.is_declared for one in mine.records):
        return []
    text = _("You declared this yourself. If it was a slip or is over, declare again.")
    return [Step(text, subject_url(request, "citizen_declare"), _("Declare again"))]


def _without_a_colour(mine: MyCode, request: SubjectRequest) -> list[Step]:
    if not mine.sides:
        text = _("You have no code yet. Your first declaration applies for one.")
        return [Step(text, subject_url(request, "citizen_declare"), _("Apply for a code"))]
    waiting = _AS_SOON_AS_WORKED_OUT if mine.because is Because.EXPIRED else _AS_SOON_AS_DELIVERED
    card = _("Until then show your identity card; you may not be turned away only because no colour is shown.")
    return [Step(str(waiting)), Step(card), *_call(request)]


_AS_SOON_AS_WORKED_OUT = gettext_lazy(
    "Wait: as soon as the city has worked out all codes again, yours is shown by itself."
)
_AS_SOON_AS_DELIVERED = gettext_lazy(
    "Wait: as soon as the data source is up to date, your colour is worked out again by itself."
)


def _while_held(request: SubjectRequest) -> list[Step]:
    """A silence lifts nobody: the delivery does, or two officials do."""
    wrong = _("Is the record wrong? Appeal: two officials can decide without waiting for the data source.")
    return [Step(str(_AS_SOON_AS_DELIVERED)), Step(wrong, subject_url(request, "citizen_appeal"), _("Appeal"))]


def _call(request: SubjectRequest) -> list[Step]:
    """Where the page can go no further."""
    number = required_city(request).hotline
    return (
        [Step(_("Somebody is there to help you."), f"tel:{number}", _("Call %(number)s") % {"number": number})]
        if number
        else []
    )


def _space() -> str:
    """What stands between two sentences: nothing in Chinese."""
    return "" if translation.get_language().startswith("zh") else " "


def my_code(
    citizen: Citizen,
    *,
    city: City,
    now: datetime,
    glance: Glance,
    standing: CurrentCode,
    due_at: datetime | None = None,
) -> MyCode:
    """Read the citizen's page. ``due_at``: when an open case of theirs is due, for the sentence's “by when”.

    Of somebody who is green and held by nothing the sides are those of whoever was the first to look like that.
    """
    if not glance.is_plain(standing):
        return _my_code(citizen, city=city, now=now, standing=standing, due_at=due_at)
    key = f"{city.schema_name}/{get_language()}/{city.timezone}/{glance.sides}"
    known = _PLAIN.get(key)
    if known is None:
        known = _my_code(citizen, city=city, now=now, standing=standing, due_at=None)
        if len(_PLAIN) >= MOST_PLAIN:
            _PLAIN.clear()
        _PLAIN[key] = known
    return replace(known, citizen=citizen, standing=standing, today=city.day_of(now), plain=key)


# By everything that is shown of the sides, so that nothing in it can be out of date; cities, languages and runs grow it.
_PLAIN: dict[str, MyCode] = {}
MOST_PLAIN = 2_000


def _my_code(citizen: Citizen, *, city: City, now: datetime, standing: CurrentCode, due_at: datetime | None) -> MyCode:
    today = city.day_of(now)
    judged = provider_states(citizen.pk, now=now)
    run = judged[0].inputs.run if judged else None
    verdicts = [side.holding for side in judged if side.holding]
    age = Age.of(run.day if run else None, now=now)
    hits = hits_of(citizen.pk, run_id=run.pk, today=today) if run and verdicts else []
    facts, rules = _facts_and_rules(verdicts, hits)
    checked_in = {hit.provider for hit in hits if hit.checked_in}
    by_provider = {side.inputs.provider_id: side for side in judged}
    sides = []
    for one in (
        Registration.objects.filter(citizen=citizen, provider__in=Provider.objects.current())
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
                is_checked_in=one.provider.code in checked_in,
                held=State(side.held.colour) if side and side.held else None,
                told=state_sentences(side) if side else (),
            )
        )
    outlook = None
    if has_outlook(standing) and age.is_valid:
        own = outlooks_from(verdicts, hits, rules, day=run.day) if run else {}
        outlook = effective_from(own, judged, standing, citizen_id=citizen.pk)
    return MyCode(
        citizen,
        standing,
        sides,
        _differences(citizen, sides, city, today, due_at),
        today,
        outlook,
        one_sided=one_sided_sentences(judged),
        expired=None if age.is_valid else age.run_day,
    )


def _facts_and_rules(verdicts: Collection[Verdict], hits: Iterable[Hit]) -> tuple[dict[int, Fact], dict[int, Rule]]:
    stored = [hit for verdict in verdicts for hit in verdict.hits]
    if not stored:
        return {}, {}
    facts = Fact.objects.select_related("source", "provider").in_bulk({hit["fact_id"] for hit in stored})
    return facts, Rule.objects.in_bulk({hit["rule_id"] for hit in stored} | rules_needed(verdicts, hits))


def _records(verdict: Verdict, facts: dict[int, Fact], rules: dict[int, Rule]) -> list[HoldingRecord]:
    held = [
        HoldingRecord(
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
        turns_green_on={side.provider.code: side.turns_green_on for side in sides if side.records},
        due_at=due_at,
    )
    language = translation.get_language()
    return [
        Difference(pair, render_diagnosis(pair, audience="citizen", language=language, context=context))
        for pair in pairs
    ]
