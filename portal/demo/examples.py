"""An example person for each cause of disagreement, with the portal's explanation. They are invented, so names are shown in full."""

from collections.abc import Iterator
from itertools import chain, islice

from codes.diagnosis.render import render_diagnosis
from codes.diagnosis.sentences.renderer import Context, context_of, with_citizen
from codes.models import PairDiagnosis, Run
from codes.vocabulary import Cause
from portal.demo.people import Person, Population
from portal.demo.stage import Stage
from portal.demo.stories import Fate
from regions.identity import Identity
from regions.keys.encryption import identity_hash
from regions.tenancy import in_city
from regions.vocabulary import label_in

# Most people of a story to check, as on a later day the colours of many agree again.
MOST_LOOKED_AT = 50


def examples(stage: Stage, people: Population, run_id: int) -> str:
    """Return a person for each cause with an open disagreement after the run, and why in both languages; empty if there are none."""
    with in_city(stage.schema):
        context = context_of(Run.objects.get(pk=run_id))
        lines = [line for cause in Cause for line in _example(cause, stage, people, context)]
    return "\n".join([f"For example in {stage.title}:", *lines]) if lines else ""


def first_to_look_at(stage: Stage, people: Population) -> tuple[Person, str] | None:
    """Return a person whose codes differ and the number of their case, or None if there is nobody."""
    with in_city(stage.schema):
        for person, diagnosis in chain.from_iterable(_standing(cause, stage, people) for cause in Cause):
            case = diagnosis.disagreement.cases.open().first()
            if case is not None:
                return person, case.number
    return None


def _example(cause: Cause, stage: Stage, people: Population, context: Context) -> Iterator[str]:
    for person, diagnosis in islice(_standing(cause, stage, people), 1):
        citizen = diagnosis.disagreement.citizen
        yield f"  {citizen.full_name} {person.id_number}, {citizen.ref}: {label_in('en', cause)}"
        own = with_citizen(context, citizen_id=citizen.pk)
        for language, gap in (("zh-hans", ""), ("en", " ")):
            rendered = render_diagnosis(diagnosis, audience="citizen", language=language, context=own)
            yield f"    {rendered.sentence}{gap}{rendered.outcome}"


def _standing(cause: Cause, stage: Stage, people: Population) -> Iterator[tuple[Person, PairDiagnosis]]:
    """Yield those with this cause whose disagreement is open."""
    for person in _with_cause(cause, stage, people):
        found = PairDiagnosis.objects.filter(
            disagreement__closed_run__isnull=True,
            disagreement__citizen__id_hash=identity_hash(Identity(person.id_type, person.id_number)),
            primary_cause=cause,
        )
        diagnosis = found.select_related("a", "b", "disagreement__citizen").first()
        if diagnosis is not None:
            yield person, diagnosis


def _with_cause(cause: Cause, stage: Stage, people: Population) -> Iterator[Person]:
    fate = Fate(stage)
    stories = ((number, fate.story_of(number)) for number in range(people.size))
    numbers = (number for number, story in stories if story is not None and story.cause is cause)
    return map(people.person, islice(numbers, MOST_LOOKED_AT))
