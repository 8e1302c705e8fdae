"""Worked examples of what a provider sees: versions, horizons, origins, suppressions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.oracle import Batch, CheckIn, Source, Suppression, inputs_of, seen_facts, verdict
from tests.unit.oracle.march import LI, ORIGINS, Row, at, city, fact, march, rows, rule

POLICE_TO_THE_10TH = Source("police", timedelta(days=30), (Batch(at(10), at("10 12")),))


@pytest.mark.parametrize("row", rows("seen"))
def test_seen(row: Row) -> None:
    versions = [
        fact("close_contact", record="r", version=number, **fields)
        for number, fields in enumerate(row["versions"], start=1)
    ]
    suppressions = tuple(
        Suppression(
            ORIGINS[one.get("origin", "police")],
            one.get("record", "r"),
            at(one["from"]),
            at(one["until"]) if "until" in one else None,
        )
        for one in row.get("suppressed", [])
    )
    for received in (versions, versions[::-1]):
        world = city([], received, sources=(POLICE_TO_THE_10TH,), suppressions=suppressions)
        inputs = inputs_of(world, "alipay", march(12), at(12))
        assert inputs is not None
        seen = seen_facts(world, LI, inputs)
        assert [one.started_on for one in seen] == ([march(row["sees"])] if "sees" in row else [])


def test_a_clearing_fact_must_be_seen_too() -> None:
    held = rule(until_cleared=True, cleared_by=["contact_excluded"])
    cleared = fact("contact_excluded", 5, origin="bigdata")
    world = city([held], [fact("close_contact", 1), cleared])
    assert verdict(world, LI, "alipay", march(6), at(6)).state == "red"
    world = replace(world, facts=(world.facts[0], replace(cleared, origin=ORIGINS["city"])))
    assert verdict(world, LI, "alipay", march(6), at(6)).state == "green"


def test_a_revoked_test_does_not_count() -> None:
    test = fact("negative_test", 3)
    world = city([rule(hold_days=0, tests=1)], [fact("close_contact", 1), test])
    assert verdict(world, LI, "alipay", march(6), at(6)).state == "green"
    revoked = replace(test, version=2, revoked=True)
    world = replace(world, facts=(*world.facts, revoked))
    assert verdict(world, LI, "alipay", march(6), at(6)).state == "red"


def test_a_check_in_counts_from_its_receipt_and_with_its_own_provider_only() -> None:
    world = city([rule(hold_days=0, checkin_days=1)], [fact("close_contact", 1)])
    entered = CheckIn(LI, "alipay", march(2), True, at("4 9"))
    for check_in, state_before, state_after in [
        (entered, "red", "green"),
        (replace(entered, provider="wechat"), "red", "red"),
        (replace(entered, healthy=False), "red", "red"),
    ]:
        world = replace(world, check_ins=(check_in,))
        assert verdict(world, LI, "alipay", march(4), at("4 8")).state == state_before
        assert verdict(world, LI, "alipay", march(4), at("4 9")).state == state_after
