"""Why an act on a draft edition is refused."""

from django.utils.translation import gettext_lazy as _

from regions.wording import Worded


class DraftReason(Worded):
    """Beside the reasons that hold for everything two people decide."""

    EDITED_MEANWHILE = (
        "edited_meanwhile",
        _("Somebody has just changed this draft, and nothing of yours was saved. Reload the page and enter it again."),
    )
    NOT_EDITABLE = (
        "not_editable",
        _("This draft is proposed or over and cannot be changed. Take it back first, or begin another."),
    )
    HAS_FAULTS = "has_faults", _("The draft has {faults} faults. Mend them first.")
    NOT_REHEARSED = "not_rehearsed", _("Rehearse it first, and see who would change colour.")
    EDITED_BY_YOU = "edited_by_you", _("You have edited this draft, so you do not approve it. Ask another approver.")
    NO_VERSION = "no_version", _("This rule set has no edition to begin with. Upload a rule-set file.")
