"""Rehearsals in the background: asked for by a person, run by one worker at a time, kept for those who decide.

The row is the truth and the broker a bell: a worker claims it by lease and fence, and whoever finds it waiting may ring again.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from codes.models import DraftRehearsal, RuleSetDraft
from codes.rule_sets.changes import Change, Tally
from codes.rule_sets.draft_reasons import DraftReason
from codes.rule_sets.drafts import checked, today_of
from codes.rule_sets.publish import CannotPublish
from codes.rule_sets.rehearsal import CannotRehearse, rehearsal
from codes.rule_sets.rehearsal_file import FileFormat, write_changes
from regions.journal.record import record
from regions.proposals import require_role
from regions.refusals import Refused
from regions.staff.roles import Role
from regions.tenancy import current_city, second_connection

Clock = Callable[[], datetime]
State = DraftRehearsal.State

# The list is written at the pace of its statement's stream; the longest silence is the statement's own beginning.
LEASE = timedelta(minutes=10)
CHANGES_BETWEEN_LOOKS = 200
TELL_EVERY = timedelta(seconds=1)
NAME_BYTES = 12

TELL = """
UPDATE codes_draftrehearsal SET found = %(found)s, lease_until = %(lease)s
WHERE id = %(job)s AND fence = %(fence)s AND state = 'running'
"""


def ask(draft_id: int, *, by: str, now: datetime) -> DraftRehearsal:
    """Put the draft as it stands down to be rehearsed; asked twice, the same one. Raises ``Refused``."""
    require_role(by, Role.RULE_MANAGER)
    with transaction.atomic():
        draft = RuleSetDraft.objects.select_for_update(of=("self",)).select_related("rule_set").get(pk=draft_id)
        if draft.state != RuleSetDraft.State.EDITING:
            raise Refused(DraftReason.NOT_EDITABLE)
        checked(draft, now=now)
        known = draft.rehearsals.filter(revision=draft.revision).exclude(state=State.FAILED).first()
        if known is not None:
            return known
        job = DraftRehearsal.objects.create(draft=draft, revision=draft.revision, asked_by=by, asked_at=now)
        data = {"draft": draft.pk, "revision": draft.revision}
        record("draft.rehearsal_asked", by=by, now=now, subject=f"rule_set:{draft.rule_set.code}", data=data)
    return job


def rehearse(job_id: int, *, clock: Clock) -> bool:
    """Run it, unless that is done or in other hands; whether this call ended it."""
    job = _claim(job_id, now=clock())
    if job is None:
        return False
    try:
        return _run(job, clock=clock)
    except (CannotRehearse, CannotPublish, Refused) as refusal:
        return _end(job, State.IMPOSSIBLE, now=clock(), message=str(refusal))
    except OSError as error:
        return _end(job, State.FAILED, now=clock(), message=f"{type(error).__name__}: {error.strerror}")


def list_of(job: DraftRehearsal) -> Path:
    """Where the list of changes lies."""
    return _folder() / job.file


@dataclass
class Teller:
    """Says on the job's row how far it is, beside the transaction that is rolled back, and keeps the lease alive."""

    job: DraftRehearsal
    connection: Any
    clock: Clock
    told_at: datetime

    def watch(self, changes: Iterator[Change]) -> Iterator[Change]:
        """The same changes, counted."""
        for count, change in enumerate(changes, start=1):
            if count % CHANGES_BETWEEN_LOOKS == 0 and self.clock() - self.told_at >= TELL_EVERY:
                self.told_at = self.clock()
                values = {"found": count, "lease": self.told_at + LEASE, "job": self.job.pk, "fence": self.job.fence}
                with self.connection.cursor() as cursor:
                    cursor.execute(TELL, values)
            yield change


def _claim(job_id: int, *, now: datetime) -> DraftRehearsal | None:
    free = Q(state=State.WAITING) | Q(state=State.RUNNING, lease_until__lt=now)
    with transaction.atomic():
        taken = DraftRehearsal.objects.filter(free, pk=job_id).update(
            state=State.RUNNING, fence=F("fence") + 1, lease_until=now + LEASE, found=0
        )
        return DraftRehearsal.objects.select_related("draft__rule_set").get(pk=job_id) if taken else None


def _run(job: DraftRehearsal, *, clock: Clock) -> bool:
    now = clock()
    edition = checked(job.draft, now=now)
    tally, name = Tally(), f"{secrets.token_hex(NAME_BYTES)}-{job.fence}.csv"
    with second_connection() as beside, rehearsal(edition, today=today_of(now)) as tried:
        watched = Teller(job, beside, clock, told_at=now).watch(tried.changes)
        write_changes(_folder() / name, FileFormat.CSV, tally.counting(watched), day=tried.day)
    told = {"tally": as_json(tally, providers=tried.providers), "run": tried.run, "day": tried.day, "file": name}
    ended = _end(job, State.DONE, now=clock(), found=sum(tally.colours.values()), **told)
    if not ended:  # another worker has taken it over: theirs is the list
        (_folder() / name).unlink(missing_ok=True)
    return ended


def as_json(tally: Tally, *, providers: list[str]) -> dict[str, Any]:
    """The tally as it is kept: lists instead of pairs as keys, in a stable order."""
    return {
        "providers": providers,
        "citizens": tally.citizens,
        "colours": [[*key, number] for key, number in sorted(tally.colours.items())],
        "stricter_by": sorted(tally.stricter_by.items()),
        "milder_by": sorted(tally.milder_by.items()),
        "appears": tally.disagreements["appears"],
        "vanishes": tally.disagreements["vanishes"],
        "stays": tally.disagreements["stays"],
    }


def _end(job: DraftRehearsal, state: State, *, now: datetime, **values: Any) -> bool:
    mine = DraftRehearsal.objects.filter(pk=job.pk, fence=job.fence, state=State.RUNNING)
    return mine.update(state=state, lease_until=None, ended_at=now, **values) == 1


def _folder() -> Path:
    folder = Path(settings.MEDIA_ROOT) / current_city().schema_name / "rehearsals"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
