"""What every page knows without its view saying so."""

from typing import Any

from django.http import HttpRequest
from django.utils import translation
from django.utils.functional import SimpleLazyObject

from portal.web.access import roles_of
from portal.web.guide import guide_for
from portal.web.host import city_of
from portal.web.look import look_of
from portal.web.navigation import CITY, OPERATOR, Link, links


def surroundings(request: HttpRequest) -> dict[str, Any]:
    """The city and its name in the page's language, the look, and the staff's navigation (made only when shown)."""
    city = city_of(request)
    in_chinese = translation.get_language().startswith("zh")
    return {
        "city": city,
        "city_name": "" if city is None else (city.name_zh if in_chinese else city.name_en),
        "look": look_of(request),
        "in_chinese": in_chinese,
        "other_language": "en" if in_chinese else "zh-hans",
        "guide_audience": SimpleLazyObject(lambda: guide_for(request)),
        "staff_links": SimpleLazyObject(lambda: _staff_links(request)),
    }


def _staff_links(request: HttpRequest) -> list[Link]:
    return links(CITY if city_of(request) else OPERATOR, roles=roles_of(request), request=request)
