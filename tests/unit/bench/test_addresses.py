"""What the bench of the pages looks at: every address of a city is either looked at or named as left out."""

from django.urls import URLPattern, URLResolver, get_resolver

from bench.addresses import URLCONF, pages
from codes.reports.request import ReportName
from portal.web.access import audience_of


def test_every_page_is_looked_at_or_named() -> None:
    """A page that somebody adds cannot be forgotten silently."""
    looked_at, without = pages()
    seen = {page.name for page in looked_at}
    assert not seen & set(without)
    assert seen | set(without) == _names(get_resolver(URLCONF).url_patterns)


def test_pages_about_several_things_are_looked_at_once_for_each() -> None:
    looked_at, _ = pages()
    reports = [page for page in looked_at if page.name == "auditor_report"]
    assert {page.fixed["report"] for page in reports} == set(ReportName)
    assert len({page.title for page in looked_at}) == len(looked_at)


def _names(patterns: list[URLPattern | URLResolver]) -> set[str]:
    names: set[str] = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            names |= _names(pattern.url_patterns)
        elif pattern.name and audience_of(pattern.callback):
            names.add(pattern.name)
    return names
