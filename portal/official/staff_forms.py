"""Forms of the staff page."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.templatetags.page import role_title
from regions.staff.roles import Role


class RolesForm(forms.Form):
    """Which roles somebody holds; which exclude each other is the verb's to say."""

    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("An administrator holds no other role: system, security and audit are three people."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["roles"].choices = [(role.value, role_title(role)) for role in Role]  # type: ignore[attr-defined]


class NewAccountForm(RolesForm):
    """A new member of staff."""

    username = forms.CharField(
        label=_("User name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    full_name = forms.CharField(
        label=_("Name"), max_length=200, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    field_order = ("username", "full_name", "roles")
