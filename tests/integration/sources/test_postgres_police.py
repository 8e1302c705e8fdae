"""A police database in PostgreSQL, with its native types of instants and booleans."""

from datetime import timedelta

from regions.sources.models import Batch
from tests.integration.sources.stand_ins import NOW, Police, at, record, records

LATER = NOW + timedelta(hours=1)


def test_records_become_facts_and_only_what_is_new_is_read_again(postgres_police: Police) -> None:
    postgres_police.source.overlap_hours = 1
    postgres_police.source.save()
    postgres_police.set_clock(at(600))
    postgres_police.add(*records(20), record(area="420100", kind="LJ", ended_on="2026-11-20", detail={"venue": "市场"}))

    first = postgres_police.collect()

    assert (first.state, first.accepted, first.as_of) == (Batch.State.ACCEPTED, 21, at(600))
    (fact,) = [fact for fact in postgres_police.versions("r1") if fact.kind == "area_stay"]
    assert (fact.area, fact.detail, fact.recorded_at) == ("420100", {"venue": "市场"}, at(0))

    postgres_police.set_clock(at(700))
    postgres_police.add(record(record_id="new", recorded_at=at(650)))
    second = postgres_police.collect(now=LATER)
    assert (second.since, second.delivered, second.accepted) == (at(540), 1, 1)


def test_a_withdrawn_record_is_revoked(postgres_police: Police) -> None:
    postgres_police.add(record())
    postgres_police.collect()
    postgres_police.replace(record(revoked=True, recorded_at=at(5)))
    postgres_police.collect(now=LATER, full=True)

    assert [(fact.version, fact.superseded, fact.revoked) for fact in postgres_police.versions()] == [
        (1, True, False),
        (2, False, True),
    ]


def test_a_view_that_is_gone_refuses_the_delivery(postgres_police: Police) -> None:
    postgres_police.add(record())
    good = postgres_police.collect()
    postgres_police.source.records_view = "ga_jk.no_such_view"
    postgres_police.source.save()

    batch = postgres_police.collect(now=LATER)

    assert (batch.state, batch.reason) == (Batch.State.REFUSED, "view_unreadable")
    assert len(postgres_police.versions()) == good.accepted
