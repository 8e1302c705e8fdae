"""Healthy days are one merged value per citizen and provider; an unhealthy day is a symptom."""

from datetime import date, datetime, timedelta

import pytest
from django.db import connection

from codes.models import CheckInDays, Entry, Fact, Registration
from regions.models import City
from tests.integration.lines import BERT, check_in, citizen, declaration, outcomes, take


def test_days_are_merged_in_whatever_order_they_come(alpha: City, now: datetime) -> None:
    days = ["2026-11-03", "2026-11-01", "2026-11-02", "2026-11-07", "2026-11-02"]

    take(*(check_in(entry_id=f"c{place}", day=day) for place, day in enumerate(days)), now=now)

    assert _days() == {"alipay": "{[2026-11-01,2026-11-04),[2026-11-07,2026-11-08)}"}
    assert Entry.objects.filter(type="check_in").count() == 5


def test_later_days_join_those_that_are_held(alpha: City, now: datetime) -> None:
    take(check_in(day="2026-11-01"), check_in(entry_id="c-2", day="2026-11-03"), now=now)
    take(check_in(entry_id="c-3", day="2026-11-02"), now=now + timedelta(days=1))

    assert _days() == {"alipay": "{[2026-11-01,2026-11-04)}"}
    assert CheckInDays.objects.get().complete_at == now + timedelta(days=1)


def test_a_day_that_is_held_already_moves_nothing(alpha: City, now: datetime) -> None:
    """An older question can then still be answered from the merged value."""
    take(check_in(), now=now)
    take(check_in(entry_id="again"), now=now + timedelta(days=1))

    assert CheckInDays.objects.get().complete_at == now
    assert Entry.objects.count() == 2


def test_providers_and_citizens_have_days_of_their_own(alpha: City, now: datetime) -> None:
    take(
        check_in(day="2026-11-01"),
        check_in(day="2026-11-02", provider="wechat"),
        check_in(entry_id="c-2", day="2026-11-03", id_number=BERT),
        now=now,
    )

    assert _days() == {"alipay": "{[2026-11-01,2026-11-02)}", "wechat": "{[2026-11-02,2026-11-03)}"}
    assert CheckInDays.objects.count() == 3


def test_a_check_in_before_any_declaration_makes_a_citizen_and_registers_nobody(alpha: City, now: datetime) -> None:
    assert outcomes(take(check_in(), now=now)) == ["accepted"]

    assert citizen().known_since == now
    assert not Registration.objects.exists()


def test_an_unhealthy_day_is_a_symptom_of_that_day(alpha: City, now: datetime) -> None:
    take(check_in(healthy=False, day="2026-11-19"), now=now)

    fact, noon = Fact.objects.get(), datetime.fromisoformat("2026-11-19T12:00:00+08:00")
    assert (fact.origin, fact.record_id, fact.kind) == ("provider", "c-1/symptom", "symptom")
    assert (fact.started_on, fact.recorded_at, fact.received_at) == (date(2026, 11, 19), noon, now)
    assert not CheckInDays.objects.exists()


def test_a_new_declaration_does_not_revoke_what_check_ins_said(alpha: City, now: datetime) -> None:
    take(check_in(healthy=False), declaration(symptoms=["fever"]), now=now)
    take(declaration(entry_id="d-2", submitted_at="2026-11-21T00:00:00Z"), now=now)

    live = Fact.objects.filter(superseded=False, revoked=False)
    assert [fact.record_id for fact in live] == ["c-1/symptom"]


def test_a_repeated_check_in_is_a_duplicate(alpha: City, now: datetime) -> None:
    first = check_in(healthy=False)

    assert outcomes(take(first, now=now)) == ["accepted"]
    assert outcomes(take(first, check_in(healthy=True), now=now)) == ["duplicate", "entry_id_reused"]
    assert Fact.objects.count() == 1


def _days() -> dict[str, str]:
    """Anna's merged days as PostgreSQL writes them, by provider."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.code, d.days::text FROM codes_checkindays d JOIN codes_provider p ON p.id = d.provider_id "
            "WHERE d.citizen_id = %s",
            [citizen().pk],
        )
        return dict(cursor.fetchall())


def _at(clock: str, day: str = "2026-11-20") -> str:
    return f"{day}T{clock}:00+08:00"


# (healthy, submitted at) in the order of receipt → whether the day counts, and whether a symptom of it stands.
ONE_DAY: dict[str, tuple[list[tuple[bool, str]], bool, bool]] = {
    "healthy after unhealthy": ([(False, _at("12:00")), (True, _at("12:02"))], True, False),
    "unhealthy after healthy": ([(True, _at("12:00")), (False, _at("12:02"))], False, True),
    "received in the other order": ([(True, _at("12:02")), (False, _at("12:00"))], True, False),
    "unhealthy received late": ([(True, _at("12:00")), (False, _at("09:00", "2026-11-24"))], False, True),
    "healthy on the day after": ([(True, _at("23:59", "2026-11-21"))], True, False),
    "healthy two days after": ([(True, _at("00:00", "2026-11-22"))], False, False),
    "a late healthy one displaces nothing": (
        [(True, _at("12:00")), (True, _at("12:00", "2026-11-23"))],
        True,
        False,
    ),
    "a late healthy one revokes nothing": ([(False, _at("12:00")), (True, _at("12:00", "2026-11-23"))], False, True),
    "unhealthy, healthy, unhealthy": (
        [(False, _at("08:00")), (True, _at("09:00")), (False, _at("10:00"))],
        False,
        True,
    ),
    "at one instant the one received later": ([(False, _at("12:00")), (True, _at("12:00"))], True, False),
    "at one instant the other way round": ([(True, _at("12:00")), (False, _at("12:00"))], False, True),
    "healthy on the day before": ([(True, _at("12:00", "2026-11-19"))], False, False),
    "by the city's day, not that of UTC": ([(True, "2026-11-21T15:59:00Z")], True, False),
}


@pytest.mark.parametrize("together", [True, False], ids=["in one file", "in one file each"])
@pytest.mark.parametrize(("said", "counts", "stands"), ONE_DAY.values(), ids=ONE_DAY.keys())
def test_of_a_day_the_check_in_submitted_last_counts(
    alpha: City, now: datetime, said: list[tuple[bool, str]], counts: bool, stands: bool, together: bool
) -> None:
    lines = [
        check_in(entry_id=f"c{place}", healthy=healthy, submitted_at=at) for place, (healthy, at) in enumerate(said)
    ]
    for file in [lines] if together else [[line] for line in lines]:
        assert set(outcomes(take(*file, now=now))) == {"accepted"}

    assert _days() == ({"alipay": "{[2026-11-20,2026-11-21)}"} if counts else {"alipay": "{}"} if _emptied() else {})
    assert Fact.objects.filter(superseded=False, revoked=False, kind="symptom").exists() == stands
    assert Entry.objects.count() == len(said)


def test_fourteen_days_submitted_today_count_for_nothing_and_are_kept(alpha: City, now: datetime) -> None:
    """``now`` is the 24th: only the check-in for the 23rd is not late."""
    lines = [check_in(entry_id=f"c{day}", day=f"2026-11-{day}", submitted_at=...) for day in range(10, 24)]
    assert outcomes(take(*lines, now=now)) == ["accepted"] * 14

    assert _days() == {"alipay": "{[2026-11-23,2026-11-24)}"}
    assert Entry.objects.filter(late=True).count() == 13


def test_a_clock_that_is_fast_does_not_outrank_a_later_correction(alpha: City, now: datetime) -> None:
    take(check_in(healthy=False, day="2026-11-24", submitted_at="2026-11-30T00:00:00Z"), now=now)
    take(check_in(entry_id="c-2", day="2026-11-24", submitted_at=...), now=now + timedelta(minutes=1))

    assert _days() == {"alipay": "{[2026-11-24,2026-11-25)}"}
    assert Entry.objects.get(entry_id="c-1").instant == now
    assert not Fact.objects.filter(superseded=False, revoked=False).exists()


def test_a_declaration_does_not_answer_for_a_check_in(alpha: City, now: datetime) -> None:
    take(check_in(healthy=False), now=now)
    take(declaration(submitted_at="2026-11-20T13:00:00+08:00", symptoms=[]), now=now)

    assert Fact.objects.filter(superseded=False, revoked=False).get().record_id == "c-1/symptom"


def _emptied() -> bool:
    return CheckInDays.objects.exists()
