"""The form of a source's settings. The credential is write-only: the stored one is never put into a page."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from portal.templatetags.page import titled
from portal.web.widgets import DateInput
from regions.city_file.shape import MOST_DAYS, MOST_HOURS
from regions.sources.changes import OF_PROVIDERS, setting_of
from regions.sources.models import Source, SourceKind
from regions.vocabulary import FactKind

PERCENT = 100


class SettingsForm(forms.Form):
    """The settings of a source. Fields that do not apply to its kind are removed."""

    base_url = forms.CharField(
        label=_("Address"), max_length=500, widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"})
    )
    app_id = forms.CharField(label=_("Our identity with them (app_id)"), max_length=200)
    records_view = forms.CharField(label=_("View of the records"), max_length=130)
    clock_view = forms.CharField(label=_("View of the clock"), max_length=130)
    credential = forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text=_("Leave empty to keep the present one. What you enter is encrypted and never shown again."),
    )
    page_size = forms.IntegerField(label=_("Records a page"), min_value=1, max_value=10_000)
    max_age_hours = forms.FloatField(
        label=_("Oldest horizon in hours"),
        min_value=0.1,
        max_value=MOST_HOURS,
        help_text=_("When the source's data is older, codes that rest on it cannot be determined."),
    )
    max_bad_percent = forms.FloatField(
        label=_("Bad records a delivery may have, in percent"),
        min_value=0,
        max_value=PERCENT,
        help_text=_("With more than that, and more than 20, a delivery is refused whole."),
    )
    overlap_hours = forms.FloatField(
        label=_("Hours to look back"),
        min_value=0,
        max_value=MOST_HOURS,
        help_text=_("How far behind the horizon each collection looks again."),
    )
    full_every_days = forms.IntegerField(
        label=_("Days between full comparisons"),
        min_value=1,
        max_value=MOST_DAYS,
        help_text=_(
            "Only a full comparison finds what was removed, changed in place, or written far behind the horizon."
        ),
    )
    still = forms.DateField(
        label=_("Its day for “no end”"),
        required=False,
        widget=DateInput(),
        help_text=_("The day this source writes for what has not ended, such as 9999-12-31; empty when it has none."),
    )
    retired = forms.BooleanField(
        label=_("Retired: no longer collected"),
        required=False,
        help_text=_("With a source its providers are retired. All it delivered stays."),
    )
    retired_providers = forms.MultipleChoiceField(
        label=_("Retired providers"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "No longer judged or shown; their registrations, facts and verdicts stay. It counts from the next run on, and can be undone."
        ),
    )
    reason = forms.CharField(
        label=_("Why this change?"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Whoever approves it reads this first."),
    )

    def __init__(
        self, data: QueryDict | None = None, *, source: Source, typed: Mapping[str, Any] | None = None
    ) -> None:
        """Show ``typed`` instead of the settings in force if the form comes back with more rows and is not validated yet."""
        super().__init__(data, initial=dict(typed or initial_of(source)))
        self.fields["retired_providers"].choices = [  # type: ignore[attr-defined]  # it is a choice field
            (one.code, titled(one)) for one in source.providers.order_by("code")
        ]
        is_database = source.kind == SourceKind.POLICE_DATABASE
        for name in ("base_url", "app_id") if is_database else ("records_view", "clock_view"):
            del self.fields[name]
        self.fields["credential"].label = (
            _("New database URL with user and password") if is_database else _("New shared secret")
        )

    @property
    def values(self) -> dict[str, Any]:
        """The values of the source's settings, without ``kinds``."""
        data = {name: value for name, value in self.cleaned_data.items() if name not in ("credential", "reason")}
        data["max_bad_share"] = round(data.pop("max_bad_percent") / PERCENT, 6)
        data["still"] = data["still"].isoformat() if data["still"] else None
        data["retired_providers"] = sorted(data["retired_providers"])
        return data

    @property
    def new_credential(self) -> str | None:
        """The new credential, or ``None`` to keep the present one."""
        return self.cleaned_data["credential"] or None


class KindForm(forms.Form):
    """One of the source's words and the kind of fact it means. A row without a word is ignored."""

    word = forms.CharField(label=_("Their word"), max_length=200, required=False)
    kind = forms.ChoiceField(label=_("Our kind"), choices=[("", "–"), *FactKind.choices], required=False)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("word") and not data.get("kind"):
            self.add_error("kind", _("Say what this word means, or take it out."))
        return data


class KindRows(forms.BaseFormSet):  # type: ignore[type-arg]  # Django takes no argument when it runs
    """The whole mapping. No word may occur twice."""

    default_error_messages: ClassVar = {
        "missing_management_form": _("The form arrived incomplete. Load the page again and send it once more.")
    }

    def clean(self) -> None:
        words: set[str] = set()
        for form in self.forms:
            word = form.cleaned_data.get("word", "") if form.is_valid() else ""
            if word and word in words:
                form.add_error("word", _("This word stands here twice."))
            words.add(word)

    @property
    def kinds(self) -> dict[str, str]:
        return {data["word"]: data["kind"] for data in self.cleaned_data if data.get("word")}


EMPTY_ROWS = 3
MOST_ROWS = 200
KindSet = forms.formset_factory(KindForm, formset=KindRows, extra=EMPTY_ROWS, max_num=MOST_ROWS, absolute_max=MOST_ROWS)


def initial_of(source: Source) -> dict[str, Any]:
    data = {name: getattr(source, name) for name in ("base_url", "app_id", "records_view", "clock_view", "page_size")}
    return {
        **data,
        "still": source.still,
        "retired": source.retired,
        "retired_providers": setting_of(source, OF_PROVIDERS),
        "full_every_days": source.full_every_days,
        "overlap_hours": f"{source.overlap_hours:g}",
        "max_age_hours": f"{source.max_age_hours:g}",
        "max_bad_percent": f"{source.max_bad_share * PERCENT:g}",
    }


def kinds_of(source: Source) -> list[dict[str, str]]:
    return [{"word": word, "kind": kind} for word, kind in sorted(source.kinds.items())]
