"""Access to pages: every address has an audience; objects of others and missing objects give the same 404."""

from collections.abc import Callable, Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from codes.models import Case, Evidence
from codes.review.evidence.files import keep_upload
from portal.web.access import audience_of
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk

Opens = Callable[[str], Visitor]
CITIZENS_PAGES = ["/code/", "/check-in/", "/data/", "/paper/", "/cases/", "/appeal/", "/family/", "/declare/to/"]


def addresses(urlconf: str) -> Iterator[tuple[str, URLPattern]]:
    """Every pattern under a URL configuration, with its whole route."""

    def walk(patterns: list[URLPattern | URLResolver], before: str) -> Iterator[tuple[str, URLPattern]]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, before + str(pattern.pattern))
            else:
                yield before + str(pattern.pattern), pattern

    yield from walk(get_resolver(urlconf).url_patterns, "/")


@pytest.mark.parametrize("urlconf", ["portal.urls_city", "portal.urls_public"])
def test_every_page_says_whom_it_is_for(urlconf: str) -> None:
    """Machines' addresses have keys instead of an audience."""
    unmarked = [
        route
        for route, pattern in addresses(urlconf)
        if audience_of(pattern.callback) is None and not route.startswith("/api/")
    ]
    assert unmarked == []


@pytest.mark.parametrize("path", CITIZENS_PAGES)
def test_a_stranger_is_led_to_the_sign_in(desk: Desk, stranger: Visitor, path: str) -> None:
    response = stranger.get(path)
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/sign-in/")


def test_a_stranger_posting_is_not_led_back_to_a_lost_form(desk: Desk, stranger: Visitor) -> None:
    assert stranger.post("/check-in/", {"healthy": "yes"}).headers["Location"] == "/sign-in/"


@pytest.mark.parametrize("path", CITIZENS_PAGES)
def test_staff_are_strangers_to_citizens_pages(desk: Desk, path: str) -> None:
    worker = Visitor.at_work("reviewer", now=desk.now, username="anna")
    assert worker.get(path).headers["Location"].startswith("/sign-in/")


def test_citizens_are_strangers_to_the_desk(visitor: Opens) -> None:
    assert visitor("zhang").get("/staff/").headers["Location"].startswith("/staff/sign-in/")


@pytest.mark.parametrize(
    "path", ["/cases/{}/", "/appeal/done/{}/", "/cases/{}/files/1/", "/family/{}/code/", "/declare/done/{}/"]
)
def test_foreign_and_missing_are_the_same_404(desk: Desk, visitor: Opens, path: str) -> None:
    foreign = {"/family/{}/code/": "zhang"}.get(path, desk.case("zhang").number)
    filed = desk.appeal("chen")
    if "done" in path:
        foreign = filed.number
    person = visitor("liu")
    theirs, nobodys = person.get(path.format(foreign)), person.get(path.format("A20200101-000001"))
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.content == nobodys.content
    numbers = {answer.headers.pop("X-Request-ID") for answer in (theirs, nobodys)}
    assert len(numbers) == 2, "each request has one of its own"
    assert theirs.headers == nobodys.headers


@pytest.mark.parametrize("act", ["withdraw", "object", "answer"])
def test_nobody_acts_in_somebody_elses_matter(desk: Desk, visitor: Opens, act: str) -> None:
    number = desk.appeal("zhang").number
    person = visitor("chen")
    data = {"text": "我不同意"}
    theirs, nobodys = (person.post(f"/cases/{one}/{act}/", data) for one in (number, "A20200101-000001"))
    assert theirs.status_code == nobodys.status_code == 404
    assert Case.objects.get(number=number).state == "received"


def test_evidence_of_somebody_else_is_not_handed_out(desk: Desk, visitor: Opens, picture: bytes) -> None:
    zhang = desk.citizen("zhang")
    kept = keep_upload(citizen=zhang, content=picture, original_name="a.jpg", by="citizen:zhang", now=desk.now)
    number = desk.appeal("zhang").number
    Evidence.objects.filter(pk=kept.pk).update(case=Case.objects.get(number=number))
    assert visitor("zhang").get(f"/cases/{number}/files/{kept.pk}/").status_code == 200
    assert visitor("chen").get(f"/cases/{number}/files/{kept.pk}/").status_code == 404


def test_a_session_of_one_city_is_none_in_another(desk: Desk, visitor: Opens) -> None:
    person = visitor("zhang")
    response = person.get("/code/", headers={"host": "alpha.localhost"})
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/sign-in/")


def test_a_name_that_is_no_host_of_ours_is_a_plain_404(desk: Desk, stranger: Visitor) -> None:
    response = stranger.get("/", headers={"host": "gamma.localhost"})
    assert response.status_code == 404
    assert response.content == b"No such host."


def test_forms_need_their_secret(desk: Desk) -> None:
    person = Visitor.signed_in(desk.citizen("zhang"), now=desk.now)
    person.client.handler.enforce_csrf_checks = True
    response = person.post("/check-in/", {"healthy": "yes"})
    assert response.status_code == 403
    assert "表单已失效" in response.content.decode()


def test_the_pages_of_a_role_are_403_without_it(desk: Desk) -> None:
    worker = Visitor.at_work("auditor", now=desk.now, username="anna")
    response = worker.get("/staff/queue/")
    assert response.status_code == 403
    assert "您的账号无此权限" in response.content.decode()
