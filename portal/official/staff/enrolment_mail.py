"""The mail with an enrolment link to the person it is for, in both languages. Workers send it, requests do not."""

from datetime import datetime

from django.core.mail import EmailMessage
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portal.mail import address_of, has_mail_server, in_both_languages, send_mails
from regions.models import City
from regions.staff.enrolment import note_sent, take_to_send
from regions.staff.models import EnrolmentLink
from regions.tenancy import current_city


def send_link(link_id: int, *, host: str, now: datetime) -> bool:
    """Send the link and return whether the mail server accepted it.

    If it did not, a later call sends it with a new token. Without a mail server nothing is tried, as the tries of a link are counted.
    """
    taken = take_to_send(link_id, now=now) if has_mail_server() else None
    if taken is None:
        return False
    link, token = taken
    address = address_of(host, "enrolment_link", token)
    if not send_mails([message_of(link, address, current_city())], what=f"link {link_id} to enrol"):
        return False
    note_sent(link, now=now)
    return True


def message_of(link: EnrolmentLink, address: str, city: City) -> EmailMessage:
    def write(_language: str, city_name: str) -> tuple[str, str]:
        with timezone.override(city.zone):
            until = date_format(timezone.localtime(link.expires_at), "DATETIME_FORMAT")
        values = {
            "city": city_name,
            "name": link.account.get_full_name(),
            "username": link.account.username,
            "until": until,
            "address": address,
        }
        text = _(
            "%(name)s: choose the password of your account %(username)s at the health code desk of %(city)s, and set up "
            "one-time codes on your phone, here:\n\n%(address)s\n\nThe link works once, until %(until)s. Nobody else has "
            "it, your administrators neither: pass it on to nobody. If you expect no such account, do not open it, and "
            "tell the city's security administrators."
        )
        return _("Your account at the health code desk of %(city)s") % values, text % values

    return EmailMessage(*in_both_languages(city, write), to=[link.account.email])
