"""Healthy days are one merged value per citizen and provider; an unhealthy day is a symptom."""

from datetime import date, datetime, timedelta

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

    fact = Fact.objects.get()
    assert (fact.origin, fact.record_id, fact.kind) == ("provider", "c-1/symptom", "symptom")
    assert (fact.started_on, fact.recorded_at, fact.received_at) == (date(2026, 11, 19), now, now)
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
