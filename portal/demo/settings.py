"""The demo's settings: the portal's, with a phone that everybody can read. Only processes of the demo use them."""

from django.core.exceptions import ImproperlyConfigured

from portal.settings import *  # noqa: F403 - all of them
from portal.settings import DEBUG

if not DEBUG:
    raise ImproperlyConfigured("Made-up people do not belong where DEBUG is off.")

ROOT_URLCONF = "portal.demo.urls"
SMS_GATEWAY = "portal.demo.mail_box.MailBox"
EMAIL_BACKEND = "portal.demo.mail_box.StaffMail"
