"""Worked examples of what a provider sees: versions, horizons, origins, suppressions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.oracle import Batch, CheckIn, Source, Suppression, inputs_of, seen_facts, verdict
from tests.oracle.seen import healthy_days
from tests.unit.oracle.march import LI, ORIGINS, ZONE, Row, at, city, fact, march, rows, rule

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
    entered = CheckIn(LI, "alipay", march(2), True, at("4 9"), at("2 20"))
    for check_in, state_before, state_after in [
        (entered, "red", "green"),
        (replace(entered, provider="wechat"), "red", "red"),
        (replace(entered, healthy=False), "red", "red"),
    ]:
        world = replace(world, check_ins=(check_in,))
        assert verdict(world, LI, "alipay", march(4), at("4 8")).state == state_before
        assert verdict(world, LI, "alipay", march(4), at("4 9")).state == state_after


Told = tuple[bool, str | None, str]
"""Whether healthy, when submitted, when received."""


@pytest.mark.parametrize(
    ("told", "counts"),
    [
        ([(True, "5 23.9", "9 0")], True),
        ([(True, "6 23.9", "9 0")], True),
        ([(True, "7 0", "9 0")], False),
        ([(True, "4 23.9", "9 0")], False),
        ([(True, None, "6 12")], True),
        ([(True, None, "7 12")], False),
        ([(True, "9 12", "6 12")], True),
        ([(False, "5 12", "5 12"), (True, "5 12.1", "5 13")], True),
        ([(True, "5 12.1", "5 13"), (False, "5 12", "9 0")], True),
        ([(True, "5 12", "5 12"), (False, "5 12.1", "5 13")], False),
        ([(True, "5 12", "5 12"), (False, "9 0", "9 0")], False),
        ([(False, "5 12", "5 12"), (True, "7 9", "7 9")], False),
        ([(True, "5 12", "5 12"), (True, "7 9", "7 9")], True),
        ([(True, "5 12", "5 12"), (False, "5 13", "10 13")], True),
        ([(False, "5 12", "6 12"), (True, "5 12", "7 12")], True),
        ([(True, "5 12", "6 12"), (False, "5 12", "7 12")], False),
        ([(False, "5 12", "6 12"), (True, "5 12", "6 12")], True),
    ],
)
def test_the_check_in_submitted_last_counts_unless_it_is_late(told: list[Told], counts: bool) -> None:
    check_ins = [
        CheckIn(LI, "alipay", march(5), healthy, at(received), at(submitted) if submitted else None, f"c{number}")
        for number, (healthy, submitted, received) in enumerate(told)
    ]
    for entered in (check_ins, check_ins[::-1]):
        assert (march(5) in healthy_days(entered, at(10), ZONE)) is counts
