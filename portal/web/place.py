"""The language and the clock of a request: Chinese unless the person chose English, and the city's time."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from portal.web.host import city_of

Answer = Callable[[HttpRequest], HttpResponse]


class PlaceMiddleware:
    """What the browser says it prefers is not asked: a city's page opens in Chinese on every phone, with a switch on top."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer in the chosen language and the city's time zone; no page with a person on it is kept by any cache."""
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        language = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        city = city_of(request)
        request.LANGUAGE_CODE = language
        with translation.override(language), timezone.override(city.zone if city else settings.TIME_ZONE):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        response.headers.setdefault("Cache-Control", "no-store, private")
        patch_vary_headers(response, ["Cookie"])
        return response
