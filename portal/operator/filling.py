"""From the form to a city file, and from the file's faults back to the form's fields."""

import re
import tomllib
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from codes.city_openings import Bundle
from portal.operator.fault_words import said
from portal.operator.forms import CityFileForm
from portal.operator.toml import as_toml
from regions.city_file import Fault

NUMBERS = {"page_size": int, "max_age_hours": float, "max_bad_share": float, "mass_flip_share": float}
TITLES = {"title", "name"}
OF_KIND = {
    "police_database": ("url", "url_env", "records_view", "clock_view"),
    "big_data_centre": ("base_url", "app_id", "secret", "secret_env"),
}
OF_BOTH = ("code", "kind", "page_size", "max_age_hours", "max_bad_share")
KINDS_LINE = re.compile(r'\s*"?(?P<word>[^"=]+?)"?\s*=\s*"?(?P<kind>[^"#]*?)"?\s*(#.*)?')
FAULT_KEY = re.compile(
    r"(?P<table>city|sources|providers|rule_sets)(\[(?P<row>\d+)\])?(\.(?P<key>\w+))?(\.(?P<inner>zh|en))?"
)

LISTS = {"sources": _("Data sources"), "providers": _("Providers"), "rule_sets": _("Rule sets")}


def bundle_of(form: CityFileForm) -> Bundle:
    """The city file the form says, and its rule sets. Call once the form is valid."""
    rules = {f"rules/{place}.toml": one.content() for place, one in enumerate(form.rows("rule_sets"))}  # type: ignore[attr-defined]  # a RuleSetForm
    content = {
        "city": _city(form.city.cleaned_data),
        "sources": [_source(one.cleaned_data) for one in form.rows("sources")],
        "providers": [_provider(one.cleaned_data) for one in form.rows("providers")],
        "rule_sets": [{"code": _code_in(text), "file": name} for name, text in rules.items()],
    }
    return Bundle(as_toml({name: table for name, table in content.items() if table}), rules)


def put_back(form: CityFileForm, faults: Iterable[Fault]) -> None:
    """Say every fault at the field it is about; what is about no field stands on top."""
    for fault in faults:
        found = FAULT_KEY.match(fault.key)
        where, field = _place(form, found.groupdict() if found else {})
        words = said(fault.message)
        if field in where.fields:
            rest = fault.key[found.end() :].lstrip(": ") if found else ""
            where.add_error(field, _joined(rest, words))
        else:
            form.city.add_error(None, _joined(str(LISTS.get(fault.key, fault.key)), words))


def _joined(what: str, words: str) -> str:
    return f"{what}{gettext(': ')}{words}" if what else words


def _place(form: CityFileForm, key: dict[str, str | None]) -> tuple[forms.Form, str]:
    table, row, name, inner = (key.get(part) for part in ("table", "row", "key", "inner"))
    if table == "rule_sets":
        name = "shipped"
    if table in (None, "city") or row is None:
        target: forms.Form = form.city
    else:
        rows = form.rows(str(table))
        if int(row) >= len(rows):
            return form.city, ""
        target = rows[int(row)]
    if name in TITLES:
        return target, f"{name}_{inner or 'zh'}"
    return target, name or ""


def _city(given: dict[str, Any]) -> dict[str, Any]:
    told = _told(given, ("schema", "division", "host", "timezone", "interim_policy", "mass_flip_share"))
    return {"name": _both(given, "name"), **told}


def _source(given: dict[str, Any]) -> dict[str, Any]:
    kind = given["kind"] or "police_database"
    told = _told({**given, "kind": kind}, (*OF_BOTH, *OF_KIND[kind]))
    kinds = {line["word"].strip(): line["kind"].strip() for line in _lines(given["kinds"])}
    return {"title": _both(given, "title"), **told, **({"kinds": kinds} if kinds else {})}


def _provider(given: dict[str, Any]) -> dict[str, Any]:
    return {"title": _both(given, "title"), **_told(given, ("code", "source", "rule_set"))}


def _lines(text: str) -> list[dict[str, str]]:
    """Their word and ours of every line; a line that says neither becomes a kind that none is, and so a fault."""
    lines = [line for line in text.splitlines() if line.strip()]
    return [
        found.groupdict() if (found := KINDS_LINE.fullmatch(line)) else {"word": line, "kind": ""} for line in lines
    ]


def _both(given: dict[str, Any], name: str) -> dict[str, str]:
    return {language: given[f"{name}_{language}"] for language in ("zh", "en") if given[f"{name}_{language}"]}


def _told(given: dict[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """What was filled in; numbers as numbers where they are any."""
    return {key: _number(key, given[key]) for key in keys if given[key]}


def _number(key: str, text: str) -> Any:
    if key not in NUMBERS:
        return text
    try:
        number = NUMBERS[key](text)
    except ValueError:
        return text
    return number if abs(number) < float("inf") else text


def _code_in(text: str) -> str:
    """The code a rule set gives itself; none where it cannot be read, which its own faults say better."""
    try:
        code = tomllib.loads(text).get("code")
    except (tomllib.TOMLDecodeError, RecursionError):
        return "unread"
    return code if isinstance(code, str) and code else "unread"
