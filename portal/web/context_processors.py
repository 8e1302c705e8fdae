"""The staff's navigation: the pages a role may open. A page is listed if its address exists."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from portal.web.access import roles_of
from portal.web.display import display_preferences
from portal.web.guide import guide_for
from portal.web.host import city_of
from regions.staff.roles import Role

CASES = (Role.REVIEWER, Role.APPROVER)


@dataclass(frozen=True)
class NavigationEntry:
    """A link for ``roles`` (empty: all staff); ``also`` is another prefix of its pages' addresses."""

    title: str | Promise
    name: str
    roles: tuple[Role, ...] = ()
    also: str = ""


@dataclass(frozen=True)
class Link:
    title: str | Promise
    address: str
    is_here: bool


CITY: tuple[NavigationEntry, ...] = (
    NavigationEntry(_("Overview"), "staff_home"),
    NavigationEntry(_("Queue"), "official_queue", CASES, also="/staff/cases/"),
    NavigationEntry(_("Find a case"), "official_find", (*CASES, Role.AUDITOR)),
    NavigationEntry(_("Groups"), "official_groups", CASES),
    NavigationEntry(_("Corrections between cities"), "official_corrections", (*CASES, Role.AUDITOR)),
    NavigationEntry(_("Approvals"), "official_approvals", (Role.APPROVER,)),
    NavigationEntry(_("Reply templates"), "official_reply_templates", CASES),
    NavigationEntry(_("Guardians"), "official_guardians", CASES),
    NavigationEntry(_("Change of phone"), "official_phones", (Role.REVIEWER,)),
    NavigationEntry(_("Paper codes"), "official_paper_codes", (Role.REVIEWER,)),
    NavigationEntry(
        _("Runs"),
        "official_runs",
        (*CASES, Role.SOURCE_MANAGER, Role.RULE_MANAGER, Role.SYSTEM_ADMIN),
        also="/staff/held-groups/",
    ),
    NavigationEntry(_("Sources"), "official_sources", (Role.SOURCE_MANAGER, Role.APPROVER, Role.AUDITOR)),
    NavigationEntry(
        _("Displayed colours"), "official_displays", (Role.SOURCE_MANAGER, Role.SYSTEM_ADMIN, Role.AUDITOR)
    ),
    NavigationEntry(_("Webhooks"), "official_webhooks", (Role.SOURCE_MANAGER, Role.APPROVER, Role.SYSTEM_ADMIN)),
    NavigationEntry(_("Messages by SMS"), "official_messages", (Role.SYSTEM_ADMIN,)),
    NavigationEntry(_("Rule sets"), "official_rule_sets", (Role.RULE_MANAGER, Role.APPROVER, Role.AUDITOR)),
    NavigationEntry(_("Dashboard"), "official_dashboard", (*CASES, Role.AUDITOR)),
    NavigationEntry(_("Work"), "official_work", (Role.APPROVER, Role.AUDITOR)),
    NavigationEntry(_("Alarms"), "official_alarms", (Role.SECURITY_ADMIN, Role.AUDITOR)),
    NavigationEntry(_("Gates"), "official_gates", (Role.SYSTEM_ADMIN,)),
    NavigationEntry(_("Provider keys"), "official_keys", (Role.SYSTEM_ADMIN,)),
    NavigationEntry(_("Reports"), "auditor_reports", (Role.AUDITOR,)),
    NavigationEntry(_("Identified exports"), "auditor_identified_exports", (Role.AUDIT_ADMIN,)),
    NavigationEntry(_("Journal"), "auditor_journal", (Role.AUDITOR, Role.AUDIT_ADMIN)),
    NavigationEntry(_("Replay"), "auditor_replay", (Role.AUDITOR,)),
    NavigationEntry(_("Retention"), "auditor_retention", (Role.SECURITY_ADMIN,)),
    NavigationEntry(_("Staff"), "official_staff", (Role.SECURITY_ADMIN,)),
)

OPERATOR: tuple[NavigationEntry, ...] = (
    NavigationEntry(_("Cities"), "staff_home"),
    NavigationEntry(_("Open a city"), "operator_open_city", (Role.SYSTEM_ADMIN,)),
    NavigationEntry(_("Journal"), "auditor_journal", (Role.AUDIT_ADMIN,)),
)


def links(entries: Iterable[NavigationEntry], *, roles: frozenset[Role], request: HttpRequest) -> list[Link]:
    """Return the links for these roles. The current one is the longest address that is a prefix of the path.

    All addresses begin with that of the home page, which therefore has to match exactly.
    """
    shown = [(entry, address) for entry in entries if (address := _address(entry, roles))]
    begins = [(start, address) for entry, address in shown for start in (address, entry.also) if start]
    home = reverse("staff_home")
    fitting = [
        (request.path == address, len(start), address)
        for start, address in begins
        if request.path == start or (start != home and request.path.startswith(start))
    ]
    here = max(fitting, default=(False, 0, ""))[2]
    return [Link(entry.title, address, address == here) for entry, address in shown]


def _address(entry: NavigationEntry, roles: frozenset[Role]) -> str:
    if entry.roles and not roles.intersection(entry.roles):
        return ""
    try:
        return reverse(entry.name)
    except NoReverseMatch:
        return ""


def page(request: HttpRequest) -> dict[str, Any]:
    """Return the city and its name in the page's language, the look, and the staff's navigation (computed only if shown)."""
    city = city_of(request)
    language = translation.get_language()
    in_chinese = language.startswith("zh")
    return {
        "city": city,
        "city_name": "" if city is None else city.name_in(language),
        "look": display_preferences(request),
        "in_chinese": in_chinese,
        "other_language": "en" if in_chinese else "zh-hans",
        "guide_audience": SimpleLazyObject(lambda: guide_for(request)),
        "staff_links": SimpleLazyObject(
            lambda: links(CITY if city else OPERATOR, roles=roles_of(request), request=request)
        ),
    }
