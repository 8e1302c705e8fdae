"""The city of a request, which only its host name determines."""

from collections.abc import Callable
from ipaddress import IPv4Address, ip_address

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django_tenants.middleware.main import TenantMainMiddleware

from regions.models import City, Domain
from regions.prepared import Prepared, asked
from regions.tenancy import ENDED, WrongSchema, cities_in_service, suspension_columns

# In both languages, since no city is left by which to choose one.
ENDED_ZH = "本市健康码服务已终止，相关数据已销毁。"
ENDED_EN = "The health-code service of this city has ended, and its data have been destroyed."
SERVICE_ENDED = f"{ENDED_ZH}\n\n{ENDED_EN}\n"


class HostMiddleware(TenantMainMiddleware):
    """Enters the city of the host as ``request.tenant``, ``None`` on the operator's hosts; any other host gets a 404."""

    def get_tenant(self, domain_model: type[Domain], hostname: str) -> City:
        """Return the city of the host, unless its service has ended."""
        found = AT_HOST.found(City, {"host": hostname})
        if not found:
            raise domain_model.DoesNotExist
        return found[0]

    def no_tenant_found(self, request: HttpRequest, hostname: str) -> HttpResponse | None:
        """Return the operator's pages, the notice that a city's service has ended, or a plain 404 that does not reveal the cities."""
        if Domain.objects.filter(domain=hostname, tenant__in=ENDED.values("city")).exists():
            return HttpResponse(SERVICE_ENDED, status=410, content_type="text/plain; charset=utf-8")
        if hostname not in settings.OPERATOR_HOSTS:
            return HttpResponseNotFound("No such host.", content_type="text/plain; charset=utf-8")
        request.tenant = None  # type: ignore[attr-defined]  # an attribute of django-tenants
        self.setup_url_routing(request, force_public=True)  # type: ignore[no-untyped-call]
        return None


def _at_host() -> QuerySet[City]:
    return cities_in_service().annotate(**suspension_columns("pk")).filter(domains__domain=asked("host"))


AT_HOST = Prepared("city_at_host", _at_host)


def city_of(request: HttpRequest) -> City | None:
    """Return the city of the request, or ``None`` on the operator's hosts."""
    tenant = getattr(request, "tenant", None)
    return tenant if isinstance(tenant, City) else None


def required_city(request: HttpRequest) -> City:
    """Return the city of a request whose address exists under a city's host only. Raises ``WrongSchema`` elsewhere."""
    city = city_of(request)
    if city is None:
        raise WrongSchema("this page belongs to a city and was asked for outside one")
    return city


Answer = Callable[[HttpRequest], HttpResponse]


class LocaleMiddleware:
    """Sets the language. The browser's preference is ignored: a city's page opens in Chinese, with a switch at the top."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer in the chosen language and the city's time zone. No cache may keep a page with personal data."""
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        language = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        city = city_of(request)
        request.LANGUAGE_CODE = language
        with translation.override(language), timezone.override(city.zone if city else settings.TIME_ZONE):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        response.headers.setdefault("Cache-Control", "no-store, private")
        patch_vary_headers(response, ["Cookie"])
        return response


# Placeholder in counts, for a header without an address.
UNKNOWN = str(IPv4Address(0))


def client_address(request: HttpRequest) -> str:
    """Return the address that the outermost trusted proxy saw; the client may have written what is further left in the header."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    if settings.TRUSTED_PROXIES:
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
        address = hops[-min(settings.TRUSTED_PROXIES, len(hops))] if hops else address
    try:
        return str(ip_address(address))
    except ValueError:
        return UNKNOWN
