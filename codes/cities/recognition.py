"""How this city treats another city's pass, according to its ``recognition`` (``docs/contracts.md`` §5).

Only the city's name is read from the pass itself. Whether the pass is genuine, and its current colour, are answered by
the issuing city.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import TextChoices
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from codes.cities.look_ups import OK, UNKNOWN, look_up, look_up_of
from codes.cities.neighbours import neighbour_of
from codes.cities.signing import NO_ANSWER
from codes.effective import CurrentCode, effective_code
from codes.models import Citizen, Entry, Neighbour
from codes.passes.issuing import issue_pass
from codes.passes.live import keep_exchanged
from codes.passes.results import BadPass
from codes.passes.scanned import PREFIXES
from codes.passes.token import Pass, claimed_issuer
from codes.review.permissions import require_own
from codes.vocabulary import Colour
from regions.identity import Identity
from regions.journal.record import record
from regions.keys.encryption import decrypt_number
from regions.refusals import Refused
from regions.tenancy import current_city
from regions.vocabulary import IdType, Recognition, label_in

# A declaration this recent describes the person's present health.
DECLARED_WITHIN = timedelta(days=14)


class ForeignOutcome(TextChoices):
    """The outcome of a check of another city's pass. Its sentence names the city that is responsible for the colour."""

    LOOKED_UP = "looked_up", _("A pass of {city}. {city} says: {colour}, as of now. {city} answers for this colour.")
    AS_MADE = "as_made", _("A pass of {city}. When it was made it said: {colour}. Off-line, {city} cannot be asked.")
    NOT_GOOD = "not_good", _("A pass of {city}. {city} says that it is not good.")
    CANNOT_SAY = "cannot_say", _("A pass of {city}. {city} cannot say what colour it stands for now.")
    NO_ANSWER = "no_answer", _("A pass of {city}. {city} does not answer, so nothing is known of it.")
    TO_CONVERT = "to_convert", _("A pass of {city}. Here it has to be exchanged for a pass of {here} first.")
    REFUSED = "refused", _("A pass of {city}. {here} does not take passes of other cities.")
    UNKNOWN_CITY = "unknown_city", _("It names a city that is not known here.")


class NextStep(TextChoices):
    """What the officer does next."""

    LOOKED_UP = "looked_up", _("Do as with a code of this colour of {here}. Whoever objects to it turns to {city}.")
    AS_MADE = (
        "as_made",
        _("Do as with a code of this colour of {here}; scan it again if the line comes back meanwhile."),
    )
    NOT_GOOD = "not_good", _("Do not let it pass. Ask the person to open their code anew.")
    CANNOT_SAY = "cannot_say", _("Do not treat it as green. The person asks {city}, or declares in {here}.")
    NO_ANSWER = (
        "no_answer",
        _("Do not treat it as green. Scan again in a minute; then follow your desk's rule for no code."),
    )
    TO_CONVERT = (
        "to_convert",
        _("Ask the person to declare in {here} and to exchange the pass on “Pass of another city”."),
    )
    REFUSED = "refused", _("Ask the person to declare in {here}; they then have a code of {here} to show.")
    UNKNOWN_CITY = "unknown_city", _("Do not let it pass. Report where you saw it.")


# The result of ``docs/contracts.md`` §5 for each outcome; ``not_good`` has the issuing city's own result.
WORDS = {
    ForeignOutcome.LOOKED_UP: "other_city",
    ForeignOutcome.AS_MADE: "other_city",
    ForeignOutcome.CANNOT_SAY: UNKNOWN,
    ForeignOutcome.NO_ANSWER: UNKNOWN,
    ForeignOutcome.TO_CONVERT: "other_city",
    ForeignOutcome.REFUSED: "other_city",
    ForeignOutcome.UNKNOWN_CITY: "unknown_key",
}


@dataclass(frozen=True, slots=True)
class ForeignPass:
    """``colour`` is empty unless the issuing city has just answered it.

    ``word`` is one of the ten results of ``docs/contracts.md`` §5.
    """

    outcome: ForeignOutcome
    word: str
    city: Neighbour | None = None
    colour: str = ""
    as_of: datetime | None = None

    def sentence(self, language: str) -> str:
        return self._worded(self.outcome, language)

    def next_step(self, language: str) -> str:
        return self._worded(NextStep(self.outcome.value), language)

    def _worded(self, choice: TextChoices, language: str) -> str:
        colour = label_in(language, Colour(self.colour)) if self.colour else ""
        return _worded(choice, language, self.city, colour)


def _worded(choice: TextChoices, language: str, city: Neighbour | None, colour: str) -> str:
    here = current_city().name_in(language)
    return label_in(language, choice, city=city.name_in(language) if city else "", here=here, colour=colour)


# The off-line outcome of a genuine pass for each recognition. A look-up is not possible off-line.
OFF_LINE = {
    Recognition.LOOK_UP: ForeignOutcome.AS_MADE,
    Recognition.CONVERT: ForeignOutcome.TO_CONVERT,
    Recognition.REFUSE: ForeignOutcome.REFUSED,
}


def off_line_words(language: str) -> dict[str, dict[str, Any]]:
    """Return, by division, the texts that a gate shows off-line for a genuine pass of that city.

    The gate fills in ``{colour}``.
    """
    recognition = Recognition(current_city().recognition)

    def worded(outcome: ForeignOutcome, city: Neighbour) -> dict[str, str]:
        sentence, step = (_worded(one, language, city, "{colour}") for one in (outcome, NextStep(outcome.value)))
        return {"sentence": sentence, "next_step": step}

    return {
        city.division: {
            "name": city.name_in(language),
            "tells_colour": recognition is Recognition.LOOK_UP,
            "said": worded(OFF_LINE[recognition], city),
            "cannot_say": worded(ForeignOutcome.CANNOT_SAY, city),
        }
        for city in Neighbour.objects.filter(listed=True).order_by("division")
    }


class NotAForeignPass(ValueError):
    """The text names no city, or the current one."""


def foreign_pass(text: str, *, now: datetime) -> ForeignPass:
    """Return the outcome for another city's pass at a gate.

    Raises ``NotAForeignPass``. Call outside transactions, because it may ask the city.
    """
    neighbour = neighbour_of(issuer_of(text))
    if neighbour is None:
        return _result(ForeignOutcome.UNKNOWN_CITY)
    recognition = Recognition(current_city().recognition)
    if recognition is Recognition.REFUSE:
        return _result(ForeignOutcome.REFUSED, neighbour)
    if recognition is Recognition.CONVERT:
        return _result(ForeignOutcome.TO_CONVERT, neighbour)
    try:
        found = look_up(neighbour, text, now=now)
    except NO_ANSWER:
        return _result(ForeignOutcome.NO_ANSWER, neighbour)
    if found.result == OK:
        return ForeignPass(ForeignOutcome.LOOKED_UP, "other_city", neighbour, found.colour, found.as_of)
    if found.result == UNKNOWN:
        return _result(ForeignOutcome.CANNOT_SAY, neighbour)
    return ForeignPass(ForeignOutcome.NOT_GOOD, found.result, neighbour)


def _result(outcome: ForeignOutcome, neighbour: Neighbour | None = None) -> ForeignPass:
    return ForeignPass(outcome, WORDS[outcome], neighbour)


def issuer_of(text: str) -> str:
    """Return the division that a pass names, without checking whether the pass is genuine. Raises ``NotAForeignPass``."""
    if not text.startswith(PREFIXES):
        raise NotAForeignPass
    try:
        division = claimed_issuer(text, prefix=text[: text.index(":") + 1])
    except BadPass:
        raise NotAForeignPass from None
    if division == current_city().division:
        raise NotAForeignPass
    return division


class ConversionRefusal(TextChoices):
    """Why a pass is not exchanged, and what to do instead."""

    NOT_HERE = "not_here", _("In this city passes are not exchanged. Show the code of {here}.")
    NOT_A_FOREIGN_PASS = (
        "not_a_foreign_pass",
        _("This is no pass of another city. Copy the whole text that a scanner reads from it."),
    )
    NOT_DECLARED = "not_declared", _("Exchanging takes a declaration in {here} of the last 14 days. Declare first.")
    NO_ANSWER = "no_answer", _("{city} does not answer just now. Try again in a few minutes.")
    NOT_GOOD = "not_good", _("{city} says that this pass is not good, or not yours. Open your code there anew.")


@dataclass(frozen=True, slots=True)
class Converted:
    """The pass of this city that replaces the other.

    Its colour is the more severe of the two; ``there`` is the other city's colour.
    """

    token: str
    content: Pass
    city: Neighbour
    there: str


def convert(text: str, *, citizen: Citizen, by: str, now: datetime) -> Converted:
    """Exchange a citizen's own pass of another city. Raises ``Refused``. Call outside transactions.

    The other city receives the citizen's identity and answers only if the pass is that person's, so that nobody can
    exchange another person's pass.
    """
    require_own(by, citizen)
    here = current_city()
    language = translation.get_language()
    names = {"here": here.name_in(language)}
    if Recognition(here.recognition) is not Recognition.CONVERT:
        raise Refused(ConversionRefusal.NOT_HERE, **names)
    try:
        neighbour = neighbour_of(issuer_of(text))
    except NotAForeignPass:
        neighbour = None
    if neighbour is None:
        raise Refused(ConversionRefusal.NOT_A_FOREIGN_PASS)
    declared = Entry.objects.filter(citizen=citizen, type="declaration", instant__gt=now - DECLARED_WITHIN)
    if not declared.exists():
        raise Refused(ConversionRefusal.NOT_DECLARED, **names)
    names["city"] = neighbour.name_in(language)
    person = Identity(IdType(citizen.id_type), decrypt_number(bytes(citizen.id_encrypted)))
    try:
        there = look_up_of(neighbour, text, person, now=now)
    except NO_ANSWER:
        raise Refused(ConversionRefusal.NO_ANSWER, **names) from None
    if there.result != OK:
        raise Refused(ConversionRefusal.NOT_GOOD, **names)
    own = effective_code(citizen.pk, now=now)
    colour = (
        max(Colour(there.colour), Colour(own.colour), key=lambda one: one.severity)
        if own.colour in Colour.values
        else own.colour
    )
    with transaction.atomic():
        token, content = issue_pass(citizen, now=now, current=CurrentCode(colour, own.because, own.since))
        data = {"division": neighbour.division, "there": there.colour, "here": own.colour, "colour": str(colour)}
        record("pass.converted", by=by, now=now, subject=citizen.subject, data=data)
        keep_exchanged(content, there.colour, now=now)
    return Converted(token, content, neighbour, there.colour)
