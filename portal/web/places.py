"""Naming a place in a form: free text with the places it can mean to choose from, updated while typing if scripts run."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from portal.web.access import for_anyone
from regions.divisions import divisions, full_title, is_division_code
from regions.places import LONGEST, find_places, place_meant

FIELD_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}")


def _found(field: str, text: str) -> dict[str, Any]:
    language = translation.get_language()
    found = [(code, full_title(code, language)) for code in find_places(text)]
    return {"field": field, "text": text, "found": found, "meant": place_meant(text)}


class PlaceInput(forms.TextInput):
    """A text, and below it the places it can mean. A choice is valid for the text it was offered for."""

    template_name = "components/place_input.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        live = {"hx-get": reverse_lazy("places"), "hx-trigger": "input changed delay:200ms", "hx-sync": "this:replace"}
        super().__init__({"autocomplete": "off", "maxlength": LONGEST, **live, **(attrs or {})})

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> str:  # noqa: ARG002 - as widgets are asked
        text, code = data.get(name) or "", data.get(f"{name}-code") or ""
        return code if is_division_code(code) and data.get(f"{name}-for") == text else text

    def format_value(self, value: Any) -> str:
        return full_title(value, translation.get_language()) if value in divisions() else value or ""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        text = context["widget"]["value"]
        context["widget"]["attrs"] |= {"hx-target": f"#{name}-found", "hx-vals": f'{{"field": "{name}"}}'}
        context |= {"field": name} if not text or place_meant(text) else _found(name, text)
        return context


class PlaceField(forms.CharField):
    """Cleans to a division code of six digits."""

    widget = PlaceInput
    default_error_messages = {
        "unknown": _("We do not know this place. Write the name of a city, a district or a county."),
        "several": _("Choose the place you mean below, or write more of its name."),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=LONGEST, **kwargs)

    def clean(self, value: Any) -> str:
        text = str(super().clean(value))
        code = place_meant(text)
        if text and not code:
            raise forms.ValidationError(self.error_messages["several" if find_places(text) else "unknown"])
        return code


@for_anyone
@require_safe
def places(request: HttpRequest) -> HttpResponse:
    """Return what the text typed into the field ``field`` can mean, as a fragment of the page."""
    field = request.GET.get("field", "")
    if not FIELD_NAME.fullmatch(field):
        raise Http404
    return render(request, "components/places_found.html", _found(field, request.GET.get(field, "")[:LONGEST].strip()))
