"""Messages in the language of the page: one sentence that is right for every reader, and a link."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codes.citizens.guardianship import Relation
from codes.models import Case, Citizen, Message, MessageKind
from codes.models.case import CaseState
from codes.vocabulary import State
from portal.citizen.code.sentences import end_reason_label, joined
from portal.templatetags.citizen import matter, see_matter
from regions.keys.encryption import decrypt_number
from regions.masking import mask_name, mask_number

DECIDED = {
    CaseState.DECIDED: gettext_lazy("%(matter)s was decided."),
    CaseState.ACCEPTED: gettext_lazy("%(matter)s was accepted."),
    CaseState.PARTLY_ACCEPTED: gettext_lazy("%(matter)s was accepted in part."),
    CaseState.DENIED: gettext_lazy("%(matter)s was denied. Its page says why."),
    CaseState.CONVERGED: gettext_lazy("%(matter)s has ended: nothing holds the code any more."),
}


@dataclass(frozen=True)
class Worded:
    """A message in words. ``name`` is that of the person it is about, if that is not the reader."""

    message: Message
    name: str
    sentence: str
    link: str
    label: str


def worded(messages: Sequence[Message], *, reader: Citizen) -> list[Worded]:
    """Return the messages in words.

    It takes at most one query, for cases; ``about`` must have been selected with the messages.
    """
    numbers = {one.data["case"] for one in messages if "case" in one.data}
    cases = {case.number: case for case in Case.objects.filter(number__in=numbers)} if numbers else {}
    found = []
    for one in messages:
        is_own = one.about_id == reader.pk
        whose = {} if is_own else {"ref": one.about.ref}
        if "case" in one.data:
            case = cases[one.data["case"]]
            sentence, (link, label) = _sentence_of_case(one, case), _way_to_case(one, case, whose)
        else:
            sentence, (link, label) = _sentence(one), _way_on(one, whose)
        found.append(Worded(one, "" if is_own else _called(one.about), sentence, link, label))
    return found


def _called(person: Citizen) -> str:
    return mask_name(person.full_name) or mask_number(decrypt_number(bytes(person.id_encrypted)))


def _sentence_of_case(message: Message, case: Case) -> str:
    match message.kind:
        case MessageKind.QUESTION_ASKED:
            sentence = _("An official has a question. %(matter)s waits for the answer.")
        case MessageKind.CASE_DECIDED:
            sentence = str(DECIDED[message.data["state"]])
        case MessageKind.CASE_REOPENED:
            sentence = _("%(matter)s is worked on again: a colleague who checked the decision came to another one.")
        case _:
            raise LookupError(message.kind)
    return sentence % {"matter": matter(case)}


def _way_to_case(message: Message, case: Case, whose: Mapping[str, str]) -> tuple[str, str]:
    label = _("Answer the question") if message.kind == MessageKind.QUESTION_ASKED else see_matter(case)
    return reverse("citizen_case", kwargs={**whose, "number": case.number}), label


def _sentence(message: Message) -> str:
    data = message.data
    match message.kind:
        case MessageKind.COLOUR_CHANGED if "end_code" in data:
            why = _("Two officials ended their decision early. Their reason: %(reason)s.")
            return joined(_change(data), why % {"reason": end_reason_label(data["end_code"])})
        case MessageKind.COLOUR_CHANGED:
            return _change(data)
        case MessageKind.GUARDIAN_ASKED:
            return _("Somebody asks to show this code on their phone, and to declare and appeal with it.")
        case MessageKind.GUARDIAN_ANSWERED if data["accepted"]:
            return _("Your request to show a relative's code (%(relation)s) was accepted.") % _relation(data)
        case MessageKind.GUARDIAN_ANSWERED:
            return _(
                "Your request to show a relative's code (%(relation)s) was not accepted. The reason is with your family."
            ) % _relation(data)
        case MessageKind.PHONE_NAMED:
            return _("Another phone was named for your sign-in codes: is it yours?")
        case MessageKind.RULING_ENDS:
            last = date.fromisoformat(data["expires_on"]) - timedelta(days=1)
            ends = _(
                "The decision that the code is %(colour)s holds until %(day)s. From then on the records decide again."
            )
            return ends % {"colour": State(data["colour"]).label, "day": date_format(last, "DATE_FORMAT")}
    raise LookupError(message.kind)


def _change(data: Mapping[str, str]) -> str:
    if data["before"] == State.UNKNOWN:
        return _("The code is %(after)s.") % {"after": State(data["after"]).label}
    colours = {"after": State(data["after"]).label, "before": State(data["before"]).label}
    return _("The code turned %(after)s. Before it was %(before)s.") % colours


def _relation(data: Mapping[str, str]) -> dict[str, str]:
    """Return the relation that was requested.

    It does not name the dependant, so that a request for an unknown person reads the same.
    """
    return {"relation": str(Relation(data.get("relation", Relation.OTHER)).label)}


def _way_on(message: Message, whose: Mapping[str, str]) -> tuple[str, str]:
    """Return the address and the label of the message's link."""
    match message.kind:
        case MessageKind.GUARDIAN_ASKED | MessageKind.GUARDIAN_ANSWERED:
            return reverse("citizen_family"), _("My family")
        case MessageKind.PHONE_NAMED:
            return f"{reverse('citizen_data')}#phones", _("Look at the phone")
    return reverse("citizen_code", kwargs={**whose}), _("See the code")
