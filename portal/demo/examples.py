"""One person for each cause of disagreement, told as the portal tells it."""

from codes.diagnosis.sentences.context import about, context_of
from codes.diagnosis.telling import tell
from codes.models import PairDiagnosis, Run
from codes.vocabulary import Cause
from regions.masking import mask_name
from regions.tenancy import in_city

_WITH = ("a", "b", "disagreement__citizen")


def examples(schema: str, run_id: int) -> str:
    """The first disagreement of each cause that stands in the city: who, in both languages why; empty without any."""
    with in_city(schema) as city:
        context = context_of(Run.objects.get(pk=run_id))
        standing = PairDiagnosis.objects.filter(disagreement__closed_run__isnull=True).order_by("pk")
        found = [standing.filter(primary_cause=cause).select_related(*_WITH).first() for cause in Cause]
        told = [f"For example in {city.name_zh} {city.name_en}:"]
        for diagnosis in [one for one in found if one is not None]:
            person = diagnosis.disagreement.citizen
            own = about(context, citizen_id=person.pk)
            told.append(f"  {mask_name(person.full_name)} ({person.ref}), {Cause(diagnosis.primary_cause).en}:")
            for language, gap in (("zh-hans", ""), ("en", " ")):
                said = tell(diagnosis, audience="citizen", language=language, context=own)
                told.append(f"    {said.sentence}{gap}{said.outcome}")
    return "\n".join(told) if len(told) > 1 else ""
