"""Every template compiles: its tags and filters exist, and so do the templates that it extends or includes by name."""

import re

import pytest
from django.template import engines
from django.template.loader import get_template
from django.template.loader_tags import ExtendsNode, IncludeNode
from django.utils.translation import gettext, override, pgettext

from tests.architecture.source import CHECKOUT

FOLDER = CHECKOUT / "templates"
NAMES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.html"))


@pytest.mark.parametrize("name", NAMES)
def test_template_compiles(name: str) -> None:
    template = engines["django"].engine.get_template(name)  # type: ignore[attr-defined]
    for kind, attribute in ((ExtendsNode, "parent_name"), (IncludeNode, "template")):
        for node in template.nodelist.get_nodes_by_type(kind):
            named = getattr(node, attribute)
            if isinstance(named.var, str):
                assert get_template(named.var) is not None
    assert template.name == name


FRAME = re.compile(r'(<div[^>]*class="table-frame[^>]*>)(.*?)</table>', re.DOTALL)
REACHED = re.compile(r"<(?:a|button|input|select|summary) |{% include|{{ (?:form|row|bound)")


@pytest.mark.parametrize("name", NAMES)
def test_a_table_that_scrolls_is_reached_by_keyboard(name: str) -> None:
    """Either the frame or something in it can have the focus.

    The test with axe is not sufficient: it checks each page with the rows in the gallery, and there may be none.
    """
    frames = FRAME.findall((FOLDER / name).read_text(encoding="utf-8"))
    assert [frame for frame, table in frames if "tabindex" not in frame and not REACHED.search(table)] == []


# A punctuation mark that is full-width in Chinese, followed by a space that is displayed in both languages.
BARE_SPACE = re.compile(r'(?:[.:?!)]"|[.:?!)]{% endblocktranslate) %}(?:</\w+>|{% (?:endif|else) %})* (?=\S)')

FOLLOWED = re.compile(r'{% translate "([^"]+)"(?: context "([^"]+)")? %}(?:</\w+>|{% (?:endif|else) %})* (?=\S)')
FULL_WIDTH = "。，；：！？、）"


@pytest.mark.parametrize("name", NAMES)
def test_sentences_side_by_side_are_parted_by_the_language(name: str) -> None:
    """The pages of the gallery are checked for the same. This also finds texts that none of them shows."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert BARE_SPACE.findall(text) == []
    with override("zh-hans"):
        said = [pgettext(context, one) if context else gettext(one) for one, context in FOLLOWED.findall(text)]
    assert [one for one in said if one.endswith(tuple(FULL_WIDTH))] == []
