"""The benches run, and what they compare agrees: a loop or an engine that decided otherwise would measure nothing.

How long anything takes decides no test.
"""

import re
from pathlib import Path

import pytest

from bench import coordinator, day, diagnosis, journal, passes, province, province_day, recompute, report
from bench.a_city import SCHEMA, a_city
from bench.city import Size
from bench.peers import engines, inputs, orm_loop
from bench.rounds import BenchFailed, run_here
from bench.samples import with_facts
from codes.models import Run, Verdict
from regions.models import City
from regions.tenancy import in_city
from tests.own_database import database_urls

PEOPLE, WITH_FACTS, SAMPLE = 1_000, 200, 60


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, transactional_db: None) -> Path:
    """Where the benches write during a test, which works in a database of its own."""
    monkeypatch.setattr(report, "RESULTS", tmp_path)
    # The copy is prepared. To find that out again takes longer than some of the benches.
    for place in ("bench.a_city", "bench.day"):
        monkeypatch.setattr(f"{place}.prepare_database", lambda: None)
    return tmp_path


def test_recompute_compares_like_with_like(results: Path) -> None:
    """The loop, both rule engines and the floor; the workers are left to the tests of the runs."""
    recompute.main(
        people=PEOPLE, with_facts=WITH_FACTS, sample=SAMPLE, rounds=1, no_growth=True, no_celery=True
    )  # fmt: skip
    page = (results / "recompute.md").read_text(encoding="utf-8")
    for said in ("JsonLogic", "zen-engine", "Django loop", "floor", "PostgreSQL"):
        assert said in page
    assert "<svg" in (results / "recompute.svg").read_text(encoding="utf-8")
    assert not City.objects.filter(schema_name=SCHEMA).exists()


def test_diagnosis_compares_like_with_like(results: Path) -> None:
    """Every sampled pair's swaps and cause, told by the loop as the portal stored them."""
    diagnosis.main(people=PEOPLE, with_facts=WITH_FACTS, sample=SAMPLE, rounds=1)
    page = (results / "diagnosis.md").read_text(encoding="utf-8")
    assert "Python loop over the pairs" in page


def test_days_that_judge_few_leave_nothing_for_everybody(results: Path) -> None:
    """A bench whose last day, with everybody judged, changed anything would have failed."""
    day.main(people=300, days=4)
    page = (results / "day.md").read_text(encoding="utf-8")
    assert re.search(r"\| day 2 \| 300 \|", page)
    (few,) = re.findall(r"\| day 4 \| (\d+) \|", page)
    assert int(few) < 100
    assert "the last day again, everybody" in page


def test_the_journal_that_is_verified_is_the_one_that_was_written(results: Path) -> None:
    journal.main(entries=1_000, rounds=1)
    page = (results / "journal.md").read_text(encoding="utf-8")
    assert "the same rows read and hashed" in page
    with pytest.raises(BenchFailed), a_city(Size(100, 10)), in_city(SCHEMA):
        journal._verified(1)


def test_a_peer_that_differs_is_no_peer(results: Path) -> None:
    """The loop takes back what it wrote; a colour of the product that an engine does not find ends the bench."""
    with a_city(Size(PEOPLE, WITH_FACTS)), in_city(SCHEMA):
        known = with_facts(SAMPLE)
        _, found = orm_loop.judge_in_a_loop(known)
        assert found
        assert not Run.objects.exists()
        assert not Verdict.objects.exists()
        run_here(SCHEMA)
        read = inputs.read(Run.objects.latest("pk"), known)
        assert engines.judge_with("JsonLogic", read, known) > 0
        Verdict.objects.filter(pk=Verdict.objects.filter(citizen__in=known).latest("pk").pk).delete()
        with pytest.raises(BenchFailed, match="differ on 1 colour"):
            engines.judge_with("JsonLogic", read, known)


def test_passes_and_pages_are_measured_against_what_they_cannot_avoid(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the real web server, in the test's own database."""
    for name, value in database_urls().items():
        monkeypatch.setenv(name, value)
    passes.main(people=200, sample=4, rounds=1)
    page = (results / "passes.md").read_text(encoding="utf-8")
    for said in ("a pass verified", "bare Ed25519 and qrcode", "a page on which there is nothing", "the code page"):
        assert said in page


def test_a_day_of_a_province_is_drawn_from_what_its_parts_take(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part is measured once, in cities as small as can be: answers, runs, a collection, every task of beat."""
    for name, value in database_urls().items():
        monkeypatch.setenv(name, value)
    for module, name, number in (
        (province, "PEOPLE_SHOWN", 100), (province, "BROWSERS", 4), (province, "RECORDS", 100), (province, "CITIES_OF_BEAT", 1),
        (province, "ROUNDS_OF_BEAT", 1), (province, "DAYS", 3), (province_day, "FOLLOWED", 20),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, number)
    province.main(people=1_000_000, cities=10, openings=2_000_000, sample=5, measured_people=400, seed=1)
    page = (results / "province.md").read_text(encoding="utf-8")
    for said in (
        "a gate has a pass checked",
        "a record collected",
        "beat's tasks",
        "what breaks first",
        "ten times the openings",
    ):
        assert said in page
    assert not City.objects.filter(schema_name__startswith="bench_").exists()


def test_a_coordinator_is_measured_on_a_cluster_only(results: Path) -> None:
    with pytest.raises(BenchFailed, match="no Citus cluster"):
        coordinator.main(people=100, sample=1)
