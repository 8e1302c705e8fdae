"""A refused act on a page: at the field it is about, as a message, or as the page that somebody was quicker."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.contrib import messages
from django.db import transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import translation

from codes.models import Case
from codes.review.refusals import Reason
from codes.review.uploads import UploadFault
from portal.web.conflict import Conflict
from regions.refusals import CommonReason, MovedMeanwhile, NotAllowed, NotFound, Refused
from regions.staff.reasons import StaffReason
from regions.wording import Worded

T = TypeVar("T")

FIELDS: dict[Worded, str] = {
    Reason.END_DATE: "expires_on",
    Reason.NO_EVIDENCE: "grounds",
    Reason.UNKNOWN_EVIDENCE: "grounds",
    Reason.REASON_DOES_NOT_FIT: "reason_code",
    Reason.UNKNOWN_REASON: "reason_code",
    CommonReason.NO_REASON: "note",
    Reason.TEXT_TOO_LONG: "note",
    Reason.PURPOSE_MISSING: "purpose",
    **dict.fromkeys(UploadFault, "upload"),
    **dict.fromkeys(StaffReason, "roles"),
    StaffReason.BAD_NAME: "username",
    StaffReason.NAME_TAKEN: "username",
}


def in_words(refused: Refused) -> str:
    """What is wrong and what to do next, in the page's language."""
    return refused.said_in(translation.get_language())


def words_unless_page(refused: Refused, *, back: str) -> str:
    """The sentence for the page that was sent; a lost race is the 409 page that leads ``back``, the others a 403 or 404."""
    if isinstance(refused, MovedMeanwhile):
        raise Conflict(in_words(refused), back=back) from refused
    if isinstance(refused, NotAllowed | NotFound):
        raise refused
    return in_words(refused)


@contextmanager
def refusals(form: Form, *, back: str) -> Iterator[None]:
    """Do the act of a form whole or not at all; a refusal becomes the form's."""
    try:
        with transaction.atomic():
            yield
    except Refused as refused:
        field = FIELDS.get(refused.reason)
        form.add_error(field if field in form.fields else None, words_unless_page(refused, back=back))


def attempt(request: HttpRequest, act: Callable[[], T], *, back: str) -> T | None:
    """The outcome of an act of one button; none when it was refused, which the next page then says on top."""
    try:
        with transaction.atomic():
            return act()
    except Refused as refused:
        messages.warning(request, words_unless_page(refused, back=back))
        return None


def attempt_and_return(request: HttpRequest, act: Callable[[], object], *, back: str, done: str) -> HttpResponse:
    """The same, saying what was ``done``, and ``back`` to the page it came from."""
    if attempt(request, act, back=back) is not None:
        messages.success(request, done)
    return redirect(back)


def seen_token(case: Case) -> str:
    """What a page saw of a case: its state and holder. Sent back with every form."""
    return f"{case.state}:{case.assigned_to}"


def check_seen(request: HttpRequest, case: Case, *, back: str) -> None:
    """Raises ``Conflict`` when the case has moved since the page was shown: nobody decides about what they did not see."""
    seen = request.POST.get("seen")
    if seen is not None and seen != seen_token(case):
        raise Conflict(in_words(MovedMeanwhile()), back=back)
