"""Access to pages. Every view is marked with its audience, and a test checks the marks of all addresses."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from codes.models import Citizen
from portal.web.citizen_session import signed_in_citizen
from portal.web.kept_forms import kept_page
from regions.staff.models import Account
from regions.staff.roles import Role


def redirect_page(request: HttpRequest, address: str) -> HttpResponse:
    """Redirect to the address as a whole page, also from a request for a fragment."""
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(address)
    return HttpResponseRedirect(address)


def with_next(address: str, request: HttpRequest) -> str:
    """Add the current page as ``next``. After a POST it is not added, as the form's content would be lost."""
    if request.method != "GET" or getattr(request, "htmx", False):
        return address
    return f"{address}?{urlencode({'next': request.get_full_path()})}"


def safe_next(request: HttpRequest, default: str = "") -> str:
    """Return ``next`` of the form or the address if it is a page of this host, otherwise the default."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    hosts = {request.get_host()}
    is_ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts=hosts, require_https=request.is_secure())
    return wanted if is_ours else default


P = ParamSpec("P")


@dataclass(frozen=True)
class Audience:
    """The audience of a view: ``anyone``, ``citizen``, ``device``, or ``staff`` of some roles (empty: every role)."""

    kind: str
    roles: frozenset[Role] = frozenset()


class StaffRequest(HttpRequest):
    htmx: HtmxDetails
    user: Account
    roles: frozenset[Role]


class CitizenRequest(HttpRequest):
    citizen: Citizen


StaffView = Callable[Concatenate[StaffRequest, P], HttpResponseBase]
CitizenView = Callable[Concatenate[CitizenRequest, P], HttpResponseBase]
PlainView = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def roles_of(request: HttpRequest) -> frozenset[Role]:
    """Return the signed-in account's roles, read once per request; empty for everybody else."""
    if isinstance(request.user, AnonymousUser):
        return frozenset()
    known: frozenset[Role] | None = getattr(request, "roles", None)
    if known is None:
        known = request.user.roles
        request.roles = known  # type: ignore[attr-defined]  # kept for the navigation of the same page
    return known


def for_staff(*roles: Role) -> Callable[[StaffView[P]], PlainView[P]]:
    """Restrict the view to accounts with any of these roles, or to all accounts if none is named."""
    wanted = frozenset(roles)

    def decorate(view: StaffView[P]) -> PlainView[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_page(request, with_next(reverse("account_login"), request))
            held = roles_of(request)
            if wanted and not wanted & held:
                raise PermissionDenied
            return view(request, *args, **kwargs)  # type: ignore[arg-type]  # the request has roles and an account now

        return mark(guarded, Audience("staff", wanted))

    return decorate


def for_citizens(view: CitizenView[P]) -> PlainView[P]:
    """Restrict the view to a signed-in citizen, about themselves or the dependants on their phone."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        citizen = signed_in_citizen(request, now=timezone.now())
        if citizen is None:
            return redirect_page(request, _sign_in_address(request))
        request.citizen = citizen  # type: ignore[attr-defined]  # what CitizenRequest promises
        return view(request, *args, **kwargs)  # type: ignore[arg-type]

    return mark(guarded, Audience("citizen"))


def _sign_in_address(request: HttpRequest) -> str:
    """Return the sign-in address with ``next``, also for a page whose form was sent if it keeps what was typed."""
    address = reverse("citizen_sign_in")
    path = kept_page(request) if request.method == "POST" else ""
    return f"{address}?{urlencode({'next': path})}" if path else with_next(address, request)


def for_anyone(view: PlainView[P]) -> PlainView[P]:
    return mark(view, Audience("anyone"))


def audience_of(view: Callable[..., Any]) -> Audience | None:
    """Return the mark, or ``None`` if a view was not marked, which the test of all addresses refuses."""
    return getattr(view, "audience", None)


def mark(view: PlainView[P], audience: Audience) -> PlainView[P]:
    """Mark the view with its audience."""
    view.audience = audience  # type: ignore[attr-defined]
    return view
