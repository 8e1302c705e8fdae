"""The kind of answer an address gets: a page for people, or a problem (RFC 9457) for programs."""

from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from portal.api.errors import ApiError, ApiErrorCode, problem_response
from portal.web.errors import not_found

# Addresses that only programs call.
BY_PROGRAMS = ("/api/", "/.well-known/", "/gate/check/", "/gate/scans/", "/gate/neighbours.json")


def wants_problem(path: str) -> bool:
    return path.startswith(BY_PROGRAMS)


class NulMiddleware(MiddlewareMixin):
    """Answers 404 to an address with NUL before any view looks it up: nothing has such an address, and the database stores no NUL."""

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        path = request.path_info
        if "\x00" not in path:
            return None
        if wants_problem(path):
            return problem_response(ApiError(404, ApiErrorCode.NO_SUCH_ADDRESS))
        return not_found(request)
