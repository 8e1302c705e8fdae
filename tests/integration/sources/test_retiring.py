"""A retired source or provider is no longer collected, judged or shown; its history stays, and it can come back: docs/adr/0025."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from codes.effective import effective_codes
from codes.engine.provider_states import provider_states
from codes.models import Case, EffectiveChange, Fact, Provider, Registration, Run, RunProvider, Verdict, VerdictChange
from codes.reports.daily_codes import frozen_providers
from codes.runs.ledger import start_run
from codes.runs.steps import run_here
from codes.source_effect import effect_of
from regions.journal.models import JournalEntry
from regions.refusals import Refused
from regions.sources import changes
from regions.sources.models import Batch, Source
from regions.staff.roles import Role
from regions.tenancy import current_city
from tests.integration.conftest import OpenDesk
from tests.integration.review.desk import Desk, hire

# By the police alone: zhang red, chen yellow; alipay says green of everybody.
PEOPLE = {"zhang": "spacetime_overlap", "chen": "arrival", "fine": "negative_test", "only": "close_contact"}


@pytest.fixture
def desk(opened_at_beta: OpenDesk, now: datetime) -> Desk:
    """``only`` has applied with wechat alone."""
    made = opened_at_beta(PEOPLE, now=now)
    Registration.objects.filter(citizen=made.citizen("only"), provider__code="alipay").delete()
    # Nobody's registration goes away in life, so no run looks for whom that is about.
    run_on(made, 0, everybody=True)
    hire("qian", Role.SOURCE_MANAGER, now=now)
    Source.objects.filter(code="police").update(records_view="health_records", clock_view="health_clock")
    assert codes(made) == {
        "zhang": ("red", "policy"),
        "chen": ("yellow", "policy"),
        "fine": ("green", "agreement"),
        "only": ("red", "agreement"),
    }
    return made


def run_on(desk: Desk, hours: int, *, everybody: bool = False) -> Run:
    at = desk.now + timedelta(hours=hours)
    run, opened = start_run(by="system", now=at, as_of=at, collects=False, everybody=everybody)
    assert opened
    return run_here(run.pk, clock=lambda: at, progress=lambda _: None)


def codes(desk: Desk) -> dict[str, tuple[str, str]]:
    told = effective_codes(list(desk.keys.citizens.values()), now=desk.now)
    return {name: (told[key].colour, told[key].because) for name, key in desk.keys.citizens.items()}


def change(desk: Desk, **values: Any) -> None:
    """By two people, as on the page."""
    source = Source.objects.get(code="police")
    made = changes.propose(
        source_id=source.pk, values=values, credential=None, effect={}, reason="合同到期", by="qian", now=desk.now
    )
    changes.put_in_force(made.pk, by="wang", now=desk.now)


def effect(**values: Any) -> dict[str, Any]:
    source = Source.objects.get(code="police")
    new = changes.differing(source, values)
    candidate = changes.changed(source, new, None)
    return effect_of(source, candidate, retired=new.get("retired_providers"), now=Run.objects.latest("pk").as_of)


WITHOUT_WECHAT = {
    "zhang": ("green", "agreement"),
    "chen": ("green", "agreement"),
    "fine": ("green", "agreement"),
    "only": ("unknown", "unknown"),
}


@pytest.mark.parametrize("values", [{"retired_providers": ["wechat"]}, {"retired": True}])
def test_its_colours_count_no_more_from_the_next_run_on(desk: Desk, values: dict[str, Any]) -> None:
    before = codes(desk)
    change(desk, **values)
    assert codes(desk) == before

    run = run_on(desk, 1)

    assert run.state == Run.State.DONE
    assert list(run.providers.values_list("provider__code", flat=True)) == ["alipay"]
    assert codes(desk) == WITHOUT_WECHAT
    assert not Case.objects.open().exists()
    states = {one.inputs.provider.code for one in provider_states(desk.citizen("zhang").pk, now=desk.now)}
    assert states == {"alipay"}
    told = EffectiveChange.objects.filter(run=run).values_list("citizen__ref", "before", "after")
    assert sorted(told) == [("chen", "yellow", "green"), ("only", "red", "unknown"), ("zhang", "red", "green")]


def test_it_is_not_a_silent_source(desk: Desk) -> None:
    """What fell silent goes on to count as it was; what two people retired does not."""
    change(desk, retired=True)
    run_on(desk, 24 * 7)

    assert {because for _, because in codes(desk).values()} <= {"agreement", "unknown"}


def test_its_history_stays(desk: Desk) -> None:
    first = Run.objects.settled()[0]
    counts = [model.objects.count() for model in (Registration, Fact, Verdict, VerdictChange, RunProvider)]
    change(desk, retired=True)

    run = run_on(desk, 1)

    kept = [model.objects.count() for model in (Registration, Fact, Verdict, VerdictChange)]
    assert kept == counts[:4]
    zone = current_city().zone
    wechat = Provider.objects.get(code="wechat").pk
    assert frozen_providers(first, zone=zone)[wechat].known
    assert not RunProvider.objects.filter(run=run, provider=wechat).exists()


def test_a_past_day_is_recomputed_with_the_providers_it_had(desk: Desk) -> None:
    change(desk, retired=True)
    run_on(desk, 48)
    standing = codes(desk)
    past = Run.objects.settled().order_by("pk").first()
    assert past
    run, _ = start_run(
        by="system", now=desk.now + timedelta(hours=49), day=past.day, as_of=past.as_of, collects=False, history=True
    )
    run_here(run.pk, clock=lambda: desk.now + timedelta(hours=49), progress=lambda _: None)

    assert sorted(run.providers.values_list("provider__code", flat=True)) == ["alipay", "wechat"]
    assert codes(desk) == standing


def test_it_comes_back_as_it_was(desk: Desk) -> None:
    before = codes(desk)
    change(desk, retired=True)
    run_on(desk, 1)
    change(desk, retired=False, retired_providers=[])

    run_on(desk, 2)

    assert codes(desk) == before


def test_who_would_change_colour_is_told_before(desk: Desk) -> None:
    rows = [model.objects.count() for model in (RunProvider, EffectiveChange, Run)]

    told = effect(retired_providers=["wechat"])

    assert told["leaving"] == [["wechat", 4, 2, 1]]
    assert told["returning"] == []
    assert told["effective"] == [["red", "green", 1], ["red", "unknown", 1], ["yellow", "green", 1]]
    assert [model.objects.count() for model in (RunProvider, EffectiveChange, Run)] == rows
    assert effect(retired=True)["effective"] == told["effective"]
    change(desk, retired=True)
    run_on(desk, 1)
    assert effect(retired=False, retired_providers=[]) == {"leaving": [], "returning": [["wechat", 4, 2, 1]]}


def test_a_provider_of_a_retired_source_is_retired_with_it(desk: Desk) -> None:
    change(desk, retired=True, retired_providers=[])
    assert Provider.objects.get(code="wechat").retired
    with pytest.raises(Refused, match="nothing to change"):
        change(desk, retired_providers=[])
    entry = JournalEntry.objects.filter(verb="source.changed").latest("seq")
    assert entry.data["columns"] == ["retired", "retired_providers"]
    assert entry.data["settings"] == {"retired": [False, True], "retired_providers": [[], ["wechat"]]}


def test_two_people_change_it(desk: Desk) -> None:
    source = Source.objects.get(code="police")
    made = changes.propose(
        source_id=source.pk,
        values={"retired_providers": ["wechat"]},
        credential=None,
        effect={},
        reason="合同到期",
        by="qian",
        now=desk.now,
    )
    assert not Provider.objects.filter(retired=True).exists()
    with pytest.raises(Refused):
        changes.put_in_force(made.pk, by="qian", now=desk.now)
    Provider.objects.filter(code="wechat").update(retired=True)
    with pytest.raises(Refused, match="have changed since"):
        changes.put_in_force(made.pk, by="wang", now=desk.now)


def test_a_run_does_not_collect_it(desk: Desk) -> None:
    change(desk, retired=True)
    before = Batch.objects.count()
    run, _ = start_run(by="system", now=desk.now + timedelta(hours=1))
    run_here(run.pk, clock=lambda: desk.now + timedelta(hours=1), progress=lambda _: None)

    assert list(run.sources.values_list("source__code", flat=True)) == ["bigdata"]
    assert Batch.objects.filter(source__code="police").count() <= before
