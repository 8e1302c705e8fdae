"""Each name in the code that the glossary states exists."""

import pkgutil
import re

import pytest
from django.apps import apps

from codes import models as code_models
from codes import vocabulary
from regions import models as region_models
from regions.sources import models as source_models
from regions.staff import roles
from tests.architecture.source import CHECKOUT

PAGE = CHECKOUT / "docs" / "glossary.md"
# A name that does not begin with a top-level package is defined in one of these modules.
HOMES = (code_models, vocabulary, region_models, source_models, roles)
COLUMNS = 4


def rows() -> list[list[str]]:
    """Return the rows of the tables without their headings: Chinese, English, code, meaning."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if row[0] not in ("中文", "---")]


def exists(name: str) -> bool:
    """Return whether the name is an existing dotted path, or a name in one of ``HOMES`` with its attributes or fields."""
    if name.split(".", maxsplit=1)[0] in ("portal", "codes", "regions"):
        return resolves(name)
    return any(resolves(f"{home.__name__}.{name}") for home in HOMES) or is_field(name)


def resolves(name: str) -> bool:
    try:
        pkgutil.resolve_name(name)
    except (ImportError, AttributeError):
        return False
    return True


def is_field(name: str) -> bool:
    """Return whether the name is a ``Model.field``. For some kinds of fields, the model's class has no attribute."""
    model, _, field = name.partition(".")
    return any(
        one.__name__ == model and field in {each.name for each in one._meta.get_fields()} for one in apps.get_models()
    )


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[1])
def test_each_code_name_exists(row: list[str]) -> None:
    assert len(row) == COLUMNS
    names = re.findall(r"`([^`]+)`", row[2])
    assert names
    assert [name for name in names if not exists(name)] == []


def test_what_people_carry_is_called_a_phone() -> None:
    said = (CHECKOUT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po").read_text(encoding="utf-8")
    guides = [path.read_text(encoding="utf-8") for path in (CHECKOUT / "docs" / "guide" / "en").glob("*.md")]
    assert guides
    assert [text for text in (said, *guides) if "telephone" in text.casefold()] == []


def test_no_word_is_explained_twice() -> None:
    words = [row[1] for row in rows()]
    assert sorted(words) == sorted(set(words))
    assert not exists("codes.models.Nobody")
    assert not exists("Case.nothing")
