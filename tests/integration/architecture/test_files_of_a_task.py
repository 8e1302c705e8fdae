"""The files that ``docs/architecture.md`` lists for two tasks are those that the tasks execute."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.urls import resolve
from django.utils import timezone

from codes import tasks
from codes.models import Citizen, Provider, Registration, Run, Verdict
from codes.runs.ledger import start_run
from codes.runs.partitions import work_partition
from portal.management.commands.draw_architecture import APPROVAL, DELIVERY, Task, relative
from portal.official.approvals import urls
from regions.sources.models import Source
from regions.tenancy import in_city
from tests.architecture.source import CHECKOUT
from tests.integration.architecture.tracing import traced
from tests.integration.official.test_approving import APPROVE
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk
from tests.integration.sources.stand_ins import NOW, Police, record

MOST = 14
# What every request and every task passes through.
SHARED = (
    "codes/vocabulary.py",
    "codes/models/",
    "codes/runs/ledger.py",
    "codes/statistics.py",
    "portal/answering.py",
    "portal/observability/",
    "portal/staff_sign_in/",
    "portal/suspended.py",
    "portal/web/",
    "regions/accounted.py",
    "regions/actors.py",
    "regions/backend/",
    "regions/copying.py",
    "regions/enqueueing.py",
    "regions/identity.py",
    "regions/installation.py",
    "regions/instants.py",
    "regions/journal/",
    "regions/keys/",
    "regions/attempts.py",
    "regions/prepared.py",
    "regions/leased_jobs.py",
    "regions/locks.py",
    "regions/models.py",
    "regions/numbers.py",
    "regions/refusals.py",
    "regions/sources/models.py",
    "regions/sql.py",
    "regions/staff/",
    "regions/tenancy.py",
    "regions/transitions.py",
    "regions/vocabulary.py",
)
# What only displays the case on the approver's page.
DISPLAY = (
    "codes/diagnosis/",
    "codes/display/",
    "codes/engine/",
    "codes/held.py",
    "codes/review/cases/notes.py",
    "codes/review/reply_templates.py",
    "codes/validity.py",
    "portal/official/approvals/inbox.py",
    "portal/official/cases/",
    "portal/templatetags/",
)
# How a source is reached, by whoever may, whatever it delivers.
REACHING = (
    "codes/intake/citizens.py",
    "regions/proposals.py",
    "regions/sources/connectors/database.py",
    "regions/sources/connectors/guard.py",
    "regions/sources/connectors/police_database_faults.py",
    "regions/sources/connectors/timeouts.py",
)


# A delivery compared as a whole with what the city holds: the first one, and one a week.
COMPARING = (
    "codes/intake/comparing.py",
    "regions/sources/connectors/police_database_ranges.py",
    "regions/sources/ranges.py",
)

# What the worker that judged goes on with: whom the verdicts will make disagree, and why.
EXPLAINING = ("codes/diagnosis/", "codes/disagreements.py")


def test_an_approval_runs_through_the_files_listed(desk: Desk, at_work: Callable[[str], Visitor]) -> None:
    first, ruling = desk.propose(), desk.propose("chen")
    approver = at_work("wang")
    # What is made at the first request of all is no part of this one.
    approver.post(f"/staff/approvals/rulings/{first.pk}/", APPROVE)
    address = f"/staff/approvals/rulings/{ruling.pk}/"
    with traced() as files:
        approver.post(address, APPROVE)
    ruling.refresh_from_db()
    assert ruling.state == "approved"
    assert resolve(address, "portal.urls_city").func in {one.callback for one in urls.urlpatterns}
    check(APPROVAL, files | {"portal/official/approvals/urls.py"}, (*SHARED, *DISPLAY))


def test_a_delivery_runs_through_the_files_listed(police: Police, monkeypatch: pytest.MonkeyPatch) -> None:
    Provider.objects.filter(source__code="bigdata").update(source=police.source)
    Source.objects.filter(code="bigdata").delete()
    police.add(record())
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    monkeypatch.setattr(tasks.judge_partition, "apply_async", lambda **_: None)
    run, _ = start_run(by="system", now=NOW)
    with traced() as collecting:
        tasks.advance_run("alpha", run.pk)
    with in_city("alpha"):
        Registration.objects.create(
            citizen=Citizen.objects.get(),
            provider=Provider.objects.get(code="wechat"),
            registered_at=NOW - timedelta(1),
        )
        with traced() as judging:
            assert work_partition(run.pk, 1, clock=lambda: NOW)
    tasks.advance_run("alpha", run.pk)
    with in_city("alpha"):
        assert Run.objects.get(pk=run.pk).state == Run.State.DONE
        assert Verdict.objects.get().colour == "red"
    check(DELIVERY, collecting | judging, (*SHARED, *REACHING, *COMPARING, *EXPLAINING))


def check(task: Task, ran: set[str], left_out: tuple[str, ...]) -> None:
    """What ran is listed or left out by name; what is listed ran, or is SQL beside a module that ran."""
    listed = [relative(path) for path in task.files]
    assert len(listed) <= MOST
    assert sorted(file for file in ran - set(listed) if not file.startswith(left_out)) == []
    assert [file for file in listed if file.endswith(".py") and file not in ran] == []
    sources = "".join((CHECKOUT / file).read_text(encoding="utf-8") for file in listed if file.endswith(".py"))
    for file in listed:
        if file.endswith(".sql"):
            name = file.rpartition("/")[2]
            assert file.replace(".sql", ".py") in ran or f'with_name("{name}")' in sources
