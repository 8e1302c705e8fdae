"""A city is suspended and resumed by two operators each time. Meanwhile nobody gets a colour and nothing runs."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from codes import suspension, tasks
from codes.models import Case, Run
from codes.suspension import State
from portal.citizen.messages import tasks as messages
from portal.commands import CommandFailed
from portal.management.commands.recompute import Command
from portal.official import tasks as official
from portal.sweep import sweep
from regions.journal.models import JournalEntry
from regions.models import City, CitySuspension
from regions.refusals import CommonReason, MovedMeanwhile, Refused
from regions.staff.models import Account
from regions.tenancy import current_city, in_city
from tests.conftest import empty_city
from tests.integration.operator.conftest import second_operator
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import open_desk

PAGE = "/cities/beta/service/"
SUSPEND, DECIDE = "/cities/beta/suspend/", "/cities/beta/suspension/"
WRONG = {"reason": "security", "note": "签名密钥可能外泄"}


@pytest.fixture
def second(operator: Visitor, clock: datetime) -> Visitor:
    return second_operator(now=clock)


@pytest.fixture
def suspended(operator: Visitor, second: Visitor) -> CitySuspension:
    """Beta, by two operators on its page."""
    operator.post(SUSPEND, WRONG)
    second.post(DECIDE, {"verb": "confirm"})
    return CitySuspension.objects.get()


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, clock: datetime) -> list[str]:
    """The cities in which beat started a run: as if the minute of each had come."""
    started: list[str] = []
    monkeypatch.setattr(tasks, "start_if_due", lambda *, now: Run(pk=0))
    monkeypatch.setattr(tasks, "enqueue_run", lambda schema, _: started.append(schema))
    return started


def asked_for(path: str, **headers: str) -> tuple[int, str]:
    """What beta answers somebody who has not signed in, in English."""
    client = Client(headers={"host": "beta.localhost", **headers})
    client.cookies["language"] = "en"
    answer = client.get(path)
    return answer.status_code, answer.content.decode()


def test_one_operator_suspends_nothing_alone(operator: Visitor, second: Visitor, clock: datetime) -> None:
    assert 'aria-invalid="true"' in operator.post(SUSPEND, {**WRONG, "note": " "}).content.decode()
    operator.post(SUSPEND, WRONG)
    one = CitySuspension.objects.get()
    with pytest.raises(Refused):
        suspension.confirm(one.pk, by="mo", now=clock)
    with pytest.raises(MovedMeanwhile):
        suspension.ask("beta", **WRONG, by="su", now=clock)
    assert "Another operator confirms it" in operator.read(PAGE)
    assert f'<a href="{PAGE}">Suspend Beta</a>' in second.read("/"), "whoever is to confirm it reads of it first"
    assert asked_for("/")[0] == 200
    second.post(DECIDE, {"verb": "decline"})
    operator.post(SUSPEND, WRONG)
    operator.post(DECIDE, {"verb": "withdraw"})
    assert [one.state for one in CitySuspension.objects.order_by("pk")] == [State.DECLINED, State.WITHDRAWN]


def test_a_suspended_city_says_so_and_gives_no_colour(suspended: CitySuspension, operator: Visitor) -> None:
    for path in ("/", "/code/", "/gate/", "/sign-in/"):
        status, page = asked_for(path)
        assert (status, "its security has to be restored" in page, "签名密钥" in page) == (503, True, False), path
    for path in ("/api/v1/status", "/.well-known/health-code-keys.json", "/gate/neighbours.json"):
        status, said = asked_for(path)
        assert (status, '"code": "suspended"' in said) == (503, True), path
    assert asked_for("/", **{"HX-Request": "true"})[0] == 200
    assert asked_for("/display/")[0] == 200
    assert Client(headers={"host": "alpha.localhost"}).get("/").status_code == 200
    assert "suspended since" in operator.read("/")


def test_its_staff_read_and_change_nothing(suspended: CitySuspension, clock: datetime) -> None:
    with in_city("beta"):
        reviewer = Visitor.at_work("reviewer", now=clock).in_english()
    assert "The province suspended the city" in reviewer.read("/staff/queue/")
    answer = reviewer.post("/staff/queue/", {})
    assert (answer.status_code, "was not saved" in answer.content.decode()) == (503, True)
    assert reviewer.post("/staff/sign-out/").status_code == 302


def test_nobody_is_written_to_meanwhile(suspended: CitySuspension, monkeypatch: pytest.MonkeyPatch) -> None:
    reached: list[str] = []

    def reach(*_: object, **__: object) -> int:
        reached.append(current_city().schema_name)
        return 0

    for module, name in (
        (messages, "settle_waiting"),
        (official, "mail_digests"),
        (tasks, "write_messages_of_ending_rulings"),
    ):
        monkeypatch.setattr(module, name, reach)
    monkeypatch.setattr(messages, "send_waiting", reach)
    sweep()
    official.mail_all_staff()
    tasks.write_messages_of_all_ending_rulings()
    assert messages.send_messages_of_city("beta") == 0
    assert reached == ["alpha"] * 3


def test_nothing_runs_until_two_operators_let_it(
    suspended: CitySuspension, operator: Visitor, second: Visitor, clock: datetime, started: list[str]
) -> None:
    with in_city("beta"):
        empty_city()
        open_desk({"zhang": "spacetime_overlap"}, now=clock)
        due = Case.objects.get().due_at
        runs = Run.objects.count()
        run_id = Run.objects.latest("pk").pk
    assert tasks.advance_run("beta", run_id) == 0
    tasks.start_due_runs()
    assert started == ["alpha"]
    started.clear()
    with pytest.raises(CommandFailed, match="suspended"):
        Command().handle(city="beta", by="system")
    with in_city("beta"):
        assert Run.objects.count() == runs
        assert JournalEntry.objects.filter(verb="city.suspended").get().by == "operator:su"
    second.post(DECIDE, {"verb": "ask_end"})
    with pytest.raises(Refused):
        suspension.confirm_end(suspended.pk, by="su", now=clock)
    operator.post(DECIDE, {"verb": "keep"})
    second.post(DECIDE, {"verb": "ask_end"})
    suspension.confirm_end(suspended.pk, by="mo", now=(suspended.decided_at or clock) + timedelta(days=2))
    assert asked_for("/")[0] == 200
    assert "Suspensions before" in operator.read(PAGE)
    verbs = ["suspension_asked", "suspended", "resumption_asked", "resumption_declined", "resumption_asked", "resumed"]
    told = JournalEntry.objects.filter(subject="city:beta").order_by("seq").values_list("verb", flat=True)
    assert list(told) == [f"city.{verb}" for verb in verbs]
    with in_city("beta"):
        assert Case.objects.get().due_at == due + timedelta(days=2)
        assert JournalEntry.objects.get(verb="city.resumed").data["deadlines_moved"] == 1
    assert (tasks.start_due_runs(), started) == (2, ["alpha", "beta"])
    assert City.objects.get(schema_name="beta").suspensions.get().state == State.ENDED


def test_what_an_operator_asked_who_has_left_is_not_confirmed(
    operator: Visitor, second: Visitor, clock: datetime
) -> None:
    operator.post(SUSPEND, WRONG)
    one = CitySuspension.objects.get()
    Account.objects.filter(username="mo").update(is_active=False)
    with pytest.raises(Refused) as refused:
        suspension.confirm(one.pk, by="su", now=clock)
    assert refused.value.reason is CommonReason.PROPOSER_GONE
    Account.objects.filter(username="mo").update(is_active=True)
    suspension.confirm(one.pk, by="su", now=clock)
    suspension.ask_end(one.pk, by="mo", now=clock)
    Account.objects.filter(username="mo").update(is_active=False)
    with pytest.raises(Refused) as refused:
        suspension.confirm_end(one.pk, by="su", now=clock)
    assert refused.value.reason is CommonReason.PROPOSER_GONE
    assert suspension.keep(one.pk, by="su", now=clock).end_asked_by == ""
