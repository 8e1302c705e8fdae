"""Mail to staff, in both languages. Workers send it, not pages; without ``EMAIL_URL`` none is sent."""

import logging
from collections.abc import Callable, Sequence
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.urls import reverse

from portal.observability.happened import mails_left
from regions.models import City, Domain
from regions.vocabulary import in_each_language

log = logging.getLogger(__name__)


class NoMailServer(RuntimeError):
    """Raised if ``EMAIL_URL`` is not set."""


class NoMail(BaseEmailBackend):
    """Refuses every message, so that none counts as sent."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:  # noqa: ARG002 - a backend's signature
        raise NoMailServer


def has_mail_server() -> bool:
    return bool(f"{NoMail.__module__}.{NoMail.__qualname__}" != settings.EMAIL_BACKEND)


def host_of(schema: str) -> str:
    """Return the primary host name of a city's pages. Call in no city."""
    return str(Domain.objects.get(tenant__schema_name=schema, is_primary=True).domain)


def address_of(host: str, view: str, *args: str) -> str:
    """Return the complete address of a page of the city with this host name."""
    return f"{settings.CITY_ADDRESS.format(host=host)}{reverse(view, args=args)}"


def send_mails(mails: Sequence[EmailMessage], *, what: str) -> bool:
    """Send the mails. Return whether the mail server accepted all of them; ``what`` names them in the log if it did not."""
    try:
        get_connection().send_messages(mails)
    except NoMailServer:
        return False
    except (OSError, SMTPException) as fault:
        # The type only: a server's error text may repeat the message.
        log.warning("%s not sent by mail: %s", what, type(fault).__name__)
        mails_left.send_robust(sender=None, outcome="failed", count=len(mails))
        return False
    mails_left.send_robust(sender=None, outcome="sent", count=len(mails))
    return True


def in_both_languages(city: City, write: Callable[[str, str], tuple[str, str]]) -> tuple[str, str]:
    """Return subject and text, each in both languages. ``write`` gets the language, which is active, and the city's name in it."""
    written = in_each_language(lambda language: write(language, city.name_in(language)))
    subjects, texts = zip(*written, strict=True)
    return " · ".join(subjects), "\n\n– – –\n\n".join(texts)
