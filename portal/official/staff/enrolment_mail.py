"""The mail that brings a link to enrol to the person it is for, in both languages; a worker sends it, never a page."""

import logging
from collections.abc import Sequence
from datetime import datetime
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from regions.models import City, Domain
from regions.staff.enrolment import note_sent, take_to_send
from regions.staff.models import EnrolmentLink
from regions.tenancy import current_city

log = logging.getLogger(__name__)
LANGUAGES = ("zh-hans", "en")


class NoMailServer(RuntimeError):
    """``EMAIL_URL`` is not set."""


class NoMail(BaseEmailBackend):
    """Refuses every message, so that no link counts as sent."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:  # noqa: ARG002 - a backend's signature
        raise NoMailServer


def host_of(schema: str) -> str:
    """The host name under which a city's pages are. Call in no city."""
    return str(Domain.objects.get(tenant__schema_name=schema, is_primary=True).domain)


def send_link(link_id: int, *, host: str, now: datetime) -> bool:
    """Whether the mail server has taken it now. What it refuses is tried again later, with another token."""
    taken = take_to_send(link_id, now=now)
    if taken is None:
        return False
    link, token = taken
    address = f"{settings.CITY_ADDRESS.format(host=host)}{reverse('enrolment_link', args=[token])}"
    try:
        message_of(link, address, current_city()).send()
    except (OSError, SMTPException, NoMailServer) as fault:
        # The name only: a server's words may repeat the message.
        log.warning("link %s to enrol was not sent: %s", link_id, type(fault).__name__)
        return False
    note_sent(link, now=now)
    return True


def message_of(link: EnrolmentLink, address: str, city: City) -> EmailMessage:
    subjects, texts = [], []
    for language in LANGUAGES:
        with translation.override(language), timezone.override(city.zone):
            values = {
                "city": city.name_zh if language == "zh-hans" else city.name_en,
                "name": link.account.full_name or link.account.username,
                "username": link.account.username,
                "until": date_format(timezone.localtime(link.expires_at), "DATETIME_FORMAT"),
                "address": address,
            }
            subjects.append(_("Your account at the health code desk of %(city)s") % values)
            texts.append(
                _(
                    "%(name)s: choose the password of your account %(username)s at the health code desk of %(city)s, and set up "
                    "one-time codes on your phone, here:\n\n%(address)s\n\nThe link works once, until %(until)s. Nobody else has "
                    "it, your administrators neither: pass it on to nobody. If you expect no such account, do not open it, and "
                    "tell the city's security administrators."
                )
                % values
            )
    return EmailMessage(" · ".join(subjects), "\n\n– – –\n\n".join(texts), to=[link.account.email])
