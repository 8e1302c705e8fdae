"""An outgoing HTTP request to a place that is not a source: another city, a receiver of webhooks, a witness.

As with requests to sources, only checked addresses are called, redirects are not followed, and time and bytes are limited. Places
of messages have a list of the operator's own (``MESSAGE_ALLOW_LIST``), so that nobody who may name a receiver can have a source
called.
"""

import ssl
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from regions.sources.connectors.answer import read_body
from regions.sources.connectors.big_data_centre import DEFAULT_PORTS, SYSTEM, System
from regions.sources.connectors.delivery import SourceFault
from regions.sources.connectors.guard import AllowList
from regions.sources.connectors.timeouts import HttpLimits
from regions.sources.connectors.transport import Deadline, GuardedTransport
from regions.vocabulary import label_in

MESSAGE_LIMITS = HttpLimits(
    connect_seconds=5, read_seconds=10, page_seconds=10, total_seconds=10, page_bytes=256 * 1024
)


class CallFault(models.TextChoices):
    """Why there was no answer. Faults of the guard keep their codes."""

    BAD_ADDRESS = (
        "bad_setting",
        _("The address cannot be used. Enter one of https, without user name and fragment."),
    )
    HOST_NOT_ALLOWED = (
        "host_not_allowed",
        _(
            "Its host is not on the list of places messages may go to. Ask the operator to add it to MESSAGE_ALLOW_LIST."
        ),
    )
    ADDRESS_NOT_ALLOWED = (
        "address_not_allowed",
        _("Its name leads to an address where no message may go. Check its DNS entry."),
    )
    TLS_REQUIRED = (
        "tls_required",
        _("It must be reached by https. Only the operator can list a place without."),
    )
    NO_SUCH_NAME = "no_such_name", _("Its name is unknown. Check the host name.")
    NO_CONNECTION = "no_connection", _("It cannot be reached. See that it runs and that the network lets us through.")
    TIMED_OUT = "timed_out", _("It did not answer in time.")
    TLS_FAILED = "tls_failed", _("No encrypted connection could be made. Check its certificate.")
    BROKEN_OFF = "broken_off", _("The connection broke in the middle.")
    UNREADABLE = "unreadable", _("Its answer is too large or cannot be unpacked.")


class CallFailed(Exception):
    """Raised if there was no answer. The text says why, and contains nothing of what was sent."""

    def __init__(self, fault: CallFault) -> None:
        self.fault = fault
        super().__init__(label_in("en", fault))


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer, with any status. A redirect is an answer, too, and is not followed."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


def check_address(address: str, *, allowed: AllowList | None = None) -> httpx.URL:
    """Return the address if messages may go to its host name; nothing is connected. Raises ``CallFailed``."""
    places: AllowList = settings.MESSAGE_ALLOW_LIST if allowed is None else allowed
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, UnicodeError):
        raise CallFailed(CallFault.BAD_ADDRESS) from None
    if url.scheme not in DEFAULT_PORTS or not url.host or url.userinfo or url.fragment:
        raise CallFailed(CallFault.BAD_ADDRESS)
    port = url.port or DEFAULT_PORTS[url.scheme]
    try:
        places.check(url.host, port)
        if url.scheme != "https":
            places.check_plain(url.host, port)
    except SourceFault as fault:
        raise CallFailed(_fault_of(fault)) from None
    return url


def call(
    method: str,
    address: str,
    *,
    content: bytes = b"",
    headers: Mapping[str, str] | None = None,
    allowed: AllowList | None = None,
    limits: HttpLimits = MESSAGE_LIMITS,
    system: System = SYSTEM,
) -> Answer:
    """Send one request and return its answer. Raises ``CallFailed``.

    ``allowed`` is the operator's list, by default that of messages. Call outside transactions: it may take as long as
    ``limits.total_seconds``.
    """
    places: AllowList = settings.MESSAGE_ALLOW_LIST if allowed is None else allowed
    url = check_address(address, allowed=places)
    transport = GuardedTransport(places, system.resolve, Deadline(limits.total_seconds, system.monotonic))
    timeout = httpx.Timeout(limits.read_seconds, connect=limits.connect_seconds)
    fault: CallFault
    # trust_env off: a proxy from the environment would resolve names itself.
    with httpx.Client(transport=transport, timeout=timeout, trust_env=False, follow_redirects=False) as client:
        try:
            with client.stream(method, url, content=content, headers=dict(headers or {})) as response:
                body = read_body(response, limits.page_bytes)
                return Answer(response.status_code, response.headers, body)
        except SourceFault as refused:
            fault = _fault_of(refused)
        except httpx.TimeoutException:
            fault = CallFault.TIMED_OUT
        except httpx.NetworkError as error:
            # httpcore's pool drops the cause of the errors it passes on; their context remains.
            origin = error.__cause__ and error.__cause__.__context__
            fault = CallFault.TLS_FAILED if isinstance(origin, ssl.SSLError) else CallFault.NO_CONNECTION
        except httpx.ProtocolError:
            fault = CallFault.BROKEN_OFF
    # Outside the handlers: otherwise the chained exception would contain the network library's text, which quotes the request.
    raise CallFailed(fault)


@dataclass(frozen=True, slots=True)
class Message:
    """A POST request to send."""

    address: str
    content: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


def call_together(messages: Sequence[Message]) -> list[Answer | CallFailed]:
    """Send all messages at once and return their answers or failures. There should be few: each has a thread of its own.

    The threads do not use the database.
    """
    with ThreadPoolExecutor(len(messages)) as pool:
        return list(pool.map(_answer_or_fault, messages))


def _answer_or_fault(message: Message) -> Answer | CallFailed:
    try:
        return call("POST", message.address, content=message.content, headers=message.headers)
    except CallFailed as failed:
        return failed


def _fault_of(fault: SourceFault) -> CallFault:
    return CallFault(fault.reason.value) if fault.reason.value in CallFault.values else CallFault.UNREADABLE
