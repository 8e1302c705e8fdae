"""A full collection finds what incremental ones cannot: docs/contracts.md §2 and docs/adr/0024-full-comparison.md."""

import random
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.db import connection
from sqlalchemy import create_engine, text

from codes.intake.collecting import discard
from codes.models import Fact
from portal.demo.stand_ins.police_database import COLUMNS, PoliceDatabase
from regions.sources import ranges
from regions.sources.connectors import police_database_ranges
from regions.sources.models import Batch, BatchFinding, RangeHashes, Source
from regions.staff.roles import Role
from tests.integration.review.desk import hire
from tests.integration.sources.stand_ins import NOW, Centre, Police, Record, record, records

OLD = NOW - timedelta(days=20)
WEEK = timedelta(days=7)


def old_records(count: int = 40) -> list[Record]:
    """Recorded long behind any overlap."""
    started = "2026-11-01"
    return [
        {**one, "recorded_at": OLD + timedelta(minutes=n)} for n, one in enumerate(records(count, started_on=started))
    ]


@pytest.fixture(params=["police", "postgres_police"])
def any_police(request: pytest.FixtureRequest) -> Police:
    """One that streams everything, and one that hashes its ranges; both collected once, fully."""
    found: Police = request.getfixturevalue(request.param)
    found.add(*old_records())
    first = found.collect()
    assert (first.state, first.full, first.compared) == (Batch.State.ACCEPTED, True, 40)
    assert (first.late, first.changed, first.missing) == (0, 0, 0)
    return found


def found(batch: Batch) -> dict[str, list[str]]:
    """The findings' record ids by kind; the batch counts as many."""
    listed: dict[str, list[str]] = {"late": [], "changed": [], "missing": []}
    for one in BatchFinding.objects.filter(batch=batch).order_by("kind", "record_id"):
        listed[one.kind].append(one.record_id)
    assert [len(listed[kind]) for kind in listed] == [batch.late, batch.changed, batch.missing]
    return {kind: ids for kind, ids in listed.items() if ids}


def next_day(source: Police | Centre, days: int = 1) -> Batch:
    """Collect as the daily run does, so many days later."""
    now = NOW + timedelta(days=days)
    source.set_clock(now - timedelta(hours=1))
    return source.collect(now=now)


def change(police: Police, record_id: str, **values: object) -> None:
    """Change a row in place, as their clerk does."""
    table = police.database.records
    chosen = table.update().where(table.c[COLUMNS["record_id"]] == record_id)
    with police.database.engine.begin() as connection:
        connection.execute(chosen.values({COLUMNS[name]: value for name, value in values.items()}))


def remove(police: Police, record_id: str) -> None:
    table = police.database.records
    with police.database.engine.begin() as connection:
        connection.execute(table.delete().where(table.c[COLUMNS["record_id"]] == record_id))


def test_what_was_put_behind_the_horizon_is_found_by_the_next_full_comparison(any_police: Police) -> None:
    any_police.add(record(record_id="behind", recorded_at=OLD, started_on="2026-11-01"))
    daily = next_day(any_police)
    assert (daily.full, found(daily), any_police.versions("behind")) == (False, {}, [])

    full = next_day(any_police, 7)

    assert (full.full, full.accepted, full.compared) == (True, 1, 41)
    assert found(full) == {"late": ["behind"]}
    assert [fact.received_at for fact in any_police.versions("behind")] == [NOW + WEEK]


def test_what_was_revoked_in_place_is_found_by_the_next_full_comparison(any_police: Police) -> None:
    change(any_police, "r7", revoked=True)
    assert found(next_day(any_police)) == {}

    full = next_day(any_police, 7)

    assert found(full) == {"changed": ["r7"]}
    assert [(one.revoked, one.superseded) for one in any_police.versions("r7")] == [(False, True), (True, False)]


def test_what_is_gone_is_told_each_time_and_never_deleted(any_police: Police) -> None:
    remove(any_police, "r3")
    remove(any_police, "r4")
    for days in (7, 14):
        full = next_day(any_police, days)
        assert found(full) == {"missing": ["r3", "r4"]}
        assert (full.accepted, full.compared) == (0, 38)
    assert Fact.objects.filter(superseded=False, revoked=False).count() == 40
    any_police.add(old_records()[3], {**old_records()[4], "recorded_at": NOW + timedelta(days=20)})

    assert found(next_day(any_police, 21)) == {}


def test_a_revoked_record_may_go(any_police: Police) -> None:
    change(any_police, "r3", revoked=True)
    next_day(any_police, 7)
    remove(any_police, "r3")

    assert found(next_day(any_police, 14)) == {}


def test_what_was_recorded_since_and_is_gone_again_is_missing(any_police: Police) -> None:
    any_police.add(record(record_id="short", recorded_at=NOW + timedelta(hours=1)))
    assert next_day(any_police).accepted == 1
    remove(any_police, "short")

    assert found(next_day(any_police, 7)) == {"missing": ["short"]}


def test_a_record_in_quarantine_is_not_missing(any_police: Police) -> None:
    change(any_police, "r3", kind="XYZ")
    full = next_day(any_police, 7)

    assert (full.quarantined, found(full)) == (1, {})
    assert any_police.versions("r3")[0].superseded is False


def test_the_overlap_finds_what_is_a_little_late(any_police: Police) -> None:
    next_day(any_police)
    horizon = NOW + timedelta(days=1, hours=-1)
    any_police.add(record(record_id="late", recorded_at=horizon - timedelta(hours=23)))
    any_police.add(record(record_id="too late", recorded_at=horizon - timedelta(hours=25)))

    daily = next_day(any_police, 2)

    assert (daily.full, found(daily)) == (False, {"late": ["late"]})


@pytest.mark.parametrize(("days", "full"), [(6, False), (7, True)])
def test_a_full_comparison_is_due_on_its_day(any_police: Police, days: int, full: bool) -> None:
    assert next_day(any_police, days).full is full


def test_the_source_says_how_often(any_police: Police) -> None:
    any_police.source.full_every_days = 2
    any_police.source.save()

    assert [next_day(any_police, day).full for day in range(1, 6)] == [False, True, False, True, False]


def test_a_refused_full_comparison_is_made_again(any_police: Police) -> None:
    change(any_police, "r3", kind="XYZ")
    any_police.add(
        *(record(record_id=f"bad{n}", kind="XYZ", recorded_at=OLD, started_on="2026-11-01") for n in range(20))
    )
    refused = next_day(any_police, 7)
    assert (refused.state, refused.reason, refused.full) == (Batch.State.REFUSED, "too_many_bad", True)
    for n in range(20):
        remove(any_police, f"bad{n}")

    assert next_day(any_police, 8).full


def test_another_database_behind_the_same_source_is_read_whole(
    police: Police, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    police.add(*old_records())
    police.collect()
    url = f"sqlite:///{tmp_path / 'other.sqlite'}"
    engine = create_engine(url)
    other = PoliceDatabase(engine)
    other.create()
    other.add_records([*old_records()[5:], record(record_id="only there", recorded_at=OLD, started_on="2026-11-01")])
    monkeypatch.setenv("ALPHA_POLICE_URL", url)
    moved = Police(other, police.source)

    batch = next_day(moved)

    engine.dispose()
    assert (batch.full, batch.state, batch.delivered) == (True, Batch.State.ACCEPTED, 36)
    assert found(batch) == {"late": ["only there"], "missing": ["r0", "r1", "r2", "r3", "r4"]}
    assert len(moved.versions("only there")) == 1
    assert next_day(moved, 2).full is False


def test_an_old_delivery_of_everything_was_full_and_the_next_collection_is(police: Police) -> None:
    """As the first release left the rows: it did not keep where they came from."""
    police.add(*old_records())
    everything, daily = police.collect(), next_day(police)
    Batch.objects.update(full=False, compared=None, address=None)

    with connection.cursor() as cursor:
        cursor.execute(import_module("regions.sources.migrations.0006_full_comparison").MARK_FULL)

    marked = Batch.objects.order_by("pk").values_list("pk", "full", "compared")
    assert list(marked) == [(everything.pk, True, 40), (daily.pk, False, None)]
    assert [next_day(police, day).full for day in (2, 3)] == [True, False]


def test_another_password_is_the_same_database(postgres_police: Police) -> None:
    url = postgres_police.database.engine.url
    same = url.set(password="another", port=url.port).render_as_string(hide_password=False)
    other = url.set(username="another").render_as_string(hide_password=False)
    own = url.render_as_string(hide_password=False)

    hashes = [ranges.address_hash(postgres_police.source, one) for one in (own, same, other)]

    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.parametrize("column", ["records_view", "clock_view"])
def test_another_view_is_compared_whole(any_police: Police, column: str) -> None:
    schema = f"{any_police.database.schema}." if any_police.database.schema else ""
    old = getattr(any_police.source, column)
    with any_police.database.engine.begin() as connection:
        connection.execute(text(f"CREATE VIEW {schema}another AS SELECT * FROM {old}"))  # noqa: S608
    setattr(any_police.source, column, f"{schema}another")
    any_police.source.save()

    batch = next_day(any_police)

    assert (batch.full, batch.delivered, batch.unchanged) == (True, 40, 40)


def test_the_centre_is_paged_from_the_beginning(centre: Centre) -> None:
    centre.add(old_records())
    centre.collect()
    centre.add([record(record_id="behind", kind="close_contact", recorded_at=OLD, started_on="2026-11-01")])
    assert found(next_day(centre)) == {}

    full = next_day(centre, 7)

    assert (full.full, full.delivered, full.compared, full.unchanged) == (True, 41, 41, 40)
    assert found(full) == {"late": ["behind"]}
    assert not RangeHashes.objects.exists()


def test_another_address_or_app_of_the_centre_is_compared_whole(centre: Centre) -> None:
    centre.add(old_records())
    centre.collect()
    centre.source.base_url += "/"
    centre.source.save()

    assert next_day(centre).full
    assert next_day(centre, 2).full is False
    centre.source.app_id = "another"
    assert next_day(centre, 3).full, "though there it is refused"


def test_equal_ranges_are_not_sent(postgres_police: Police) -> None:
    postgres_police.add(*old_records(400))
    assert postgres_police.collect().delivered == 400
    change(postgres_police, "r7", full_name="别人")
    postgres_police.add(record(record_id="new", recorded_at=NOW + timedelta(days=1)))

    full = next_day(postgres_police, 7)

    assert (full.full, full.compared, full.accepted) == (True, 401, 2)
    assert full.delivered < 40
    assert found(full) == {"changed": ["r7"]}
    assert next_day(postgres_police, 14).delivered == 0
    assert RangeHashes.objects.count() == 1


def test_what_is_new_brings_no_ranges_of_old_records(postgres_police: Police) -> None:
    postgres_police.add(*old_records(400))
    assert (postgres_police.collect().accepted, RangeHashes.objects.get().bits) == (400, 6)
    postgres_police.add(record(record_id="new", recorded_at=NOW + timedelta(days=1)))

    assert next_day(postgres_police, 7).delivered == 1


def test_where_more_than_half_of_the_ranges_differ_everything_is_sent(postgres_police: Police) -> None:
    postgres_police.add(*old_records(400))
    postgres_police.collect()
    for number in range(70):
        change(postgres_police, f"r{number}", full_name="别人")

    full = next_day(postgres_police, 7)

    assert (full.delivered, found(full)["changed"]) == (400, sorted(f"r{number}" for number in range(70)))


def test_asked_for_by_hand_everything_comes(postgres_police: Police) -> None:
    postgres_police.add(*old_records())
    postgres_police.collect()

    assert postgres_police.collect(full=True).delivered == 40


@pytest.mark.parametrize("change", [{"kinds": {"MJ": "close_contact"}}, {"still": "2099-12-31"}])
def test_with_another_reading_everything_comes(postgres_police: Police, change: dict[str, object]) -> None:
    postgres_police.add(*old_records())
    postgres_police.collect()
    Source.objects.filter(pk=postgres_police.source.pk).update(**change)
    postgres_police.source.refresh_from_db()

    full = next_day(postgres_police, 7)

    assert (full.delivered, full.unchanged, found(full)) == (40, 40, {})


def test_a_database_that_fails_to_hash_sends_everything(
    postgres_police: Police, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres_police.add(*old_records())
    postgres_police.collect()
    monkeypatch.setattr(
        police_database_ranges, "_compare", lambda session, *_, **__: session.execute(text("SELECT 1 / 0"))
    )

    full = next_day(postgres_police, 7)

    assert (full.state, full.delivered, full.compared) == (Batch.State.ACCEPTED, 40, 40)
    assert not RangeHashes.objects.exists()


def test_a_source_of_another_size_is_cut_into_other_ranges(postgres_police: Police) -> None:
    postgres_police.add(*old_records())
    postgres_police.collect()
    RangeHashes.objects.update(bits=12)

    full = next_day(postgres_police, 7)

    assert (full.delivered, full.compared, RangeHashes.objects.get().bits) == (40, 40, 6)


def test_a_comparison_that_shrinks_is_held_and_says_what_is_missing(any_police: Police) -> None:
    hire("qian", Role.SOURCE_MANAGER, now=NOW)
    for n in range(17):
        remove(any_police, f"r{n}")

    held = next_day(any_police, 7)

    assert (held.state, held.missing) == (Batch.State.HELD, 17)
    assert held.message_in("en").startswith("A full delivery of 23 records where there were 40 before.")
    assert Fact.objects.filter(superseded=False, revoked=False).count() == 40
    discard(held.pk, by="qian", now=NOW + WEEK)
    assert not BatchFinding.objects.exists()
    assert RangeHashes.objects.filter(batch=held).count() == 0
    assert Batch.objects.get(pk=held.pk).missing == 17


def test_more_than_can_be_listed_is_counted(any_police: Police, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "LISTED_A_KIND", 2)
    monkeypatch.setattr("codes.intake.comparing.LISTED_A_KIND", 2)
    for n in range(5):
        remove(any_police, f"r{n}")

    for days in (7, 14):
        full = next_day(any_police, days)
        assert full.missing == 5
        assert list(full.findings.order_by("record_id").values_list("record_id", flat=True)) == ["r0", "r1"]


@pytest.mark.parametrize("seed", range(4))
def test_hashing_finds_what_streaming_finds(
    police: Police, postgres_police: Police, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """The same random deeds to both databases, week after week."""
    dice = random.Random(seed)
    monkeypatch.setenv("ALPHA_STREAMED_URL", str(police.database.engine.url))
    police.source.credential_env = "ALPHA_STREAMED_URL"
    police.source.save()
    postgres_police.source.pk, postgres_police.source.code = None, "hashed"
    postgres_police.source.save()
    twins = [police, postgres_police]
    kept = old_records(150)
    for one in twins:
        one.add(*kept)
    for one in twins:
        one.collect()
    for week in range(1, 4):
        for number in dice.sample(range(150), 12):
            deed = dice.choice(["revoke", "rename", "remove", "again", "behind"])
            for side in twins:
                _do(side, deed, f"r{number}", kept[number], week)
        batches = [next_day(one, 7 * week) for one in twins]
        assert found(batches[0]) == found(batches[1])
        assert batches[0].compared == batches[1].compared
        assert batches[1].delivered < batches[0].delivered
        states = [
            list(Fact.objects.filter(source=one.source).order_by("record_id", "version").values_list(*STATE))
            for one in twins
        ]
        assert states[0] == states[1]


STATE = ("record_id", "version", "superseded", "revoked", "recorded_at")


def _do(side: Police, deed: str, record_id: str, one: Record, week: int) -> None:
    match deed:
        case "revoke":
            change(side, record_id, revoked=True)
        case "rename":
            change(side, record_id, full_name=f"第{week}周")
        case "remove":
            remove(side, record_id)
        case "again":
            side.add({**one, "recorded_at": NOW + timedelta(days=7 * week - 3), "detail": {"week": week}})
        case "behind":
            side.add({**one, "recorded_at": OLD - timedelta(days=week)})
