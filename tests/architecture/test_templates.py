"""Every template compiles: its tags and filters exist, and so do the templates it extends or includes by name."""

import pytest
from django.template import engines
from django.template.loader import get_template
from django.template.loader_tags import ExtendsNode, IncludeNode

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
