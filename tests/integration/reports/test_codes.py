"""The report ``codes`` against the oracle: every row, on the newest day and on earlier days."""

import json
from pathlib import Path

import pytest
from django.db import connection

from codes.models import Provider, Registration, Run, Verdict, VerdictChange
from codes.reports.daily_codes import COLUMNS
from codes.reports.jobs import expected_rows
from codes.reports.request import ReportName, ReportRequest
from regions.models import City
from tests.integration.reports.conftest import Settled
from tests.integration.reports.days import ONE_DAY, load_people, oracle_rows, run_day, scene_of
from tests.integration.reports.reading import export, manifest_of, read


@pytest.mark.parametrize("seed", range(6))
def test_every_row_of_the_newest_day_is_the_oracles(bare_city: City, out: Path, seed: int) -> None:
    scene = scene_of(seed, 60)
    load_people(scene)
    bare_city.interim_policy = scene.world.interim_policy
    run_day(scene.day, scene.as_of)
    written = read(export("codes", out / "codes.jsonl", "--day", str(scene.day)))
    assert written == list(oracle_rows(scene.world, scene.day, scene.as_of))


def test_as_many_rows_are_announced_as_there_are_without_a_retired_provider(bare_city: City, out: Path) -> None:
    scene = scene_of(3, 60)
    load_people(scene)
    retired = Registration.objects.values_list("provider", flat=True)[0]
    Provider.objects.filter(pk=retired).update(retired=True)
    run_day(scene.day, scene.as_of)

    announced = expected_rows(ReportRequest(ReportName.CODES))

    assert announced == len(read(export("codes", out / "codes.jsonl")))
    assert 0 < announced < Registration.objects.count()


def test_past_days_are_told_as_they_were(three_days: Settled, out: Path) -> None:
    assert VerdictChange.objects.filter(run=three_days.runs[1]).exists()
    assert VerdictChange.objects.filter(run=three_days.runs[2]).exists()
    world = three_days.scene.world
    for run in three_days.runs:
        written = read(export("codes", out / "codes.jsonl", "--day", str(run.day)))
        assert written == list(oracle_rows(world, run.day, run.as_of))


def test_the_newest_day_reads_alike_from_the_verdicts_and_from_their_history(three_days: Settled, out: Path) -> None:
    newest = three_days.runs[-1]
    standing = read(export("codes", out / "standing.jsonl"))
    later = Run.objects.create(
        day=newest.day + ONE_DAY, as_of=newest.as_of + ONE_DAY, started_by="t", started_at=newest.as_of, state="failed",
        ended_at=newest.as_of,
    )  # fmt: skip
    assert read(export("codes", out / "after-a-failure.jsonl")) == standing
    Run.objects.filter(pk=later.pk).update(state="done")
    Verdict.objects.all().delete()
    assert read(export("codes", out / "history.jsonl", "--day", str(newest.day))) == standing


def test_a_failed_run_counts_for_nothing(three_days: Settled, out: Path) -> None:
    before = read(export("codes", out / "before.jsonl"))
    Run.objects.filter(pk=three_days.runs[-1].pk).update(state="failed")
    world, run = three_days.scene.world, three_days.runs[-2]
    Verdict.objects.all().delete()
    Verdict.objects.bulk_create(_stood_after(run))
    written = read(export("codes", out / "codes.jsonl", "--day", str(run.day)))
    assert written == list(oracle_rows(world, run.day, run.as_of))
    assert written != before


def _stood_after(run: Run) -> list[Verdict]:
    """The verdicts as they were when the run had settled."""
    last = {}
    for change in VerdictChange.objects.filter(run__lte=run.pk).order_by("run"):
        last[change.citizen_id, change.provider_id] = change
    return [
        Verdict(
            citizen_id=change.citizen_id,
            provider_id=change.provider_id,
            version_id=change.version_id,
            colour=change.after,
            hits=change.hits,
            turns_green_on=change.turns_green_on,
            healthy_days=change.healthy_days,
            needs=change.needs,
            run=run,
        )
        for change in last.values()
        if change.after != "green"
    ]


def test_the_last_settled_run_of_a_day_speaks_for_it(three_days: Settled, out: Path) -> None:
    newest = three_days.runs[-1]
    later = newest.as_of + ONE_DAY / 3
    again = run_day(newest.day, later)
    assert again.sequence > newest.sequence
    file = export("codes", out / "codes.jsonl")
    assert read(file) == list(oracle_rows(three_days.scene.world, newest.day, later))
    assert [run["run"] for run in manifest_of(file)["filters"]["runs"]] == [again.pk]


def test_several_days_follow_each_other(three_days: Settled, out: Path) -> None:
    first, _, last = three_days.runs
    file = export("codes", out / "codes.jsonl", "--from", str(first.day), "--to", str(last.day))
    world = three_days.scene.world
    assert read(file) == [row for run in three_days.runs for row in oracle_rows(world, run.day, run.as_of)]
    assert manifest_of(file)["filters"]["from"] == str(first.day)


def test_the_three_formats_say_the_same(three_days: Settled, out: Path) -> None:
    lines, commas, sheet = (read(export("codes", out / f"codes.{kind}")) for kind in ("jsonl", "csv", "xlsx"))
    assert list(lines[0]) == list(commas[0]) == list(sheet[0]) == list(COLUMNS)
    as_text = [{key: _text(value) for key, value in row.items()} for row in lines]
    assert commas == as_text
    assert [{key: "" if cell is None else str(cell) for key, cell in row.items()} for row in sheet] == as_text


def _text(value: object) -> str:
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)


def test_the_world_is_worth_exporting(three_days: Settled, out: Path) -> None:
    rows = read(export("codes", out / "codes.jsonl"))
    assert {row["state"] for row in rows} == {"red", "yellow", "green", "unknown"}
    assert any(row["turns_green_on"] for row in rows)
    assert any(len(row["rule_codes"]) > 1 for row in rows)


def test_colours_from_before_a_source_grew_stale_are_not_shown(three_days: Settled, out: Path) -> None:
    run = three_days.runs[-1]
    stale = {one.provider.code: one.provider_id for one in run.providers.filter(known=False).select_related("provider")}
    assert Verdict.objects.filter(provider__in=stale.values()).exists()
    rows = [row for row in read(export("codes", out / "codes.jsonl")) if row["provider"] in stale]
    registered = Registration.objects.filter(provider__in=stale.values(), registered_at__lte=run.as_of)
    assert len(rows) == registered.count()
    assert {(row["state"], *row["rule_codes"], row["turns_green_on"]) for row in rows} == {("unknown", None)}


def test_rows_come_through_a_cursor_of_the_server(three_days: Settled, out: Path) -> None:
    with connection.execute_wrapper(_refuse_more_than_some):
        export("codes", out / "codes.csv")


def _refuse_more_than_some(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
    if "codes_registration r" in sql:
        assert context["cursor"].cursor.name, "the rows of a report are read through a named cursor"
    return execute(sql, params, many, context)
