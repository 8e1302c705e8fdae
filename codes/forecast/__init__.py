"""When a code turns green and what the citizen must do until then, per provider and for the effective code."""

from codes.forecast.acts import Act, CheckIn, Clearance, MoreTests, Review, Wait
from codes.forecast.effective import effective_outlook
from codes.forecast.outlook import Outlook, outlooks
from codes.forecast.words import Progress, progress

__all__ = [
    "Act",
    "CheckIn",
    "Clearance",
    "MoreTests",
    "Outlook",
    "Progress",
    "Review",
    "Wait",
    "effective_outlook",
    "outlooks",
    "progress",
]
