"""Renders the code page and caches the result, except for the parts that change with every request.

The cache key contains everything that the page's text is made from (``key_of``), so no invalidation is needed: a
ruling, a run, a declaration or a message changes the key. Each process caches in memory for some minutes
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
# Placeholder in a cached page for a part that changes with every request. Its delimiters are private-use characters,
# which occur in no text.
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
    """Return the rendered template.

    ``content`` is called if nothing is cached under ``key``; an empty key caches nothing.

    ``moment`` renders the parts that change with every request.
    """
    pages = caches["template_fragments"]
    parts = pages.get(key) if key else None
    if parts is None:
        holes = {name: HOLE.format(name) for name in moment}
        text = str(render_to_string(template, {**content(), **holes}, request))
        # Text parts alternate with names in ``moment``.
        parts = [part.encode() for part in HOLES.split(text)]
        if key:
            pages.set(key, parts, KEPT_SECONDS)
    shown = {name: moment.get(name.decode(), str)().encode() for name in set(parts[1::2])}
    return HttpResponse(b"".join([shown[part] if nth % 2 else part for nth, part in enumerate(parts)]))


def key_of(
    request: SubjectRequest, standing: CurrentCode, glance: Glance, *, now: datetime, name: str, about: list[Any]
) -> str:
    """Return a cache key that is equal only for pages that differ in nothing but ``moment``.

    Return an empty string if the content depends on the time.

    ``name``: the name of the subject if somebody else reads the page. ``about``: what was read about the subject with
    their session.
    """
    if glance.entered or getattr(request.subject, "shown_wrongly", True) or len(get_messages(request)):
        return ""
    city = required_city(request)
    whom: Any = "green and explained by nothing"
    if name or not glance.is_plain(standing):
        whom = (request.subject.pk, standing, glance, name)
    unread = getattr(request.citizen, "has_unread", None)
    page = (request.path, get_language(), display_preferences(request), city.day_of(now), about, unread)
    settled = [value for field, value in vars(city).items() if not field.startswith("_")]
    return sha256(repr((settled, page, glance.sides, whom)).encode()).hexdigest()
