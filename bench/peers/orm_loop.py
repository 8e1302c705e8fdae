"""The daily run in the most direct style: a loop over the people, Django's models, and a query wherever data is needed.

It judges, keeps the history and settles effective code, disagreement and case as the run does, but makes no diagnosis. Rules and
risk areas are loaded once, all is one transaction, and the city is entered once instead of before each query, which makes it faster
than most such loops.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from bench.clock import Watch, watch
from bench.peers.inputs import Pair, check_in_spans
from bench.peers.person import Eyes, Hit, Versions, judge, load_versions
from codes.models import (
    Case,
    CaseEvent,
    Citizen,
    Disagreement,
    EffectiveChange,
    EffectiveCode,
    Registration,
    Run,
    RunProvider,
    Verdict,
    VerdictChange,
)
from codes.runs.ledger import start_run
from codes.runs.steps import freeze_providers
from regions.tenancy import current_city

# While this is set on the connection, search path and role are not set again.
ENTERING = "_setting_search_path"
Found = dict[Pair, tuple[str, list[Hit]]]


def judge_in_a_loop(citizens: Sequence[int]) -> tuple[Watch, Found]:
    """Return the time for these people, and (citizen, provider) → colour and hits where not green. Writes are rolled back."""
    found: Found = {}
    with transaction.atomic():
        run, _ = start_run(by="system", now=timezone.now(), collects=False)
        frozen = {row.provider_id: row for row in freeze_providers(run)}
        with _entered_once(), watch() as counted:
            versions = load_versions(current_city().zone)
            for citizen in Citizen.objects.filter(pk__in=citizens).iterator():
                found |= _one_person(citizen, run, frozen, versions)
        transaction.set_rollback(True)
    return counted, found


@contextmanager
def _entered_once() -> Iterator[None]:
    """Omit the statement that sets search path and role before each query in the block, as this connection is in the city."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    setattr(connection, ENTERING, True)
    try:
        yield
    finally:
        setattr(connection, ENTERING, False)


def _one_person(citizen: Citizen, run: Run, frozen: dict[int, RunProvider], versions: Versions) -> Found:
    found: Found = {}
    colours: dict[str, str] = {}
    facts = list(citizen.facts.all())
    for registration in citizen.registrations.filter(registered_at__lte=run.as_of).select_related("provider"):
        eyes = _eyes(registration, frozen[registration.provider_id])
        colour, hits = judge(facts, eyes, versions, as_of=run.as_of, day=run.day)
        colours[registration.provider.code] = colour
        _keep(registration, run, eyes.version_id, colour, hits)
        if colour != "green":
            found[citizen.pk, registration.provider_id] = (colour, hits)
    if colours:
        _settle(citizen, run, colours)
    return found


def _eyes(registration: Registration, frozen: RunProvider) -> Eyes:
    person = registration.citizen_id, registration.provider_id
    spans = check_in_spans([registration.citizen_id]).get(person, [])
    return Eyes(registration.provider_id, frozen.source_id, frozen.version_id, frozen.horizon, spans)  # type: ignore[arg-type]


def _keep(registration: Registration, run: Run, version_id: int, colour: str, hits: list[Hit]) -> None:
    who: dict[str, Any] = {"citizen_id": registration.citizen_id, "provider_id": registration.provider_id}
    stood = Verdict.objects.filter(**who).first()
    before = stood.colour if stood else "green"
    if before == colour and (stood is None or stood.hits == hits):
        return
    VerdictChange.objects.create(run=run, version_id=version_id, before=before, after=colour, hits=hits, **who)
    if colour == "green":
        Verdict.objects.filter(**who).delete()
    else:
        Verdict.objects.update_or_create(
            **who, defaults={"version_id": version_id, "colour": colour, "hits": hits, "run": run}
        )


def _settle(citizen: Citizen, run: Run, colours: dict[str, str]) -> None:
    agree = len(set(colours.values())) == 1
    strictest = min(colours.values(), key=["red", "yellow", "green"].index)
    because = "agreement" if agree else "policy"
    stood = EffectiveCode.objects.filter(citizen=citizen).first()
    before = (stood.colour, stood.because) if stood else ("green", "agreement")
    if before != (strictest, because):
        EffectiveChange.objects.create(
            citizen=citizen, before=before[0], before_because=before[1], after=strictest, after_because=because,
            since=run.as_of, day=run.day, run=run,
        )  # fmt: skip
        EffectiveCode.objects.update_or_create(
            citizen=citizen, defaults={"colour": strictest, "because": because, "since": run.as_of}
        )
    if not agree:
        _open_case(citizen, run, colours, strictest)


def _open_case(citizen: Citizen, run: Run, colours: dict[str, str], strictest: str) -> None:
    if Disagreement.objects.filter(citizen=citizen, closed_run__isnull=True, colours=colours).exists():
        return
    found = Disagreement.objects.create(citizen=citizen, fingerprint=b"", colours=colours, opened_run=run)
    if Case.objects.filter(citizen=citizen, kind="disagreement", closed_at__isnull=True).exists():
        return
    case = Case.objects.create(
        number=f"B-{citizen.pk}", kind="disagreement", citizen=citizen, disagreement=found, fingerprint=b"",
        severity=strictest, opened_at=run.as_of, opened_run=run, due_at=run.as_of + timedelta(hours=24),
    )  # fmt: skip
    CaseEvent.objects.create(case=case, at=run.as_of, by="system", verb="opened", data={"run": run.pk})
