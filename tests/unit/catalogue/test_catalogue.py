"""Chinese first: whatever the code or a page asks the catalogue for is there, whole, and set as Chinese is set."""

import re
from collections import Counter
from pathlib import Path

import polib
import pytest
from django.conf import settings

from tests.unit.catalogue.messages import Message, messages

PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]")
BRACES = re.compile(r"\{\w+\}")
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff][,;:?!()]|[,;:?!()](?=[\u4e00-\u9fff])|[\u4e00-\u9fff]\.(?=\s|$)")
# A number, a date or a name of ours stands between Chinese characters without spaces; what machines call things keeps them.
SPACED = re.compile(
    r"[\u4e00-\u9fff] (?:\d|%\((?P<a>\w+)\)[a-z]|\{(?P<b>\w+)\})"
    r"|(?:(?<![A-Za-z][ /-])\b\d+(?:[.,]\d+)*|%\((?P<c>\w+)\)[a-z]|\{(?P<d>\w+)\}) [\u4e00-\u9fff]"
)
OF_MACHINES = {
    "code",
    "column",
    "credential",
    "field",
    "host",
    "in_city_file",
    "in_file",
    "message",
    "name",
    "other",
    "place",
    "port",
    "rule",
    "rule_set",
    "scope",
    "stands",
    "status",
    "told",
    "value",
    "variable",
    "wanted",
    "witness",
}
# Said better than Django's own catalogue says it.
DJANGO_S_OWN = {("", "This field is required.")}
FILES = [path for folder in settings.LOCALE_PATHS for path in sorted(folder.glob("zh_Hans/LC_MESSAGES/*.po"))]
ENTRIES = {
    (entry.msgctxt or "", entry.msgid): entry
    for path in FILES
    for entry in polib.pofile(str(path))
    if entry.translated()
}


def test_there_are_messages_to_look_at() -> None:
    assert len(messages()) > 300


def test_every_message_has_its_chinese() -> None:
    missing = [f"{where}: {one.text}" for one, where in messages().items() if (one.context, one.text) not in ENTRIES]
    assert missing == []


def test_there_is_one_catalogue() -> None:
    assert [path.relative_to(settings.BASE_DIR) for path in FILES] == [Path("locale/zh_Hans/LC_MESSAGES/django.po")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parents[2].parent.name)
def test_no_message_stands_twice_in_a_file(path: object) -> None:
    counted = Counter((entry.msgctxt, entry.msgid) for entry in polib.pofile(str(path)))
    assert [key for key, times in counted.items() if times > 1] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parents[2].parent.name)
def test_the_messages_of_a_file_are_sorted(path: object) -> None:
    found = [(one.msgid.casefold(), one.msgid, one.msgctxt or "") for one in polib.pofile(str(path))]
    assert found == sorted(found)


def test_no_message_is_kept_that_nobody_asks_for() -> None:
    asked = {(one.context, one.text) for one in messages()}
    assert sorted(ENTRIES.keys() - asked - DJANGO_S_OWN) == []


def test_placeholders_are_those_of_the_english() -> None:
    other = []
    for entry in ENTRIES.values():
        allowed, said = _placeholders(entry.msgid + (entry.msgid_plural or "")), _placeholders(_said(entry))
        # One of several is said without its number in English as well.
        if said - allowed or (not entry.msgid_plural and said != allowed):
            other.append(f"{entry.msgid}: {_said(entry)}")
    assert other == []


def test_punctuation_between_chinese_is_full_width() -> None:
    said = [_said(entry) for entry in ENTRIES.values()]
    assert [one for one in said if HALF_WIDTH.search(PLACEHOLDER.sub("", one))] == []
    # A name of ours in braces is filled with Chinese as often as not; an address keeps its colon.
    assert [one for one in said if HALF_WIDTH.search(BRACES.sub("一", one.replace("{host}:{port}", "")))] == []


def test_no_spaces_around_numbers_and_names_in_chinese() -> None:
    said = [_said(entry) for entry in ENTRIES.values()]
    found = [one for one in said for match in SPACED.finditer(one) if not OF_MACHINES & set(match.groups())]
    assert found == []


def test_a_template_is_read_as_django_reads_it() -> None:
    found = {one.text for one in messages()}
    assert "Day %(day)d of %(days)d" in found
    assert Message("", "%(n)s file", "%(n)s files") in messages()


def _said(entry: polib.POEntry) -> str:
    return "".join(entry.msgstr_plural.values()) if entry.msgid_plural else entry.msgstr


def _placeholders(text: str) -> set[str]:
    return set(PLACEHOLDER.findall(text))
