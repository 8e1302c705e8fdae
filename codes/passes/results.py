"""The results of a check of a pass, on-line and off-line: ten, each with a number, a sentence and the officer's next step.

The exact reason is a ``Detail``, which belongs to one result. A result without a detail needs no further explanation.
"""

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class CheckResult(TextChoices):
    """The results of ``docs/contracts.md`` §5. The number of a result is its position in this list."""

    OK = "ok", _("The pass is genuine and valid.")
    EXPIRED = "expired", _("The pass has expired; so does every screenshot.")
    NOT_YET_VALID = "not_yet_valid", _("The pass was made later than it is on this device.")
    UNKNOWN_KEY = "unknown_key", _("This device cannot tell whose key signed the pass.")
    BAD_SIGNATURE = "bad_signature", _("The signature does not count: the pass is altered or forged.")
    NOT_A_PASS = "not_a_pass", _("This is no health code.")
    REPLAYED = "replayed", _("The same pass has just been shown at another gate.")
    WITHDRAWN = "withdrawn", _("The pass has been withdrawn.")
    OTHER_CITY = "other_city", _("The pass is another city's.")
    UNKNOWN = "unknown", _("The city cannot say which colour the person has. That is not green.")

    @property
    def number(self) -> int:
        """0 for ``ok``, 1 to 9 for the others."""
        return NUMBERS[self]

    @property
    def next_step(self) -> Promise:
        """One sentence that says what the officer does next."""
        return NEXT_STEPS[self]


NUMBERS = {result: number for number, result in enumerate(CheckResult)}
NEXT_STEPS: dict[CheckResult, Promise] = {
    CheckResult.OK: _("Act by the colour shown."),
    CheckResult.EXPIRED: _("Ask the person to open their code anew, and scan that."),
    CheckResult.NOT_YET_VALID: _("Set the clock of this device and scan again."),
    CheckResult.UNKNOWN_KEY: _("Go on-line, fetch the newest key list and scan again."),
    CheckResult.BAD_SIGNATURE: _(
        "Let nobody through on it. Ask the person to open their code anew; if that does not help, check their document."
    ),
    CheckResult.NOT_A_PASS: _("Ask the person to open their health code, and scan it."),
    CheckResult.REPLAYED: _("Ask the person to open their code anew before your eyes, and scan that."),
    CheckResult.WITHDRAWN: _("Do not accept it. Ask the person for their newest code, or check their document."),
    CheckResult.OTHER_CITY: _("Do what is shown here for passes of that city."),
    CheckResult.UNKNOWN: _("Do not treat it as green: check the person's document."),
}


class Detail(TextChoices):
    """The specific reason for the result where the result alone does not identify it."""

    RETIRED_KEY = "retired_key", _("Its key had been retired before the pass was made.")
    COMPROMISED_KEY = "compromised_key", _("Its key was stolen: anybody may have signed it.")
    WRONG_CITY = "wrong_city", _("The key is not of the city that the pass names.")
    UNKNOWN_ALGORITHM = "unknown_algorithm", _("It is signed in a way that is not accepted.")
    WRONG_AUDIENCE = "wrong_audience", _("It was made for something else than gates.")
    KEYBOARD = (
        "keyboard",
        _("The scanner types in another keyboard layout. Set it to US English and turn the input method off."),
    )
    INCOMPLETE = "incomplete", _("A part is missing or was misread. Hold the scanner still and brighten the screen.")
    OLD_LIST = "old_list", _("The key list is older than it may be used off-line.")
    LIST_TO_COME = "list_to_come", _("The key list was published later than it is on this device.")
    PAPER = "paper", _("A paper code carries no colour: it is looked up on-line.")

    @property
    def result(self) -> CheckResult:
        return RESULTS[self]


RESULTS = {
    Detail.RETIRED_KEY: CheckResult.BAD_SIGNATURE,
    Detail.COMPROMISED_KEY: CheckResult.BAD_SIGNATURE,
    Detail.WRONG_CITY: CheckResult.BAD_SIGNATURE,
    Detail.UNKNOWN_ALGORITHM: CheckResult.BAD_SIGNATURE,
    Detail.WRONG_AUDIENCE: CheckResult.NOT_A_PASS,
    Detail.KEYBOARD: CheckResult.NOT_A_PASS,
    Detail.INCOMPLETE: CheckResult.NOT_A_PASS,
    Detail.OLD_LIST: CheckResult.UNKNOWN_KEY,
    Detail.LIST_TO_COME: CheckResult.NOT_YET_VALID,
    Detail.PAPER: CheckResult.UNKNOWN,
}


class BadPass(ValueError):
    """The token is no valid pass; ``result`` says why, and ``detail`` the exact reason if it is known."""

    def __init__(self, found: CheckResult | Detail) -> None:
        super().__init__(found.value)
        self.result = found.result if isinstance(found, Detail) else found
        self.detail = found if isinstance(found, Detail) else None
