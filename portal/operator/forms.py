"""The form of a city file (``docs/operations.md``): the same tables, the same keys.

Nothing is judged here. The answers are written as a city file and read as one, and every fault comes back to its field.
"""

from functools import cache
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext_lazy as _

from portal.embedded.state import CHECKOUT
from regions.vocabulary import FactKind

RULE_SETS = CHECKOUT / "cities" / "rules"
LARGEST_RULE_SET = 512 * 1024
ROWS = {"sources": 1, "providers": 2, "rule_sets": 1}
MOST_ROWS = 20


def _text(label: Any, help_text: Any = "", **options: Any) -> forms.CharField:
    return forms.CharField(label=label, help_text=help_text, required=False, max_length=2000, **options)


class CityForm(forms.Form):
    """``[city]``."""

    schema = _text(_("Schema"), _("Small letters, digits and underscores: the city's name in the database, for ever."))
    name_zh = _text(_("Name in Chinese"))
    name_en = _text(_("Name in English"))
    division = _text(_("Division code"), _("GB/T 2260, six digits."))
    host = _text(_("Host name"), _("Where its citizens and officials go, such as chengdu.example.cn."))
    timezone = _text(_("Time zone"), initial="Asia/Shanghai")
    interim_policy = _text(
        _("While providers disagree"), _("strictest, freshest, or prefer:<provider>."), initial="strictest"
    )
    mass_flip_share = _text(_("Share turning red that holds a run"), _("0.02 is two per cent."), initial="0.02")
    change_existing = forms.BooleanField(
        label=_("This city exists already; bring it to what I write here"), required=False
    )


class SourceForm(forms.Form):
    """One of ``[[sources]]``; what the other kind has stays empty."""

    code = _text(_("Short name"), _("Small letters, digits, hyphens."))
    kind = forms.ChoiceField(
        label=_("Kind"),
        required=False,
        choices=[("police_database", _("Police database (SQL)")), ("big_data_centre", _("Big-data centre (HTTP)"))],
        initial="police_database",
    )
    title_zh = _text(_("Name in Chinese"))
    title_en = _text(_("Name in English"))
    url_env = _text(_("Variable with the database URL"), _("An environment variable of the workers: the safer way."))
    url = _text(
        _("… or the database URL"),
        _("Stored encrypted, never shown again."),
        widget=forms.PasswordInput({"autocomplete": "off"}),
    )
    records_view = _text(_("View of the records"), initial="health_records")
    clock_view = _text(_("View of the clock"), initial="health_clock")
    base_url = _text(_("Address of the centre"), _("http(s)://host[:port][/path]"))
    app_id = _text(_("Application id"))
    secret_env = _text(_("Variable with the secret"))
    secret = _text(
        _("… or the secret"),
        _("Stored encrypted, never shown again."),
        widget=forms.PasswordInput({"autocomplete": "off"}),
    )
    page_size = _text(_("Records a page"), initial="1000")
    max_age_hours = _text(_("Too old after hours"), _("Then its providers' codes become unknown."), initial="26")
    max_bad_share = _text(_("Share of bad records that refuses a delivery"), initial="0.05")
    kinds = _text(
        _("Their words for kinds"),
        _("One a line: MJ = close_contact"),
        widget=forms.Textarea({"rows": 4, "placeholder": "MJ = close_contact"}),
    )


class ProviderForm(forms.Form):
    """One of ``[[providers]]``."""

    code = _text(_("Short name"), _("Small letters, digits, hyphens."))
    title_zh = _text(_("Name in Chinese"))
    title_en = _text(_("Name in English"))
    source = _text(_("Source"), _("The code of a source above."))
    rule_set = _text(_("Rule set"), _("The code of a rule set below."))


@cache
def shipped() -> dict[str, str]:
    """The rule sets that come with the portal: file name → text."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(RULE_SETS.glob("*.toml"))}


class RuleSetForm(forms.Form):
    """One of ``[[rule_sets]]``: a shipped one, or TOML. Its code is the one in the file."""

    shipped = forms.ChoiceField(label=_("Rule set"), required=False)
    text = forms.CharField(
        label=_("… or its TOML"), required=False, max_length=LARGEST_RULE_SET, widget=forms.Textarea({"rows": 8})
    )
    upload = forms.FileField(label=_("… or a file"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["shipped"].choices = [("", _("of your own")), *((name, name) for name in shipped())]  # type: ignore[attr-defined]  # a ChoiceField

    def content(self) -> str:
        """The TOML: what was uploaded, else what was typed, else what was chosen. Bytes that are no text stay visible as such."""
        upload = self.cleaned_data.get("upload")
        if upload:
            return str(upload.read(LARGEST_RULE_SET).decode("utf-8-sig", errors="replace"))
        return self.cleaned_data.get("text") or shipped().get(self.cleaned_data.get("shipped", ""), "")


SourceRows = formset_factory(SourceForm, extra=ROWS["sources"], max_num=MOST_ROWS, absolute_max=MOST_ROWS)
ProviderRows = formset_factory(ProviderForm, extra=ROWS["providers"], max_num=MOST_ROWS, absolute_max=MOST_ROWS)
RuleSetRows = formset_factory(RuleSetForm, extra=ROWS["rule_sets"], max_num=MOST_ROWS, absolute_max=MOST_ROWS)


class CityFileForm:
    """All tables together, as one form. ``data`` none: an empty one."""

    def __init__(self, data: Any = None, files: Any = None) -> None:
        self.is_bound = data is not None
        self.city = CityForm(data, prefix="city")
        self.sources: BaseFormSet[Any] = SourceRows(data, files, prefix="sources")
        self.providers: BaseFormSet[Any] = ProviderRows(data, files, prefix="providers")
        self.rule_sets: BaseFormSet[Any] = RuleSetRows(data, files, prefix="rule_sets")

    def lists(self) -> dict[str, "BaseFormSet[Any]"]:
        """The lists of tables by their names in the file."""
        return {"sources": self.sources, "providers": self.providers, "rule_sets": self.rule_sets}

    def is_valid(self) -> bool:
        """Only lengths and choices are looked at here; all parts are, so that no fault hides another."""
        return all([self.city.is_valid(), *(rows.is_valid() for rows in self.lists().values())])

    def rows(self, name: str) -> list[forms.Form]:
        """The rows somebody wrote into, in their order: the n-th is the file's n-th table."""
        return [form for form in self.lists()[name].forms if form.has_changed()]

    @property
    def has_faults(self) -> bool:
        """Whether any field has one."""
        return self.is_bound and bool(self.city.errors or any(any(rows.errors) for rows in self.lists().values()))


def kind_words() -> list[str]:
    """Our kinds, for the help beside the form."""
    return [kind.value for kind in FactKind]
