"""Hybrids read from the first fact that can hold somebody in any of them: whatever that leaves out, they are judged alike.

Each case has one old fact that can still hold somebody in some hybrid, and one thing that looks as if it were over.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction

from codes.diagnosis import hybrids
from codes.engine.subjects import ALL_FACTS
from codes.models import Run
from codes.runs.steps import freeze_providers
from regions.models import City
from tests.integration.engine.judging import SOURCE, WHO, listed, noon, record
from tests.integration.engine.loading import load_world
from tests.oracle import (
    Batch,
    FactVersion,
    Origin,
    Provider,
    Registration,
    RiskArea,
    Rule,
    RuleSetVersion,
    Source,
    Suppression,
    World,
)
from tests.worlds import TODAY, day, tick

OLD = TODAY - 20
CENTRE, CITY = Origin("source", "bigdata"), Origin("city", "")
CLEARED = Rule("C", "close_contact", "red", hold_days=None, cleared_by=("contact_excluded",))
CONTACT = record("close_contact", OLD)
EXCLUDED = record("contact_excluded", OLD + 2)


def case(
    *facts: FactVersion, rule: Rule, areas: tuple[RiskArea, ...] = (), wrong: tuple[Suppression, ...] = ()
) -> World:
    """The police source speaks for Alipay, the centre for WeChat; the centre's horizon is two days behind."""
    behind = tick(3 * (TODAY - 2))
    now = noon(TODAY)
    return World(
        providers=(Provider("alipay", "police", "national"), Provider("wechat", "bigdata", "national")),
        sources=(
            Source("police", timedelta(days=1_000), (Batch(now, now),)),
            Source("bigdata", timedelta(days=1_000), (Batch(behind, behind),)),
        ),
        rule_sets=(RuleSetVersion("national", 1, day(-1_000), (rule,), areas),),
        citizens=(WHO,),
        facts=facts,
        registrations=tuple(Registration(WHO, one, tick(-3_000)) for one in ("alipay", "wechat")),
        suppressions=wrong,
    )


def days_only(**how: object) -> World:
    return case(CONTACT, rule=replace(Rule("D", "close_contact", "red", hold_days=7), **how))  # type: ignore[arg-type]


STILL_HOLDS = {
    "its days are over, and check-ins are missing": days_only(checkin_days=3),
    "its days are over, and tests are missing": days_only(tests=1),
    "its days are over, counted from its first day and not from when it was told": case(
        record("close_contact", OLD, recorded=3 * (TODAY - 4)), rule=Rule("D", "close_contact", "red", "recorded", 7)
    ),
    "no number of days releases it": days_only(hold_days=None),
    "its days end tomorrow": days_only(hold_days=21),
    "its days are over, counted from its start and not from its end": case(
        record("area_stay", OLD, TODAY - 3), rule=Rule("D", "area_stay", "red", "ended", 7)
    ),
    "its area is listed again, and nobody has told the end of the stay": case(
        record("area_stay", OLD),
        record("isolation_completed", OLD + 4),
        rule=Rule("S", "area_stay", "red", "ended", 7, cleared_by=("isolation_completed",), area_levels=("high",)),
        areas=(listed(OLD, OLD + 3), listed(TODAY - 3, TODAY + 3)),
    ),
    "a fact of another kind came after it": case(CONTACT, record("isolation_completed", OLD + 2), rule=CLEARED),
    "a test of its own day": case(
        CONTACT, record("negative_test", OLD), rule=replace(CLEARED, cleared_by=("negative_test",))
    ),
    "what clears came before it": case(CONTACT, record("contact_excluded", OLD - 1), rule=CLEARED),
    "what clears came before its end": case(
        record("close_contact", OLD, OLD + 5), EXCLUDED, rule=replace(CLEARED, anchor="ended")
    ),
    "what clears lies ahead": case(CONTACT, record("contact_excluded", TODAY + 1, recorded=3 * OLD), rule=CLEARED),
    "another source told what clears": case(CONTACT, replace(EXCLUDED, origin=CENTRE), rule=CLEARED),
    "one provider was told of it, and another of what clears": case(
        replace(CONTACT, origin=Origin("provider", "alipay")),
        replace(EXCLUDED, origin=Origin("provider", "wechat")),
        rule=CLEARED,
    ),
    "it is told by the city, and what clears by a source": case(
        replace(CONTACT, origin=CITY), EXCLUDED, rule=CLEARED
    ),
    "what clears was revoked": case(
        CONTACT, EXCLUDED, replace(EXCLUDED, version=2, recorded_at=tick(3 * OLD + 9), revoked=True), rule=CLEARED
    ),
    "a later version of what clears says another day": case(
        CONTACT, EXCLUDED, replace(EXCLUDED, version=2, recorded_at=tick(3 * OLD + 9), started_on=day(OLD - 2)), rule=CLEARED
    ),
    "what clears was received after the run's instant": case(
        CONTACT, replace(EXCLUDED, received_at=tick(3 * TODAY + 2)), rule=CLEARED
    ),
    "what clears was recorded between the horizons": case(
        CONTACT, replace(EXCLUDED, recorded_at=tick(3 * (TODAY - 1))), rule=CLEARED
    ),
    "what clears was ruled wrong": case(
        CONTACT, EXCLUDED, rule=CLEARED, wrong=(Suppression(SOURCE, EXCLUDED.record_id, tick(3 * TODAY - 3)),)
    ),
}  # fmt: skip


def judged(known: World) -> hybrids.Pair:
    with transaction.atomic():
        at = noon(TODAY)
        keys = load_world(known, known_at=at + timedelta(days=1))
        run = Run.objects.create(day=day(TODAY), as_of=at, started_by="test", started_at=at)
        freeze_providers(run)
        differing = {keys.citizens[WHO]: {"alipay": "green", "wechat": "red"}}
        (pair,) = hybrids.judge_pairs(run, differing, zone=str(known.zone))
        transaction.set_rollback(True)
    return pair


def holds_in(pair: hybrids.Pair) -> set[int]:
    """The masks of the hybrids in which somebody is held."""
    return {mask for mask in hybrids.MASKS if pair.colours[mask] != "green"}


@pytest.mark.parametrize("why", STILL_HOLDS)
def test_what_can_still_hold_is_read(bare_city: City, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = judged(STILL_HOLDS[why])
    monkeypatch.setattr(hybrids, "READS_FROM", ALL_FACTS)
    assert holds_in(found) == holds_in(judged(STILL_HOLDS[why])) != set()
