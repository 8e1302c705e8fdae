"""When a code turns green and what the citizen must do until then, per provider and for the effective code."""

from codes.forecast.outlook import (
    Act,
    CheckIn,
    Clearance,
    Hit,
    MoreTests,
    Outlook,
    Review,
    Wait,
    effective_from,
    effective_outlook,
    has_a_way,
    hits_of,
    outlooks,
    outlooks_from,
    rules_needed,
)
from codes.forecast.words import Progress, act_in_words, progress

__all__ = [
    "Act",
    "CheckIn",
    "Clearance",
    "Hit",
    "MoreTests",
    "Outlook",
    "Progress",
    "Review",
    "Wait",
    "act_in_words",
    "effective_from",
    "effective_outlook",
    "has_a_way",
    "hits_of",
    "outlooks",
    "outlooks_from",
    "progress",
    "rules_needed",
]
