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
    request: HttpRequest, template: str, *, key: str, content: Callable[[], dict[str, Any]], moment: Mapping[str, str]
) -> HttpResponse:
    """The template with its content, which is asked for where nothing is kept under the key, and with what is of this moment.

    An empty key keeps nothing.
    """
    pages = caches["template_fragments"]
    text = pages.get(key) if key else None
    if text is None:
        holes = {name: HOLE.format(name) for name in moment}
        text = str(render_to_string(template, {**content(), **holes}, request))
        if key:
            pages.set(key, text, KEPT_SECONDS)
    return HttpResponse(HOLES.sub(lambda hole: moment.get(hole[1], hole[0]), text))


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
    settled = sorted((field, value) for field, value in vars(city).items() if not field.startswith("_"))
    return sha256(repr((settled, page, glance.sides, whom)).encode()).hexdigest()
