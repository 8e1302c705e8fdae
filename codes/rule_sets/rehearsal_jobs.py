"""Rehearsals of drafts in the background, and the file that lists who would change colour."""

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import TextChoices

from codes.models import DraftRehearsal, RuleSetDraft
from codes.reports.export import WRITERS, FileFormat, drafts_beside, journal_export, put_in_place, statement_of
from codes.reports.formats import PERSON, Row
from codes.reports.manifest import manifest_path, signed
from codes.reports.rows import PersonCells
from codes.rule_sets.drafts import DraftReason, checked
from codes.rule_sets.publish import CannotPublish
from codes.rule_sets.rehearsal import Change, Rehearsal, Tally, rehearsal
from codes.rule_sets.version_file import VersionContent, canonical_digest
from regions.attempts import attempt
from regions.city_files import city_folder, remove_left_files
from regions.journal.record import record
from regions.leased_jobs import DIED, Clock, JobFault, Progress, claim_job, error_fault, sweep
from regions.proposals import require_role, require_role_or_operator
from regions.refusals import Refused
from regions.staff.roles import Role
from regions.tenancy import current_city, second_connection

__all__ = ["COLUMNS", "FileFormat", "SignedList", "signed_list", "write_changes"]

COLUMNS = ("day", *PERSON, "provider", "before", "after", "rules_before", "rules_after", "changed_by", "disagreement")


REPORT = "rehearsal"


@dataclass
class SignedList:
    """A list that is being written.

    Call ``write`` while the rehearsal runs. ``manifest`` is set once the list is signed and in place.
    """

    draft: Path
    file_format: FileFormat
    rows: int = 0
    filters: dict[str, Any] = field(default_factory=dict)
    manifest: dict[str, Any] = field(default_factory=dict)

    def write(self, changes: Iterable[Change], tried: Rehearsal, version: VersionContent) -> None:
        self.rows = WRITERS[self.file_format](self.draft, COLUMNS, _rows(changes, tried.day))
        self.filters = {
            "day": tried.day.isoformat(),
            "run": tried.run.pk,
            "as_of": tried.run.as_of.isoformat(),
            "rule_set": version.code,
            "version": version.version,
            "digest": canonical_digest(version),
        }


@contextmanager
def signed_list(file: Path, file_format: FileFormat, *, by: str, now: datetime) -> Iterator[SignedList]:
    """Create a list with its manifest and a journal entry, as every export: complete or not at all.

    Open it around the rehearsal: what is written during the rehearsal is rolled back, so the list is signed after its
    end. Raises ``CannotExport`` and ``NotAllowed``.
    """
    require_role_or_operator(by, Role.RULE_MANAGER)
    with drafts_beside(file) as (draft, draft_manifest):
        written = SignedList(draft, file_format)
        yield written
        statement = statement_of(
            REPORT, COLUMNS, written.filters, draft, file_format, rows=written.rows, by=by, now=now
        )
        written.manifest = signed(statement)
        manifest = json.dumps(written.manifest, ensure_ascii=False, indent=2)
        draft_manifest.write_text(f"{manifest}\n", encoding="utf-8")
        with transaction.atomic():
            journal_export(written.manifest, by=by, now=now)
        put_in_place({draft: file, draft_manifest: manifest_path(file)})


def write_changes(file: Path, file_format: FileFormat, changes: Iterable[Change], *, day: date) -> int:
    """Write one row for each change and return their number. The file appears only when it is complete."""
    draft = file.with_name(f".{file.name}.part")
    try:
        rows = WRITERS[file_format](draft, COLUMNS, _rows(changes, day))
        draft.chmod(0o600)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    return rows


def _rows(changes: Iterable[Change], day: date) -> Iterator[Row]:
    person = PersonCells(identified=False)
    for one in changes:
        yield (
            day.isoformat(),
            *person.of(one.citizen_id, one.ref, one.id_encrypted, one.full_name),
            one.provider,
            one.before,
            one.after,
            one.rules_before,
            one.rules_after,
            one.changed_by,
            one.disagreement,
        )


State = DraftRehearsal.State

CHANGES_BETWEEN_LOOKS = 200
NAME_BYTES = 12


def ask(draft_id: int, *, by: str, now: datetime) -> DraftRehearsal:
    """Request a rehearsal of the draft's current revision. Asked twice, return the same one. Raises ``Refused``."""
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
    """Run the rehearsal, unless it is done or another worker has it. Return whether this call ended it."""
    asked = DraftRehearsal.objects.select_related("draft__rule_set").filter(pk=job_id)
    job = claim_job(asked, now=clock(), found=0)
    if job is None:
        return False
    with attempt(job, lambda error: _failed(job, error, now=clock()), clock=clock):
        try:
            return _run(job, clock=clock)
        except CannotPublish as refusal:
            return _rule_out(job, refusal.fault.code, refusal.fault.params, now=clock())
        except Refused as refusal:
            return _rule_out(job, refusal.reason, refusal.params, now=clock())
        except OSError as error:
            params = {"error": f"{type(error).__name__}: {error.strerror}"}
            return _end_failed(job, JobFault.ERROR, params, now=clock())


def sweep_rehearsals(*, now: datetime) -> list[int]:
    """End the rehearsals whose workers died too often, and remove their files. Return the rehearsals for a worker to claim."""
    lists = DraftRehearsal.objects.exclude(file="").values_list("file", flat=True)
    remove_left_files(_folder(), referred=lists.iterator, now=now)
    return sweep(DraftRehearsal.objects.all(), now=now, give_up=lambda job: _end_failed(job, *DIED, now=now))


def list_of(job: DraftRehearsal) -> Path:
    return _folder() / job.file


def remove_list(name: str) -> None:
    """Remove the list of a rehearsal whose row says that it has been removed."""
    (_folder() / name).unlink(missing_ok=True)


def _run(job: DraftRehearsal, *, clock: Clock) -> bool:
    now = clock()
    version = checked(job.draft, now=now)
    tally, name = Tally(), f"{secrets.token_hex(NAME_BYTES)}-{job.fence}.csv"
    with second_connection() as beside, rehearsal(version, today=current_city().day_of(now)) as tried:
        watched = Progress(job, beside, clock, now, "found", CHANGES_BETWEEN_LOOKS).watch(tried.changes)
        write_changes(_folder() / name, FileFormat.CSV, tally.counting(watched), day=tried.day)
        counts = {**as_json(tally, providers=tried.providers), **tried.follows(tally.people)._asdict()}
    result = {"tally": counts, "run": tried.run, "day": tried.day, "file": name}
    ended = job.leave(State.DONE, ended_at=clock(), found=sum(tally.colours.values()), **result)
    if not ended:  # another worker has claimed the job; its list counts
        (_folder() / name).unlink(missing_ok=True)
    return ended


def as_json(tally: Tally, *, providers: list[str]) -> dict[str, Any]:
    """Return the tally as stored: lists instead of pairs as keys, in a stable order."""
    return {
        "providers": providers,
        "citizens": tally.citizens,
        "colours": [[*key, number] for key, number in sorted(tally.colours.items())],
        "held_colours": [[*key, number] for key, number in sorted(tally.held_colours.items())],
        "stricter_by": sorted(tally.stricter_by.items()),
        "milder_by": sorted(tally.milder_by.items()),
        "appears": tally.disagreements["appears"],
        "vanishes": tally.disagreements["vanishes"],
        "stays": tally.disagreements["stays"],
    }


def _failed(job: DraftRehearsal, error: Exception, *, now: datetime) -> None:
    if not job.give_back():
        _end_failed(job, *error_fault(error), now=now)


def _end_failed(job: DraftRehearsal, fault: TextChoices, params: Mapping[str, Any], *, now: datetime) -> bool:
    return job.leave(State.FAILED, ended_at=now, fault=fault.value, params=params)


def _rule_out(job: DraftRehearsal, fault: TextChoices, params: Mapping[str, Any], *, now: datetime) -> bool:
    return job.leave(State.IMPOSSIBLE, ended_at=now, fault=fault.value, params=params)


def _folder() -> Path:
    return city_folder("rehearsals")
