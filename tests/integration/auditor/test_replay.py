"""A past decision replayed on the page: the same result, or the differences. In a large city a worker does it."""

from io import StringIO

import pytest
from celery import Task
from celery.exceptions import OperationalError
from django.core.management import CommandError, call_command

from codes.models import Fact, Run, VerdictChange
from codes.reports.replay import replay_and_note
from portal.auditor import replay
from regions.journal.models import JournalEntry
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk

PAGE = "/staff/replay/"
LIE = """
SELECT 'zhang', 'wechat',
       '{"colour": "red", "rule_set_version": 1, "hits": [], "turns_green_on": null, "needs": null}'::jsonb,
       '{"colour": "green", "rule_set_version": 1, "hits": [], "turns_green_on": null, "needs": null}'::jsonb
"""


def again(auditor: Visitor, run: Run, citizen: str = "", number: str = "") -> str:
    response = auditor.post(PAGE, {"day": run.day.isoformat(), "number": number, "citizen": citizen})
    assert response.status_code == 200
    return response.content.decode()


def test_a_person_s_codes_come_out_again(desk: Desk, auditor: Visitor) -> None:
    page = again(auditor, Run.objects.get(), "zhang")
    assert "The same inputs, the same colours" in page
    assert page.count('data-state="red"') == page.count('data-state="green"') == 1
    entry = JournalEntry.objects.latest("seq")
    assert (entry.verb, entry.by, entry.data["citizen"], entry.data["differing"]) == ("run.replayed", "ma", "zhang", 0)
    assert ">zhang</td>" in auditor.read(PAGE)


def test_what_differs_is_named(desk: Desk, auditor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    assert 'class="differs"' not in again(auditor, Run.objects.get())
    monkeypatch.setattr("codes.reports.replay.STATEMENT", LIE)
    page = again(auditor, Run.objects.get(), "zhang")
    assert "verdicts do not come out again" in page
    assert 'class="differs"' in page
    assert "Colour" in page


def test_a_day_or_person_that_is_not_there_is_told_at_the_field(desk: Desk, auditor: Visitor) -> None:
    run = Run.objects.get()
    assert "No citizen of this city" in again(auditor, run, "nobody")
    assert "No run has settled on this day" in auditor.post(PAGE, {"day": "2020-01-01"}).content.decode()
    assert f'value="{run.day}"' in auditor.read(f"{PAGE}?day={run.day}&citizen=zhang")


def test_every_run_of_the_day_can_be_chosen(desk: Desk, auditor: Visitor) -> None:
    first = Run.objects.get()
    taken_back = desk.fact("zhang")
    Fact.objects.filter(pk=taken_back.pk).update(superseded=True)
    taken_back.pk, taken_back.version, taken_back.revoked, taken_back.received_at = None, 2, True, desk.now
    taken_back.save(force_insert=True)
    second = desk.run()
    assert (second.day, second.sequence) == (first.day, 2)
    for number, run, colours in (("1", first, 1), ("2", second, 0), ("", second, 0)):
        page = again(auditor, first, "zhang", number)
        assert "The same inputs, the same colours" in page
        assert page.count('data-state="red"') == colours
        assert JournalEntry.objects.latest("seq").data["sequence"] == run.sequence
    assert "No run with this number" in again(auditor, first, "zhang", "3")
    told = StringIO()
    call_command("replay", "--city=beta", f"--day={first.day}", "--run=1", "--citizen=zhang", stdout=told)
    assert f"verdicts of run {first} come out again" in told.getvalue()
    with pytest.raises(CommandError, match="No run 3 has settled"):
        call_command("replay", "--city=beta", f"--day={first.day}", "--run=3")


def test_a_large_city_s_day_is_left_to_a_worker(desk: Desk, auditor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    enqueued: list[object] = []
    monkeypatch.setattr(replay, "AT_ONCE", 0)
    monkeypatch.setattr(replay, "enqueue_replay", lambda *what: enqueued.append(what))
    run = Run.objects.get()
    assert auditor.post(PAGE, {"day": run.day.isoformat()}).headers["Location"] == PAGE
    assert enqueued == [("beta", run.pk, "ma")]
    replay_and_note(run, by="ma", now=desk.now)
    assert str(run.day) in auditor.read(PAGE)
    assert VerdictChange.objects.exists()


@pytest.mark.parametrize(("address", "form"), [(PAGE, {"day": "{day}"}), ("/staff/journal/verify/", {})])
def test_without_a_broker_the_page_says_that_nothing_is_done(
    desk: Desk, auditor: Visitor, monkeypatch: pytest.MonkeyPatch, address: str, form: dict[str, str]
) -> None:
    def gone(*_args: object, **_options: object) -> None:
        raise OperationalError("the broker is gone")

    monkeypatch.setattr(Task, "apply_async", gone)
    monkeypatch.setattr(replay, "AT_ONCE", 0)
    monkeypatch.setattr("regions.journal.verify.AT_ONCE", 0)
    given = {name: value.format(day=Run.objects.get().day) for name, value in form.items()}
    assert "No worker can be reached" in auditor.post(address, given, follow=True).content.decode()


def test_a_reviewer_does_not_audit(desk: Desk) -> None:
    assert Visitor.at_work("reviewer", now=desk.now, username="anna").get(PAGE).status_code == 403
