"""What two people decide, on a page: done, or not and why, or the page that somebody was quicker."""

from collections.abc import Callable
from typing import TypeVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import translation

from codes.rule_sets.draft_reasons import DraftReason
from portal.web.conflict import Conflict
from regions.two_people import PairReason, Refusal
from regions.wording import Worded

T = TypeVar("T")

# Somebody was quicker: what the person sent was made from a page that is no longer true.
RACES: frozenset[Worded] = frozenset({PairReason.NOT_WAITING, DraftReason.EDITED_MEANWHILE, DraftReason.NOT_EDITABLE})


def in_words(refusal: Refusal) -> str:
    """What is wrong and what to do next, in the page's language."""
    return refusal.said_in(translation.get_language())


def attempt(request: HttpRequest, act: Callable[[], T], *, back: str) -> T | None:
    """The act's outcome; none when it was refused, which the next page then says on top.

    A lost race is the 409 page that leads ``back``; a role withdrawn meanwhile is the 403.
    """
    try:
        return act()
    except Refusal as refusal:
        if refusal.reason is PairReason.NOT_YOURS:
            raise PermissionDenied from refusal
        if refusal.reason in RACES:
            raise Conflict(in_words(refusal), back=back) from refusal
        messages.error(request, in_words(refusal))
        return None
