"""The kind of answer an address gets: a page for people, or a problem (RFC 9457) for programs."""

from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from portal.api.errors import ApiError, ApiErrorCode, problem_response
from portal.web.bodies import FORM_BYTES
from portal.web.errors import not_found
from regions.closed import ASK_AGAIN_SECONDS
from regions.refusals import CommonReason

# Addresses that only programs call.
BY_PROGRAMS = ("/api/", "/.well-known/", "/gate/check/", "/gate/scans/", "/gate/neighbours.json")
# What a page says with these statuses, for programs.
REASONS = {
    400: ApiErrorCode.BAD_REQUEST,
    401: ApiErrorCode.NOT_ENROLLED,
    403: ApiErrorCode.NOT_ACCEPTED,
    404: ApiErrorCode.NO_SUCH_ADDRESS,
    405: ApiErrorCode.METHOD_NOT_ALLOWED,
    409: CommonReason.MOVED_MEANWHILE,
    413: ApiErrorCode.TOO_LARGE,
    500: ApiErrorCode.FAILED,
    503: ApiErrorCode.CLOSED,
}
PARAMETERS = {"limit": FORM_BYTES, "seconds": ASK_AGAIN_SECONDS}
KEPT_HEADERS = ("Allow", "Retry-After")


def wants_problem(path: str) -> bool:
    return path.startswith(BY_PROGRAMS)


class NulMiddleware(MiddlewareMixin):
    """Answers 404 to an address with NUL before any view looks it up: nothing has such an address, and the database stores no NUL."""

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        return not_found(request) if "\x00" in request.path_info else None


class ProblemMiddleware(MiddlewareMixin):
    """Replaces the pages with which an address of programs is refused, whoever refuses it, by problems."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        reason = REASONS.get(response.status_code)
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if reason is None or not is_page or not wants_problem(request.path_info):
            return response
        answer = problem_response(ApiError(response.status_code, reason, params=PARAMETERS))
        for name in KEPT_HEADERS:
            if name in response.headers:
                answer.headers[name] = response.headers[name]
        return answer
