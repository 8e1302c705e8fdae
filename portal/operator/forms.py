"""A city file as a form: its fields, their conversion to the file's tables, and the file's faults as field errors.

The form itself checks only lengths and choices. The file's schema validates, and each of its faults is added to a
field.
"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from portal.embedded.state import CHECKOUT
from portal.web.widgets import SelectName
from regions.faults import Fault, FileFaults
from regions.toml_files import parse_toml
from regions.vocabulary import FactKind, Recognition

RULE_SETS = CHECKOUT / "cities" / "rules"
LARGEST_RULE_SET = 512 * 1024
ROWS = {"sources": 1, "providers": 2, "rule_sets": 1, "security_administrators": 2}
MOST_ROWS = 20
NUMBERS = {
    "page_size": int,
    "max_age_hours": float,
    "max_bad_share": float,
    "mass_change_share": float,
    "mass_change_least": int,
    "second_look_share": float,
    "overlap_hours": float,
    "full_every_days": int,
    "display_delay_minutes": int,
}
TITLES = {"title", "name"}
PREFER = "prefer"
OF_KIND = {
    "police_database": ("url", "url_env", "records_view", "clock_view"),
    "big_data_centre": ("base_url", "app_id", "secret", "secret_env"),
}
OF_BOTH = (
    "code",
    "kind",
    "page_size",
    "max_age_hours",
    "max_bad_share",
    "overlap_hours",
    "full_every_days",
    "still",
    "retired",
)
OF_CITY = (
    "schema",
    "division",
    "host",
    "timezone",
    "interim_policy",
    "mass_change_share",
    "mass_change_least",
    "second_look_share",
    "recognition",
    "hotline",
)
OF_ADMINISTRATOR = ("username", "name", "email")
OF_PROVIDER = ("code", "source", "rule_set", "display_delay_minutes", "retired")
MAP_LINE = re.compile(r'\s*"?(?P<word>[^"=]+?)"?\s*=\s*"?(?P<ours>[^"#]*?)"?\s*(#.*)?')
FAULT_KEY = re.compile(
    r"(?P<table>city|sources|providers|rule_sets|security_administrators)(\[(?P<row>\d+)\])?(\.(?P<key>\w+))?(\.(?P<inner>zh|en))?"
)

LISTS = {
    "sources": _("Data sources"),
    "providers": _("Providers"),
    "rule_sets": _("Rule sets"),
    "security_administrators": _("Security administrators"),
}


def _text(label: Any, help_text: Any = "", **options: Any) -> forms.CharField:
    return forms.CharField(label=label, help_text=help_text, required=False, max_length=2000, **options)


class CityForm(forms.Form):
    """``[city]``."""

    schema = _text(_("Schema"), _("Small letters, digits and underscores: the city's name in the database, for ever."))
    name_zh = _text(_("Name in Chinese"))
    name_en = _text(_("Name in English"))
    division = _text(_("Division code"), _("GB/T 2260, six digits."))
    host = _text(_("Host name"), _("Where its citizens and officials go, such as <code>chengdu.example.cn</code>."))
    timezone = _text(_("Time zone"), initial="Asia/Shanghai")
    interim_policy = forms.ChoiceField(
        label=_("While providers disagree"),
        required=False,
        choices=[
            ("strictest", _("the stricter colour counts")),
            ("freshest", _("the colour by the newer data counts")),
            (PREFER, _("the colour of one provider counts")),
        ],
    )
    preferred = _text(_("… which one"), _("Its short name, where the colour of one provider counts."))
    mass_change_share = _text(
        _("Share of people above which a mass change is held"), _("0.02 is two per cent."), initial="0.02"
    )
    mass_change_least = _text(_("… and number of people"), _("Empty: 20."))
    second_look_share = _text(
        _("Share of what one official closes alone that a colleague looks at"), _("Empty: 0.05, five per cent.")
    )
    recognition = forms.ChoiceField(
        label=_("Passes of other cities"), required=False, choices=[("", "–"), *Recognition.choices]
    )
    hotline = _text(_("Hotline"), _("Shown wherever a page can go no further, such as <code>12345</code>."))
    change_existing = forms.BooleanField(
        label=_("This city exists already; bring it to what I write here"), required=False
    )


class SourceForm(forms.Form):
    """One of ``[[sources]]``. Fields that only the other kind of source has stay empty."""

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
    base_url = _text(_("Address of the centre"), _("<code>http(s)://host[:port][/path]</code>"))
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
    overlap_hours = _text(_("Hours to look back"), _("Behind the last delivery, at each collection. Empty: 24."))
    full_every_days = _text(_("Days between full comparisons"), _("Empty: 7."))
    still = _text(_("Its day for “no end”"), _("Such as <code>9999-12-31</code>; empty when it has none."))
    retired = forms.BooleanField(label=_("Retired: no longer collected"), required=False)
    kinds = _text(
        _("Their words for kinds"),
        _("One a line: <code>MJ = close_contact</code>"),
        widget=forms.Textarea({"rows": 4, "placeholder": "MJ = close_contact"}),
    )


class ProviderForm(forms.Form):
    code = _text(_("Short name"), _("Small letters, digits, hyphens."))
    title_zh = _text(_("Name in Chinese"))
    title_en = _text(_("Name in English"))
    source = _text(_("Source"), _("The code of a source above."))
    rule_set = _text(_("Rule set"), _("The code of a rule set below."))
    symptoms = _text(
        _("Its codes for symptoms"),
        _("One a line: <code>2 = fever</code>"),
        widget=forms.Textarea({"rows": 3, "placeholder": "2 = fever"}),
    )
    display = _text(
        _("The values it displays"),
        _("One a line: <code>00 = green</code>"),
        widget=forms.Textarea({"rows": 3, "placeholder": "00 = green"}),
    )
    display_delay_minutes = _text(_("Minutes until a new colour is displayed"), _("Empty: 10."))
    retired = forms.BooleanField(label=_("Retired: no longer shown"), required=False)


@cache
def shipped() -> dict[str, str]:
    """Return the rule sets that are shipped with the portal: file name → text."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(RULE_SETS.glob("*.toml"))}


class RuleSetForm(forms.Form):
    """One of ``[[rule_sets]]``: a shipped one, or TOML. Its code is the one in the file."""

    shipped = forms.ChoiceField(label=_("Rule set"), required=False, widget=SelectName)
    text = forms.CharField(
        label=_("… or its TOML"), required=False, max_length=LARGEST_RULE_SET, widget=forms.Textarea({"rows": 8})
    )
    upload = forms.FileField(label=_("… or a file"), required=False)
    title_zh = _text(_("Name in Chinese"), _("As the city's pages call it; else they show the code."))
    title_en = _text(_("Name in English"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["shipped"].choices = [("", _("of your own")), *((name, name) for name in shipped())]  # type: ignore[attr-defined]  # a ChoiceField

    def content(self) -> str:
        """Return the TOML: the upload if there is one, else the typed text, else the chosen shipped file.

        Undecodable bytes are replaced by U+FFFD.
        """
        upload = self.cleaned_data.get("upload")
        if upload:
            return str(upload.read(LARGEST_RULE_SET).decode("utf-8-sig", errors="replace"))
        return self.cleaned_data.get("text") or shipped().get(self.cleaned_data.get("shipped", ""), "")


class AdministratorForm(forms.Form):
    """One of ``[[security_administrators]]``."""

    name = _text(_("Name"))
    username = _text(_("User name"))
    email = _text(_("E-mail address"), _("The link to enrol goes there, and nowhere else."))


SourceRows = formset_factory(SourceForm, extra=ROWS["sources"], max_num=MOST_ROWS, absolute_max=MOST_ROWS)
ProviderRows = formset_factory(ProviderForm, extra=ROWS["providers"], max_num=MOST_ROWS, absolute_max=MOST_ROWS)
RuleSetRows = formset_factory(RuleSetForm, extra=ROWS["rule_sets"], max_num=MOST_ROWS, absolute_max=MOST_ROWS)
AdministratorRows = formset_factory(
    AdministratorForm, extra=ROWS["security_administrators"], max_num=MOST_ROWS, absolute_max=MOST_ROWS
)


class CityFileForm:
    """All tables of the file as one form. It is unbound if ``data`` is ``None``."""

    def __init__(self, data: Any = None, files: Any = None) -> None:
        self.is_bound = data is not None
        self.city = CityForm(data, prefix="city")
        self.sources: BaseFormSet[Any] = SourceRows(data, files, prefix="sources")
        self.providers: BaseFormSet[Any] = ProviderRows(data, files, prefix="providers")
        self.rule_sets: BaseFormSet[Any] = RuleSetRows(data, files, prefix="rule_sets")
        self.security_administrators: BaseFormSet[Any] = AdministratorRows(
            data, files, prefix="security_administrators"
        )

    def lists(self) -> dict[str, "BaseFormSet[Any]"]:
        return {name: getattr(self, name) for name in LISTS}

    def is_valid(self) -> bool:
        """Check lengths and choices of all parts, so that no fault hides another."""
        return all([self.city.is_valid(), *(rows.is_valid() for rows in self.lists().values())])

    def rows(self, name: str) -> list[forms.Form]:
        """Return the rows that were filled in, in order: the n-th is the n-th table of the file."""
        return [form for form in self.lists()[name].forms if form.has_changed()]

    @property
    def has_faults(self) -> bool:
        return self.is_bound and bool(self.city.errors or any(any(rows.errors) for rows in self.lists().values()))


def fact_kinds() -> list[str]:
    """Return the kinds of facts, for the help next to the form."""
    return [kind.value for kind in FactKind]


def city_file(form: CityFileForm) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the city file's tables from the form's values, and the TOML of its rule sets by name.

    Call it once the form is valid.
    """
    rows = form.rows("rule_sets")
    rules = {f"rules/{place}.toml": one.content() for place, one in enumerate(rows)}  # type: ignore[attr-defined]  # a RuleSetForm
    content: dict[str, Any] = {
        "city": _city(form.city.cleaned_data),
        "sources": [_source(one.cleaned_data) for one in form.rows("sources")],
        "providers": [_provider(one.cleaned_data) for one in form.rows("providers")],
        "rule_sets": [
            {"code": _code_in(text), "file": name, **_title(one.cleaned_data)}
            for one, (name, text) in zip(rows, rules.items(), strict=True)
        ],
        "security_administrators": [
            _filled_in(one.cleaned_data, OF_ADMINISTRATOR) for one in form.rows("security_administrators")
        ],
    }
    return {name: table for name, table in content.items() if table}, rules


def add_faults(form: CityFileForm, faults: Iterable[Fault]) -> None:
    """Add each fault to its field, or to the form if it has none."""
    for fault in faults:
        found = FAULT_KEY.match(fault.key)
        where, field = _locate(form, found.groupdict() if found else {})
        words = fault.message_in(get_language())
        if field in where.fields:
            rest = fault.key[found.end() :].lstrip(": ") if found else ""
            where.add_error(field, _join(rest, words))
        else:
            form.city.add_error(None, _join(str(LISTS.get(fault.key, fault.key)), words))


def _join(what: str, words: str) -> str:
    return f"{what}{gettext(': ')}{words}" if what else words


def _locate(form: CityFileForm, key: dict[str, str | None]) -> tuple[forms.Form, str]:
    table, row, name, inner = (key.get(part) for part in ("table", "row", "key", "inner"))
    if table == "rule_sets" and name != "title":
        name = "shipped"
    if table in (None, "city") or row is None:
        target: forms.Form = form.city
    else:
        rows = form.rows(str(table))
        if int(row) >= len(rows):
            return form.city, ""
        target = rows[int(row)]
    if name in TITLES and table != "security_administrators":
        return target, f"{name}_{inner or 'zh'}"
    return target, name or ""


def _city(cleaned: dict[str, Any]) -> dict[str, Any]:
    filled = _filled_in(cleaned, OF_CITY)
    if filled.get("interim_policy") == PREFER:
        filled["interim_policy"] = f"{PREFER}:{cleaned['preferred']}"
    return {"name": _both_languages(cleaned, "name"), **filled}


def _source(cleaned: dict[str, Any]) -> dict[str, Any]:
    kind = cleaned["kind"] or "police_database"
    filled = _filled_in({**cleaned, "kind": kind}, (*OF_BOTH, *OF_KIND[kind]))
    return {"title": _both_languages(cleaned, "title"), **filled, **_maps(cleaned, "kinds")}


def _provider(cleaned: dict[str, Any]) -> dict[str, Any]:
    filled = _filled_in(cleaned, OF_PROVIDER)
    return {"title": _both_languages(cleaned, "title"), **filled, **_maps(cleaned, "symptoms", "display")}


def _maps(cleaned: dict[str, Any], *names: str) -> dict[str, dict[str, str]]:
    """Return the mappings of external words to the portal's values that are filled in."""
    return {name: _parse_map(cleaned[name]) for name in names if cleaned[name].strip()}


def _parse_map(text: str) -> dict[str, str]:
    """Return external word → value for each line.

    A line that cannot be parsed becomes a word with an empty value, which the schema reports as a fault.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    found = [(line, MAP_LINE.fullmatch(line)) for line in lines]
    return dict((one["word"].strip(), one["ours"].strip()) if one else (line.strip(), "") for line, one in found)


def _title(cleaned: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Return the title, which may be left out."""
    title = _both_languages(cleaned, "title")
    return {"title": title} if title else {}


def _both_languages(cleaned: dict[str, Any], name: str) -> dict[str, str]:
    return {language: cleaned[f"{name}_{language}"] for language in ("zh", "en") if cleaned[f"{name}_{language}"]}


def _filled_in(cleaned: dict[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """Return the values that were filled in, converted to numbers where they are valid numbers."""
    return {key: _number(key, cleaned[key]) for key in keys if cleaned[key]}


def _number(key: str, text: str) -> Any:
    if key not in NUMBERS:
        return text
    try:
        number = NUMBERS[key](text)
    except ValueError:
        return text
    return number if abs(number) < float("inf") else text


def _code_in(text: str) -> str:
    """Return the code in a rule set's file, or ``unread`` if there is none.

    The file's own faults explain the cause better.
    """
    try:
        code = parse_toml(text.encode(), Path("rules.toml")).get("code")
    except FileFaults:
        return "unread"
    return code if isinstance(code, str) and code else "unread"
