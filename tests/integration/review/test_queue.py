"""The queue: filters, pages that continue after a key, and groups by common cause, also with twenty thousand open cases."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from codes.models import Case, Disagreement, PairDiagnosis, Run
from codes.review.cases import assign
from codes.review.cases.queue import CaseFilter, count_of, groups_of, open_cases
from codes.review.cases.sweep import escalate_overdue
from portal.web.keyset import Page, keyset_page
from regions.staff.roles import Role
from tests.integration.conftest import OpenDesk
from tests.integration.review.desk import Desk, hire

PEOPLE = {
    **dict.fromkeys([f"red{number}" for number in range(5)], "spacetime_overlap"),
    **dict.fromkeys([f"yellow{number}" for number in range(5)], "arrival"),
}
MANY = 20_000


@pytest.fixture
def crowd(opened_at_beta: OpenDesk, now: datetime) -> Desk:
    return opened_at_beta(PEOPLE, now=now)


def refs(chosen: CaseFilter, now: datetime) -> set[str]:
    return set(open_cases(chosen, now=now).values_list("citizen__ref", flat=True))


def everybody(start: str = "") -> set[str]:
    return {name for name in PEOPLE if name.startswith(start)}


def test_filters_narrow(crowd: Desk) -> None:
    now = crowd.now
    crowd.appeal("red0")
    assign.assign(case_id=crowd.case("red1").pk, to="li", by="wang", now=now)
    crowd.bring(crowd.case("red2"), "decided")
    group = crowd.case("red3").group_key
    assert group
    expected: list[tuple[CaseFilter, set[str]]] = [
        (CaseFilter(), everybody() - {"red2"}),
        (CaseFilter(severity="yellow"), everybody("yellow")),
        (CaseFilter(kind="appeal"), {"red0"}),
        (CaseFilter(assignee="li"), {"red1"}),
        (CaseFilter(assignee="-", severity="red"), {"red0", "red3", "red4"}),
        (CaseFilter(state="in_review"), {"red1"}),
        (CaseFilter(group=group), {case.citizen.ref for case in Case.objects.filter(group_key=group, closed_at=None)}),
        (CaseFilter(cause="source", severity="red"), {"red0", "red1", "red3", "red4"}),
        (CaseFilter(cause="rules"), set()),
        (CaseFilter(provider="wechat"), everybody() - {"red2"}),
        (CaseFilter(provider="cityapp"), set()),
        (CaseFilter(provider="alipay", kind="appeal"), set()),
        (CaseFilter(overdue=True), set()),
        (CaseFilter(escalated=True), set()),
    ]
    for chosen, people in expected:
        assert refs(chosen, now) == people, chosen
        assert count_of(chosen, now=now) == open_cases(chosen, now=now).count()
    late = now + timedelta(hours=9)
    assert refs(CaseFilter(overdue=True), late) == everybody("yellow")
    escalate_overdue(now=late)
    assert refs(CaseFilter(escalated=True, severity="yellow"), late) == everybody("yellow")


def test_pages_hold_every_case_once_the_earliest_due_first(crowd: Desk) -> None:
    pages = list(all_pages(CaseFilter(), crowd.now, size=3))
    assert [len(page) for page in pages] == [3, 3, 3, 1]
    cases = [case for page in pages for case in page]
    assert len({case.pk for case in cases}) == 10
    assert cases == sorted(cases, key=lambda case: (case.due_at, case.pk))
    assert {case.severity for case in cases[:5]} == {"yellow"}


def all_pages(chosen: CaseFilter, now: datetime, *, size: int) -> Iterator[list[Case]]:
    after: str | None = ""
    while after is not None:
        page = page_of(chosen, now=now, after=after, size=size)
        yield page.rows
        after = page.next


def page_of(chosen: CaseFilter, *, now: datetime, after: str = "", size: int = 50) -> Page[Case]:
    """As the queue's page asks for it."""
    cases = open_cases(chosen, now=now).select_related("citizen", "disagreement", "appeal__provider")
    return keyset_page(cases, QueryDict(f"after={after}"), by=["due_at", "id"], size=size)


def test_a_case_that_closes_meanwhile_moves_no_other_past_a_page(crowd: Desk) -> None:
    first = page_of(CaseFilter(), now=crowd.now, size=4)
    crowd.bring(first.rows[0], "decided")
    second = page_of(CaseFilter(), now=crowd.now, after=first.next or "", size=20)
    assert not {case.pk for case in first.rows} & {case.pk for case in second.rows}
    assert len(second.rows) == 6


def test_groups_are_by_common_cause_the_largest_first(crowd: Desk) -> None:
    groups = groups_of(CaseFilter(), now=crowd.now)
    assert sum(group.cases for group in groups) == 10
    assert [group.cases for group in groups] == sorted((group.cases for group in groups), reverse=True)
    for group in groups:
        assert count_of(CaseFilter(group=group.key), now=crowd.now) == group.cases
        assert group.earliest_due == min(
            open_cases(CaseFilter(group=group.key), now=crowd.now).values_list("due_at", flat=True)
        )


def fill(desk: Desk) -> None:
    """Twenty thousand more open cases, of as many people, half of them in one group."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO codes_citizen (id, ref, id_type, id_hash, id_encrypted, full_name, known_since)
            SELECT 5000000 + n, 'X' || n, '99', n::text::bytea, '-', '', %(now)s FROM generate_series(1, %(many)s) n;
            INSERT INTO codes_disagreement (id, citizen_id, fingerprint, colours, opened_run_id)
            SELECT 5000000 + n, 5000000 + n, n::text::bytea, '{"alipay": "green", "wechat": "red"}', %(run)s
            FROM generate_series(1, %(many)s) n;
            INSERT INTO codes_pairdiagnosis (disagreement_id, a_id, b_id, primary_cause, swaps_a_to_b, swaps_b_to_a, root_cause,
                                             group_key, run_id)
            SELECT 5000000 + n, %(a)s, %(b)s, 'source', '[]', '[]', '{}', '', %(run)s FROM generate_series(1, %(many)s) n;
            INSERT INTO codes_case (number, kind, citizen_id, state, disagreement_id, fingerprint, severity, opened_at, due_at,
                                    assigned_to, outcome, group_key)
            SELECT 'X' || n, 'disagreement', 5000000 + n, 'received', 5000000 + n, n::text::bytea, 'red', %(now)s,
                   %(now)s + n * interval '1 second', '', '', CASE WHEN n %% 2 = 0 THEN 'batch|police|7' ELSE 'late|' || n %% 50 END
            FROM generate_series(1, %(many)s) n
            """,
            {
                "now": desk.now,
                "many": MANY,
                "run": Run.objects.latest("pk").pk,
                "a": desk.keys.providers["alipay"],
                "b": desk.keys.providers["wechat"],
            },
        )
        cursor.execute("SELECT refresh_statistics(ARRAY['codes_case', 'codes_citizen', 'codes_pairdiagnosis'])")
    assert Disagreement.objects.count() == PairDiagnosis.objects.count() == MANY + len(PEOPLE)


def test_the_queue_is_quick_with_twenty_thousand_open_cases(crowd: Desk) -> None:
    """A page is one query by an index, wherever it starts; what acts on all is a few statements."""
    fill(crowd)
    hire("zhou", Role.REVIEWER, now=crowd.now)
    ten_thousand = keyset_page(
        Case.objects.filter(number__startswith="X"), QueryDict(), by=["due_at", "id"], size=10_000
    )
    middle = ten_thousand.next or ""
    assert ten_thousand.rows[-1].due_at == crowd.now + timedelta(seconds=10_000)
    filters = [
        CaseFilter(),
        CaseFilter(kind="disagreement"),
        CaseFilter(state="received"),
        CaseFilter(assignee="-"),
        CaseFilter(group="batch|police|7"),
        CaseFilter(cause="source"),
        CaseFilter(provider="wechat"),
    ]
    for chosen in filters:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            started = time.perf_counter()
            page = page_of(chosen, now=crowd.now, after=middle)
            assert time.perf_counter() - started < 0.2, chosen
        assert len(page.rows) == 50
        assert len([one for one in queries if "codes_case" in one["sql"]]) == 1
    started = time.perf_counter()
    groups = groups_of(CaseFilter(), now=crowd.now)
    assert groups[0].cases == MANY // 2
    assert time.perf_counter() - started < 0.5
    started = time.perf_counter()
    assert assign.bulk_assign(chosen=CaseFilter(group=groups[0].key), to="zhou", by="wang", now=crowd.now) == 10_000
    assert escalate_overdue(now=crowd.now + timedelta(days=2)) == MANY + len(PEOPLE)
    assert time.perf_counter() - started < 20
