"""Vocabularies shared by all packages: kinds of facts and of identity documents, and labels in a language other than the active one."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from django.conf import settings
from django.db.models import TextChoices
from django.utils import translation
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

Written = TypeVar("Written")


class FactKind(TextChoices):
    """What a fact states about a citizen. Records of other kinds are quarantined."""

    CONFIRMED_CASE = "confirmed_case", _("confirmed case")
    ASYMPTOMATIC_CASE = "asymptomatic_case", _("asymptomatic case")
    SUSPECTED_CASE = "suspected_case", _("suspected case")
    POSITIVE_TEST = "positive_test", _("positive test")
    CLOSE_CONTACT = "close_contact", _("close contact")
    SECONDARY_CONTACT = "secondary_contact", _("contact of a close contact")
    CO_TRAVELLER = "co_traveller", _("same train, flight or coach as a case")
    SPACETIME_OVERLAP = "spacetime_overlap", _("same place and time as a case")
    AREA_STAY = "area_stay", _("stay in an area")
    OVERSEAS_ARRIVAL = "overseas_arrival", _("arrival from abroad")
    ARRIVAL = "arrival", _("arrival from elsewhere")
    SYMPTOM = "symptom", _("symptoms")
    CONTACT_WITH_CASE = "contact_with_case", _("declared contact with a case")
    UNSURE_CONTACT = "unsure_contact", _("unsure about contact with a case")
    FALSE_DECLARATION = "false_declaration", _("false declaration")
    DISCHARGED = "discharged", _("discharged from hospital")
    ISOLATION_COMPLETED = "isolation_completed", _("isolation completed")
    CASE_EXCLUDED = "case_excluded", _("found not to be a case")
    CONTACT_EXCLUDED = "contact_excluded", _("found not to be a contact")
    NEGATIVE_TEST = "negative_test", _("negative test")


FACT_KINDS = frozenset(FactKind)
CLEARING_KINDS = frozenset(
    {
        FactKind.DISCHARGED,
        FactKind.ISOLATION_COMPLETED,
        FactKind.CASE_EXCLUDED,
        FactKind.CONTACT_EXCLUDED,
        FactKind.NEGATIVE_TEST,
    }
)


class Symptom(TextChoices):
    """The symptoms of a declaration; ``none`` excludes all others."""

    NONE = "none", _("None of these")
    FEVER = "fever", _("Fever, 37.3 °C or more")
    DRY_COUGH = "dry_cough", _("Dry cough")
    SORE_THROAT = "sore_throat", _("Sore throat")
    FATIGUE = "fatigue", _("Unusual tiredness")
    SHORT_BREATH = "short_breath", _("Short of breath")
    LOSS_OF_SMELL_OR_TASTE = "loss_of_smell_or_taste", _("No smell or taste")
    OTHER = "other", _("Something else")


class DisplayedColour(TextChoices):
    """The meaning of a value that a provider displays."""

    GREEN = "green", _("green")
    YELLOW = "yellow", _("yellow")
    RED = "red", _("red")


class SuspensionReason(TextChoices):
    """Why a city is suspended, as shown to citizens."""

    WRONG_CODES = "wrong_codes", _("its codes may be wrong")
    SECURITY = "security", _("its security has to be restored")
    SOURCES = "sources", _("its data sources cannot be relied on")
    WORKS = "works", _("works on its computers")


class Recognition(TextChoices):
    """How a city treats a pass of another city (``docs/contracts.md`` §5)."""

    LOOK_UP = "look_up", _("look it up with the city that issued it")
    CONVERT = "convert", _("issue a pass of this city after a look-up and a declaration here")
    REFUSE = "refuse", _("refuse it and say what to do")


class IdType(TextChoices):
    """Identity documents by the codes that public systems use."""

    RESIDENT_ID = "10", _("resident identity card")
    HK_MACAO_PERMIT = "14", _("Hong Kong and Macao residents' permit")
    TAIWAN_PERMIT = "15", _("Taiwan residents' permit")
    TAIWAN_ONE_TIME_PERMIT = "16", _("Taiwan residents' one-time permit")
    PASSPORT = "20", _("passport")
    FOREIGN_RESIDENCE = "34", _("foreigner's permanent residence card")
    OTHER = "99", _("other document")


# Parameters of sentences whose number is a name and not an amount.
NO_AMOUNTS = frozenset(
    {"code", "entry", "number", "place", "port", "row", "run", "seq", "stands", "status", "told", "value", "version"}
)


def title_field(name: str = "title", language: str | None = None) -> str:
    """Return ``title_zh`` or ``title_en`` (``name_…``, ``reason_…``), by default for the active language."""
    return f"{name}_zh" if (language or translation.get_language() or "").lower().startswith("zh") else f"{name}_en"


def title_of(row: object, language: str | None = None, *, name: str = "title") -> str:
    """Return the title of a row that has it in both languages, by default in the active language."""
    return str(getattr(row, title_field(name, language)))


def label_in(language: str, choice: TextChoices, /, **params: object) -> str:
    """Return the label in a given language: Chinese for every ``zh…`` tag, English for all others.

    ``params`` fill its placeholders, amounts in groups of three digits as on every page.
    """
    with translation.override("zh-hans" if language.lower().startswith("zh") else "en"):
        return str(choice.label).format(**grouped(params)) if params else str(choice.label)


def in_each_language(write: Callable[[str], Written], *, only: str | None = None) -> list[Written]:
    """Return what ``write`` returns for each language, Chinese first; the language is active meanwhile.

    ``only``: for this language alone.
    """
    written = []
    for language in [only] if only else dict(settings.LANGUAGES):
        with translation.override(language):
            written.append(write(language))
    return written


def grouped(params: Mapping[str, object]) -> dict[str, object]:
    """Return the parameters with amounts formatted for the active language."""
    return {
        name: number_format(value) if type(value) is int and name not in NO_AMOUNTS else value
        for name, value in params.items()
    }
