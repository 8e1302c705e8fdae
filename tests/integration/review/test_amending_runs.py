"""A decision of two officials about a record counts at once, for the people concerned and nobody else."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from codes.city_counts import update_city_counts
from codes.city_days import city_days
from codes.disagreements import pairs_after
from codes.effective import after_run, effective_code
from codes.engine.provider_states import provider_states, visible_records
from codes.models import (
    Case,
    Citizen,
    Disagreement,
    EffectiveChange,
    Provider,
    Registration,
    Run,
    RunCitizen,
    Suppression,
    Verdict,
    VerdictChange,
)
from codes.reports.daily_codes import REGISTERED, RUN_STATES
from codes.reports.daily_disagreements import STANDING
from codes.reports.figures import judged_in
from codes.reports.jobs import expected_rows
from codes.reports.replay import replay
from codes.reports.request import FILTERS, ReportName, ReportRequest
from codes.reports.rows import stream
from codes.review.proposals import suppressions
from codes.runs.amend import amend_now, amend_owed
from codes.runs.ledger import start_run
from codes.runs.steps import advance, run_here
from regions.journal.models import JournalEntry
from regions.models import CityStanding
from tests.integration.journal.holding import journal_break
from tests.integration.review.desk import EVIDENCE, Desk, deliver


def ruled_wrong(desk: Desk, name: str = "zhang", **at: Any) -> Suppression:
    told = {"now": desk.now, **at}
    proposed = suppressions.propose_suppression(
        fact_id=desk.fact(name).pk, reason_code="never_happened", evidence=EVIDENCE, by="li", **told
    )
    return suppressions.approve_suppression(suppression_id=proposed.pk, by="wang", **told)


def counted(base: Run) -> set[int]:
    """Who differs on the day of the run: in charts, where the province counts them now and from day to day, and before an export."""
    kept: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            CityStanding.objects, "update_or_create", lambda **values: (kept.update(values["defaults"]), True)
        )
        update_city_counts("beta", now=base.as_of)
    of_day = city_days("beta", now=base.as_of)[-1].disagreements
    pairs = sum(sum(counts) for counts in pairs_after([base]).values())
    rows = expected_rows(ReportRequest(ReportName.DISAGREEMENTS))
    return {pairs, int(kept["disagreements"]), of_day or 0, rows or 0}


def coloured(base: Run) -> dict[tuple[str, str], int]:
    """Of the day of the run, as its figures say it."""
    judged = judged_in([base])
    return {(row.provider.code, name): getattr(row, name) for row in judged for name in ("red", "yellow", "green")}


def ended(desk: Desk, suppression: Suppression) -> None:
    key: dict[str, Any] = {"suppression_id": suppression.pk, "now": desk.now + timedelta(minutes=5)}
    suppressions.propose_suppression_end(reason_code="found_right", reason="记录属实", by="li", **key)
    suppressions.approve_suppression_end(by="wang", **key)


def shown(desk: Desk, name: str = "zhang") -> dict[str, str]:
    return {v.provider.code: v.colour for v in desk.citizen(name).verdicts.select_related("provider")}


def mended() -> Run:
    return Run.objects.get(state="mended")


def test_the_approval_changes_the_colour_the_code_and_the_case(desk: Desk) -> None:
    ruled_wrong(desk)
    assert shown(desk) == {}
    assert tuple(effective_code(desk.citizen("zhang").pk, now=desk.now))[:2] == ("green", "agreement")
    case = desk.case()
    assert (case.state, case.outcome, case.closed_at) == ("converged", "converged", desk.now)
    assert not Disagreement.objects.filter(citizen__ref="zhang", closed_run__isnull=True).exists()
    change = EffectiveChange.objects.filter(citizen__ref="zhang").latest("pk")
    assert (change.before, change.after, change.run, change.since) == ("red", "green", mended(), desk.now)


def test_the_sides_are_those_of_the_run_that_judged_the_citizen_last(desk: Desk) -> None:
    """Whoever applied with a provider since the day's run was judged there by what amended it."""
    base = Run.objects.last_settled()
    assert base
    between = base.as_of + timedelta(seconds=1)
    Registration.objects.filter(citizen__ref="zhang", provider__code="alipay").update(registered_at=between)
    zhang = desk.citizen("zhang").pk
    assert [side.state.value for side in provider_states(zhang, now=desk.now)] == ["unknown", "red"]
    ruled_wrong(desk)
    assert [side.state.value for side in provider_states(zhang, now=desk.now)] == ["green", "green"]
    assert {side.inputs.run for side in provider_states(zhang, now=desk.now)} == {mended()}
    assert visible_records(base.pk, zhang)
    assert not visible_records(mended().pk, zhang)


def test_the_code_of_somebody_first_judged_by_an_amending_run_was_unknown_before(desk: Desk) -> None:
    """Only the run itself knew of the registration; a second amending run finds the code that the first one settled."""
    base = Run.objects.last_settled()
    assert base
    late = Citizen.objects.create(ref="late", id_type="10", id_hash=b"late", id_encrypted=b"", known_since=desk.now)
    provider = Provider.objects.get(code="wechat")
    since = base.as_of + timedelta(seconds=1)
    Registration.objects.create(citizen=late, provider=provider, registered_at=since)
    desk.tell("late", "close_contact")
    for _ in range(2):
        with transaction.atomic():
            assert amend_now([late.pk], by="li", now=desk.now, because="run:1")
    changes = EffectiveChange.objects.filter(citizen=late).values_list("before", "before_because", "after")
    assert list(changes) == [("unknown", "unknown", "red")]


def test_nobody_else_is_touched(desk: Desk) -> None:
    before = [shown(desk, name) for name in ("chen", "liu")]
    ruled_wrong(desk)
    assert [shown(desk, name) for name in ("chen", "liu")] == before
    assert list(RunCitizen.objects.values_list("citizen__ref", flat=True)) == ["zhang"]
    assert set(VerdictChange.objects.filter(run=mended()).values_list("citizen__ref", flat=True)) == {"zhang"}
    assert desk.case("chen").state == desk.case("liu").state == "received"


def test_the_day_comes_to_what_its_amendments_left(desk: Desk) -> None:
    """Where its number stands above rows, it is their number."""
    base = Run.objects.latest("pk")
    before = Disagreement.objects.filter(closed_run=None).count()
    assert counted(base) == {before}
    suppression = ruled_wrong(desk)
    assert counted(base) == {before - 1}
    ended(desk, suppression)
    assert counted(base) == {before}


def test_its_colours_are_those_that_its_amendments_left(desk: Desk) -> None:
    base = Run.objects.latest("pk")
    before, held = coloured(base), Verdict.objects.count()
    suppression = ruled_wrong(desk)
    after = coloured(base)
    assert Verdict.objects.count() == held - 1
    assert (after["wechat", "red"], after["wechat", "green"]) == (
        before["wechat", "red"] - 1,
        before["wechat", "green"] + 1,
    )
    assert after["alipay", "green"] == before["alipay", "green"]
    ended(desk, suppression)
    assert coloured(base) == before


def test_it_takes_the_inputs_of_the_run_it_amends(desk: Desk) -> None:
    base = Run.objects.last_settled()
    assert base
    deliver(desk.keys.sources["police"], at=desk.now)
    ruled_wrong(desk)
    run = mended()
    assert (run.amends, run.day, run.sequence) == (base, base.day, base.sequence + 1)
    told = ("provider", "source", "version", "horizon", "known", "why_unknown")
    inputs = [list(one.providers.order_by("provider").values_list(*told)) for one in (run, base)]
    assert inputs[0] == inputs[1]
    assert Run.objects.last_settled() == base


def test_the_journal_accounts_for_it(desk: Desk) -> None:
    suppression = ruled_wrong(desk)
    entry = JournalEntry.objects.get(verb="run.mended")
    assert entry.by == "wang"
    assert entry.data["because"] == f"suppression:{suppression.pk}"
    assert (entry.data["citizens"], entry.data["changed"], len(entry.data["digest"])) == (1, 1, 64)
    told = JournalEntry.objects.get(verb="case.converged")
    assert (told.subject, told.data) == (f"case:{desk.case().number}", {"run": mended().pk})
    assert journal_break() is None


def test_its_end_brings_the_colour_back_at_once(desk: Desk) -> None:
    ended(desk, ruled_wrong(desk))
    assert shown(desk) == {"wechat": "red"}
    assert effective_code(desk.citizen("zhang").pk, now=desk.now).colour == "red"
    case = desk.case()
    assert (case.state, case.follows.state if case.follows else "") == ("received", "converged")
    assert case.disagreement
    assert case.disagreement.pairs.get().primary_cause == "source"


def test_the_next_run_finds_nothing_left_to_change(desk: Desk) -> None:
    ruled_wrong(desk)
    run = desk.run()
    assert run.changes.count() == 0
    assert run.counts["effective_changes"] == 0


def test_while_a_run_is_open_its_settling_does_it(desk: Desk) -> None:
    """The run's instant lies before the decision, so by itself it would not know of it."""
    started = desk.now - timedelta(seconds=30)
    for source in desk.keys.sources.values():
        deliver(source, at=started)
    run, _ = start_run(by="system", now=started, as_of=started, collects=False)
    advance(run.pk, clock=lambda: started)
    ruled_wrong(desk)
    assert shown(desk) == {"wechat": "red"}
    run_here(run.pk, clock=lambda: desk.now, progress=lambda _: None)
    assert shown(desk) == {}
    assert desk.case().state == "converged"
    assert mended().amends == run
    assert JournalEntry.objects.get(verb="run.mended").data["because"] == "owed"


def test_a_run_of_a_past_instant_leaves_out_what_was_decided_before_it_was_asked_for(desk: Desk) -> None:
    ruled_wrong(desk)
    at = desk.now - timedelta(seconds=30)
    for source in desk.keys.sources.values():
        deliver(source, at=at)
    later = desk.now + timedelta(minutes=1)
    run, _ = start_run(by="system", now=later, as_of=at, collects=False)
    run_here(run.pk, clock=lambda: later, progress=lambda _: None)
    assert shown(desk) == {"wechat": "red"}
    assert amend_owed(now=later) is None


def test_a_run_that_fails_leaves_it_to_the_next_sweep(desk: Desk) -> None:
    run, _ = start_run(by="system", now=desk.now, collects=False)
    ruled_wrong(desk)
    Run.objects.filter(pk=run.pk).update(state="failed", ended_at=desk.now, fault="error", params={"error": "said so"})
    assert amend_owed(now=desk.now + timedelta(minutes=5))
    assert shown(desk) == {}
    assert amend_owed(now=desk.now + timedelta(minutes=10)) is None, "once is enough"


def test_who_is_owed_it_is_judged_with_the_next(desk: Desk) -> None:
    run, _ = start_run(by="system", now=desk.now, collects=False)
    ruled_wrong(desk)
    Run.objects.filter(pk=run.pk).update(state="failed", ended_at=desk.now, fault="error", params={"error": "said so"})
    ruled_wrong(desk, "liu", now=desk.now + timedelta(minutes=1))
    assert shown(desk) == shown(desk, "liu") == {}
    assert mended().counts["citizens"] == 2


def test_what_was_received_since_counts_up_to_the_horizon(desk: Desk) -> None:
    """A record later than the horizon is for the next run, which has a later one."""
    replace(desk, now=desk.now + timedelta(hours=1)).tell("zhang", "arrival")
    ruled_wrong(desk, now=desk.now + timedelta(minutes=1))
    assert shown(desk) == {}
    desk.run(desk.now + timedelta(minutes=2))
    assert shown(desk) == {"wechat": "yellow"}


def test_before_the_first_run_there_is_nothing_to_amend(desk: Desk) -> None:
    Run.objects.filter(pk__gt=0).update(state="failed")
    assert amend_now([desk.citizen("zhang").pk], by="wang", now=desk.now, because="tests") is None


def test_the_run_that_stands_for_a_person(desk: Desk) -> None:
    base = Run.objects.last_settled()
    assert base
    ruled_wrong(desk)
    assert Run.objects.judging(desk.citizen("zhang").pk).first() == mended()
    assert Run.objects.judging(desk.citizen("chen").pk).first() == base


def test_exports_of_the_day_show_what_stood_before_the_next_run(desk: Desk) -> None:
    ended(desk, ruled_wrong(desk))
    ruled_wrong(desk, "liu", now=desk.now + timedelta(minutes=6))
    base = Run.objects.last_settled()
    assert base
    held = {"zhang": "red", "chen": "yellow", "liu": "green"}
    assert (_exported(base), sorted(_differing(base))) == (held, ["chen", "zhang"])
    desk.run(desk.now + timedelta(days=1))
    assert (_exported(base), sorted(_differing(base))) == (held, ["chen", "zhang"]), "nor later"


def _exported(run: Run) -> dict[str, str]:
    """What wechat showed on the run's day."""
    rows = stream(REGISTERED, {"provider": "wechat", "held": None, **RUN_STATES, **after_run(run, now=None)})
    return {row[1]: row[5] or "green" for row in rows}


def _differing(run: Run) -> dict[str, tuple[object, ...]]:
    """Who differed, with the effective code and the case."""
    everybody = dict.fromkeys(FILTERS[ReportName.DISAGREEMENTS])
    rows = stream(STANDING, {**after_run(run, now=None), **everybody, "seen": run.as_of})
    found: dict[str, tuple[object, ...]] = {row[1]: (row[5], row[-3], row[-2]) for row in rows}
    for name, (effective, number, state) in found.items():
        assert (effective, Case.objects.get(number=number).citizen.ref) == (_exported(run)[name], name)
        assert state == Case.objects.get(number=number).state
    return found


def test_it_comes_out_again_when_it_is_replayed(desk: Desk) -> None:
    base = Run.objects.last_settled()
    assert base
    ruled_wrong(desk)
    ended(desk, Suppression.objects.get())
    desk.run(desk.now + timedelta(minutes=10))
    each = [base, *base.amendments.order_by("pk"), Run.objects.latest("pk")]
    assert [(done.verdicts, done.differences) for done in map(replay, each)] == [(6, []), (2, []), (2, []), (6, [])]


@pytest.mark.parametrize("change", [{"amends": None}, {"state": "done"}])
def test_the_database_refuses_a_mending_run_that_amends_none(desk: Desk, change: dict[str, object]) -> None:
    ruled_wrong(desk)
    with pytest.raises(IntegrityError), transaction.atomic():
        Run.objects.filter(pk=mended().pk).update(**change)
