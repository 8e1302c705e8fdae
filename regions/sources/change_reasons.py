"""Why a change of a source is not taken."""

from django.utils.translation import gettext_lazy as _

from regions.wording import Worded


class ChangeReason(Worded):
    """Beside the reasons that hold for everything two people decide."""

    CHANGES_NOTHING = "changes_nothing", _("What you entered is what is in force already: there is nothing to change.")
    SETTINGS_MOVED = (
        "settings_moved",
        _("The source's settings have changed since this was proposed. Refuse it and have it proposed anew."),
    )
    BAD_SETTINGS = "bad_settings", _("These settings cannot be used: {told}")
