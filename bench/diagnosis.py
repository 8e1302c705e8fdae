"""``./run bench diagnosis``: the diagnosis of 20,000 disagreements, against the run's verdicts and a loop over the pairs."""

from bench import report, samples
from bench.a_city import SCHEMA, a_city, fresh_round, say
from bench.city import Size
from bench.clock import typical
from bench.peers.pair_loop import diagnose_in_a_loop
from bench.plot import bars
from bench.rounds import Round
from codes.models import PairDiagnosis, Run
from regions.tenancy import in_city

# In such a city 2 in 100 people have a disagreement.
WITH_FACTS_SHARE = 0.07
LIMIT = 2


def main(*, people: int, with_facts: int | None, sample: int, rounds: int) -> None:
    """Measure and write the results."""
    size = Size(people, with_facts or int(people * WITH_FACTS_SHARE))
    with a_city(size):
        done = [fresh_round() for _ in range(rounds)]
        with in_city(SCHEMA):
            pairs = PairDiagnosis.objects.count()
            drawn = samples.disagreements(sample)
            loop = diagnose_in_a_loop(Run.objects.latest("pk"), drawn) / len(drawn)
    say(f"  loop: {report.micro(loop)} a pair")
    _write(size, done, pairs, loop)


def _write(size: Size, done: list[Round], pairs: int, loop: float) -> None:
    verdicts, diagnoses = typical([one.evaluate for one in done]), typical([one.diagnosis for one in done])
    judged, diagnosed = verdicts.seconds, diagnoses.seconds
    ours = diagnosed / pairs
    of_processor = diagnoses.processor / (verdicts.processor or diagnoses.processor)
    rows = [
        ["the run's verdicts", report.seconds(judged), "1", report.seconds(verdicts.processor), "1"],
        [f"the diagnosis of {pairs:,} pairs", report.seconds(diagnosed), f"{diagnosed / judged:.2f}",
         report.seconds(diagnoses.processor), f"{of_processor:.2f}"],
    ]  # fmt: skip
    one = [
        ["this portal: swaps, cause and root cause, stored", report.micro(ours), "1"],
        ["a Python loop over the pairs: swaps and cause", report.micro(loop), f"{loop / ours:.1f}"],
    ]
    said = (
        f"{size.with_facts:,} people have facts. Medians of {len(done)} rounds. The loop judges a sample and must find the swaps "
        "and causes that the portal stored, or the bench fails. The foreign keys of what is stored are checked at the commit, with "
        "all others.\n"
    )
    page = report.write(
        "diagnosis",
        f"Why {pairs:,} of {size.people:,} people see two colours",
        [
            said,
            report.table(
                ["promise", "measured", "kept"],
                [
                    report.promise(
                        f"the diagnosis, in times of the run's verdicts (at most {LIMIT})", diagnosed / judged, LIMIT
                    )
                ],
            ),
            report.table(["", "time", "× the verdicts", "processor", "× the verdicts"], rows),
            report.table(["one pair", "time", "× ours"], one),
        ],
    )
    bars(
        page.with_suffix(".svg"),
        "Diagnosing one pair",
        "µs",
        [("this portal", ours * 1e6), ("Python loop", loop * 1e6)],
    )
    say(f"written to bench/results/{page.name}")
