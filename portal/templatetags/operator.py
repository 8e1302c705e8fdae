"""Filters for the operator's pages."""

from collections.abc import Mapping
from dataclasses import asdict

from django import template
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from portal.templatetags.page import titled, untranslated
from regions.city_file.reading import CityFile
from regions.city_file.shape import BigDataCentre, PoliceDatabase, Title
from regions.models import City
from regions.sources.connectors.database import read_address
from regions.vocabulary import title_field

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

POLICIES: dict[str, str | Promise] = {
    "strictest": _("the stricter colour counts"),
    "freshest": _("the colour by the newer data counts"),
    "prefer": _("the colour of {provider} counts"),
}


@register.filter
def delivery_state(state: str) -> str:
    return str(DELIVERY_STATES[state])


@register.filter
def opening_state(state: str) -> str:
    return str(OPENING_STATES[state])


@register.filter
def in_words(title: Title) -> str:
    """Return a title from a city file in the page's language."""
    return title.zh if (get_language() or "").startswith("zh") else title.en


@register.filter
def city_title(schema: str, known: City | CityFile | None) -> str:
    """Return the name of the city of an opening: the city's own if it exists, then the one in its file, then its schema."""
    match known:
        case City():
            return titled(known, "name")
        case CityFile():
            return in_words(known.city.name)
        case _:
            return untranslated(schema)


@register.filter
def source_title(code: str, file: CityFile) -> str:
    return next((in_words(one.title) for one in file.sources if one.code == code), code)


@register.filter
def rule_set_of(code: str, file: CityFile) -> str:
    title = file.rule_set_titles.get(code)
    return in_words(title) if title else untranslated(code)


@register.filter
def drafted_for(draft: Mapping[str, str]) -> str:
    """Return the rule set of a draft made from a risk list, as its city calls it."""
    title = draft.get(title_field())
    return title if title and title != draft["rule_set"] else untranslated(draft["rule_set"])


@register.filter
def policy(file: CityFile) -> str:
    """Return the rule for the colour while providers disagree."""
    kind, _colon, preferred = file.city.interim_policy.partition(":")
    names = {one.code: in_words(one.title) for one in file.providers}
    return str(POLICIES[kind]).format(provider=names.get(preferred, preferred))


@register.filter
def source_place(source: PoliceDatabase | BigDataCentre) -> str:
    """Return the address of a source in a city file, without its password, or the name of its environment variable."""
    if isinstance(source, BigDataCentre):
        return f"{source.base_url} · {source.app_id}"
    if source.credential is None:
        return str(source.credential_env)
    address = read_address(source.credential.get_secret_value())
    return "" if address is None else " · ".join(str(part) for part in asdict(address).values() if part)


@register.filter
def per_cent(share: float | None) -> str:
    """Return a percentage; small ones keep two decimals."""
    if share is None:
        return "–"
    if not share:
        return "0%"
    return f"{share:.1f}%" if share >= 1 else f"{share:.2f}%"
