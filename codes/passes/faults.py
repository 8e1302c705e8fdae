"""Why a token is no valid pass, in words for whoever stands at the gate."""

from django.utils.translation import gettext_lazy as _

from regions.wording import Worded


class PassFault(Worded):
    """One sentence on what is wrong and one on what to do."""

    NOT_A_PASS = "not_a_pass", _("This is no pass. Ask the person to open their code.")
    UNKNOWN_ALGORITHM = "unknown_algorithm", _("It is signed in a way that is not accepted. Do not let it pass.")
    UNKNOWN_KEY = "unknown_key", _("Its key is not known. Fetch the newest key list and scan again.")
    RETIRED_KEY = "retired_key", _("Its key was retired before it was signed. Ask the person to renew their code.")
    WRONG_SIGNATURE = "wrong_signature", _("The signature is wrong. Do not let it pass.")
    WRONG_CITY = "wrong_city", _("The key is not of the city it names. Do not let it pass.")
    WRONG_AUDIENCE = "wrong_audience", _("This token was not made for checkpoints.")
    EXPIRED = "expired", _("It has expired. Ask the person to renew their code.")
    NOT_YET = "not_yet", _("It was issued in this device's future. Set the clock.")


class BadPass(ValueError):
    """The token is no valid pass; ``fault`` says why."""

    def __init__(self, fault: PassFault) -> None:
        super().__init__(fault.value)
        self.fault = fault
