"""Mail to staff about their work: a digest each morning, and cases due soon that are theirs or unassigned.

It holds counts and case numbers.

A mail is recorded as sent once the mail server has accepted it, so it may be sent twice. Everything in it is on the
pages as well.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.mail import EmailMessage
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format, localize, time_format
from django.utils.translation import gettext as _

from codes.models import Case, StaffMail
from codes.review.cases.queue import UNASSIGNED
from portal.mail import address_of, in_both_languages, send_mails
from portal.official.home.overview import waiting_for
from regions.sources.models import Source
from regions.staff.models import Account
from regions.staff.roles import Role
from regions.tenancy import current_city

# Hours in the city's time zone. If no worker ran in the morning, nobody needs the digest in the afternoon.
MORNING, NOON = 7, 12
DUE_SOON = timedelta(hours=2)
NUMBERS_NAMED = 20
OWNERS_OF_SOURCES = frozenset({Role.SOURCE_MANAGER, Role.SYSTEM_ADMIN})
Lines = Callable[[], list[str]]
"""The function renders the lines in the language active when it is called."""


def mail_digests(*, host: str, now: datetime) -> int:
    """Send this morning's digest to every account for which something waits and that has not had it.

    Return the number of mails.
    """
    city = current_city()
    if not MORNING <= now.astimezone(city.zone).hour < NOON:
        return 0
    sent, today = 0, city.day_of(now)
    silent = _sources_without_delivery(now)
    for account in _accounts():
        mail = mail_of(account)
        if mail.morning and mail.morning_on != today and (lines := _digest(account, silent, now=now)):
            sent += _send(account, _morning_subject, lines, address_of(host, "staff_home"), morning_on=today)
    return sent


def mail_deadlines(*, host: str, now: datetime) -> int:
    """Mail assignees their cases that are due soon, and approvers those that are unassigned.

    Return the number of mails.

    Each account is told of a case once.
    """
    soon, sent = now + DUE_SOON, 0
    near = Case.objects.open().filter(due_at__gt=now, due_at__lte=soon, paused_at__isnull=True)
    due: dict[str, list[Case]] = defaultdict(list)
    for case in near.order_by("due_at", "pk"):
        due[case.assigned_to].append(case)
    nobodys = due.pop("", [])
    for account in _accounts() if nobodys else _accounts().filter(username__in=list(due)):
        mail = mail_of(account)
        own = _without_alert(due[account.username], mail)
        free = _without_alert(nobodys, mail) if nobodys and Role.APPROVER in account.roles else []
        if mail.deadlines and (own or free):
            address = f"{address_of(host, 'official_queue')}?assignee={account.username if own else UNASSIGNED}"
            subject = _deadline_subject if own else _unassigned_subject
            sent += _send(account, subject, _due_lines(own, free), address, alerted_until=soon)
    return sent


def _without_alert(cases: Sequence[Case], mail: StaffMail) -> list[Case]:
    return [case for case in cases if mail.alerted_until is None or case.due_at > mail.alerted_until]


def choose_mail(*, morning: bool, deadlines: bool, by: str) -> None:
    """Record which mail the account ``by`` wants from now on. People choose only for themselves."""
    account = Account.objects.get(username=by)
    StaffMail.objects.update_or_create(account=account, defaults={"morning": morning, "deadlines": deadlines})


def mail_of(account: Account) -> StaffMail:
    """Return the account's choice of mail, or an unsaved default."""
    return getattr(account, "mail", None) or StaffMail(account=account)


def _accounts() -> QuerySet[Account]:
    held = Account.objects.filter(is_active=True, grants__revoked_at__isnull=True).exclude(email="")
    return held.select_related("mail").distinct().order_by("pk")


def _digest(account: Account, silent: int, *, now: datetime) -> Lines | None:
    """Return the lines of the digest, or ``None`` if nothing waits."""
    roles, city = account.roles, current_city()
    waiting = [one for one in waiting_for(account.username, roles, now=now) if one.count]
    mine = Case.objects.open().filter(assigned_to=account.username, paused_at__isnull=True).order_by("due_at", "pk")
    today = [case for case in mine if city.day_of(case.due_at) <= city.day_of(now)] if Role.REVIEWER in roles else []
    shown = silent if roles & OWNERS_OF_SOURCES else 0
    if not waiting and not today and not shown:
        return None

    def lines() -> list[str]:
        found = (
            [_counted(_("Your cases due today"), len(today)), *map(_numbered, today[:NUMBERS_NAMED])] if today else []
        )
        found += [_counted(str(one.title), one.count) for one in waiting]
        return [*found, _counted(_("Data sources without a current delivery"), shown)] if shown else found

    return lines


def _sources_without_delivery(now: datetime) -> int:
    horizons = [(source, source.horizon_at(now)) for source in Source.objects.current()]
    return sum(horizon is None or source.is_too_old(horizon, at=now) for source, horizon in horizons)


def _due_lines(own: Sequence[Case], free: Sequence[Case]) -> Lines:
    def named(cases: Sequence[Case]) -> list[str]:
        more = len(cases) - NUMBERS_NAMED
        return [*map(_numbered, cases[:NUMBERS_NAMED]), *([_counted(_("Further cases"), more)] if more > 0 else [])]

    def lines() -> list[str]:
        return [*named(own), *([_counted(_("Nobody has taken"), len(free)), *named(free)] if free else [])]

    return lines


def _numbered(case: Case) -> str:
    with timezone.override(current_city().zone):
        due = timezone.localtime(case.due_at)
        return _("– %(number)s, due %(day)s %(time)s") % {
            "number": case.number,
            "day": date_format(due, "MONTH_DAY_FORMAT"),
            "time": time_format(due, "TIME_FORMAT"),
        }


def _counted(title: str, count: int) -> str:
    return _("%(title)s: %(count)s") % {"title": title, "count": localize(count)}


def _morning_subject() -> str:
    return _("What waits for you at the health code desk of %(city)s")


def _deadline_subject() -> str:
    return _("Work of yours is due soon at the health code desk of %(city)s")


def _unassigned_subject() -> str:
    return _("Work that nobody has taken is due soon at the health code desk of %(city)s")


def _send(account: Account, subject: Callable[[], str], lines: Lines, address: str, **noted: Any) -> bool:
    """Send the mail and record it. Return ``False``, and record nothing, if the mail server did not accept it."""

    def write(_language: str, city_name: str) -> tuple[str, str]:
        text = _("%(lines)s\n\nLook at it here: %(address)s\n\nOn “My account” you choose which mail you get.")
        return subject() % {"city": city_name}, text % {"lines": "\n".join(lines()), "address": address}

    mail = EmailMessage(*in_both_languages(current_city(), write), to=[account.email])
    if not send_mails([mail], what=f"what waits for the account {account.pk}"):
        return False
    StaffMail.objects.update_or_create(account=account, defaults=noted)
    return True
