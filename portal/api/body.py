"""Reading the lines of a call's body: nothing is taken of a body that is too large, cut short, or of another kind."""

from django.http import HttpRequest, UnreadablePostError

from portal.api.refusals import ApiRefusal, Refuse

MEDIA_TYPE = "application/x-ndjson"
# The content type's older and newer names.
MEDIA_TYPES = {MEDIA_TYPE, "application/ndjson", "application/jsonl"}
MOST_LINES = 10_000
MOST_BYTES = 16 * 2**20


def read_lines(request: HttpRequest) -> list[bytes]:
    """The body's lines, blank ones among them so that numbers stay right. Raises ``Refuse``."""
    _check_type(request)
    lines = _read(request, _announced(request)).split(b"\n")
    if sum(1 for line in lines if line.strip()) > MOST_LINES:
        raise Refuse(413, ApiRefusal.TOO_MANY_LINES, limit=MOST_LINES)
    return lines


def _check_type(request: HttpRequest) -> None:
    charset = (request.content_params or {}).get("charset", "utf-8").lower()
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if request.content_type not in MEDIA_TYPES or charset not in ("utf-8", "utf8") or encoding != "identity":
        raise Refuse(415, ApiRefusal.BAD_CONTENT_TYPE)


def _announced(request: HttpRequest) -> int:
    """The body's length as its header says it; a body sent in chunks has none, and reads as empty."""
    length = request.headers.get("Content-Length", "")
    if not (length.isascii() and length.isdecimal()):
        raise Refuse(411, ApiRefusal.NO_LENGTH)
    if int(length) > MOST_BYTES:
        raise Refuse(413, ApiRefusal.TOO_LARGE, limit=MOST_BYTES)
    return int(length)


def _read(request: HttpRequest, length: int) -> bytes:
    try:
        body: bytes = request.read(length)
    except UnreadablePostError:
        raise Refuse(400, ApiRefusal.INCOMPLETE) from None
    if len(body) != length:
        raise Refuse(400, ApiRefusal.INCOMPLETE)
    return body
