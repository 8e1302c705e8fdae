"""The signed list of the city's public keys, for gates, other cities and receivers of webhooks."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from codes.passes.issuing import signed_key_list
from portal.web.access import for_anyone

# A compromised key is refused everywhere after at most this long.
SECONDS_CACHED = 300


@for_anyone
@require_safe
def key_list(_request: HttpRequest) -> HttpResponse:
    answer = HttpResponse(signed_key_list(now=timezone.now()), content_type="application/json")
    answer.headers["Cache-Control"] = f"public, max-age={SECONDS_CACHED}"
    return answer
