"""The questions of a declaration, one form per page. The answers together form the line that is taken in."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.web.places import PlaceField
from portal.web.widgets import DateInput
from regions.divisions import full_title
from regions.vocabulary import Symptom

SYMPTOMS = [choice for choice in Symptom.choices if choice[0] != Symptom.NONE]
LONGEST_STAY = timedelta(days=366)
YES_NO = {"no": _("No"), "yes": _("Yes")}


def not_in_future(day: date) -> None:
    if day > timezone.localdate():
        raise forms.ValidationError(_("This day is yet to come."))


def _window_start() -> date:
    """Return the first day that a declaration asks about."""
    return timezone.localdate() - timedelta(days=14)


class PastDateField(forms.DateField):
    widget = DateInput
    default_validators = [not_in_future]  # a class attribute, as in Django's own fields


class QuestionForm(forms.Form):
    """A page of a declaration.

    ``of_another`` has the labels that ask about a dependant. ``answer`` returns the page's part of the line, and
    ``initial_of`` turns an earlier answer back into initial values.
    """

    of_another: Mapping[str, Promise] = {}

    def ask_about(self, name: str) -> None:
        """Ask about the dependant with this name instead of the person who answers."""
        for field, label in self.of_another.items():
            self.fields[field].label = str(label) % {"name": name}

    def answer(self) -> dict[str, Any]:
        return self.cleaned_data

    @classmethod
    def initial_of(cls, answer: dict[str, Any]) -> dict[str, Any]:
        return answer


class ProvidersForm(QuestionForm):
    providers = forms.MultipleChoiceField(
        label=_("To whom do you declare?"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("The same answers everywhere keep the codes from differing."),
        error_messages={"required": _("Choose at least one.")},
    )


class SymptomsForm(QuestionForm):
    of_another = {"has": _("Does %(name)s have any of these today?")}
    has = forms.ChoiceField(
        label=_("Do you have any of these today?"), choices=YES_NO.items(), widget=forms.RadioSelect
    )
    symptoms = forms.MultipleChoiceField(
        label=_("If so, which?"), choices=SYMPTOMS, widget=forms.CheckboxSelectMultiple, required=False
    )

    def clean(self) -> dict[str, Any]:
        """Take ticked symptoms for a yes if neither answer is chosen. Two answers that differ are a fault."""
        data = super().clean() or {}
        if data.get("symptoms") and not self.data.get(self.add_prefix("has")):
            self.errors.pop("has", None)
            data["has"] = "yes"
        if data.get("has") == "yes" and not data.get("symptoms"):
            self.add_error("symptoms", _("Say which, or answer no above."))
        if data.get("has") == "no" and data.get("symptoms"):
            self.add_error("has", _("You have ticked symptoms below: answer yes, or take them away."))
        return data

    def answer(self) -> dict[str, Any]:
        return {"symptoms": self.cleaned_data["symptoms"]}

    @classmethod
    def initial_of(cls, answer: dict[str, Any]) -> dict[str, Any]:
        return {"has": "yes" if answer["symptoms"] else "no", **answer}


class ContactForm(QuestionForm):
    of_another = {"contact": _("In the last 14 days, was %(name)s near somebody with the infection?")}
    contact = forms.ChoiceField(
        label=_("In the last 14 days, were you near somebody with the infection?"),
        choices=[("no", _("No")), ("yes", _("Yes")), ("unsure", _("I am not sure"))],
        widget=forms.RadioSelect,
        help_text=_("Near: under the same roof, at one table, or closer than a metre without a mask."),
    )


class StayForm(QuestionForm):
    """A place where the person stayed. Places are added one at a time."""

    area = PlaceField(label=_("Place"), help_text=_("City, district or county, such as 武汉 or 北京市海淀区"))
    from_day = PastDateField(label=_("From"))
    left_on = forms.DateField(
        label=_("Left on"),
        required=False,
        widget=DateInput,
        help_text=_("Leave empty while the stay goes on and its end is not known. A day to come is a plan."),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, last = data.get("from_day"), data.get("left_on")
        if first and first < timezone.localdate() - LONGEST_STAY:
            self.add_error(
                "from_day",
                _("More than a year ago: check the year. Of a place of residence, give the day of the last arrival."),
            )
        elif first and last and last < first:
            self.add_error("left_on", _("The day of leaving cannot be before the first day."))
        elif last and last < _window_start():
            message = _(
                "This stay ended more than 14 days ago, so it need not be declared. Correct the day, or answer “No” above."
            )
            self.add_error("left_on", message)
        return data

    def answer(self) -> dict[str, Any]:
        left_on = self.cleaned_data["left_on"]
        return {
            "area": self.cleaned_data["area"],
            "from": self.cleaned_data["from_day"].isoformat(),
            "left_on": left_on.isoformat() if left_on else None,
        }


class ArrivalForm(QuestionForm):
    of_another = {"came": _("In the last 14 days, did %(name)s come to this city from elsewhere?")}
    came = forms.ChoiceField(
        label=_("In the last 14 days, did you come to this city from elsewhere?"),
        choices=[
            ("no", _("No")),
            ("yes", _("Yes, from another place in the country")),
            ("abroad", _("Yes, from abroad")),
        ],
        widget=forms.RadioSelect,
    )
    from_area = PlaceField(
        label=_("From where (within the country)"),
        required=False,
        help_text=_("Needed after “Yes, from another place in the country”."),
    )
    on = PastDateField(label=_("Arrived on"), required=False, help_text=_("Needed after “Yes”."))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        came = data.get("came")
        if came in ("yes", "abroad") and not data.get("on") and "on" not in self.errors:
            self.add_error("on", _("Say on which day."))
        if came in ("yes", "abroad") and data.get("on") and data["on"] < _window_start():
            self.add_error("on", _("That was more than 14 days ago. Correct the day, or answer “No” above."))
        if came == "yes" and not data.get("from_area") and "from_area" not in self.errors:
            self.add_error("from_area", _("Say from where."))
        return data

    def answer(self) -> dict[str, Any]:
        data = self.cleaned_data
        day = data["on"].isoformat() if data["on"] else None
        return {
            "arrival": {"from_area": data["from_area"], "on": day} if data["came"] == "yes" else None,
            "overseas_arrival_on": day if data["came"] == "abroad" else None,
        }

    @classmethod
    def initial_of(cls, answer: dict[str, Any]) -> dict[str, Any]:
        if answer["overseas_arrival_on"]:
            return {"came": "abroad", "on": answer["overseas_arrival_on"]}
        return {"came": "yes", **answer["arrival"]} if answer["arrival"] else {"came": "no"}


def answer_rows(answers: Mapping[str, Any], providers: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Return question, answer and page of each answer, as they are shown before sending."""
    comma = gettext(", ")
    to = comma.join(providers.get(code, code) for code in answers["to"]["providers"])
    symptoms = comma.join(str(Symptom(one).label) for one in answers["symptoms"]["symptoms"])
    contact = {"yes": gettext("Yes"), "no": gettext("No"), "unsure": gettext("I am not sure")}
    stays = gettext("; ").join(map(stay_label, answers["stays"]))
    return [
        (gettext("To whom"), to, "to"),
        (gettext("Symptoms today"), symptoms or gettext("none"), "symptoms"),
        (gettext("Near an infected person"), contact[answers["contact"]["contact"]], "contact"),
        (gettext("Places in the last 14 days"), stays or gettext("nowhere else"), "stays"),
        (gettext("Came from elsewhere"), _arrival_label(answers["arrival"]), "arrival"),
    ]


def stay_label(stay: Mapping[str, Any]) -> str:
    """Return the stay in words, such as “Wuhan, 3 November 2026 to 7 November 2026”."""
    place, first = _area_label(stay["area"]), _date_label(stay["from"])
    if stay["left_on"]:
        return gettext("%(place)s, %(first)s to %(last)s") % {
            "place": place,
            "first": first,
            "last": _date_label(stay["left_on"]),
        }
    return gettext("%(place)s, since %(first)s") % {"place": place, "first": first}


def _arrival_label(data: Mapping[str, Any]) -> str:
    if data["overseas_arrival_on"]:
        return gettext("From abroad, on %(day)s") % {"day": _date_label(data["overseas_arrival_on"])}
    if data["arrival"]:
        return gettext("From %(place)s, on %(day)s") % {
            "place": _area_label(data["arrival"]["from_area"]),
            "day": _date_label(data["arrival"]["on"]),
        }
    return gettext("No")


def _area_label(code: str) -> str:
    return full_title(code, translation.get_language())


def _date_label(day: str) -> str:
    return date_format(date.fromisoformat(day), "DATE_FORMAT")
