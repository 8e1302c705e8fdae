"""What the review refuses, said on the page: at the field it is about, as a message, or as the page that somebody was quicker."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.db import transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import translation

from codes.models import Case
from codes.review.refusals import MovedMeanwhile, NotAllowed, NotFound, Reason, Refused
from codes.review.uploads import BadUpload
from portal.web.conflict import Conflict

FIELDS = {
    Reason.END_DATE: "expires_on",
    Reason.NO_EVIDENCE: "grounds",
    Reason.UNKNOWN_EVIDENCE: "grounds",
    Reason.REASON_DOES_NOT_FIT: "reason_code",
    Reason.UNKNOWN_REASON: "reason_code",
    Reason.NO_REASON: "note",
    Reason.TEXT_TOO_LONG: "note",
    Reason.PURPOSE_MISSING: "purpose",
}


def in_words(refused: Refused) -> str:
    """What is wrong and what to do next, in the page's language."""
    return refused.reason.said_in(translation.get_language())


@contextmanager
def refusals(form: Form, *, back: str) -> Iterator[None]:
    """Do the act of a form whole or not at all; a refusal becomes the form's, a lost race the 409 page that leads ``back``."""
    try:
        with transaction.atomic():
            yield
    except MovedMeanwhile as moved:
        raise Conflict(in_words(moved), back=back) from moved
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        field = FIELDS.get(refused.reason)
        form.add_error(field if field in form.fields else None, in_words(refused))
    except BadUpload as bad:
        form.add_error("upload" if "upload" in form.fields else None, bad.fault.said_in(translation.get_language()))


def attempt(request: HttpRequest, act: Callable[[], object], *, back: str, done: str) -> HttpResponse:
    """An act of one button: done, or not and why, and ``back`` to the page it came from."""
    try:
        with transaction.atomic():
            act()
    except MovedMeanwhile as moved:
        raise Conflict(in_words(moved), back=back) from moved
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        messages.warning(request, in_words(refused))
    else:
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
