"""The mail that tells security administrators and auditors of new alarms, in both languages; a worker sends it, never a run."""

from collections.abc import Sequence
from datetime import datetime

from django.core.mail import EmailMessage
from django.db import transaction
from django.utils.translation import gettext as _

from codes.models import Alarm
from codes.sentinel.alarms import READERS, alarms_to_deliver
from portal.mail import address_of, in_both_languages, send_mails
from regions.models import City
from regions.staff.models import Account
from regions.tenancy import current_city


def mail_alarms(*, host: str, now: datetime) -> int:
    """Send what nobody has been sent yet to everybody who reads alarms and has an address; how many alarms.

    Without a mail server or anybody to write to they stay to be sent; the pages show them either way. What the server refuses is
    tried again with all of its recipients: twice is better than never.
    """
    with transaction.atomic():
        alarms = alarms_to_deliver()
        addresses = _addresses() if alarms else []
        if not addresses:
            return 0
        text = message_of(alarms, address_of(host, "official_alarms"), current_city())
        if not send_mails([EmailMessage(*text, to=[one]) for one in addresses], what=f"{len(alarms)} alarms"):
            return 0
        return Alarm.objects.filter(pk__in=[alarm.pk for alarm in alarms]).update(mailed_at=now)


def _addresses() -> list[str]:
    held = {"grants__role__in": READERS, "grants__revoked_at__isnull": True}
    found = Account.objects.filter(is_active=True, **held).exclude(email="")
    return sorted(set(found.values_list("email", flat=True)))


def message_of(alarms: Sequence[Alarm], address: str, city: City) -> tuple[str, str]:
    """Subject and text. It says how many people and by what, as the list of alarms does, and nothing of anybody."""

    def write(language: str, city_name: str) -> tuple[str, str]:
        told = "\n".join(f"– {alarm.message_in(language)}" for alarm in alarms)
        text = _(
            "%(told)s\n\nLook at it here: %(address)s\n\nAn alarm stands until a security administrator and an auditor "
            "have said together what it was."
        )
        subject = _("Alarm at the health code desk of %(city)s")
        return subject % {"city": city_name}, text % {"told": told, "address": address}

    return in_both_languages(city, write)
