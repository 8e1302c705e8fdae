"""The demo's phone and mail box: messages are shown on a page, those to phones also in the log."""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.settings import ENVIRONMENT
from portal.web.access import for_anyone
from portal.web.host import required_city
from regions.masking import mask_phone
from regions.tenancy import current_city

log = logging.getLogger(__name__)
SHOWN = 20
FOLDER = ENVIRONMENT.state / "mail-box"


@dataclass(frozen=True)
class Message:
    """A message that was sent."""

    at: datetime
    phone: str
    text: str


class MailBox:
    """An SMS gateway that stores messages instead of sending them."""

    def send(self, *, phone: str, text: str) -> None:
        """Store the message for the page: a worker sends it, and the web server shows it."""
        _keep(mask_phone(phone), text)
        log.warning("demo phone %s: %s", mask_phone(phone), text)


class StaffMail(BaseEmailBackend):
    """A mail backend that stores mail to staff for the same page, as nobody in a demo has a mail box."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            _keep(", ".join(message.to), f"{message.subject}\n\n{message.body}")
        return len(email_messages)


def _keep(to: str, text: str) -> None:
    path = _path(current_city().schema_name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as box:
        message = {"at": timezone.now().isoformat(), "phone": to, "text": text}
        box.write(json.dumps(message, ensure_ascii=False) + "\n")


def messages_of(schema: str) -> list[Message]:
    """Return the last messages, the newest first."""
    path = _path(schema)
    lines = path.read_text(encoding="utf-8").splitlines()[-SHOWN:] if path.exists() else []
    read = [json.loads(line) for line in reversed(lines)]
    return [Message(datetime.fromisoformat(one["at"]), one["phone"], one["text"]) for one in read]


@for_anyone
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show the messages to all phones of the city."""
    return render(request, "demo/mail_box.html", {"sent": messages_of(required_city(request).schema_name)})


def _path(schema: str) -> Path:
    return FOLDER / f"{schema}.jsonl"
