"""Why an account is not made or changed."""

from django.utils.translation import gettext_lazy as _

from regions.wording import Worded


class StaffReason(Worded):
    """One sentence on what is wrong, and what would work; `{…}` is filled by the refusal."""

    EXCLUDED = "excluded", _("one person may not hold both: {pairs}. Make separate accounts.")
    BAD_NAME = "bad_name", _("'{name}' cannot be a user name: it is empty, the portal's own, or holds a colon")
    NAME_TAKEN = "name_taken", _("there is an account named '{name}' already")
    UNKNOWN_ROLE = "unknown_role", _("no such role: {roles}; there are {all}")
    NO_ROLE = "no_role", _("an account needs at least one role")
    YOURSELF = "yourself", _("Nobody changes their own account here. Ask another security administrator.")
    NO_SUCH_ACCOUNT = "no_such_account", _("There is no such account.")
