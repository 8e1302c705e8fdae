"""Forms of the staff page. ``regions.staff`` checks names, addresses and which roles exclude each other."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.templatetags.page import role_title
from regions.staff.roles import Role


def _line(label: Any, help_text: Any = "", *, most: int = 200, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=most,
        required=required,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class RolesForm(forms.Form):
    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        choices=lambda: [(role.value, role_title(role)) for role in Role],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("An auditor and an administrator hold no other role: system, security and audit are three people."),
    )
    note = _line(
        _("Why"), _("For the administrator who confirms. To take roles away needs none."), most=1000, required=False
    )


class NewAccountForm(RolesForm):
    username = _line(_("User name"), most=80)
    full_name = _line(_("Name"))
    office = _line(_("Office"), required=False)
    email = _line(_("E-mail address"), _("The link to enrol goes there, and nowhere else."), most=254)
    note = _line(_("Why"), _("For the administrator who confirms."), most=1000)
    field_order = ("username", "full_name", "office", "email", "roles", "note")
