"""A replay that somebody asked for: noted in the journal with what came of it, and told provider by provider for one person."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models.functions import Coalesce

from codes.models import Citizen, Registration, Run, RunProvider, VerdictChange
from codes.reports.replay import Difference, Replayed, replay
from codes.vocabulary import State
from regions.journal.record import record

REPLAYED = "run.replayed"


@dataclass(frozen=True)
class Again:
    """One provider's verdict on one person: what was stored then, by which inputs, and where the replay says otherwise."""

    inputs: RunProvider
    state: State
    rules: tuple[str, ...]
    differences: tuple[Difference, ...]


def replay_and_note(run: Run, *, by: str, now: datetime, citizen: Citizen | None = None) -> Replayed:
    """Judge the run's people, or one of them, again, and write down that it was done and what came of it."""
    done = replay(run, citizen_id=citizen.pk if citizen else None)
    told = {
        "day": run.day.isoformat(),
        "sequence": run.sequence,
        "verdicts": done.verdicts,
        "differing": len({(one.citizen_ref, one.provider) for one in done.differences}),
    }
    if citizen is not None:
        told["citizen"] = citizen.ref
    with transaction.atomic():
        record(REPLAYED, by=by, now=now, subject=f"run:{run.pk}", data=told)
    return done


def side_by_side(run: Run, citizen: Citizen, done: Replayed) -> list[Again]:
    """The person's verdicts after the run, by provider, with the differences the replay found."""
    registered = set(
        Registration.objects.filter(citizen=citizen, registered_at__lte=run.as_of).values_list("provider_id", flat=True)
    )
    of_then = Run.objects.annotate(of=Coalesce("amends_id", "pk")).filter(of__lte=run.pk, state__in=Run.COUNTED)
    changes = VerdictChange.objects.filter(citizen=citizen, run__in=of_then.values("pk")).order_by("run_id")
    last = {change.provider_id: change for change in changes}
    rows = run.providers.select_related("provider", "source", "version__rule_set").order_by("provider__code")
    return [_again(row, last.get(row.provider_id), row.provider_id in registered, done) for row in rows]


def _again(inputs: RunProvider, change: VerdictChange | None, is_registered: bool, done: Replayed) -> Again:
    if not is_registered or not inputs.known:
        return Again(inputs, State.UNKNOWN if is_registered else State.NOT_APPLIED, (), ())
    state = State(change.after) if change else State.GREEN
    rules = tuple(sorted({str(hit["rule"]) for hit in change.hits})) if change and state is not State.GREEN else ()
    differences = tuple(one for one in done.differences if one.provider == inputs.provider.code)
    return Again(inputs, state, rules, differences)
