"""The straightforward way: for each person the ORM's objects, and the rules in Python. What most would write first."""

from datetime import date, timedelta

from codes.models import Citizen, Fact, Registration, Rule, Run, RunProvider

Judged = dict[tuple[int, int], str]


def judge(run: Run, citizens: list[int]) -> Judged:
    """(citizen, provider) → red or yellow of these people, one after the other. Facts of sources, no versions to choose from."""
    found: Judged = {}
    for citizen in Citizen.objects.filter(pk__in=citizens):
        for registration in citizen.registrations.filter(registered_at__lte=run.as_of).select_related("provider"):
            colour = _colour(run, registration)
            if colour != "green":
                found[citizen.pk, registration.provider_id] = colour
    return found


def _colour(run: Run, registration: Registration) -> str:
    frozen = RunProvider.objects.get(run=run, provider=registration.provider)
    facts = list(
        Fact.objects.filter(
            citizen=registration.citizen_id,
            source=frozen.source,
            recorded_at__lte=frozen.horizon,
            received_at__lte=run.as_of,
            revoked=False,
            superseded=False,
        )
    )
    healthy = _healthy_days(registration, run.day)
    held = {
        rule.colour
        for fact in facts
        for rule in Rule.objects.filter(version=frozen.version, kind=fact.kind)
        if _holds(rule, fact, facts, healthy, run)
    }
    return "red" if "red" in held else "yellow" if held else "green"


def _holds(rule: Rule, fact: Fact, facts: list[Fact], healthy: set[date], run: Run) -> bool:
    if rule.area_levels and not _is_risky(rule, fact, run.day):
        return False
    anchor = _anchor(rule, fact, run)
    if anchor > run.day:
        return False
    if any(other.kind in rule.cleared_by and anchor <= other.started_on <= run.day for other in facts):
        return False
    if rule.hold_days is None or run.day < anchor + timedelta(days=rule.hold_days):
        return True
    tests = sorted(f.started_on for f in facts if f.kind == "negative_test" and anchor <= f.started_on <= run.day)
    return (
        _longest_run(healthy, anchor, run.day) < rule.checkin_days or _counted(tests, rule.test_gap_days) < rule.tests
    )


def _anchor(rule: Rule, fact: Fact, run: Run) -> date:
    if rule.anchor == "recorded":
        return fact.recorded_at.astimezone(run.as_of.tzinfo).date()
    return (fact.ended_on or fact.started_on) if rule.anchor == "ended" else fact.started_on


def _is_risky(rule: Rule, fact: Fact, day: date) -> bool:
    area = fact.area or ""
    entries = rule.version.risk_areas.filter(
        level__in=rule.area_levels or [], area__in=[area, area[:4] + "00", area[:2] + "0000"]
    )
    last = fact.ended_on or day
    return any(e.from_day <= last and (e.to_day is None or e.to_day >= fact.started_on) for e in entries)


def _healthy_days(registration: Registration, day: date) -> set[date]:
    days = registration.citizen.entries.filter(
        provider=registration.provider, type="check_in", healthy=True, day__lte=day
    )
    return set(days.values_list("day", flat=True))


def _longest_run(days: set[date], first: date, last: date) -> int:
    longest = current = 0
    for offset in range((last - first).days + 1):
        current = current + 1 if first + timedelta(days=offset) in days else 0
        longest = max(longest, current)
    return longest


def _counted(tests: list[date], gap: int) -> int:
    count, previous = 0, None
    for test in tests:
        if previous is None or test >= previous + timedelta(days=gap):
            count, previous = count + 1, test
    return count
