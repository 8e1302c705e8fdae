"""The answers of a declaration in words, each with the page on which it can be changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portal.citizen.declaring.forms import SYMPTOMS
from regions.divisions import division_title


@dataclass(frozen=True)
class Row:
    """A question, its answer, its page."""

    question: str
    answer: str
    page: str


def told(answers: Mapping[str, Any], providers: Mapping[str, str]) -> list[Row]:
    """In the order of the pages."""
    return [
        Row(_("To whom"), _(", ").join(providers.get(code, code) for code in answers["to"]["providers"]), "to"),
        Row(_("Symptoms today"), _symptoms(answers["symptoms"]["symptoms"]), "symptoms"),
        Row(_("Near an infected person"), _contact(answers["contact"]["contact"]), "contact"),
        Row(_("Places in the last 14 days"), _stays(answers["stays"]), "stays"),
        Row(_("Came from elsewhere"), _arrival(answers["arrival"]), "arrival"),
    ]


def _symptoms(said: list[str]) -> str:
    return _(", ").join(str(SYMPTOMS[one]) for one in said) or _("none")


def _contact(said: str) -> str:
    return {"yes": _("Yes"), "no": _("No"), "unsure": _("I am not sure")}[said]


def _stays(stays: list[dict[str, Any]]) -> str:
    return _("; ").join(map(stay_told, stays)) or _("nowhere else")


def stay_told(stay: Mapping[str, Any]) -> str:
    """“Wuhan, 3 November 2026 to 7 November 2026”."""
    place, first = _place(stay["area"]), _day(stay["from"])
    if stay["left_on"]:
        return _("%(place)s, %(first)s to %(last)s") % {"place": place, "first": first, "last": _day(stay["left_on"])}
    return _("%(place)s, since %(first)s") % {"place": place, "first": first}


def _arrival(said: Mapping[str, Any]) -> str:
    if said["overseas_arrival_on"]:
        return _("From abroad, on %(day)s") % {"day": _day(said["overseas_arrival_on"])}
    if said["arrival"]:
        return _("From %(place)s, on %(day)s") % {
            "place": _place(said["arrival"]["from_area"]),
            "day": _day(said["arrival"]["on"]),
        }
    return _("No")


def _place(code: str) -> str:
    return division_title(code, translation.get_language())


def _day(day: str) -> str:
    return date_format(date.fromisoformat(day), "DATE_FORMAT")
