"""Labels of the operator's pages."""

from dataclasses import asdict

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from regions.city_file.shape import BigDataCentre, PoliceDatabase
from regions.sources.connectors.database import read_address

register = template.Library()

OPENING_STATES: dict[str, str | Promise] = {
    "asked": _("Waits for a second operator"),
    "waiting": _("Waiting for a worker"),
    "opening": _("Being opened"),
    "done": _("Done"),
    "refused": _("Refused"),
    "failed": _("Failed"),
    "declined": _("Declined"),
    "withdrawn": _("Withdrawn"),
}
DELIVERY_STATES: dict[str, str | Promise] = {
    "waiting": _("Waiting for a worker"),
    "drafting": _("A worker makes the drafts"),
    "drafted": _("Drafts are there"),
    "unchanged": _("Its lists say so already"),
    "failed": _("Failed"),
}


@register.filter
def delivery_state(state: str) -> str:
    return str(DELIVERY_STATES[state])


@register.filter
def opening_state(state: str) -> str:
    return str(OPENING_STATES[state])


@register.filter
def source_place(source: PoliceDatabase | BigDataCentre) -> str:
    """Where a source of a city file is, without its password; the variable's name where the file names one."""
    if isinstance(source, BigDataCentre):
        return f"{source.base_url} · {source.app_id}"
    if source.credential is None:
        return str(source.credential_env)
    address = read_address(source.credential.get_secret_value())
    return "" if address is None else " · ".join(str(part) for part in asdict(address).values() if part)


@register.filter
def per_cent(share: float | None) -> str:
    """A share of a hundred; small ones keep the digits that matter."""
    if share is None:
        return "–"
    if not share:
        return "0%"
    return f"{share:.1f}%" if share >= 1 else f"{share:.2f}%"
