"""Mail about new alarms to security administrators and auditors, in both languages. Workers send it, runs do not."""

from collections.abc import Sequence
from datetime import datetime

from django.core.mail import EmailMessage
from django.utils.translation import gettext as _

from codes.models import Alarm
from codes.sentinel.alarms import READERS, alarms_to_deliver
from portal.mail import address_of, in_both_languages, send_mails
from regions.locks import session_lock
from regions.models import City
from regions.staff.models import Account
from regions.tenancy import current_city


def mail_alarms(*, host: str, now: datetime) -> int:
    """Mail every alarm not yet mailed to each account that may read alarms and has an address.

    Return the number of alarms.

    Without a mail server or a recipient the alarms stay unmailed; the pages show them either way. If the server refuses
    a mail, the next call sends it again to all recipients, because a repeated mail is better than a missing one.
    """
    # A session's lock, as a run that settles must not wait for the mail server.
    with session_lock("mail of alarms") as is_free:
        alarms = alarms_to_deliver() if is_free else []
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
    """Return the subject and the text of the mail.

    Like the list of alarms, it contains causes and numbers of people and no personal data.
    """

    def write(language: str, city_name: str) -> tuple[str, str]:
        lines = "\n".join(f"– {alarm.message_in(language)}" for alarm in alarms)
        text = _(
            "%(alarms)s\n\nLook at it here: %(address)s\n\nAn alarm stands until a security administrator and an auditor "
            "have said together what it was."
        )
        subject = _("Alarm at the health code desk of %(city)s")
        return subject % {"city": city_name}, text % {"alarms": lines, "address": address}

    return in_both_languages(city, write)
