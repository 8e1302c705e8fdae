"""``./run bench pages``: time and queries of each page in a city of 200,000 with 20,000 open cases."""

import logging
from dataclasses import dataclass

from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bench import report
from bench.a_city import SCHEMA, a_city, fresh_round, say
from bench.addresses import Page, pages
from bench.city import Size
from bench.clock import Watch, watch
from bench.plot import bars
from bench.rounds import BenchFailed
from bench.stage import stage
from bench.visits import Visitors, cases
from codes.models import Case
from regions.models import City, Domain
from regions.tenancy import as_owner, in_city

# Nearly a third of the people with facts in such a city have an open case.
WITH_FACTS_SHARE = 0.35
TIME_LIMIT, QUERY_LIMIT = 0.2, 12
HOST = "bench-city.localhost"
SEEN, WARM_UP, COUNTED = 200, 2, 5
STAGED = 40
# Entering the city, which django-tenants does before each query, and the begin and end of transactions.
NO_QUERIES = ("SET search_path", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


@dataclass(frozen=True)
class Looked:
    """A page's times, and the most queries of one visit."""

    name: str
    times: list[Watch]
    queries: int

    @property
    def p95(self) -> float:
        """The seconds that 95 of 100 visits do not exceed."""
        return _at(95, [one.seconds for one in self.times])

    @property
    def p95_of_processor(self) -> float:
        """The same for processor time, of the web process and the database together."""
        return _at(95, [one.processor for one in self.times])

    @property
    def median(self) -> float:
        return _at(50, [one.seconds for one in self.times])


def main(*, people: int, visits: int) -> None:
    """Measure and write the results."""
    with a_city(Size(people, int(people * WITH_FACTS_SHARE))):
        fresh_round()
        with as_owner():
            Domain.objects.create(domain=HOST, tenant=City.objects.get(schema_name=SCHEMA), is_primary=True)
        for noisy in ("django.request", "axes"):
            logging.getLogger(noisy).setLevel(logging.ERROR)
        with in_city(SCHEMA), override_settings(DEBUG=False):
            standing = Case.objects.filter(closed_at__isnull=True).count()
            looked, left_out = _look_at_all(visits)
    _write(people, standing, looked, left_out)


def _look_at_all(visits: int) -> tuple[list[Looked], list[str]]:
    visitors, drawn = Visitors(HOST, now=timezone.now()), cases(visits + STAGED)
    stage(drawn[visits:], now=timezone.now())
    drawn = drawn[:visits]
    found, left_out = pages()
    looked: list[Looked] = []
    for page in found:
        browser, path = visitors.look(page, drawn[0])
        if page.open(browser, path).status_code != SEEN:
            left_out.append(page.title)
            continue
        looked.append(_look_at(page, visitors, drawn))
        say(f"  {page.title}: {looked[-1].p95 * 1000:.0f} ms, {looked[-1].queries} queries")
    return sorted(looked, key=lambda one: -one.p95), left_out


def _look_at(page: Page, visitors: Visitors, drawn: list[Case]) -> Looked:
    times: list[Watch] = []
    queries = 0
    for nth, case in enumerate([*drawn[:WARM_UP], *drawn]):
        browser, path = visitors.look(page, case)
        with watch() as spent:
            answered = page.open(browser, path)
        if answered.status_code != SEEN:
            raise BenchFailed(f"{page.title} answered {answered.status_code} at {path}")
        if nth >= WARM_UP:
            times.append(spent)
    for case in drawn[:COUNTED]:
        browser, path = visitors.look(page, case)
        with CaptureQueriesContext(connection) as asked:
            page.open(browser, path)
        queries = max(queries, sum(not one["sql"].startswith(NO_QUERIES) for one in asked.captured_queries))
    return Looked(page.title, times, queries)


def _write(people: int, standing: int, looked: list[Looked], left_out: list[str]) -> None:
    slowest, most = max(one.p95 for one in looked), max(one.queries for one in looked)
    promises = [
        report.promise(
            f"p95 of the slowest page, ms (at most {TIME_LIMIT * 1000:.0f})", slowest * 1000, TIME_LIMIT * 1000
        ),
        report.promise(
            f"the same of the processor, ms (at most {TIME_LIMIT * 1000:.0f})",
            max(one.p95_of_processor for one in looked) * 1000,
            TIME_LIMIT * 1000,
        ),
        report.promise(f"queries of the page with the most (at most {QUERY_LIMIT})", most, QUERY_LIMIT),
    ]
    rows = [
        [
            one.name,
            *(f"{seconds * 1000:.0f} ms" for seconds in (one.median, one.p95, one.p95_of_processor)),
            one.queries,
        ]
        for one in looked
    ]
    said = (
        f"{people:,} people, {standing:,} open cases. Each page is looked at {len(looked[0].times)} times in one process, each time "
        "about another citizen: the whole request from the host name to the last byte, without the network. What only enters the "
        "city, begins or ends a transaction is no query.\n"
    )
    parts = [said, report.table(["promise", "measured", "kept"], promises)]
    parts.append(report.table(["page", "median", "p95", "p95 of the processor", "queries"], rows))
    if left_out:
        parts.append(
            "Not looked at, for they lead on, only take something in, or are about something that is not in this city: "
            f"{', '.join(left_out)}.\n"
        )
    page = report.write("pages", f"The pages of a city of {people:,}", parts)
    bars(
        page.with_suffix(".svg"),
        "95 of 100 looks at a page take at most",
        "ms",
        [(one.name, one.p95 * 1000) for one in looked],
    )
    say(f"written to bench/results/{page.name}")


def _at(share: int, values: list[float]) -> float:
    """Return the value that this share of 100 does not exceed."""
    return sorted(values)[min(len(values) - 1, len(values) * share // 100)]
