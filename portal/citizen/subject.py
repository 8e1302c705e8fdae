"""The subject of a citizen's page: the signed-in citizen, or one of their dependants.

The same pages exist under ``/`` and under ``/family/<ref>/``. Any other ref gets the same 404 as a missing page.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.http import Http404, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_POST

from codes.models import Citizen, Guardianship
from portal.web.access import CitizenRequest, PlainView, for_citizens
from portal.web.citizen_session import CODE_WITH_SESSION
from portal.web.kept_forms import after_post, keep_typed, kept_page, typed_on
from regions.keys.encryption import decrypt_number
from regions.masking import mask_name, mask_number

P = ParamSpec("P")


class SubjectRequest(CitizenRequest):
    """A request for a page about a person. ``citizen`` is signed in; ``subject`` is the person the page is about."""

    subject: Citizen


SubjectView = Callable[Concatenate[SubjectRequest, P], HttpResponseBase]


def for_subject(view: SubjectView[P]) -> PlainView[...]:
    """Require a signed-in citizen. The subject is the citizen, or the dependant named by ``ref``."""

    @for_citizens
    @wraps(view)
    def found(request: CitizenRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        ref = kwargs.pop("ref", None)
        subject = request.citizen if ref is None else dependant(request.citizen, str(ref))
        request.subject = subject  # type: ignore[attr-defined]  # what SubjectRequest promises
        response = view(request, *args, **kwargs)  # type: ignore[arg-type]
        if request.method == "POST" and isinstance(response, HttpResponse):
            after_post(request, request.citizen, response)
        return response

    return found


def for_subject_with_code(view: SubjectView[P]) -> PlainView[...]:
    """Like ``for_subject``, for a page that shows the subject's code."""
    guarded = for_subject(view)
    guarded.reads_with_session = CODE_WITH_SESSION  # type: ignore[attr-defined]  # what CookieMiddleware looks for
    return guarded


def dependant(guardian: Citizen, ref: str) -> Citizen:
    link = (
        Guardianship.objects.select_related("dependant")
        .filter(guardian=guardian, dependant__ref=ref, accepted=True, ended_at__isnull=True)
        .first()
    )
    if link is None:
        raise Http404
    return link.dependant


def subject_url(request: SubjectRequest, name: str, **kwargs: str | int) -> str:
    """Return the address of another page about the same subject."""
    about = {} if request.subject.pk == request.citizen.pk else {"ref": request.subject.ref}
    return reverse(name, kwargs={**about, **kwargs})


def name_of_ward(request: SubjectRequest) -> str:
    """Return the dependant's name for use in a page's text, or an empty string on the citizen's own pages."""
    subject = request.subject
    if subject.pk == request.citizen.pk:
        return ""
    return mask_name(subject.full_name) or mask_number(decrypt_number(bytes(subject.id_encrypted)))


def typed_here(request: SubjectRequest) -> dict[str, Any]:
    """Return what was typed on this page and not sent, as initial values."""
    return typed_on(request.citizen, request.path)


@for_citizens
@require_POST
def keep_page(request: CitizenRequest) -> HttpResponse:
    """Store what is currently typed on a page. The page itself sends it (``templates/components/keep.html``)."""
    path = kept_page(request)
    if not path:
        raise Http404
    keep_typed(request.citizen, path, request.POST)
    return HttpResponse(status=204)


def acting_citizen(request: SubjectRequest) -> str:
    """Return the actor name of the signed-in citizen, whoever the subject is."""
    return request.citizen.actor
