"""Functions refuse everybody without the required role, whichever way they are called, and write nothing then."""

from collections.abc import Callable
from datetime import datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from codes.intake.collecting import collect_source
from codes.intake.entries import take_lines
from codes.intake.provider_keys import issue_key, revoke_keys
from codes.key_rotation import rotate_keys
from codes.models import Provider, Run
from codes.opening_requests import Bundle, ask_to_open, start_first_run
from codes.reports.export import FileFormat
from codes.reports.jobs import ask_for_export
from codes.reports.replay import replay_and_note
from codes.reports.request import ReportName, ReportRequest
from codes.runs.ledger import start_run
from regions.journal.models import JournalEntry
from regions.journal.verify import request_verification, verify_and_record
from regions.models import City, CityOpening
from regions.refusals import NotAllowed
from regions.sources.models import Batch, Source
from regions.staff.accounts import add_staff
from regions.staff.changes import propose_account
from regions.staff.models import Account, RoleGrant
from regions.staff.roles import Role

SOURCES = ReportRequest(ReportName.SOURCES)
# Each with the roles that may; everything but who acts and when.
VERBS: dict[str, tuple[set[Role], Callable[..., Any]]] = {
    "propose_account": (
        {Role.SECURITY_ADMIN},
        lambda **who: propose_account(
            username="new", full_name="", office="", email="n@example.cn", roles=["reviewer"], reason="x", **who
        ),
    ),
    "issue_key": ({Role.SYSTEM_ADMIN}, lambda **who: issue_key(provider="alipay", **who)),
    "revoke_keys": ({Role.SYSTEM_ADMIN}, lambda **who: revoke_keys(provider="alipay", **who)),
    "rotate_keys": ({Role.SECURITY_ADMIN}, rotate_keys),
    "start_run": ({Role.SOURCE_MANAGER, Role.SYSTEM_ADMIN, Role.APPROVER}, start_run),
    "take_lines": ({Role.SOURCE_MANAGER}, lambda **who: list(take_lines([b"{}"], **who))),
    "ask_for_export": (
        {Role.AUDITOR, Role.AUDIT_ADMIN},
        lambda **who: ask_for_export(SOURCES, file_format=FileFormat.CSV, **who),
    ),
    "request_verification": ({Role.AUDITOR, Role.AUDIT_ADMIN}, request_verification),
    "verify_and_record": ({Role.AUDITOR, Role.AUDIT_ADMIN}, verify_and_record),
}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("verb", VERBS)
def test_only_the_roles_of_a_verb_may(alpha: City, now: datetime, verb: str, role: Role) -> None:
    add_staff(username="somebody", roles=[role], by="system", now=now)
    roles, act = VERBS[verb]
    entries = JournalEntry.objects.count()
    try:
        act(by="somebody", now=now)
        is_refused = False
    except NotAllowed:
        is_refused = True
    assert is_refused == (role not in roles)
    if is_refused:
        assert JournalEntry.objects.count() == entries


@pytest.mark.parametrize("verb", VERBS)
def test_neither_an_invented_name_nor_who_lost_account_or_role_may(alpha: City, now: datetime, verb: str) -> None:
    roles, act = VERBS[verb]
    for username in ("gone", "former"):
        add_staff(username=username, roles=[min(roles)], by="system", now=now)
    Account.objects.filter(username="gone").update(is_active=False)
    RoleGrant.objects.filter(account__username="former").update(revoked_at=now, revoked_by="tests")
    for by in ("nobody", "gone", "former", "System", "", "operator"):
        with pytest.raises(NotAllowed):
            act(by=by, now=now)


def test_collecting_replaying_and_opening_ask_before_they_begin(alpha: City, now: datetime) -> None:
    for act in (
        lambda: collect_source(Source(code="none"), by="nobody", now=now),
        lambda: replay_and_note(Run(day=now.date()), by="nobody", now=now),
        lambda: ask_to_open(Bundle({}, {}), schema="gamma", by="nobody", now=now),
        lambda: start_first_run(CityOpening(schema="none"), by="nobody", now=now),
        lambda: add_staff(username="new", roles=["reviewer"], by="nobody", now=now),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert not Batch.objects.exists()


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("collect",), 5),
        (("recompute", "--here", "--no-collect"), 2),
        (("provider_key", "--provider", "alipay", "--issue"), 5),
        (("add_staff", "new", "--role", "reviewer"), 2),
    ],
)
def test_commands_refuse_a_named_person_without_the_role(
    alpha: City, now: datetime, command: tuple[str, ...], code: int
) -> None:
    add_staff(username="somebody", roles=[Role.REVIEWER], by="system", now=now)
    entries = JournalEntry.objects.count()
    name, *options = command
    with pytest.raises(CommandError) as ended:
        call_command(name, *options, "--city", "alpha", "--by", "somebody", stdout=StringIO(), stderr=StringIO())
    assert ended.value.returncode == code
    assert JournalEntry.objects.count() == entries
    assert not Account.objects.filter(username="new").exists()
    assert Provider.objects.exists()
