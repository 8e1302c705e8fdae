"""Every page in both languages, with the visitors and objects of the matrix: no page contains a word of the other language."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any
from unittest.mock import Mock

import pytest
from allauth.core.ratelimit import respond_429
from django.conf import settings
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404
from django.utils import timezone, translation

from codes.models import (
    Citizen,
    CollectingFault,
    Fact,
    Partition,
    PersonAccess,
    Provider,
    Rule,
    Run,
    RunError,
    RunFault,
    RunSource,
    RunStep,
)
from codes.reports.request import ReportName
from portal.web import guide
from portal.web.errors import Conflict, stale_form
from regions.sources.models import Source
from tests.integration.pages.languages import CHINESE, ENGLISH, foreign_words, grouped_for_machines, holes
from tests.integration.pages.matrix_cast import CITY_ADDRESSES, Cast, Place, undone, whoever_may
from tests.integration.pages.people import Visitor
from tests.journeys.cast import RULES, SOURCE_TITLES, TITLES

pytestmark = [pytest.mark.usefixtures("no_worker"), pytest.mark.parametrize("language", [CHINESE, ENGLISH])]
# Beside the one word of each part in the matrix: what else a page is about.
MORE_PAGES = (
    *(("auditor", f"/staff/reports/{report.value}/?show=1") for report in ReportName),
    *(("approver", f"/staff/work/{table}/") for table in ("people", "offices", "causes", "places")),
    ("citizen", "/declare/"),
    ("approver", "/guide/official/"),
    ("approver", "/guide/auditor/"),
    ("approver", "/guide/operator/"),
)
ERRORS = {
    400: SuspiciousOperation(),
    403: PermissionDenied(),
    404: Http404(),
    409: Conflict(),
    500: RuntimeError(),
}


def test_every_page_is_in_one_language(place: Place, language: str) -> None:
    is_city = place.addresses is CITY_ADDRESSES
    names = _complete_city() if is_city else []
    pages = [*_pages(place, language), *(_more_pages(place.cast, language) if is_city else ())]
    assert not _faults(pages, language, names)
    assert len(pages) > (100 if is_city else 20)
    # Every row of the city's has a key of four digits and more.
    assert {found for _name, page in pages for found in grouped_for_machines(page)} == set()


def test_every_error_page_is_in_one_language(place: Place, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger, address = place.cast.people["stranger"], "/guide/citizen/"
    request = _answer(stranger, "GET", address, language).wsgi_request
    pages = []
    for status, error in ERRORS.items():
        monkeypatch.setattr(guide, "render_guide", Mock(side_effect=error))
        answer = _answer(stranger, "GET", address, language)
        assert answer.status_code == status
        pages.append((f"error {status}", answer.content.decode()))
    with translation.override(language.lower()):
        for name, render in (("too often", respond_429), ("stale form", stale_form)):
            pages.append((name, render(request).content.decode()))
        assert respond_429(request).headers["Retry-After"] == "300", "the longest of the limits of signing in"
    assert not _faults(pages, language)


def _complete_city() -> list[str]:
    """Give sources, providers and rules their titles in both languages, and everybody a number. Returns the names in sentences."""
    for model, titles in ((Provider, TITLES), (Source, SOURCE_TITLES)):
        for code, (chinese, english) in titles.items():
            model.objects.filter(code__endswith=code).update(title_zh=chinese, title_en=english)
    for kind, (title_zh, title_en, reason_zh, reason_en) in RULES.items():
        Rule.objects.filter(kind=kind).update(
            title_zh=title_zh, title_en=title_en, reason_zh=reason_zh, reason_en=reason_en
        )
    zhang = Citizen.objects.get(ref="zhang")
    for what in ("identity", "evidence:1", "export:cases"):
        PersonAccess.objects.create(citizen=zhang, at=timezone.now(), by="li", purpose="核对 by phone", what=what)
    Citizen.objects.update(id_encrypted=zhang.id_encrypted)
    return list(Fact.objects.values_list("record_id", flat=True))


def _pages(place: Place, language: str) -> Iterator[tuple[str, str]]:
    """What each address shows to one of those who may see it."""
    for address, row, path in place.each():
        if row.who == "machine":
            continue
        visitor = place.cast.people[whoever_may(row, place.cast.people)]
        for method in sorted({"GET", "POST"} & row.methods):
            answer = _answer(visitor, method, path, language)
            assert answer.status_code < 500, path
            if answer.headers.get("Content-Type", "").startswith("text/html") and not answer.streaming:
                yield f"{method} {address.name} {answer.status_code}", answer.content.decode()


def _more_pages(cast: Cast, language: str) -> Iterator[tuple[str, str]]:
    for who, path in (*MORE_PAGES, *(("approver", f"/staff/runs/{run}/") for run in _runs_with_faults())):
        answer = _answer(cast.people[who], "GET", path, language)
        assert answer.status_code == 200, path
        yield path, answer.content.decode()


def _runs_with_faults() -> list[int]:
    """Runs that were held, refused, failed and incomplete, each for the day after the last."""
    last = Run.objects.latest("day", "sequence")
    faults: dict[RunFault, tuple[str, dict[str, object]]] = {
        RunFault.MASS_FLIP: ("failed", {"turned": 300, "registered": 900, "share": "33.3%", "limit": "2.0%"}),
        RunFault.REFUSED: ("failed", {"by": "wang", "reason": "the source sent nonsense"}),
        RunFault.COLLECTING_FAILED: ("failed", {"attempts": 3, "error": "RuntimeError: no disk"}),
        RunFault.SETTLING_FAILED: ("failed", {"attempts": 3, "error": "RuntimeError: no disk"}),
        RunFault.INCOMPLETE: ("partial", {}),
    }
    runs = [
        Run.objects.create(
            day=last.day,
            sequence=last.sequence + place,
            as_of=last.as_of,
            state=state,
            started_by="li",
            started_at=last.started_at,
            ended_at=last.started_at,
            fault=fault,
            params=params,
        )
        for place, (fault, (state, params)) in enumerate(faults.items(), start=1)
    ]
    first, second = Source.objects.order_by("code")[:2]
    refused = {"fault": "refused", "params": {"code": "40100", "message": "app disabled"}}
    RunSource.objects.create(run=runs[-1], source=first, failed=True, fault=CollectingFault.BUSY_ELSEWHERE)
    RunSource.objects.create(run=runs[-1], source=second, failed=True, **refused)
    for number in (1, 2):
        Partition.objects.create(
            run=runs[-1],
            number=number,
            low=number,
            high=number + 1,
            state="parked",
            fault="died",
            params={"attempts": 3},
        )
    for step in RunStep:
        RunError.objects.create(run=runs[-1], at=last.started_at, step=step, number=1, message="DatabaseError: no disk")
    return [run.pk for run in runs]


def _answer(visitor: Visitor, method: str, path: str, language: str) -> Any:
    """The page a person ends at, leaving nothing behind."""
    client = visitor.client
    cookies = deepcopy(client.cookies)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language.lower()
    client.raise_request_exception = False
    with undone():
        answer = (client.get if method == "GET" else client.post)(path, follow=True)
    client.cookies = cookies
    return answer


def _faults(pages: list[tuple[str, str]], language: str, names: list[str] | None = None) -> str:
    """Each text with a word of the other language, with that word and the pages; on Chinese ones each hole after a stop."""
    faults: dict[str, set[str]] = {}
    for name, page in pages:
        for text in holes(page) if language == CHINESE else ():
            faults.setdefault(text, set()).add(f"space ({name})")
        for word, text in foreign_words(page, language, names or ()):
            faults.setdefault(text, set()).add(f"{word} ({name})")
    return "\n".join(f"{text!r}: {', '.join(sorted(where))}" for text, where in sorted(faults.items()))
