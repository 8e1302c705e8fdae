"""A past run comes out again from its frozen inputs, whatever was learnt since; a forged history does not."""

from io import StringIO

from django.core.management import call_command

from codes.models import Citizen, Disagreement, Fact, Run, VerdictChange
from codes.reports.replay import replay
from codes.runs.evaluate import evaluate_range
from codes.runs.freeze import freeze_providers
from codes.runs.settle import settle
from regions.models import City
from tests.integration.engine.loading import load_world
from tests.oracle import disagreements
from tests.worlds import random_world


def judged() -> Run:
    """A settled run of a drawn city with disagreements."""
    drawn = (random_world(seed, people=60) for seed in range(30))
    scene = next(one for one in drawn if len(disagreements(one.world, one.day, one.as_of)) > 3)
    load_world(scene.world, known_at=scene.as_of)
    run = Run.objects.create(
        day=scene.day, as_of=scene.as_of, started_by="test", started_at=scene.as_of, state=Run.State.SETTLING
    )
    freeze_providers(run)
    evaluate_range(run=run, low=0, high=2**62, zone=str(scene.world.zone))
    return settle(run, now=scene.as_of)


def test_a_run_comes_out_again_after_more_is_known(bare_city: City) -> None:
    run = judged()
    late = Fact.objects.filter(origin="source", superseded=False, revoked=False)[0]
    late.pk, late.record_id, late.version, late.kind = None, "late", 1, "close_contact"
    late.received_at = run.as_of.replace(year=run.as_of.year + 1)
    late.save(force_insert=True)
    done = replay(run)
    assert done.verdicts > 50
    assert done.differences == []


def test_a_change_the_inputs_do_not_give_is_found(bare_city: City) -> None:
    run = judged()
    forged = VerdictChange.objects.filter(run=run).first()
    assert forged is not None
    later = Run.objects.create(
        day=run.day, sequence=2, as_of=run.as_of, started_by="x", started_at=run.as_of, ended_at=run.as_of, state="done"
    )
    for one in run.providers.all():
        one.pk, one.run = None, later
        one.save(force_insert=True)
    forged.pk, forged.run, forged.before, forged.after, forged.hits = None, later, forged.after, "green", []
    forged.save(force_insert=True)
    assert [one.replayed for one in replay(later).differences] == [forged.before]


def test_everything_about_one_person(bare_city: City) -> None:
    judged()
    person = Citizen.objects.get(pk=Disagreement.objects.filter(pairs__isnull=False)[0].citizen_id)
    said = StringIO()
    call_command("explain", city=bare_city.schema_name, citizen=person.ref, lang="en", stdout=said)
    assert person.ref in said.getvalue()
    assert "So " in said.getvalue()
