"""Places as people type them: a name from the list, or a division code."""

from django import forms
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from regions.divisions import division_title, divisions, is_division_code


class AreaField(forms.CharField):
    """Cleans to a division code of six digits."""

    default_error_messages = {
        "unknown": _(
            "We do not know this place. Choose one from the list, or type the full name of a city or district."
        ),
        "several": _("Several places have this name. Type the name of the city above it, or the six-digit code."),
    }

    def __init__(self, **kwargs: object) -> None:
        super().__init__(
            max_length=80,
            widget=forms.TextInput(attrs={"list": "areas", "autocomplete": "off"}),
            **kwargs,  # type: ignore[arg-type]
        )

    def clean(self, value: object) -> str:
        """The code of what was typed, in either language."""
        said = str(super().clean(value)).strip()
        if not said or is_division_code(said):
            return said
        found = [d.code for d in divisions().values() if said in (d.zh, d.en) or said.casefold() == d.en.casefold()]
        if len(found) != 1:
            raise forms.ValidationError(self.error_messages["several" if found else "unknown"])
        return found[0]


def area_names() -> list[str]:
    """Every name in the page's language, for the list a browser offers while one types."""
    language = translation.get_language()
    return sorted({division_title(code, language) for code in divisions()})
