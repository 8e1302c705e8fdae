"""Which city a request is for: its host name says so, and nothing else can."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django_tenants.middleware.main import TenantMainMiddleware

from regions.models import City
from regions.tenancy import WrongPlace


class HostMiddleware(TenantMainMiddleware):
    """Enter the city of the host; the operator's hosts stay in ``public``; every other name is nobody's.

    ``request.tenant`` is a ``City`` or, on the operator's hosts, none.
    """

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        """The city's search path and role, and its addresses."""
        response: HttpResponse | None = super().process_request(request)  # type: ignore[no-untyped-call]
        return response

    def no_tenant_found(self, request: HttpRequest, hostname: str) -> HttpResponse | None:
        """The operator's pages, or a plain 404 that tells nothing about who is here."""
        if hostname not in settings.OPERATOR_HOSTS:
            return HttpResponseNotFound("No such host.", content_type="text/plain; charset=utf-8")
        request.tenant = None  # type: ignore[attr-defined]  # django-tenants hangs it on the request
        self.setup_url_routing(request, force_public=True)  # type: ignore[no-untyped-call]
        return None


def city_of(request: HttpRequest) -> City | None:
    """The city of the request, none on the operator's hosts."""
    tenant = getattr(request, "tenant", None)
    return tenant if isinstance(tenant, City) else None


def city_here(request: HttpRequest) -> City:
    """The city of a request whose address exists under a city's host only. Raises ``WrongPlace`` elsewhere."""
    city = city_of(request)
    if city is None:
        raise WrongPlace("this page belongs to a city and was asked for outside one")
    return city
