"""Which kind of answer an address wants: a page for people, or a problem for programs, which take no page for an answer."""

from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from portal.api.errors import ApiError, ApiErrorCode, problem_response
from portal.web.errors import not_found

# Read by programs only.
BY_PROGRAMS = ("/api/", "/.well-known/", "/gate/check/", "/gate/scans/", "/gate/neighbours.json")


def wants_problem(path: str) -> bool:
    return path.startswith(BY_PROGRAMS)


class NulMiddleware(MiddlewareMixin):
    """Nothing has NUL in its address, and the database takes none in a text: it is not found before any view looks for it."""

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        path = request.path_info
        if "\x00" not in path:
            return None
        if wants_problem(path):
            return problem_response(ApiError(404, ApiErrorCode.NO_SUCH_ADDRESS))
        return not_found(request)
