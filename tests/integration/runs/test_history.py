"""A run of history: it is kept and exported for its day, and nothing that stands changes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import transaction

from codes.disagreements import pairs_after
from codes.effective import effective_code
from codes.engine.provider_states import provider_states
from codes.models import (
    Case,
    Citizen,
    Disagreement,
    Fact,
    PairDiagnosis,
    Partition,
    Provider,
    Ruling,
    Run,
    Suppression,
    VerdictChange,
)
from codes.reports.daily_codes import daily_codes
from codes.reports.daily_disagreements import daily_disagreements
from codes.reports.replay import replay, side_by_side
from codes.reports.request import ReportName, ReportRequest
from codes.runs.ledger import start_run
from codes.runs.steps import run_here
from regions.identity import Identity
from regions.journal.models import JournalEntry
from regions.keys.encryption import encrypt_number
from regions.models import City
from regions.vocabulary import IdType
from tests.conftest import Keep
from tests.integration.runs.days import Life, cases_told
from tests.worlds import day

HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
# What a run writes about itself; a run of history also its own verdicts and disagreements, which stand for nothing.
OWN = {"Run", "RunProvider", "RunSource", "Partition", "VerdictChange", "Disagreement", "PairDiagnosis"}


@pytest.fixture
def life(kept_at_beta: Keep) -> Life:
    """Red by police since day 10, disagreed about, and a case of it."""
    return kept_at_beta(lived)


def lived() -> Life:
    life = Life()
    document = encrypt_number(Identity(IdType.OTHER, "E1234567"))
    Citizen.objects.update(id_encrypted=document)  # reports open it
    for number in range(13):
        life.live("police: close_contact" if number == 10 else "")
    assert cases_told() == "1 received"
    return life


def standing() -> dict[str, list[Any]]:
    """Every row of the city that is not a run's own."""
    models = [model for model in apps.get_app_config("codes").get_models() if model.__name__ not in OWN]
    rows: dict[str, list[Any]] = {
        model.__name__: list(model._default_manager.order_by("pk").values()) for model in models
    }
    rows["verdict history that counts"] = list(VerdictChange.objects.counted().order_by("pk").values())
    rows["open disagreements"] = list(Disagreement.objects.filter(closed_run=None).order_by("pk").values())
    return rows


def recompute(life: Life, number: int, **asked: Any) -> Run:
    now = life.as_of + HOUR
    run, opened = start_run(by="operator:li", now=now, day=day(number), history=True, **asked)
    assert opened
    return run_here(run.pk, clock=lambda: now, progress=lambda _: None)


def rows_of(report: Any, name: ReportName, number: int) -> list[dict[str, Any]]:
    content = report(ReportRequest(name, day(number), day(number)), now=NOW)
    with transaction.atomic():
        return [dict(zip(content.columns, row, strict=True)) for row in content.rows]


def states(number: int) -> dict[str, str]:
    return {row["provider"]: row["state"] for row in rows_of(daily_codes, ReportName.CODES, number)}


GREEN = {"alipay": "green", "cityapp": "green", "wechat": "green"}
RED = {**GREEN, "wechat": "red"}


def test_recomputing_a_day_on_which_all_was_well_leaves_red_red(life: Life) -> None:
    """The row of the report: P1 is red today, D-10 is recomputed; then the pass was green and the case closed by itself."""
    citizen = Citizen.objects.get()
    before, code, last = standing(), effective_code(citizen.pk, now=life.as_of), Run.objects.last_settled()
    run = recompute(life, 2)
    assert (run.state, run.fault, run.history) == (Run.State.KEPT, "", True)
    assert standing() == before
    assert effective_code(citizen.pk, now=life.as_of) == code
    assert code.colour == "red"
    assert cases_told() == "1 received"
    assert Run.objects.last_settled() == last
    assert run not in Run.objects.settled()
    assert Run.objects.judging(citizen.pk).first() == last
    assert {side.inputs.run_id for side in provider_states(citizen.pk, now=life.as_of)} == {last.pk if last else None}
    assert states(2) == GREEN
    assert states(12) == RED
    life.live("")
    assert cases_told() == "1 received", "the next day's run goes on from what stood"


def test_what_is_known_later_is_told_of_the_past_day(life: Life) -> None:
    """A contact of day 3 that was recorded on day 13: then nobody saw it, and now the day's report does."""
    assert states(3) == GREEN
    later = life.as_of + timedelta(minutes=30)

    late = Fact.objects.get(kind="close_contact")
    late.pk, late.record_id, late.started_on, late.received_at = None, "late", day(3), later
    late.save(force_insert=True)
    before = standing()
    run = recompute(life, 3)
    assert states(3) == RED
    (row,) = rows_of(daily_disagreements, ReportName.DISAGREEMENTS, 3)
    assert row["colours"] == RED
    assert (row["effective"], row["effective_because"]) == ("green", "agreement"), "what the city stood by on that day"
    assert (row["case_number"], row["case_state"]) == (None, None)
    assert [(pair["a"], pair["b"], pair["primary_cause"]) for pair in row["pairs"]] == [
        ("alipay", "wechat", "source"),
        ("cityapp", "wechat", "source"),
    ]
    assert standing() == before
    assert run.counts["kept_disagreements"] == 1
    counted = run.providers.order_by("provider__code").values_list("registered", "red", "yellow")
    assert list(counted) == [(1, 0, 0), (1, 0, 0), (1, 1, 0)]
    assert JournalEntry.objects.get(verb="run.kept", subject=f"run:{run.pk}").data["day"] == str(day(3))
    assert states(2) == GREEN
    assert states(4) == GREEN, "another day tells what it told"


def test_the_newer_of_a_days_runs_is_told(bare_city: City) -> None:
    """A day recomputed as history, and then settled again: the ordinary run is the newer one."""
    life = Life()
    life.live("police: close_contact")
    run = recompute(life, 0)
    assert run.sequence == 2
    again, _ = start_run(by="operator:li", now=life.as_of + 2 * HOUR, collects=False)
    run_here(again.pk, clock=lambda: life.as_of + 2 * HOUR, progress=lambda _: None)
    content = daily_codes(ReportRequest(ReportName.CODES, day(0), day(0)), now=NOW)
    assert [one["run"] for one in content.filters["runs"]] == [again.pk]


def test_a_past_run_of_history_comes_out_again(life: Life, capsys: pytest.CaptureFixture[str]) -> None:
    run = recompute(life, 11)
    done = replay(run)
    assert (done.verdicts, done.differences) == (3, [])
    citizen = Citizen.objects.get()
    again = side_by_side(run, citizen, replay(run, citizen_id=citizen.pk))
    assert [(one.inputs.provider.code, one.state.value, one.rules) for one in again] == [
        ("alipay", "green", ()),
        ("cityapp", "green", ()),
        ("wechat", "red", ("R1",)),
    ]
    call_command("replay", "--city", "beta", "--day", str(day(11)))
    assert f"run {run}" in capsys.readouterr().out
    for ordinary in Run.objects.settled():
        assert replay(ordinary).differences == [], "what was kept is not of their history"


def test_a_forged_kept_verdict_is_found(life: Life) -> None:
    run = recompute(life, 11)
    VerdictChange.objects.create(
        run=run,
        citizen=Citizen.objects.get(),
        provider=Provider.objects.get(code="alipay"),
        version=VerdictChange.objects.filter(run=run)[0].version,
        before="green",
        after="red",
        hits=[{"rule": "R1", "fact_id": 1}],
    )
    assert {one.provider for one in replay(run).differences} == {"alipay"}


def test_the_counts_over_time_are_the_citys_own(life: Life) -> None:
    runs = list(Run.objects.settled())[::-1]
    before = pairs_after(runs)
    recompute(life, 11)
    recompute(life, 11)
    assert PairDiagnosis.objects.filter(disagreement__opened_run__history=True).exists()
    assert pairs_after(runs) == before


def test_no_ruling_ends_and_none_is_suspended(life: Life) -> None:
    """By a day after its end, or by a hit that was there then."""

    case = Case.objects.get()
    ruling = Ruling.objects.create(
        citizen=case.citizen,
        case=case,
        colour="green",
        reason_code="wrong_record",
        evidence=["document:1"],
        weighed=[],
        expires_on=day(5),
        state="approved",
        proposed_by="li",
        proposed_at=life.as_of,
        decided_by="wang",
        decided_at=life.as_of,
    )
    recompute(life, 11)
    ruling.refresh_from_db()
    assert (ruling.state, ruling.suspended_at) == ("approved", None)


def test_a_run_of_history_that_lacks_a_part_says_so(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    now = life.as_of + HOUR
    run, _ = start_run(by="operator:li", now=now, day=day(2), history=True)
    run_parked = iter([True])

    def park(*_: Any, **__: Any) -> Iterator[bool]:
        Partition.objects.filter(run=run).update(state="parked", fault="error", params={"error": "for the test"})
        return run_parked

    monkeypatch.setattr("codes.runs.steps.work_partition", park)
    done = run_here(run.pk, clock=lambda: now, progress=lambda _: None)
    assert (done.state, done.fault) == (Run.State.KEPT, "incomplete")
    assert "1" in done.message


def test_what_was_decided_while_it_worked_is_counted_after_it(life: Life) -> None:
    """An amending run is owed whoever was decided about, as after any run."""
    now = life.as_of + HOUR
    run, _ = start_run(by="operator:li", now=now, day=day(2), history=True)
    fact = Case.objects.get().citizen.facts.get(kind="close_contact")
    Suppression.objects.create(
        source=fact.source,
        record_id=fact.record_id,
        state="approved",
        reason_code="wrong_record",
        proposed_by="li",
        proposed_at=now,
        decided_by="wang",
        decided_at=now,
    )
    run_here(run.pk, clock=lambda: now + HOUR, progress=lambda _: None)
    assert Run.objects.get(state=Run.State.AMENDED).amends == Run.objects.last_settled()
    assert effective_code(Citizen.objects.get().pk, now=now).colour == "green"
