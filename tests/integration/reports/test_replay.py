"""The replay of a past run from its frozen inputs gives the same result, whatever was received since; altered history does not."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from codes.models import Citizen, Fact, Partition, Registration, Run, Suppression, Verdict, VerdictChange
from codes.reports.replay import replay
from tests.integration.reports.conftest import Settled
from tests.integration.reports.days import ONE_DAY, run_day

HOUR = timedelta(hours=1)


def test_every_day_comes_out_again(three_days: Settled) -> None:
    for run in three_days.runs:
        known = run.providers.filter(known=True).values("provider")
        registered = Registration.objects.filter(provider__in=known, registered_at__lte=run.as_of)
        done = replay(run)
        assert (done.verdicts, done.differences) == (registered.count(), [])


def test_nothing_learnt_later_changes_a_past_day(three_days: Settled) -> None:
    """Withdrawn records, new ones, a record ruled to be wrong: all of it counts from the next run on only."""
    last = three_days.runs[-1]
    later = last.as_of + HOUR
    for fact in Fact.objects.filter(origin="source", superseded=False, revoked=False).order_by("pk"):
        Fact.objects.filter(pk=fact.pk).update(superseded=True)
        newest = Fact.objects.filter(source=fact.source, record_id=fact.record_id).latest("version").version
        fact.pk, fact.version, fact.revoked, fact.received_at = None, newest + 1, True, later
        fact.save(force_insert=True)
    late = Fact.objects.filter(origin="source").order_by("pk")[0]
    late.pk, late.record_id, late.version, late.kind = None, "late", 1, "close_contact"
    late.superseded, late.revoked, late.received_at = False, False, later
    late.save(force_insert=True)
    _suppress_what_holds_somebody(three_days.runs[0], later=later)
    again = run_day(last.day + ONE_DAY, last.as_of + ONE_DAY)
    assert VerdictChange.objects.filter(run=again, after="green").exists()
    assert [replay(run).differences for run in (*three_days.runs, again)] == [[], [], [], []]


def _suppress_what_holds_somebody(run: Run, **when: Any) -> None:
    held = VerdictChange.objects.filter(run=run, after="red").order_by("citizen")[0]
    fact = Fact.objects.get(pk=held.hits[0]["fact_id"])
    Suppression.objects.create(
        source=fact.source,
        provider=fact.provider,
        record_id=fact.record_id,
        state="approved",
        reason_code="wrong_record",
        proposed_by="li",
        proposed_at=when["later"],
        decided_by="wang",
        decided_at=when["later"],
    )


def test_one_citizen_alone(three_days: Settled, capsys: pytest.CaptureFixture[str]) -> None:
    run = three_days.runs[0]
    judged = run.providers.filter(known=True).values("provider")
    citizen = VerdictChange.objects.filter(run=run).order_by("citizen")[0].citizen
    mine = Registration.objects.filter(citizen=citizen, registered_at__lte=run.as_of)
    count = mine.filter(provider__in=judged).count()
    assert replay(run, citizen_id=citizen.pk).verdicts == count
    call_command("replay", "--city", "beta", "--day", str(run.day), "--citizen", citizen.ref)
    assert f"All {count} verdicts" in capsys.readouterr().out


FORGERIES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "a red made green": (
        {"after": "green", "hits": [], "turns_green_on": None, "needs": None},
        {"colour", "hits", "rule_set_version", "turns_green_on"},
    ),
    "a red made yellow": ({"after": "yellow"}, {"colour"}),
    "another day": ({"turns_green_on": "2030-01-01"}, {"turns_green_on"}),
    "another hit": ({"hits": [{"rule": "A9", "fact_id": 1}]}, {"hits"}),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_history_is_found_and_named(
    three_days: Settled, forgery: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The city's role cannot change what was stored; here a later run is made up to say otherwise."""
    forged = _copied(three_days.runs[-1])
    held = _stood_red(forged)
    made_up, aspects = FORGERIES[forgery]
    for name, value in made_up.items():
        setattr(held, name, value)
    held.save(force_insert=True)
    found = replay(forged).differences
    assert {(one.citizen_ref, one.provider) for one in found} == {(held.citizen.ref, held.provider.code)}
    assert {one.aspect for one in found} == aspects
    with pytest.raises(CommandError, match="1 of") as ended:
        call_command("replay", "--city", "beta", "--day", str(forged.day))
    assert ended.value.returncode == 6
    assert f"{held.citizen.ref} {held.provider.code}: " in capsys.readouterr().out


def test_a_verdict_stored_for_somebody_without_facts_is_found(three_days: Settled) -> None:
    held = _stood_red(_copied(three_days.runs[-1]))
    without = Citizen.objects.exclude(pk__in=Fact.objects.values("citizen")).order_by("pk")
    held.citizen = without[0] if without else _somebody_new(held.citizen)
    held.save(force_insert=True)
    assert {one.citizen_ref for one in replay(held.run).differences} == {held.citizen.ref}


def _stood_red(run: Run) -> VerdictChange:
    """An unsaved change by the run that says again what stands: somebody's red, with a day on which it turns green."""
    known = run.providers.filter(known=True).values("provider")
    stood = Verdict.objects.filter(colour="red", provider__in=known, turns_green_on__isnull=False).order_by("pk")[0]
    return VerdictChange(
        run=run,
        citizen=stood.citizen,
        provider=stood.provider,
        version=stood.version,
        before="red",
        after="red",
        hits=stood.hits,
        turns_green_on=stood.turns_green_on,
        healthy_days=stood.healthy_days,
        needs=stood.needs,
    )


def _somebody_new(other: Citizen) -> Citizen:
    return Citizen.objects.create(
        ref="new", id_type="99", id_hash=b"new", id_encrypted=other.id_encrypted, known_since=other.known_since
    )


def _copied(run: Run) -> Run:
    """A run of the same day right after it, with the same inputs, that changed nothing yet."""
    copy = Run.objects.create(
        day=run.day,
        sequence=Run.objects.filter(day=run.day).latest("sequence").sequence + 1,  # past those that mended it
        as_of=run.as_of,
        started_by="forger",
        started_at=run.as_of,
        ended_at=run.as_of,
        state=Run.State.DONE,
    )
    for frozen in run.providers.all():
        frozen.pk, frozen.run = None, copy
        frozen.save(force_insert=True)
    Partition.objects.create(run=copy, number=1, low=0, high=2**62, state=Partition.State.DONE)
    return copy


def test_a_parked_range_has_nothing_to_compare(three_days: Settled, capsys: pytest.CaptureFixture[str]) -> None:
    run = three_days.runs[0]
    Partition.objects.filter(run=run).update(state=Partition.State.PARKED, fault="error", params={"error": "poison"})
    assert replay(run).verdicts == 0
    call_command("replay", "--city", "beta", "--day", str(run.day))
    assert "1 ranges of citizens were parked" in capsys.readouterr().out


def test_a_day_or_a_citizen_that_is_not_there(three_days: Settled) -> None:
    day = three_days.runs[0].day
    for options in (["--day", str(day - ONE_DAY)], ["--day", str(day), "--citizen", "nobody"]):
        with pytest.raises(CommandError) as ended:
            call_command("replay", "--city", "beta", *options)
        assert ended.value.returncode == 2
