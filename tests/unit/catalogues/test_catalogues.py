"""Translations are compiled when they are due, and only then."""

import gettext
import os
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest
from django.conf import settings

from portal.catalogues import compile_catalogues


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "zh_Hans" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True)
    write(path, "绿码")
    return path


def write(path: Path, said: str) -> None:
    catalogue = polib.POFile()
    catalogue.metadata = {"Content-Type": "text/plain; charset=UTF-8"}
    catalogue.append(polib.POEntry(msgid="green", msgstr=said))
    catalogue.save(str(path))


def said(made: Path) -> str:
    with made.open("rb") as file:
        return gettext.GNUTranslations(file).gettext("green")


def test_a_missing_one_is_made_once(source: Path, tmp_path: Path) -> None:
    assert compile_catalogues(tmp_path) == [source.with_suffix(".mo")]
    assert said(source.with_suffix(".mo")) == "绿码"
    assert compile_catalogues(tmp_path) == []


@pytest.mark.parametrize("seconds", [-60, 60])
def test_a_changed_one_is_made_again_whatever_the_clock_says(source: Path, tmp_path: Path, seconds: int) -> None:
    compile_catalogues(tmp_path)
    write(source, "黄码")
    changed = source.stat().st_mtime + seconds
    os.utime(source, (changed, changed))
    assert compile_catalogues(tmp_path) == [source.with_suffix(".mo")]
    assert said(source.with_suffix(".mo")) == "黄码"
    assert {path.name for path in source.parent.iterdir()} == {"django.po", "django.mo"}


def test_the_portal_s_own_are_whole() -> None:
    """Nothing is fuzzy or untranslated, and both sides have the same places to fill."""
    for folder in settings.LOCALE_PATHS:
        for path in sorted(Path(folder).glob("*/LC_MESSAGES/*.po")):
            catalogue = polib.pofile(str(path))
            assert not catalogue.fuzzy_entries()
            assert not catalogue.untranslated_entries()
            for entry in catalogue:
                for text in [entry.msgstr, *entry.msgstr_plural.values()]:
                    assert not text or places(text) == places(entry.msgid_plural or entry.msgid), entry.msgid


def places(text: str) -> set[str]:
    return {part.split(")")[0] for part in text.split("%(")[1:]}


def test_a_fresh_checkout_speaks_chinese_once_compiled(tmp_path: Path) -> None:
    """As ``./run`` does it, before Django reads a catalogue for good."""
    said_first = tmp_path / "said.py"
    folders = [Path(folder) for folder in settings.LOCALE_PATHS]
    copies = [
        shutil.copytree(folder, tmp_path / str(n), ignore=shutil.ignore_patterns("*.mo"))
        for n, folder in enumerate(folders)
    ]
    said_first.write_text(
        "import django, sys\n"
        "from pathlib import Path\n"
        "from django.conf import settings\n"
        "settings.LOCALE_PATHS = [Path(folder) for folder in sys.argv[1:]]\n"
        "from portal.catalogues import compile_catalogues\n"
        "for folder in settings.LOCALE_PATHS:\n"
        "    compile_catalogues(folder)\n"
        "django.setup()\n"
        "from django.utils.translation import gettext\n"
        "print(gettext('high-risk areas'))\n",
        encoding="utf-8",
    )
    environment = {**os.environ, "PYTHONPATH": str(settings.BASE_DIR), "PYTHONIOENCODING": "utf-8"}
    told = subprocess.run(
        [sys.executable, said_first, *copies],
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert told.stdout.strip() == "高风险地区"
