"""Forms of a draft: one rule, the risk list, the version number and the day.

They accept any text; the version's own checks validate it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from codes.rule_sets.drafts import Content, rule_faults
from codes.vocabulary import Anchor, Colour
from portal.web.risk_levels import level_label, level_meant
from regions.numbers import number_of
from regions.vocabulary import CLEARING_KINDS, FactKind

NUMBERS = ("hold_days", "checkin_days", "tests", "test_gap_days")
BETWEEN = re.compile("[,，、]")
AREA_FIELDS = ("area", "level", "from", "to")
LARGEST_FILE = 1_000_000


def number_field(label: Any, help_text: Any = "") -> forms.CharField:
    """Return a text field for a number, which the rule set's own checks validate."""
    widget = forms.TextInput(attrs={"inputmode": "numeric"})
    return forms.CharField(label=label, max_length=8, required=False, widget=widget, help_text=help_text)


class RuleForm(forms.Form):
    code = forms.CharField(label=_("Rule code"), max_length=40)
    kind = forms.ChoiceField(label=_("What it is about"), choices=FactKind.choices)
    area_levels = forms.CharField(
        label=_("Levels of the risk list"),
        max_length=200,
        required=False,
        help_text=_(
            "Only for stays: such as high risk, medium risk, with commas between them. Empty: every stay counts."
        ),
    )
    colour = forms.ChoiceField(
        label=_("Colour"), choices=[(one.value, one.label) for one in Colour if one is not Colour.GREEN]
    )
    anchor = forms.ChoiceField(label=_("Counted from"), choices=Anchor.choices)
    hold_days = number_field(_("Days it holds"), help_text=_("Empty: until a record clears it."))
    checkin_days = number_field(_("Healthy check-ins in a row"))
    tests = number_field(_("Negative tests"))
    test_gap_days = number_field(_("Days between tests"))
    cleared_by = forms.MultipleChoiceField(
        label=_("Records that clear it"),
        choices=[kind for kind in FactKind.choices if kind[0] in CLEARING_KINDS],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    title_zh = forms.CharField(label=_("Title in Chinese"), max_length=1000, required=False)
    title_en = forms.CharField(label=_("Title in English"), max_length=1000, required=False)
    reason_zh = forms.CharField(
        label=_("What citizens read, in Chinese"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    reason_en = forms.CharField(
        label=_("What citizens read, in English"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def clean(self) -> dict[str, Any]:
        """Run the checks of a rule-set version and add each fault to its field."""
        data: dict[str, Any] = super().clean() or {}
        if not self.errors:
            for fault in rule_faults(self.rule):
                key = fault.key.partition("[")[0].replace(".", "_")
                self.add_error(key if key in self.fields else None, fault.message_in(translation.get_language()))
        return data

    @property
    def rule(self) -> Content:
        data = self.cleaned_data
        levels = [level_meant(level) for level in BETWEEN.split(data["area_levels"]) if level.strip()]
        rule: Content = {name: data[name] for name in ("code", "kind", "colour", "anchor") if data[name]}
        if levels:
            rule["area_levels"] = levels
        rule |= {name: number(data[name]) for name in NUMBERS if data[name].strip()}
        rule["cleared_by"] = data["cleared_by"]
        for name in ("title", "reason"):
            rule[name] = {"zh": data[f"{name}_zh"].strip(), "en": data[f"{name}_en"].strip()}
        return rule


class UploadForm(forms.Form):
    file = forms.FileField(label=_("Rule-set file (TOML)"), allow_empty_file=True)

    def clean_file(self) -> Any:
        sent = self.cleaned_data["file"]
        if sent.size > LARGEST_FILE:
            raise forms.ValidationError(_("The file is larger than 1 MB; a rule set is not."))
        return sent


def initial_of(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Return a rule's fields for the form. A value of a wrong type is shown as text, so that it can be corrected."""
    data = {name: str(rule.get(name, "")) for name in ("code", "kind", "colour", "anchor", *NUMBERS)}
    levels, cleared = rule.get("area_levels"), rule.get("cleared_by")
    data["area_levels"] = _between(map(str, levels)) if isinstance(levels, list) else str(levels or "")
    wording = {
        f"{name}_{language}": str(value.get(language, ""))
        for name in ("title", "reason")
        if isinstance(value := rule.get(name, {}), dict)
        for language in ("zh", "en")
    }
    return {**data, **wording, "cleared_by": cleared if isinstance(cleared, list) else []}


def _between(levels: Iterable[str]) -> str:
    return gettext(", ").join(map(level_label, levels))


def number(text: str) -> int | str:
    """Return the text as an integer, or unchanged if it is not one; the version's checks then refuse it."""
    stripped = text.strip()
    found = number_of(stripped, digits=9)
    return stripped if found is None else found


def area_of(row: Mapping[str, str]) -> Content:
    return {name: row[name].strip() for name in AREA_FIELDS if row[name].strip()}
