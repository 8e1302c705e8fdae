"""How the values of a copy of a citizen's data are expressed in the language of the page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from codes.models import Case, MessageKind, Provider, Rule
from portal.citizen.declarations.forms import stay_label
from portal.templatetags.citizen import area_label
from portal.templatetags.page import label_of, titled
from regions.sources.models import Source
from regions.vocabulary import Symptom

STATES: dict[str, Promise] = {
    "open": pgettext_lazy("copy of one's data", "waiting for an answer"),
    "answered": pgettext_lazy("copy of one's data", "answered"),
    "lapsed": pgettext_lazy("copy of one's data", "not answered in time"),
    "dropped": pgettext_lazy("copy of one's data", "no longer asked"),
    "proposed": pgettext_lazy("copy of one's data", "proposed"),
    "confirmed": pgettext_lazy("copy of one's data", "confirmed"),
    "approved": pgettext_lazy("copy of one's data", "approved"),
    "refused": pgettext_lazy("copy of one's data", "refused"),
    "withdrawn": pgettext_lazy("copy of one's data", "withdrawn"),
    "ended": pgettext_lazy("copy of one's data", "ended"),
    "asked": pgettext_lazy("copy of one's data", "asked for"),
    "accepted": pgettext_lazy("copy of one's data", "in force"),
    "corrected": pgettext_lazy("copy of one's data", "put right"),
    "upheld": pgettext_lazy("copy of one's data", "the record stays"),
    "not_ours": pgettext_lazy("copy of one's data", "the office has no such record"),
    "earlier": pgettext_lazy("copy of one's data", "to the earlier phone"),
    "named": pgettext_lazy("copy of one's data", "to the phone that was named"),
}
CONTACT = {"yes": gettext_lazy("Yes"), "no": gettext_lazy("No"), "unsure": gettext_lazy("I am not sure")}
FILES = {
    "application/pdf": gettext_lazy("PDF document"),
    "image/jpeg": gettext_lazy("picture"),
    "image/png": gettext_lazy("picture"),
    "image/webp": gettext_lazy("picture"),
}


@dataclass(frozen=True)
class Names:
    """The titles of providers, sources and rules, read once for the whole copy."""

    providers: Mapping[str, str]
    sources: Mapping[str, str]
    rules: Mapping[int, str]

    @classmethod
    def read(cls, rules: set[int]) -> "Names":
        return cls(
            {one.code: titled(one) for one in Provider.objects.all()},
            {one.code: titled(one) for one in Source.objects.all()},
            {one.pk: titled(one) for one in Rule.objects.filter(pk__in=rules)},
        )


Word = Callable[[Any, Names], str]


def plain(value: Any, _names: Names) -> str:
    """Return free text as it is, and dates, datetimes and booleans in words."""
    match value:
        case None | "":
            return "–"
        case bool():
            return _("Yes") if value else _("No")
        case datetime():
            return date_format(timezone.localtime(value), "DATETIME_FORMAT")
        case date():
            return date_format(value, "DATE_FORMAT")
        case _:
            return str(value)


def ours(text: str, _names: Names) -> str:
    """Return a text that is already in the language of the page."""
    return text


def provider(code: str | None, names: Names) -> str:
    return names.providers[code] if code else "–"


def source(code: str | None, names: Names) -> str:
    return names.sources[code] if code else "–"


def area(code: str | None, _names: Names) -> str:
    return area_label(code) if code else "–"


def labelled(vocabulary: str) -> Word:
    """Return a function that labels values of a vocabulary (``portal.templatetags.page.WORDS``)."""
    return lambda value, _names: capfirst(label_of(value, vocabulary)) if value else "–"


def chosen(labels: Mapping[str, Any]) -> Word:
    """Return a function that labels values by ``labels``."""
    return lambda value, _names: capfirst(str(labels[value])) if value else "–"


def kinds(values: Sequence[str], _names: Names) -> str:
    """Return kinds of messages as a list in words."""
    return _(", ").join(str(MessageKind(value).label) for value in values) or "–"


state = chosen(STATES)
file_type = chosen(FILES)


def size(value: int, _names: Names) -> str:
    return filesizeformat(value)


def case_kind(kind: str, _names: Names) -> str:
    return _("Appeal") if kind == Case.Kind.APPEAL else _("Review")


def hits(found: Sequence[Mapping[str, Any]], names: Names) -> str:
    """Return the titles of the rules that held."""
    titles = dict.fromkeys(names.rules[hit["rule_id"]] for hit in found if names.rules.get(hit["rule_id"]))
    return _("; ").join(titles) or "–"


def answers(content: Mapping[str, Any], names: Names) -> str:
    """Return the answers of a declaration, for the questions that it contains."""
    answers = []
    if "symptoms" in content:
        symptoms = _(", ").join(str(Symptom(one).label) for one in content["symptoms"] if one != Symptom.NONE)
        answers.append((_("Symptoms today"), symptoms or _("none")))
    if content.get("contact"):
        answers.append((_("Near an infected person"), str(CONTACT[content["contact"]])))
    if "area_stays" in content:
        stays = [{"left_on": None, **stay} for stay in content["area_stays"] or []]
        answers.append((_("Places in the last 14 days"), _("; ").join(map(stay_label, stays)) or _("nowhere else")))
    if content.get("arrival"):
        came = content["arrival"]
        day = plain(date.fromisoformat(came["on"]), names)
        where = area_label(came["from_area"]) if came.get("from_area") else _("elsewhere")
        answers.append((_("Came from elsewhere"), _("From %(place)s, on %(day)s") % {"place": where, "day": day}))
    if content.get("overseas_arrival_on"):
        day = plain(date.fromisoformat(content["overseas_arrival_on"]), names)
        answers.append((_("Came from elsewhere"), _("From abroad, on %(day)s") % {"day": day}))
    return "\n".join(f"{question}{_(': ')}{answer}" for question, answer in answers) or "–"


def shown_value(content: Mapping[str, Any], _names: Names) -> str:
    return str(content.get("value", "–"))


# The results of these are names, numbers and free text, which are not translated.
UNTRANSLATED = (plain, shown_value)


def form_of(place: str, _names: Names) -> str:
    """Return which form it is. Forms are kept under their own name or under the path of their page."""
    if "declar" in place:
        return _("Declaration")
    return _("Appeal") if "appeal" in place else _("A form of the portal")
