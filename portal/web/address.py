"""Where a request comes from, as far as the proxies in front can be believed."""

from ipaddress import IPv4Address, ip_address

from django.conf import settings
from django.http import HttpRequest

# A placeholder in counts, for a header that holds no address.
UNKNOWN = str(IPv4Address(0))


def client_address(request: HttpRequest) -> str:
    """The address the outermost trusted proxy saw; what lies further left in the header anybody may have written."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    if settings.TRUSTED_PROXIES:
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
        address = hops[-min(settings.TRUSTED_PROXIES, len(hops))] if hops else address
    try:
        return str(ip_address(address))
    except ValueError:
        return UNKNOWN
