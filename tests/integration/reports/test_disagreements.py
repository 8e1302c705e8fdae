"""The report ``disagreements`` against the oracle, with the case and the effective code of each."""

from datetime import timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

from codes.display.displayed import Shown, keep_displayed
from codes.display.findings import update_findings
from codes.effective import effective_code
from codes.models import Case, Disagreement, EffectiveChange, Provider, Run
from codes.reports.daily_disagreements import COLUMNS, PAIR_KEYS
from tests.integration.reports.conftest import Settled
from tests.integration.reports.days import ONE_DAY, person, run_day
from tests.integration.reports.reading import export, read
from tests.oracle import diagnose, disagreements, effective

HOUR = timedelta(hours=1)


def told(settled: Settled, run: Run) -> list[dict[str, Any]]:
    """What the oracle knows of the rows of that run's day."""
    world = settled.scene.world
    places = {citizen: place for place, citizen in enumerate(world.citizens)}
    found = sorted(disagreements(world, run.day, run.as_of), key=lambda one: places[one.citizen])
    rows = []
    for one in found:
        stood_by = effective(world, one.citizen, run.day, run.as_of)
        rows.append(
            {
                "day": str(run.day),
                "citizen_ref": one.citizen,
                "id_number": person(places[one.citizen]).masked_number,
                "full_name": person(places[one.citizen]).masked_name,
                "colours": one.colours,
                "effective": stood_by.colour,
                "effective_because": stood_by.because,
            }
        )
    return rows


def test_every_row_of_every_day_is_the_oracles(three_days: Settled, out: Path) -> None:
    for run in three_days.runs:
        rows = read(export("disagreements", out / "rows.jsonl", "--day", str(run.day)))
        assert [{key: row[key] for key in COLUMNS[:7]} for row in rows] == told(three_days, run)


def test_every_differing_pair_is_diagnosed_as_the_oracle_does(three_days: Settled, out: Path) -> None:
    run = three_days.runs[-1]
    for row in read(export("disagreements", out / "rows.jsonl")):
        differing = [
            (a, b) for a, b in combinations(sorted(row["colours"]), 2) if row["colours"][a] != row["colours"][b]
        ]
        assert [(pair["a"], pair["b"]) for pair in row["pairs"]] == differing
        for pair in row["pairs"]:
            assert tuple(pair) == PAIR_KEYS
            assert pair["guilty"]["cause"] == pair["primary_cause"]
            if not _found_by(run, row):
                continue
            oracle = diagnose(three_days.scene.world, row["citizen_ref"], pair["a"], pair["b"], run.day, run.as_of)
            assert pair["primary_cause"] == oracle.primary_cause
            assert {frozenset(swap) for swap in pair["swaps_a_to_b"]} == set(oracle.swaps_a_to_b)
            assert {frozenset(swap) for swap in pair["swaps_b_to_a"]} == set(oracle.swaps_b_to_a)


def _found_by(run: Run, row: dict[str, Any]) -> bool:
    """A disagreement is diagnosed by the run that found it."""
    return Disagreement.objects.filter(citizen__ref=row["citizen_ref"], opened_run=run).exists()


def test_the_case_beside_a_row_is_its_own(three_days: Settled, out: Path) -> None:
    for row in read(export("disagreements", out / "rows.jsonl")):
        case = Case.objects.get(citizen__ref=row["citizen_ref"], kind="disagreement", closed_at__isnull=True)
        assert (row["case_number"], row["case_state"]) == (case.number, case.state)


def test_a_past_day_tells_the_case_that_was_open_then(three_days: Settled, out: Path) -> None:
    first = three_days.runs[0]
    rows = read(export("disagreements", out / "rows.jsonl", "--day", str(first.day)))
    assert rows
    numbers = dict(Case.objects.filter(opened_run=first).values_list("citizen__ref", "number"))
    assert {row["citizen_ref"]: row["case_number"] for row in rows} == numbers


def test_a_decided_disagreement_keeps_its_case(three_days: Settled, out: Path) -> None:
    last = three_days.runs[-1]
    standing = Case.objects.filter(closed_at__isnull=True, disagreement__closed_run__isnull=True)
    case = standing.latest("pk")
    Case.objects.filter(pk=case.pk).update(state="decided", closed_at=last.as_of + HOUR, outcome="green")
    run_day(last.day, last.as_of + 2 * HOUR)
    rows = {row["citizen_ref"]: row for row in read(export("disagreements", out / "rows.jsonl"))}
    row = rows[case.citizen.ref]
    assert (row["case_number"], row["case_state"]) == (case.number, "decided")


def test_a_ruling_after_the_run_counts_until_the_next_one(three_days: Settled, out: Path) -> None:
    _, before, last = three_days.runs
    disagreement = Disagreement.objects.filter(closed_run__isnull=True, opened_run__lt=last).order_by("pk").first()
    assert disagreement is not None
    citizen = disagreement.citizen
    ruling = citizen.rulings.create(
        colour="green", state="approved", reason_code="reviewed", evidence=["a document"], expires_on=last.day + 5 * ONE_DAY,
        proposed_by="li", proposed_at=last.as_of, decided_by="wang", decided_at=last.as_of + HOUR,
    )  # fmt: skip
    EffectiveChange.objects.create(
        citizen=citizen, before="red", before_because="policy", after="green", after_because="ruling",
        since=last.as_of + HOUR, day=last.day, ruling=ruling,
    )  # fmt: skip
    ruled = {row["citizen_ref"]: row for row in read(export("disagreements", out / "now.jsonl"))}[citizen.ref]
    assert (ruled["effective"], ruled["effective_because"]) == ("green", "ruling")
    then = read(export("disagreements", out / "then.jsonl", "--day", str(before.day)))
    earlier = {row["citizen_ref"]: row for row in then}[citizen.ref]
    assert earlier["effective_because"] == "policy"


def test_what_was_displayed_wrongly_is_that_of_the_days_end(three_days: Settled, out: Path) -> None:
    """A value nobody knows from the second day on; on the third the city learns what it means, so that its cause is another."""
    _, second, third = three_days.runs
    disagreement = Disagreement.objects.filter(closed_run__isnull=True, opened_run=three_days.runs[0]).earliest("pk")
    colours = disagreement.colours
    provider = Provider.objects.get(code=min(colours))
    stood_by = effective_code(disagreement.citizen_id, now=third.as_of).colour
    others = {"red", "yellow", "green"} - {colours[provider.code], stood_by}
    shown_at = second.as_of + HOUR
    keep_displayed([Shown(disagreement.citizen_id, provider.pk, "=A", shown_at)])
    update_findings(now=shown_at, citizens=[disagreement.citizen_id])
    Provider.objects.filter(pk=provider.pk).update(display={"=A": min(others)})
    update_findings(now=third.as_of + HOUR)

    def told(*day: str) -> list[dict[str, Any]]:
        rows = {row["citizen_ref"]: row for row in read(export("disagreements", out / "rows.jsonl", *day))}
        display: list[dict[str, Any]] = rows[disagreement.citizen.ref]["display"]
        return display

    since = shown_at.astimezone(three_days.scene.world.zone).isoformat()
    found = {"provider": provider.code, "value": "=A", "cause": "unknown_value", "since": since}
    assert [told("--day", str(run.day)) for run in three_days.runs[:2]] == [[], [found]]
    now = told()
    assert now == [{**found, "cause": "unexplained"}]
    assert list(now[0]) == list(found)
    assert told("--day", str(third.day)) == now
    Provider.objects.filter(pk=provider.pk).update(display={"=A": colours[provider.code]})
    update_findings(now=third.as_of + 23 * HOUR)
    assert told() == []
    assert told("--day", str(third.day)) == now
