"""Tags and filters for the citizen's pages: links to pages about the same person, and labels."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from codes.models import Case, Citizen, PersonAccess, Provider
from codes.passes import counter, lookup
from portal.citizen.declarations.forms import stay_label
from portal.citizen.subject import subject_url
from portal.templatetags.page import free_text, masked, titled, untranslated
from regions.actors import CITY_PREFIX, PROVIDER_PREFIX
from regions.divisions import division_title, divisions
from regions.keys.encryption import decrypt_number
from regions.masking import mask_number

register = template.Library()

ACCESSED: dict[str, str | Promise] = {
    "identity": gettext_lazy("name, ID number and phone"),
    "found": gettext_lazy("the cases, found by the number of the document"),
    "phone": gettext_lazy("the phone for sign-in codes"),
    "case_file": gettext_lazy("the file of a case, printed"),
    "evidence": gettext_lazy("a file handed in as evidence"),
    "export": gettext_lazy("an exported report"),
    "status": gettext_lazy("the colour, asked for by a provider applied with"),
    "call": gettext_lazy("the code, called for by a provider applied with"),
    "trips": gettext_lazy("the stays declared, asked for by the provider they were declared with"),
    lookup.SEEN: gettext_lazy("the colour, by the document"),
    counter.SEEN: gettext_lazy("whether the person is known here, by the document at a counter"),
    counter.PRINTED: gettext_lazy("a paper code, printed at a counter"),
}


@register.simple_tag(takes_context=True, name="subject_url")
def subject_url_tag(context: dict[str, Any], name: str, **kwargs: str | int) -> str:
    """Return the address of a page about the citizen, or about the dependant that the current page is about.

    Used as ``{% subject_url 'citizen_code' %}``.
    """
    return subject_url(context["request"], name, **kwargs)


@register.filter
def accessed(what: str) -> str:
    """Return the label of what somebody looked at; ``evidence:7`` is a file."""
    return str(ACCESSED.get(what.partition(":")[0], untranslated(what)))


@register.filter
def matter(case: Case) -> str:
    """Return a case's title: “Appeal A20261123-000001”."""
    title = _("Appeal %(number)s") if case.kind == Case.Kind.APPEAL else _("Review %(number)s")
    return title % {"number": case.number}


@register.filter
def see_matter(case: Case) -> str:
    """Return the text of the link to a case's page."""
    return _("See the appeal") if case.kind == Case.Kind.APPEAL else _("See the review")


@register.filter
def titles(providers: Iterable[Provider]) -> str:
    return pgettext("between items of a list", ", ").join(titled(one) for one in providers)


def named(providers: Iterable[Provider], text: str) -> str:
    """Return a sentence with the titles of the providers it is about: “Alipay, WeChat: …”."""
    return _("%(providers)s: %(text)s") % {"providers": titles(providers), "text": text}


@register.filter
def purpose_of(access: PersonAccess) -> str:
    """Return the purpose of an access: free text of an official, or the choice of an officer at a gate or a counter.

    Providers and other cities have a fixed purpose.
    """
    if access.by.startswith(PROVIDER_PREFIX):
        return _("to show or check the code")
    if access.by.startswith(CITY_PREFIX):
        return _("to look into a record of that city that is said to be wrong")
    match access.what:
        case lookup.SEEN:
            return str(lookup.LookUpPurpose(access.purpose).label)
        case counter.SEEN | counter.PRINTED:
            return str(counter.CounterPurpose(access.purpose).label)
        case _:
            return free_text(access.purpose)


@register.filter
def display_name(person: Citizen) -> str:
    """Return the name a page shows of the person: the masked name, or the masked number if there is no name."""
    return masked(person.full_name) if person.full_name else masked_id_number(person)


@register.filter
def masked_id_number(person: Citizen) -> str:
    """Return the masked number the guardian typed. Before an official agrees, a name would reveal who is known here."""
    return untranslated(mask_number(decrypt_number(bytes(person.id_encrypted))))


@register.filter
def area_label(code: str) -> str:
    """Return the title of a division; one that is not in the table gets the title of the division that contains it."""
    language = translation.get_language()
    if code in divisions():
        return division_title(code, language)
    above = next((one for one in (code[:4] + "00", code[:2] + "0000") if one in divisions()), None)
    return _("a place in %(area)s") % {"area": division_title(above, language)} if above else _("elsewhere")


register.filter("stay_label", stay_label)
