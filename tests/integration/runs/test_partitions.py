"""Partitions: everybody is in one, one worker claims it at a time, a late worker cannot write, and failing ones are parked."""

from datetime import timedelta
from itertools import pairwise
from threading import Event, Thread
from typing import Any

import psycopg2.extensions
import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from codes.effective import after_run, effective_codes
from codes.engine.provider_states import ProviderState, provider_states_of
from codes.models import Citizen, Disagreement, Partition, Run, RunError, Verdict, VerdictChange
from codes.reports.daily_codes import REGISTERED, RUN_STATES
from codes.reports.rows import stream
from codes.runs import partitions
from codes.runs.ledger import unfinished_partitions
from codes.runs.partitions import SHARES, Evaluated, evaluate_range, make_partitions, work_partition
from codes.runs.steps import advance
from regions import attempts
from regions.journal.models import JournalEntry
from regions.leased_jobs import MAX_ATTEMPTS
from regions.tenancy import in_city
from tests.integration.engine.comparing import city_says, oracle_says
from tests.integration.runs.conftest import PEOPLE_WITH_FACTS_IN_A_PARTITION, Filled
from tests.integration.runs.five_checks import assert_as_if_nothing_had_happened
from tests.oracle import inputs_of

LEASE_IS_OVER = settings.LEASE + timedelta(seconds=1)


def evaluating(filled: Filled) -> Run:
    """A run whose partitions wait."""
    run = filled.start()
    advance(run.pk, clock=lambda: filled.scene.as_of)
    run.refresh_from_db()
    assert run.state == Run.State.EVALUATING
    return run


def test_partitions_hold_everybody_once_and_equal_work(filled: Filled) -> None:
    run = evaluating(filled)
    bounds = list(run.partitions.order_by("number").values_list("low", "high"))
    assert len(bounds) >= 5
    assert bounds[0][0] == 0
    assert bounds[-1][1] == 2**62
    assert all(high == low for (_, high), (low, _) in pairwise(bounds))
    people = {fact.citizen for fact in filled.scene.world.facts}
    keys = [filled.keys.citizens[name] for name in people]
    sizes = [sum(low <= key < high for key in keys) for low, high in bounds]
    assert max(sizes) <= PEOPLE_WITH_FACTS_IN_A_PARTITION
    assert max(sizes) - min(sizes) <= 1
    assert sum(sizes) == len(people)
    assert len(bounds) % SHARES == 0


def test_two_or_four_workers_have_equal_shares(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    run = filled.start()
    monkeypatch.setattr(run, "everybody", True)
    known = "SELECT n AS citizen_id FROM generate_series(1, {}) AS n"
    made = {}
    for people, most in [(0, 9), (9, 9), (10, 9), (18, 9), (19, 9), (36, 9), (37, 9), (100, 1)]:
        monkeypatch.setattr("django.conf.settings.PARTITION_CITIZENS", most)
        monkeypatch.setattr(partitions, "KNOWN", known.format(people))
        with transaction.atomic():
            made[people] = make_partitions(run)
            transaction.set_rollback(True)
    assert made == {0: 1, 9: 1, 10: 2, 18: 2, 19: 4, 36: 4, 37: 8, 100: 100}


def test_a_run_here_is_as_the_oracle_says(filled: Filled) -> None:
    run = filled.finish_here(filled.start())
    assert_as_if_nothing_had_happened(run, filled.scene, filled.keys)


def test_a_second_run_of_the_day_finds_nothing_to_change(filled: Filled) -> None:
    filled.finish_here(filled.start())
    second = filled.finish_here(filled.start())
    assert second.sequence == 2
    assert {one.counts["changed"] for one in second.partitions.all()} == {0}
    assert not VerdictChange.objects.filter(run=second).exists()
    assert second.counts["effective_changes"] == 0
    assert (second.counts["disagreements"]["opened"], second.counts["disagreements"]["closed"]) == (0, 0)
    assert second.counts["causes"] == {}
    assert second.counts["cases"] == {"opened": 0, "relinked": 0, "converged": 0}
    said = city_says(second, filled.keys, Verdict.objects.all())
    assert said == oracle_says(filled.scene)


def test_a_partition_is_worked_once(filled: Filled) -> None:
    run, now = evaluating(filled), filled.scene.as_of
    assert work_partition(run.pk, 1, clock=lambda: now)
    assert not work_partition(run.pk, 1, clock=lambda: now + LEASE_IS_OVER)
    assert JournalEntry.objects.filter(verb="partition.judged").count() == 1
    assert 1 not in [one.number for one in unfinished_partitions(run.pk, now=now)]


def test_a_claimed_partition_waits_for_its_lease(filled: Filled) -> None:
    run, now = evaluating(filled), filled.scene.as_of
    claimed = run.partitions.filter(number=1)
    claimed.update(state=Partition.State.CLAIMED, lease_until=now + settings.LEASE, fence=1, attempts=1)
    assert not work_partition(run.pk, 1, clock=lambda: now + settings.LEASE)
    assert 1 not in [one.number for one in unfinished_partitions(run.pk, now=now + settings.LEASE)]
    assert 1 in [one.number for one in unfinished_partitions(run.pk, now=now + LEASE_IS_OVER)]
    assert work_partition(run.pk, 1, clock=lambda: now + LEASE_IS_OVER)
    assert claimed.get().fence == 2


def test_no_partition_is_worked_outside_its_step(filled: Filled) -> None:
    run = evaluating(filled)
    Run.objects.filter(pk=run.pk).update(state=Run.State.SETTLING)
    assert not work_partition(run.pk, 1, clock=lambda: filled.scene.as_of)


def test_a_late_workers_write_falls_at_the_fence(
    committed: Filled, owner: psycopg2.extensions.connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has judged, and before its last statement another worker takes the partition over."""

    def overtaken(**parameters: Any) -> Evaluated:
        done = evaluate_range(**parameters)
        with owner.cursor() as cursor:
            cursor.execute("UPDATE beta.codes_partition SET fence = fence + 1 WHERE number = 1")
        return done

    run, now = evaluating(committed), committed.scene.as_of
    with monkeypatch.context() as patch:
        patch.setattr(partitions, "evaluate_range", overtaken)
        assert not work_partition(run.pk, 1, clock=lambda: now)
    assert not VerdictChange.objects.exists()
    assert not JournalEntry.objects.filter(verb="partition.judged").exists()
    assert run.partitions.get(number=1).state == Partition.State.CLAIMED
    assert work_partition(run.pk, 1, clock=lambda: now + LEASE_IS_OVER)
    assert_as_if_nothing_had_happened(committed.finish_here(run), committed.scene, committed.keys)


def test_a_worker_that_stops_in_its_transaction_holds_nobody_up(
    committed: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows are written and not committed. The database ends its transaction, and its successor's write stands."""
    monkeypatch.setattr("django.conf.settings.LEASE", timedelta(seconds=1.2))
    monkeypatch.setattr(attempts, "_renew_once", lambda *_: None)  # what is stopped renews nothing
    run, now = evaluating(committed), committed.scene.as_of
    stopped, wakes = Event(), Event()
    woken: list[bool] = []

    def stops(**parameters: Any) -> Evaluated:
        done = evaluate_range(**parameters)
        stopped.set()
        wakes.wait(timeout=30)
        return done

    def work() -> None:
        try:
            with in_city(committed.schema):
                woken.append(work_partition(run.pk, 1, clock=lambda: now))
        finally:
            connection.close()

    with monkeypatch.context() as patch:
        patch.setattr(partitions, "evaluate_range", stops)
        worker = Thread(target=work)
        worker.start()
        assert stopped.wait(timeout=30)
    monkeypatch.setattr("django.conf.settings.LEASE", timedelta(seconds=24))
    assert work_partition(run.pk, 1, clock=lambda: now + LEASE_IS_OVER)
    wakes.set()
    worker.join(timeout=30)
    assert woken == [False]
    failed = RunError.objects.get()
    assert (failed.step, failed.number) == ("partition", 1)
    assert_as_if_nothing_had_happened(committed.finish_here(run), committed.scene, committed.keys)


def test_a_poisoned_partition_is_parked_and_the_run_ends_partial(filled: Filled) -> None:
    """A day so late that its hold cannot be counted in any calendar: the database refuses to judge it, every time."""
    poisoned = poison(filled)
    run = filled.finish_here(filled.start())
    parked = run.partitions.get(state=Partition.State.PARKED)
    assert parked.low <= filled.keys.citizens[poisoned] < parked.high
    assert parked.attempts == MAX_ATTEMPTS
    assert "out of range" in parked.message
    assert (run.state, run.message) == (
        Run.State.PARTIAL,
        f"partitions {parked.number} are parked; see the run's errors",
    )
    assert RunError.objects.filter(run=run, step="partition", number=parked.number).count() == MAX_ATTEMPTS
    said, wanted = city_says(run, filled.keys, Verdict.objects.all()), oracle_says(filled.scene)
    for (citizen, provider), one in wanted.items():
        inside = parked.low <= filled.keys.citizens[citizen] < parked.high
        if not inside:
            assert said[citizen, provider] == one
        elif one.state in ("red", "yellow"):
            assert said[citizen, provider].state == "green", "nothing is known of them yet, and nothing was written"


def test_nobody_in_a_parked_partition_is_green_unjudged(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their codes and their providers' colours are unknown, and they differ nowhere, until a run judges them."""
    inside = run_parking_the_second(filled, monkeypatch)
    assert {one.state for one in sides(filled, inside)} == {"unknown"}
    codes = effective_codes(inside, now=filled.scene.as_of)
    assert {(code.colour, code.because) for code in codes.values()} == {("unknown", "unknown")}
    assert not Disagreement.objects.filter(citizen__in=inside).exists()
    exported = stream(
        REGISTERED, {"provider": None, "held": None, **RUN_STATES, **after_run(Run.objects.get(), now=None)}
    )
    assert {(row[5], *row[-2:]) for row in exported if row[0] in inside} == {("unknown", "unknown", "unknown")}

    run = filled.finish_here(filled.start())
    assert run.state == Run.State.DONE
    assert "green" in {one.state for one in sides(filled, inside)}
    assert "green" in {code.colour for code in effective_codes(inside, now=filled.scene.as_of).values()}


def test_who_was_judged_before_keeps_their_colour_in_a_parked_partition(
    filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.finish_here(filled.start())
    everybody = list(filled.keys.citizens.values())
    before = effective_codes(everybody, now=filled.scene.as_of)
    inside = run_parking_the_second(filled, monkeypatch)
    assert inside
    assert effective_codes(everybody, now=filled.scene.as_of) == before


def run_parking_the_second(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Do a run whose second partition fails every time. Return the people in it about whom a record is known."""
    run = Run.objects.get(pk=filled.start().pk)
    advance(run.pk, clock=lambda: filled.scene.as_of)
    second = run.partitions.get(number=2)

    def fails_in_the_second(**parameters: Any) -> Evaluated:
        if parameters["low"] == second.low:
            raise DatabaseError("the disk is full")
        return evaluate_range(**parameters)

    with monkeypatch.context() as patch:
        patch.setattr(partitions, "evaluate_range", fails_in_the_second)
        assert filled.finish_here(run).state == Run.State.PARTIAL
    people = Citizen.objects.filter(pk__gte=second.low, pk__lt=second.high, facts__isnull=False)
    return list(people.values_list("pk", flat=True).distinct())


def sides(filled: Filled, citizens: list[int]) -> list[ProviderState]:
    """Return the states of these people's providers, where they have applied by the run's instant."""
    found = provider_states_of(citizens, now=filled.scene.as_of)
    return [one for states in found.values() for one in states]


def test_a_partition_whose_workers_die_is_parked_after_three_of_them(filled: Filled) -> None:
    run, now = evaluating(filled), filled.scene.as_of
    dead = run.partitions.filter(number=2)
    dead.update(state=Partition.State.CLAIMED, lease_until=now, attempts=MAX_ATTEMPTS, fence=MAX_ATTEMPTS)
    assert 2 not in advance(run.pk, clock=lambda: now + LEASE_IS_OVER)
    assert dead.get().state == Partition.State.PARKED
    assert dead.get().message == "its worker died 3 times without a message"
    assert filled.finish_here(run).state == Run.State.PARTIAL


def test_a_partition_fails_twice_and_succeeds(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    run, now = evaluating(filled), filled.scene.as_of

    def fails(**parameters: Any) -> Evaluated:
        raise DatabaseError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(partitions, "evaluate_range", fails)
        for _ in range(MAX_ATTEMPTS - 1):
            assert not work_partition(run.pk, 1, clock=lambda: now)
    assert run.partitions.get(number=1).state == Partition.State.PENDING
    assert_as_if_nothing_had_happened(filled.finish_here(run), filled.scene, filled.keys)


def poison(filled: Filled) -> str:
    """Somebody who is judged gets a record of a kind that a rule looks at, as no intake would let through; who."""
    scene = filled.scene
    versions = {
        provider.code: inputs_of(scene.world, provider.code, scene.day, scene.as_of)
        for provider in scene.world.providers
    }
    citizen, kind = next(
        (citizen, rule.kind)
        for (citizen, provider), said in oracle_says(scene).items()
        if (inputs := versions[provider])
        for rule in inputs.rule_set_version.rules
        if said.state not in ("unknown", "not_applied")
        if rule.hold_days and rule.anchor != "recorded" and not rule.area_levels
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO codes_fact (citizen_id, origin, record_id, version, superseded, revoked, kind, started_on,"
            " recorded_at, received_at, detail)"
            " VALUES (%s, 'city', 'poison', 1, false, false, %s, '5874897-12-31', %s, %s, '{}')",
            [filled.keys.citizens[citizen], kind, scene.as_of, scene.as_of],
        )
    return citizen
