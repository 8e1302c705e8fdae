"""A city after three years: expired data is deleted, data on which codes are based is kept, and all other checks still agree."""

import json
from datetime import datetime, timedelta

import pytest

from codes.models import Fact, Run, Verdict, VerdictChange
from codes.reconcile import reconcile
from codes.reports.replay import replay
from regions.journal.checkpoints import write_checkpoint
from regions.journal.models import JournalEntry
from regions.journal.verify import verify_journal
from regions.models import City
from regions.retention import sweeping
from regions.retention.classes import DataClass
from regions.retention.models import RetentionSweep
from regions.retention.sweeping import SWEPT, carry_out, sweep_waiting
from tests.integration.runs.crowd import Crowd

LATER = timedelta(days=3 * 365)
LET_GO, STILL_RED = {1, 2, 3}, {7, 8}


@pytest.fixture
def crowd(bare_city: City) -> Crowd:
    """Three were red for a while and two are red for good; all is three years old, but for a run of today."""
    crowd = Crowd()
    crowd.deliver(LET_GO)
    crowd.deliver(STILL_RED, "confirmed_case")
    crowd.run()
    assert crowd.red() == LET_GO | STILL_RED
    crowd.deliver(LET_GO, "contact_excluded", started=0)
    crowd.run()
    assert crowd.red() == STILL_RED
    crowd.now += LATER
    crowd.run()
    return crowd


def sweep(now: datetime) -> RetentionSweep:
    (waiting,) = sweep_waiting(now=now)
    assert carry_out(waiting, clock=lambda: now)
    return RetentionSweep.objects.get(pk=waiting)


def test_what_nobody_needs_is_gone_and_the_rest_agrees(crowd: Crowd) -> None:
    differences = {str(one) for one in reconcile({})}

    found = sweep(crowd.now).found

    assert found["verdict_history"]["rows"] == 2 * len(LET_GO), "their way to red and back"
    assert {change.citizen.ref for change in VerdictChange.objects.select_related("citizen")} == {"p07", "p08"}
    assert found["facts"]["rows"] == 2 * len(LET_GO)
    assert found["facts"]["needed"] == len(STILL_RED)
    cleared = Fact.objects.filter(citizen__id_type="swept")
    assert [(one.area, one.detail, one.revoked) for one in cleared] == [(None, {}, True)] * 2 * len(LET_GO)
    assert crowd.red() == STILL_RED
    assert {str(one) for one in reconcile({})} == differences
    last = Run.objects.last_settled()
    assert last is not None
    assert replay(last).differences == []
    crowd.run()
    assert crowd.red() == STILL_RED
    assert VerdictChange.objects.filter(run=Run.objects.last_settled()).count() == 0


def test_what_was_swept_agrees_until_somebody_changes_it(crowd: Crowd) -> None:
    before = {str(one) for one in reconcile({})}
    sweep(crowd.now)
    VerdictChange.objects.create(
        run=Run.objects.order_by("pk")[0],
        citizen=crowd.citizen(20),
        provider=Verdict.objects.all()[0].provider,
        version=Verdict.objects.all()[0].version,
        before="red",
        after="green",
    )
    assert {str(one) for one in reconcile({})} > before


def test_the_entries_say_what_went_and_of_whom_nothing(crowd: Crowd) -> None:
    sweep(crowd.now)
    entries = JournalEntry.objects.filter(verb=SWEPT)
    changes = [entry.data for entry in entries if entry.data["table"] == "codes_verdictchange"]
    assert [(one["rows"], len(one["runs"])) for one in changes] == [(3, 1), (3, 1)], (
        "a green is free when its red is gone"
    )
    assert not any(f"p{number:02}" in json.dumps(entry.data) for entry in entries for number in LET_GO)
    write_checkpoint(now=crowd.now)
    assert verify_journal(now=crowd.now).broken_at is None


def test_a_sweep_that_is_broken_off_goes_on(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what it counts is what went, each row once."""
    whole = sweeping.sweep_class

    def broken(one: DataClass, *, now: datetime) -> int:
        if one.name == "facts":
            raise ConnectionError
        return whole(one, now=now)

    (waiting,) = sweep_waiting(now=crowd.now)
    with monkeypatch.context() as patch:
        patch.setattr(sweeping, "sweep_class", broken)
        with pytest.raises(ConnectionError):
            carry_out(waiting, clock=lambda: crowd.now)
    assert "facts" not in RetentionSweep.objects.get().found
    assert sweep_waiting(now=crowd.now) == [waiting]
    assert carry_out(waiting, clock=lambda: crowd.now)

    found = RetentionSweep.objects.get().found
    assert (found["verdict_history"]["rows"], found["facts"]["rows"]) == (2 * len(LET_GO), 2 * len(LET_GO))
    assert sum(entry.data["rows"] for entry in JournalEntry.objects.filter(verb=SWEPT)) == sum(
        one["rows"] for one in found.values()
    )
    assert sweep_waiting(now=crowd.now) == [], "once a day"
