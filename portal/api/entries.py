"""`POST /api/v1/entries`: a provider delivers declarations and check-ins for itself (`docs/contracts.md` §3)."""

from collections import Counter

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from codes.intake.entries import take_lines
from codes.intake.patience import IntakeBusy, patience
from codes.intake.results import Outcome
from portal.api.body import read_lines
from portal.api.description import ENTRIES
from portal.api.providers import ProviderKeyAuthentication, caller
from portal.api.refusals import ApiRefusal, Refuse

PATIENCE_SECONDS = 10


class Entries(APIView):
    """Lines are accepted or refused one by one; the city is that of the host name."""

    authentication_classes = (ProviderKeyAuthentication,)
    permission_classes = ()
    renderer_classes = (JSONRenderer,)
    http_method_names = ("post",)

    @extend_schema(**ENTRIES)
    def post(self, request: Request) -> Response:
        """The counts, and what became of each line."""
        provider = caller(request)
        lines = read_lines(request._request)
        try:
            with patience(seconds=PATIENCE_SECONDS):
                taken = take_lines(lines, by=provider.actor, now=timezone.now(), only_provider=provider.code)
                results = list(taken)
        except IntakeBusy:
            raise Refuse(503, ApiRefusal.BUSY, wait=PATIENCE_SECONDS) from None
        counts = Counter(result.outcome for result in results)
        told = {outcome.value: counts[outcome] for outcome in Outcome}
        return Response({**told, "lines": [result.as_json() for result in results]})
