"""A province's risk list becomes a draft in every city, decided by two people there. A failing city does not stop the others."""

from datetime import datetime

import pytest

from codes import risk_lists
from codes.models import RuleSetDraft
from codes.risk_lists import draft_in_city, merged, open_drafts, sweep_risk_lists
from codes.rule_sets.drafts import content_faults
from codes.tasks import sweep_all_risk_lists
from portal.operator import risk_lists as pages
from regions.journal.models import JournalEntry
from regions.leased_jobs import MAX_ATTEMPTS
from regions.models import CitySuspension, RiskList, RiskListDelivery
from regions.tenancy import current_city, in_city
from tests.integration.pages.people import Visitor

SENT = {"entries": "533103 high 2026-11-20\n610304 medium - 2026-11-22", "note": "省防控办11月24日通知"}
Row = dict[str, str]


def row(area: str, level: str, first: str, last: str = "") -> Row:
    return {"area": area, "level": level, "from": first, **({"to": last} if last else {})}


OLD = row("533103", "medium", "2026-11-01")


@pytest.mark.parametrize(
    ("listed", "entry", "expected"),
    [
        ([], row("533103", "high", "2026-11-20"), [row("533103", "high", "2026-11-20")]),
        ([OLD], OLD, [OLD]),
        ([OLD], row("533103", "medium", "2026-11-10"), [OLD]),
        ([OLD], {**OLD, "to": "2026-11-30"}, [{**OLD, "to": "2026-11-30"}]),
        ([OLD], {"area": "533103", "level": "medium", "to": "2026-11-30"}, [{**OLD, "to": "2026-11-30"}]),
        ([OLD], {"area": "533103", "level": "high", "to": "2026-11-30"}, [OLD]),
        (
            [OLD],
            row("533103", "high", "2026-11-20"),
            [{**OLD, "to": "2026-11-19"}, row("533103", "high", "2026-11-20")],
        ),
        (
            [{**OLD, "to": "2026-11-05"}],
            row("533103", "high", "2026-11-20"),
            [{**OLD, "to": "2026-11-05"}, row("533103", "high", "2026-11-20")],
        ),
    ],
)
def test_what_is_over_stays_and_an_area_has_one_level(listed: list[Row], entry: Row, expected: list[Row]) -> None:
    assert merged(listed, [entry]) == expected
    assert merged(expected, [entry]) == expected


@pytest.fixture
def enqueued(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    enqueued: list[int] = []
    monkeypatch.setattr(pages, "enqueue_risk_list", enqueued.append)
    return enqueued


def test_a_line_that_is_none_is_told(operator: Visitor, enqueued: list[int]) -> None:
    page = operator.post("/risk-lists/", {**SENT, "entries": "533103 high\n999999 high 2026-11-20\n533103 high -"})
    told = page.content.decode()
    assert all(f"Line {n}" in told for n in (1, 2, 3))
    assert not RiskList.objects.exists()


def test_each_city_gets_a_draft_of_its_own(operator: Visitor, enqueued: list[int], clock: datetime) -> None:
    operator.post("/risk-lists/", SENT)
    sent = RiskList.objects.get()
    deliveries = {one.city.schema_name: one for one in sent.deliveries.select_related("city")}
    assert (sorted(deliveries), sorted(enqueued)) == (["alpha", "beta"], sorted(one.pk for one in deliveries.values()))
    assert all(draft_in_city(one.pk, clock=lambda: clock) for one in deliveries.values())
    assert not draft_in_city(deliveries["beta"].pk, clock=lambda: clock)
    with in_city("beta"):
        draft = RuleSetDraft.objects.order_by("pk").first()
        assert draft is not None
        assert (draft.state, draft.created_by, draft.reason) == ("editing", "operator:mo", SENT["note"])
        assert row("533103", "high", "2026-11-20") in draft.content["risk_areas"]
        today = current_city().day_of(clock)
        assert content_faults(draft.content, code=draft.rule_set.code, today=today)[1] == []
        begun = JournalEntry.objects.filter(verb="draft.begun").first()
        assert begun is not None
        assert (begun.by, begun.data["source"]) == ("operator:mo", f"risk_list:{sent.name}")
        manager = Visitor.at_work("rule_manager", now=clock).in_english()
    shown = manager.read(f"/staff/rule-sets/drafts/{draft.pk}/")
    assert "The province sent this risk list" in shown
    assert SENT["note"] in shown
    page = operator.read(f"/risk-lists/{sent.name}/")
    assert "Being drafted" in page
    with in_city("beta"):
        RuleSetDraft.objects.update(state="dropped")
    sweep_all_risk_lists()
    assert "Dropped" in operator.read(f"/risk-lists/{sent.name}/")
    assert {one.city.schema_name for one in open_drafts()} == {"alpha"}


def test_a_city_that_fails_stops_no_other(
    operator: Visitor, enqueued: list[int], clock: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator.post("/risk-lists/", SENT)
    alpha, beta = RiskListDelivery.objects.order_by("city__schema_name")
    drafts = risk_lists._drafts

    def fails_in_alpha(delivery: RiskListDelivery, *, now: datetime) -> list[dict[str, object]]:
        if delivery.pk == alpha.pk:
            raise RuntimeError("alpha is out of order")
        return drafts(delivery, now=now)

    monkeypatch.setattr(risk_lists, "_drafts", fails_in_alpha)
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(RuntimeError):
            draft_in_city(alpha.pk, clock=lambda: clock)
    assert draft_in_city(beta.pk, clock=lambda: clock)
    alpha.refresh_from_db()
    beta.refresh_from_db()
    assert (alpha.state, beta.state) == ("failed", "drafted")
    assert "alpha is out of order" in operator.read(f"/risk-lists/{alpha.risk_list.name}/")


def test_a_suspended_city_gets_the_list_when_it_goes_on(
    operator: Visitor, enqueued: list[int], clock: datetime
) -> None:
    operator.post("/risk-lists/", SENT)
    one = RiskListDelivery.objects.get(city__schema_name="beta")
    held = CitySuspension.objects.create(
        city=one.city,
        reason="works",
        note="x",
        asked_by="mo",
        asked_at=clock,
        state="in_force",
        decided_by="su",
        decided_at=clock,
    )
    assert one.pk not in sweep_risk_lists(now=clock)
    assert not draft_in_city(one.pk, clock=lambda: clock)
    held.delete()
    assert one.pk in sweep_risk_lists(now=clock)
    assert draft_in_city(one.pk, clock=lambda: clock)
