"""Paging of long lists by opaque cursors. A cursor is valid for the list, filter and caller that it was given for."""

import hmac
from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from portal.api.bodies import query_parameters
from portal.api.callers import caller_of
from portal.api.errors import ApiError, ApiErrorCode
from portal.web.keyset import keyset_page
from regions.keys.encryption import lookup_hash
from regions.numbers import number_of

PAGE_SIZE = 100
LARGEST_PAGE = 1000
OF_PAGES = ("cursor", "limit")
PAGING = [
    OpenApiParameter(
        "cursor", str, description="`next_cursor` of the previous page, for the same list, filter and key."
    ),
    OpenApiParameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE_SIZE},
        description="Maximum number of items on the page.",
    ),
]


def filter_of(request: Request, names: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the query without the parameters of paging. Raises ``ApiError`` for an unknown parameter."""
    given = query_parameters(request._request, (*names, *OF_PAGES))
    return {name: value for name, value in given.items() if name in names}


def page(
    request: Request, queryset: QuerySet[Any], *, by: Sequence[str], serialize: Callable[[Any], dict[str, Any]]
) -> dict[str, Any]:
    """Return up to ``limit`` rows after the cursor as ``items``, and the ``next_cursor`` while there are more.

    ``by`` are not-null columns, the last one unique. Raises ``ApiError``.
    """
    limit = number_of(request.GET.get("limit", str(PAGE_SIZE)), digits=len(str(LARGEST_PAGE)))
    if limit is None or not 1 <= limit <= LARGEST_PAGE:
        raise ApiError(400, ApiErrorCode.BAD_QUERY, name="limit")
    place = QueryDict(mutable=True)
    cursor = request.GET.get("cursor")
    if cursor is not None:
        token, _, seal = cursor.partition(".")
        if not hmac.compare_digest(seal.encode("utf-8", "surrogatepass"), _seal(request, token).encode()):
            raise ApiError(400, ApiErrorCode.BAD_CURSOR)
        place["after"] = token
    found = keyset_page(queryset, place, by=by, size=int(limit))
    following = f"{found.next}.{_seal(request, found.next)}" if found.next else None
    return {"items": [serialize(row) for row in found.rows], "next_cursor": following}


def _seal(request: Request, token: str) -> str:
    """Return a MAC over the caller, the place, and all of the address except paging."""
    rest = sorted((name, value) for name, value in request.GET.items() if name not in OF_PAGES)
    bound = [caller_of(request).actor, request.path, *(f"{name}={value}" for name, value in rest), token]
    return lookup_hash("\x00".join(bound), use="api_cursor").hex()[:32]
