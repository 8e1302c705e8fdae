"""``./run bench suppressions``: the cost of suppressed records in a run that judges everybody."""

from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from bench import report
from bench.a_city import SCHEMA, a_city, fresh_round, say
from bench.city import Size, analyse
from bench.clock import Watch, typical
from bench.rounds import BenchFailed, Round, forget_runs, run_here
from codes.models import Fact, Suppression
from regions.tenancy import in_city

SUPPRESSED = (1_000, 3_000)
LIMIT = 1.05
# People of a hundred who have records, and records of each, as where everybody is tested.
WITH_FACTS, FACTS_EACH = 30, 10

# Every second one is of a single version only, as if the record had been delivered again since: all of them are found by their
# record, and half of them remove it. People are drawn evenly, so that each partition has its share.
SUPPRESS = """
INSERT INTO codes_suppression (source_id, record_id, version, state, reason_code, reason, evidence, proposed_by, proposed_at,
                               decided_by, decided_at)
SELECT source_id, record_id, CASE WHEN place %% 2 = 0 THEN version + 1 END, 'approved', 'wrong_record', '', '[]', 'bench', %(now)s,
       'bench-too', %(now)s
FROM (SELECT source_id, record_id, version, row_number() OVER (ORDER BY hashint8(id)) AS place FROM codes_fact) drawn
WHERE place <= %(wanted)s
"""


@dataclass(frozen=True)
class Judged:
    """The rounds with one number of suppressions."""

    rounds: list[Round]

    @property
    def judging(self) -> Watch:
        return typical([one.evaluate for one in self.rounds])

    @property
    def whole(self) -> Watch:
        return typical([one.total for one in self.rounds])


def main(*, people: int, rounds: int) -> None:
    """Measure and write the results."""
    with a_city(Size(people, people * WITH_FACTS // 100, FACTS_EACH)):
        fresh_round()
        judged = {wanted: Judged([]) for wanted in (0, *SUPPRESSED)}
        for _ in range(rounds):
            for wanted, into in judged.items():
                forget_runs(SCHEMA)  # which also removes all suppressions, with the cases of runs
                _suppress(wanted)
                into.rounds.append(run_here(SCHEMA))
                say(f"  {wanted:,} suppressions: {into.rounds[-1].evaluate.seconds:.2f} s judged")
        with in_city(SCHEMA):
            facts = Fact.objects.count()
    _write(people, facts, judged)


def _suppress(wanted: int) -> None:
    """Add this number of suppressions to a city that has none."""
    with in_city(SCHEMA), connection.cursor() as cursor:
        cursor.execute(SUPPRESS, {"wanted": wanted, "now": timezone.now()})
        if Suppression.objects.count() != wanted:
            raise BenchFailed("other suppressions than wanted")
    analyse(SCHEMA)


def _write(people: int, facts: int, judged: dict[int, Judged]) -> None:
    none = judged[0]
    most = judged[max(SUPPRESSED)]
    rows = [
        [
            f"{wanted:,}",
            report.seconds(one.judging.seconds),
            report.seconds(one.judging.processor),
            f"{one.judging.processor / none.judging.processor:.2f}",
            report.seconds(one.whole.processor),
            f"{one.whole.processor / none.whole.processor:.2f}",
        ]
        for wanted, one in judged.items()
    ]
    said = (
        f"{people:,} people, {facts:,} facts; the run is the city's first and judges everybody. Every second suppression takes its "
        f"record away, the others are of a version that is not there. Medians of {len(none.rounds)} rounds that take turns.\n"
    )
    promise = report.promise(
        f"judging with {max(SUPPRESSED):,} suppressions, processor, in times of none (at most {LIMIT})",
        most.judging.processor / none.judging.processor,
        LIMIT,
    )
    head = ["suppressions", "judging", "processor", "× none", "the whole run, processor", "× none"]
    parts = [said, report.table(["promise", "measured", "kept"], [promise]), report.table(head, rows)]
    page = report.write("suppressions", "Suppressed records", parts)
    say(f"written to bench/results/{page.name}")
