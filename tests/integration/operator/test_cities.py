"""The list of cities: counts of every city by one query, and the age of the counts."""

from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from codes.city_counts import update_city_counts
from codes.city_days import city_days
from codes.models import Case, Citizen, Run, RunFault, RunProvider
from portal.official.home.dashboard import by_day
from regions.models import City, CityStanding
from regions.tenancy import in_city
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import open_desk

PEOPLE = {"zhang": "spacetime_overlap", "chen": "arrival", "liu": "close_contact"}


@pytest.fixture
def counted(bare_city: City, clock: datetime) -> datetime:
    """Beta has three people who are shown different colours; one of their cases is overdue."""
    open_desk(PEOPLE, now=clock)
    late = Case.objects.order_by("pk")[:1]
    Case.objects.filter(pk__in=late.values("pk")).update(due_at=clock - timedelta(hours=1))
    return clock


def left(clock: datetime) -> None:
    for schema in ("alpha", "beta"):
        update_city_counts(schema, now=clock)


def test_the_counts_are_those_of_the_city(counted: datetime) -> None:
    """Somebody whom no provider knows is one of its people, and is not green."""
    with in_city("beta"):
        Citizen.objects.create(ref="none", id_type="10", id_hash=b"none", id_encrypted=b"-", known_since=counted)
    kept: dict[str, object] = {}

    def keep(**values: object) -> tuple[object, bool]:
        kept.update(values["defaults"])  # type: ignore[call-overload]  # a dict
        return CityStanding(**kept), True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CityStanding.objects, "update_or_create", keep)
        standing = update_city_counts("beta", now=counted)
    assert (standing.people, standing.red, standing.yellow, standing.green) == (4, 2, 1, 0)
    assert standing.unknown == 1
    assert (standing.disagreements, standing.open_cases, standing.overdue_cases) == (3, 3, 1)
    assert (standing.run_state, len(standing.sources)) == ("done", 2)


def test_what_amends_a_run_does_not_stand_for_one_that_failed(db: None, clock: datetime) -> None:
    with in_city("beta"):
        told = {"as_of": clock, "started_by": "system", "started_at": clock, "ended_at": clock}
        settled = Run.objects.create(day=clock.date() - timedelta(days=1), state=Run.State.DONE, **told)
        Run.objects.create(day=clock.date(), state=Run.State.FAILED, **told)
        Run.objects.create(day=settled.day, sequence=2, state=Run.State.AMENDED, amends=settled, **told)
    standing = update_city_counts("beta", now=clock)
    assert (standing.run_day, standing.run_state) == (clock.date(), "failed")
    assert standing.progress["settled_day"] == str(settled.day)


def test_cities_stand_side_by_side_by_few_questions(db: None, clock: datetime, operator: Visitor) -> None:
    assert operator.read("/").count("Nobody has counted here yet") == 2
    left(clock)
    CityStanding.objects.filter(city__schema_name="beta").update(
        people=200, red=2, disagreements=1, open_cases=9, overdue_cases=4, run_day=clock.date(), run_state="done",
        progress={"registered": 160},
    )  # fmt: skip
    with CaptureQueriesContext(connection) as asked:
        page = operator.read("/")
    assert sum(not one["sql"].startswith("SET search_path") for one in asked.captured_queries) <= 12
    assert "1.0%" in page
    assert "0.62%" in page, "of the registered, as on the city's page"
    assert "<strong>4</strong>" in page
    assert "never delivered" in page
    assert 'href="//beta.localhost/"' in page


def test_old_counts_say_so(db: None, clock: datetime, operator: Visitor) -> None:
    left(clock - timedelta(hours=1))
    assert operator.read("/").count("no worker has counted since") == 2


def test_a_stranger_is_led_to_the_sign_in(db: None, clock: datetime, operator: Visitor) -> None:
    operator.client.logout()
    assert operator.get("/").headers["Location"].startswith("/sign-in/")


def test_the_operator_s_journal_is_for_its_auditor(db: None, clock: datetime, operator: Visitor) -> None:
    assert operator.get("/journal/").status_code == 403
    other = Visitor.at_work("audit_admin", now=clock, host="localhost", username="he").in_english()
    page = other.read("/journal/")
    assert "added an account" in page
    assert "Check the chain now" not in page


def test_the_database_refuses_counts_that_are_none(db: None, clock: datetime) -> None:
    left(clock)
    for wrong in ({"red": -1}, {"overdue_cases": 1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            CityStanding.objects.filter(city__schema_name="beta").update(**wrong)


def test_a_city_may_not_write_beside_the_others(db: None) -> None:
    with in_city("beta"), pytest.raises(Exception, match=r"permission denied|does not exist"), transaction.atomic():
        CityStanding.objects.count()


def a_failed_run(day: date, now: datetime) -> None:
    Run.objects.create(
        day=day, as_of=now, started_by="test", started_at=now, ended_at=now,
        state=Run.State.FAILED, fault=RunFault.COLLECTING_FAILED, params={"attempts": 3, "error": "x"},
    )  # fmt: skip


def test_thirty_days_of_a_city_are_counted(counted: datetime) -> None:
    """Today's run settled with all three differing and a case overdue; a run failed two days ago, and no other day has one."""
    today = Run.objects.latest("pk").day
    a_failed_run(today - timedelta(days=2), counted)
    days = {one.day: one for one in city_days("beta", now=counted)}
    assert len(days) == 30
    assert (days[today].disagreements, days[today].rate) == (3, 100)
    assert days[today].overdue == 1
    before = days[today - timedelta(days=2)]
    assert (before.failed_runs, before.rate, before.age, before.overdue) == (1, None, None, 0)


def test_a_day_on_which_a_provider_could_not_judge_has_no_rate(counted: datetime) -> None:
    run = Run.objects.latest("pk")
    one = run.providers.order_by("pk")[:1]
    RunProvider.objects.filter(pk__in=one.values("pk")).update(known=False, why_unknown="stale")
    (today,) = (one for one in city_days("beta", now=counted) if one.day == run.day)
    assert (today.disagreements, today.rate, today.registered) == (None, None, 3)
    days, filled = by_day([run], run.providers.all())
    assert (len(days), filled([3])) == (1, [None])


def test_thirty_days_stand_against_their_thresholds(db: None, clock: datetime, operator: Visitor) -> None:
    with in_city("beta"):
        a_failed_run(clock.date(), clock)
    with CaptureQueriesContext(connection) as asked:
        page = operator.read("/cities/beta/")
    assert sum(not one["sql"].startswith("SET search_path") for one in asked.captured_queries) <= 12
    assert "above 0 on 1 day" in page
    assert "never above 26" in page
    assert 'aria-label="above the threshold">▲</span> 1</strong>' in page, "read out, too"
    assert 'aria-label="Bar chart: Alarms. The same as a table stands below."' in page, "one name, once"
    assert operator.get("/cities/public/").status_code == 404
