"""Draws the code page, and keeps what it drew for as long as that is the same: all but what is of this moment.

A page is kept under everything that its text is made from (``_kept_by``), so nothing has to be taken back: a ruling, a run, a
declaration, a message change that, and the next page is drawn anew. Kept by each process, in its memory, for some minutes
(``docs/adr/0061-what-showing-takes.md``).
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.contrib.messages import get_messages
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language

from codes.effective import CurrentCode
from codes.glance import Glance
from portal.citizen.subject import SubjectRequest
from portal.web.display import display_preferences
from portal.web.host import required_city

KEPT_SECONDS = 600
# Stands in a kept page for what is of this moment; of the signs that no text has.
HOLE = "\ue000{}\ue001"
HOLES = re.compile("\ue000([a-z_]+)\ue001")


def drawn(
    request: HttpRequest,
    template: str,
    *,
    key: str,
    content: Callable[[], dict[str, Any]],
    moment: Mapping[str, Callable[[], str]],
) -> HttpResponse:
    """The template with its content, which is asked for where nothing is kept under the key, and with what of this moment it shows.

    An empty key keeps nothing.
    """
    pages = caches["template_fragments"]
    parts = pages.get(key) if key else None
    if parts is None:
        holes = {name: HOLE.format(name) for name in moment}
        text = str(render_to_string(template, {**content(), **holes}, request))
        # Texts, and between each two of them the name of what is of the moment.
        parts = [part.encode() for part in HOLES.split(text)]
        if key:
            pages.set(key, parts, KEPT_SECONDS)
    shown = {name: moment.get(name.decode(), str)().encode() for name in set(parts[1::2])}
    return HttpResponse(b"".join([shown[part] if nth % 2 else part for nth, part in enumerate(parts)]))


def key_of(
    request: SubjectRequest, standing: CurrentCode, glance: Glance, *, now: datetime, name: str, told: list[Any]
) -> str:
    """Equal only for pages that are the same but for what is of the moment. Empty where some of it follows the clock.

    ``name``: what the person is called where somebody else reads; ``told``: what is known of them with their session.
    """
    if glance.entered or getattr(request.subject, "shown_wrongly", True) or len(get_messages(request)):
        return ""
    city = required_city(request)
    whom: Any = "green and explained by nothing"
    if name or not glance.is_plain(standing):
        whom = (request.subject.pk, standing, glance, name)
    unread = getattr(request.citizen, "has_unread", None)
    page = (request.path, get_language(), display_preferences(request), city.day_of(now), told, unread)
    settled = [value for field, value in vars(city).items() if not field.startswith("_")]
    return sha256(repr((settled, page, glance.sides, whom)).encode()).hexdigest()
