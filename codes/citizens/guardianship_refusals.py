"""Words of guardianship: the relations, and why a request is not taken."""

from django.utils.translation import gettext_lazy as _

from regions.wording import Worded


class Relation(Worded):
    """What the guardian is to the dependant."""

    CHILD = "child", _("child")
    PARENT = "parent", _("parent")
    SPOUSE = "spouse", _("spouse")
    WARD = "ward", _("ward")
    OTHER = "other", _("other")


class GuardianshipFault(Worded):
    """One sentence on what is wrong and one on what to do."""

    UNKNOWN_RELATION = "unknown_relation", _("Choose what the person is to you.")
    NO_EVIDENCE = (
        "no_evidence",
        _("Upload proof of the relation, such as the household register or a birth certificate."),
    )
    ONESELF = "oneself", _("You cannot add yourself. Enter your relative's document.")
    ASKED_ALREADY = "asked_already", _("You have this person on your phone, or have asked already. See the list.")
    TOO_MANY = "too_many", _("Four people at most can be shown on one phone. End one of them first.")
