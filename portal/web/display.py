"""Display preferences: light or dark, contrast, large text. Stored in a cookie, so they need no sign-in and no script."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import check_for_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from portal.web.access import for_anyone, safe_next

THEMES = {"auto": _("As the device says"), "light": _("Light"), "dark": _("Dark")}
CONTRASTS = {"normal": _("Normal"), "high": _("High")}
SIZES = {"normal": _("Normal"), "elder": _("Large text and simple pages")}
KEYS = {"on": _("On"), "off": _("Off")}
YEAR = 365 * 24 * 3600


@dataclass(frozen=True)
class DisplayPreferences:
    """The preferences. ``keys``: whether single keys are shortcuts on the officials' pages."""

    theme: str = "auto"
    contrast: str = "normal"
    size: str = "normal"
    keys: str = "on"

    @property
    def has_keys(self) -> bool:
        return self.keys == "on"

    @property
    def is_elder(self) -> bool:
        """Whether large text, high contrast and simple pages were chosen."""
        return self.size == "elder"


def display_preferences(request: HttpRequest) -> DisplayPreferences:
    """Return the preferences in the cookie; unknown values count as not chosen."""
    chosen = request.COOKIES.get(settings.LOOK_COOKIE_NAME, "").split(".")
    theme, contrast, size, keys = [*chosen, "", "", "", ""][:4]
    return DisplayPreferences(
        theme if theme in THEMES else "auto",
        contrast if contrast in CONTRASTS else "normal",
        size if size in SIZES else "normal",
        keys if keys in KEYS else "on",
    )


class DisplayForm(forms.Form):
    theme = forms.ChoiceField(label=_("Colours of the page"), choices=THEMES.items(), widget=forms.RadioSelect)
    contrast = forms.ChoiceField(label=_("Contrast"), choices=CONTRASTS.items(), widget=forms.RadioSelect)
    size = forms.ChoiceField(label=_("Text"), choices=SIZES.items(), widget=forms.RadioSelect)
    keys = forms.ChoiceField(
        label=_("Keyboard at the desk"),
        choices=KEYS.items(),
        widget=forms.RadioSelect,
        help_text=_(
            "<kbd>J</kbd> and <kbd>K</kbd>, digits, <kbd>Ctrl</kbd>+<kbd>Enter</kbd> and <kbd>?</kbd> on the officials' pages."
        ),
    )

    def __init__(self, *args: Any, is_staff: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_staff:
            del self.fields["keys"]


@for_anyone
@require_http_methods(["GET", "HEAD", "POST"])
def display(request: HttpRequest) -> HttpResponse:
    look = display_preferences(request)
    back = safe_next(request, "/")
    if request.method == "POST":
        form = DisplayForm(request.POST, is_staff=request.user.is_authenticated)
        if form.is_valid():
            return _set_cookie(HttpResponseRedirect(back), DisplayPreferences(**{**asdict(look), **form.cleaned_data}))
    else:
        form = DisplayForm(initial=asdict(look), is_staff=request.user.is_authenticated)
    return render(request, "shared/display.html", {"form": form, "back": back})


@for_anyone
@require_POST
def switch_size(request: HttpRequest) -> HttpResponse:
    """Switch between normal and elder-friendly pages."""
    look = display_preferences(request)
    size = "normal" if look.is_elder else "elder"
    return _set_cookie(HttpResponseRedirect(safe_next(request, "/")), replace(look, size=size))


@for_anyone
@require_POST
def switch_language(request: HttpRequest) -> HttpResponse:
    """Switch to the other language and return to the same page."""
    response = HttpResponseRedirect(safe_next(request, "/"))
    language = request.POST.get("language", "")
    if language in dict(settings.LANGUAGES) and check_for_language(language):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
            samesite="Lax",
        )
    return response


def _set_cookie(response: HttpResponse, look: DisplayPreferences) -> HttpResponse:
    value = f"{look.theme}.{look.contrast}.{look.size}.{look.keys}"
    response.set_cookie(
        settings.LOOK_COOKIE_NAME, value, max_age=YEAR, secure=settings.SECURE, httponly=True, samesite="Lax"
    )
    return response
