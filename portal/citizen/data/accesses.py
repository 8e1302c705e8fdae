"""Who looked at a citizen's data, as the citizen is shown it: offices, gates and providers, but not the user names of officials."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils.html import strip_tags
from django.utils.translation import gettext

from codes.models import GateDevice, PersonAccess
from portal.templatetags.citizen import accessed, purpose_of
from portal.templatetags.page import actor
from regions.actors import GATE_PREFIX
from regions.staff.models import Account


def gates_of(accesses: Iterable[PersonAccess]) -> dict[str, str]:
    """Return the places of the gate devices among those who looked, by actor."""
    numbers = [int(one.by.removeprefix(GATE_PREFIX)) for one in accesses if one.by.startswith(GATE_PREFIX)]
    return {one.subject: one.place for one in GateDevice.objects.filter(pk__in=numbers)}


def offices_of(accesses: Iterable[PersonAccess]) -> dict[str, str]:
    """Return the offices of the officials among those who looked, by user name."""
    accounts = Account.objects.filter(username__in={one.by for one in accesses}).values_list("username", "office")
    return {name: office or gettext("an office of the city") for name, office in accounts}


def who_looked(found: "QuerySet[PersonAccess]") -> list[dict[str, Any]]:
    """Return the accesses as plain text without markup, for a copy of the data."""
    accesses = list(found.order_by("pk"))
    gates, offices = gates_of(accesses), offices_of(accesses)
    return [
        {
            "at": one.at,
            "by": _who(one, gates, offices),
            "what": strip_tags(accessed(one.what)),
            "purpose": strip_tags(purpose_of(one)),
        }
        for one in accesses
    ]


def _who(access: PersonAccess, gates: dict[str, str], offices: dict[str, str]) -> str:
    if access.by in gates:
        return f"{gettext('A gate')}{gettext(': ')}{gates[access.by]}"
    return offices.get(access.by) or strip_tags(actor(access.by))
