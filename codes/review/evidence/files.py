"""Evidence: files stored encrypted outside the web root, under random names, and read with a purpose.

A file is first uploaded as a draft of its citizen. It is attached when the appeal or answer it belongs to is sent.
"""

import hashlib
import os
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from codes.models import Case, Citizen, Evidence, Fact, Guardianship
from codes.review.errors import Reason
from codes.review.evidence.access import log_access
from codes.review.evidence.faults import CheckedFile, UploadFault
from codes.review.evidence.pdfs import PDF
from codes.review.evidence.uploads import check_upload
from codes.review.permissions import require_own
from regions.actors import CITIZEN_PREFIX, CITY_PREFIX, SYSTEM
from regions.city_files import remove_left_files
from regions.journal.record import record
from regions.keys.encryption import decrypt_bytes, encrypt_bytes, key_of
from regions.numbers import number_of
from regions.proposals import require_role
from regions.refusals import NotFound, Refused
from regions.staff.roles import Role
from regions.tenancy import current_city

MAX_FILES = 5
NAME_BYTES = 16
LONGEST_NAME = 100
DRAFT_LIVES = timedelta(hours=24)
USE = "evidence"
# A file lies in the folder of the first two signs of its name.
FOLDERS = 0x100
VISITED_EVERY = timedelta(minutes=5)


def keep_upload(
    *, citizen: Citizen, content: bytes, original_name: str, by: str, now: datetime, case: Case | None = None
) -> Evidence:
    """Check a file and store it: as a citizen's draft, or as an official's addition to a case. Raises ``Refused``."""
    if case is None:
        require_own(by, citizen)
        siblings = Evidence.objects.drafts().filter(citizen=citizen, uploaded_by=by)
    else:
        require_role(by, Role.REVIEWER, Role.APPROVER)
        siblings = Evidence.objects.filter(case=case, uploaded_by=by)
    checked = check_upload(content)
    with transaction.atomic():
        Citizen.objects.select_for_update().get(pk=citizen.pk)  # simultaneous uploads are counted one after the other
        if siblings.count() >= MAX_FILES:
            raise Refused(UploadFault.TOO_MANY_FILES)
        return _keep(checked, citizen, case, original_name, by=by, now=now)


def keep_from_city(case: Case, checked: CheckedFile, *, division: str, now: datetime) -> Evidence:
    """Store a file that another city provided with its correction, with the correction's case."""
    with transaction.atomic():
        return _keep(checked, case.citizen, case, "", by=f"{CITY_PREFIX}{division}", now=now)


def _keep(
    checked: CheckedFile, citizen: Citizen, case: Case | None, original_name: str, *, by: str, now: datetime
) -> Evidence:
    kept = Evidence.objects.create(
        name=secrets.token_hex(NAME_BYTES),
        citizen=citizen,
        case=case,
        content_type=checked.content_type,
        original_name=_plain_name(original_name),
        size=len(checked.content),
        sha256=hashlib.sha256(checked.content).digest(),
        uploaded_by=by,
        uploaded_at=now,
        redrawn=True,
    )
    subject = f"case:{case.number}" if case else citizen.subject
    data = {"evidence": kept.pk, "sha256": bytes(kept.sha256).hex(), "size": kept.size}
    record("evidence.kept", by=by, now=now, subject=subject, data=data)
    _write(kept.name, encrypt_bytes(checked.content, use=f"{USE}:{kept.name}"))
    return kept


def attach(
    evidence_ids: Sequence[int], *, by: str, case: Case | None = None, guardianship: Guardianship | None = None
) -> int:
    """Attach the drafts to a case or a guardianship and return their number. Only the person's own drafts are accepted.

    Call in the transaction that sends the case or guardianship. Raises ``Refused``.
    """
    wanted = set(evidence_ids)
    if len(wanted) > MAX_FILES:
        raise Refused(UploadFault.TOO_MANY_FILES)
    drafts = Evidence.objects.drafts().filter(pk__in=wanted, uploaded_by=by)
    if case is not None:
        drafts = drafts.filter(citizen=case.citizen_id)
    attached = drafts.update(case=case, guardianship=guardianship)
    if attached != len(wanted):
        raise Refused(Reason.UNKNOWN_EVIDENCE)
    return attached


def read_evidence(*, evidence_id: int, by: str, purpose: str, now: datetime) -> tuple[Evidence, bytes]:
    """Return the file and its content, to be served as an attachment.

    Reading by an official is logged for the citizen to see.

    A PDF that an earlier version stored unchanged is redrawn at each reading; the stored file is not replaced because
    the journal contains its digest. Raises ``Refused`` if the PDF cannot be drawn.
    """
    found = Evidence.objects.select_related("citizen", "case").filter(pk=evidence_id).first()
    if found is None:
        raise NotFound
    if by.startswith(CITIZEN_PREFIX):
        require_own(by, found.citizen)
    else:
        require_role(by, Role.REVIEWER, Role.APPROVER, Role.AUDITOR)
        what = f"evidence:{found.pk}"
        log_access(citizens=[found.citizen_id], what=what, purpose=purpose, by=by, now=now)
    content = _content(found)
    is_as_it_came = found.content_type == PDF and not found.redrawn
    return found, check_upload(content).content if is_as_it_came else content


def hand_to_city(found: Evidence, *, division: str, purpose: str, now: datetime) -> bytes:
    """Return the stored file for the city that was asked to correct a record.

    The citizen sees that the file was given to that city.
    """
    what = f"evidence:{found.pk}"
    log_access(citizens=[found.citizen_id], what=what, purpose=purpose, by=f"{CITY_PREFIX}{division}", now=now)
    return _content(found)


def _content(found: Evidence) -> bytes:
    return decrypt_bytes(_path(found.name).read_bytes(), use=f"{USE}:{found.name}")


def encrypt_anew(found: Evidence, key: int) -> bool:
    """Encrypt the file with the current data key unless ``key`` is already its key.

    Return whether it was encrypted anew.

    A file that no longer exists is skipped.
    """
    path, use = _path(found.name), f"{USE}:{found.name}"
    if not path.exists() or key_of(encrypted := path.read_bytes()) == key:
        return False
    anew = path.with_suffix(".anew")
    anew.unlink(missing_ok=True)  # left by a call that was interrupted
    _write_to(anew, encrypt_bytes(decrypt_bytes(encrypted, use=use), use=use))
    anew.replace(path)
    return True


def discard_draft(*, evidence_id: int, by: str, now: datetime) -> None:
    with transaction.atomic():
        draft = Evidence.objects.drafts().filter(pk=evidence_id, uploaded_by=by).first()
        if draft is None:
            raise NotFound
        _discard(draft, by=by, now=now)


def discard_old_drafts(*, now: datetime) -> int:
    old = Evidence.objects.drafts().filter(uploaded_at__lt=now - DRAFT_LIVES)
    with transaction.atomic():
        drafts = list(old.select_for_update(skip_locked=True).order_by("pk"))
        for draft in drafts:
            _discard(draft, by=SYSTEM, now=now)
    return len(drafts)


def _discard(draft: Evidence, *, by: str, now: datetime) -> None:
    key, path = draft.pk, _path(draft.name)
    draft.delete()
    record("evidence.discarded", by=by, now=now, data={"evidence": key})
    transaction.on_commit(lambda: path.unlink(missing_ok=True))


def remove_file(name: str) -> None:
    """Remove the file of a row that was deleted."""
    _path(name).unlink(missing_ok=True)


def remove_unowned(*, now: datetime) -> None:
    """Remove the files in one of the city's folders that no row refers to. Calls five minutes apart visit every folder once a day."""
    prefix = f"{int(now.timestamp() / VISITED_EVERY.total_seconds()) % FOLDERS:02x}"
    folder = _folder(prefix)
    if folder.exists():
        names = Evidence.objects.filter(name__startswith=prefix).values_list("name", flat=True)
        remove_left_files(folder, referred=names.iterator, now=now)


def _plain_name(name: str) -> str:
    """Return a name for display, never a path: the part after the last slash, without control characters."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(sign for sign in last if sign.isprintable())[:LONGEST_NAME]


def _path(name: str) -> Path:
    return _folder(name[:2]) / name


def _folder(prefix: str) -> Path:
    return Path(settings.MEDIA_ROOT) / current_city().schema_name / prefix


def _write(name: str, encrypted: bytes) -> None:
    """Write a new file that only the portal can read.

    If its row is rolled back, the file remains without an owner until ``remove_unowned`` removes it.
    """
    _write_to(_path(name), encrypted)


def _write_to(path: Path, encrypted: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(encrypted)


LONGEST_DOCUMENT = 200


def check_evidence(references: Sequence[str], *, citizen: Citizen) -> list[str]:
    """Return the references without repetitions. Raises ``Refused`` for one that is not of this citizen or is empty."""
    kept = list(dict.fromkeys(reference.strip() for reference in references))
    files = {int(body) for kind, body in map(_parts, kept) if kind == "file"}
    facts = {int(body) for kind, body in map(_parts, kept) if kind == "fact"}
    if files and Evidence.objects.filter(pk__in=files, citizen=citizen).count() != len(files):
        raise Refused(Reason.UNKNOWN_EVIDENCE)
    if facts and Fact.objects.filter(pk__in=facts, citizen=citizen).count() != len(facts):
        raise Refused(Reason.UNKNOWN_EVIDENCE)
    return kept


def check_documents(references: Sequence[str]) -> list[str]:
    """Return the references without repetitions. They may apply to several citizens at once, so only documents are accepted."""
    kept = list(dict.fromkeys(reference.strip() for reference in references))
    if any(_parts(reference)[0] != "document" for reference in kept):
        raise Refused(Reason.UNKNOWN_EVIDENCE)
    return kept


def _parts(reference: str) -> tuple[str, str]:
    kind, _, body = reference.partition(":")
    numbered = kind in ("file", "fact") and number_of(body) is not None
    named = kind == "document" and 0 < len(body.strip()) <= LONGEST_DOCUMENT
    if not numbered and not named:
        raise Refused(Reason.UNKNOWN_EVIDENCE)
    return kind, body
