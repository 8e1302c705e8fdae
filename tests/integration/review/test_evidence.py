"""Evidence files: stored encrypted outside the web root, bound to one matter, read for a purpose that the citizen sees."""

import hashlib
import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction

from codes.models import Evidence, PersonAccess
from codes.review.cases.sweep import sweep_reviews
from codes.review.errors import Reason
from codes.review.evidence import files as evidence
from codes.review.evidence.access import log_access, reveal
from codes.review.evidence.faults import UploadFault
from regions.identity import check_identity
from regions.journal.models import JournalEntry
from regions.keys.encryption import CannotDecrypt, encrypt_bytes, encrypt_number, encrypt_phone
from regions.refusals import NotAllowed, NotFound, Refused
from tests.integration.review.desk import Desk, written
from tests.unit.review.hostile_pdfs import CARRYING, MARK, colours, locked, pdf
from tests.unit.review.test_uploads import picture


def keep(desk: Desk, name: str = "zhang", **changes: object) -> Evidence:
    asked: dict[str, object] = {
        "citizen": desk.citizen(name),
        "content": picture("PNG"),
        "original_name": "车票.png",
        "by": f"citizen:{name}",
        "now": desk.now,
    }
    return evidence.keep_upload(**{**asked, **changes})  # type: ignore[arg-type]


def files() -> list[Path]:
    return sorted(path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file())


def test_a_file_is_kept_encrypted_under_a_name_that_says_nothing(desk: Desk) -> None:
    kept = keep(desk)
    (path,) = files()
    assert path.relative_to(settings.MEDIA_ROOT).parts == ("beta", kept.name[:2], kept.name)
    assert len(kept.name) == 32
    assert not path.read_bytes()[16:].startswith(b"\x89PNG")
    assert oct(path.stat().st_mode)[-3:] == "600"
    assert (kept.content_type, kept.original_name, kept.uploaded_by) == ("image/png", "车票.png", "citizen:zhang")
    found, content = evidence.read_evidence(evidence_id=kept.pk, by="citizen:zhang", purpose="", now=desk.now)
    assert found == kept
    assert content.startswith(b"\x89PNG")
    assert hashlib.sha256(content).digest() == bytes(kept.sha256)
    assert len(content) == kept.size


def test_a_file_that_was_altered_or_swapped_does_not_open(desk: Desk) -> None:
    first, second = keep(desk), keep(desk)
    one, other = (Path(settings.MEDIA_ROOT) / "beta" / kept.name[:2] / kept.name for kept in (first, second))
    one.write_bytes(other.read_bytes())
    with pytest.raises(CannotDecrypt):
        evidence.read_evidence(evidence_id=first.pk, by="citizen:zhang", purpose="", now=desk.now)


def test_a_draft_goes_with_its_own_citizens_case_only(desk: Desk) -> None:
    """A guardian's drafts may be about somebody else than the appeal."""
    draft, case = keep(desk), desk.case("chen")
    with pytest.raises(Refused) as refused, transaction.atomic():
        evidence.attach([draft.pk], by="citizen:zhang", case=case)
    assert refused.value.reason is Reason.UNKNOWN_EVIDENCE
    assert not case.evidence.exists()
    with pytest.raises(Refused), transaction.atomic():
        evidence.attach([draft.pk], by="citizen:chen", case=desk.case())
    assert evidence.attach([draft.pk], by="citizen:zhang", case=desk.case()) == 1


def test_a_pdf_of_an_earlier_version_is_drawn_anew_or_not_handed_out(desk: Desk) -> None:
    kept = keep(desk, content=pdf())
    assert kept.redrawn
    Evidence.objects.update(redrawn=False)
    (path,) = files()

    def stored(sent: bytes) -> bytes:
        encrypted = encrypt_bytes(sent, use=f"{evidence.USE}:{kept.name}")
        path.write_bytes(encrypted)
        return encrypted

    as_it_came = stored(CARRYING["a link"])
    _, content = evidence.read_evidence(evidence_id=kept.pk, by="citizen:zhang", purpose="", now=desk.now)
    assert (MARK in content, colours(content)) == (False, [(0, 0, 254)])
    assert path.read_bytes() == as_it_came
    stored(locked())
    with pytest.raises(Refused) as refused:
        evidence.read_evidence(evidence_id=kept.pk, by="citizen:zhang", purpose="", now=desk.now)
    assert refused.value.reason is UploadFault.PDF_LOCKED


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\票\\a.png", "a.png"),
        ("a\x00\r\nb.png", "ab.png"),
        ("x" * 300, "x" * 100),
        ("", ""),
    ],
)
def test_a_sent_name_is_shown_and_never_used(desk: Desk, sent: str, shown: str) -> None:
    assert keep(desk, original_name=sent).original_name == shown


def test_a_bad_file_leaves_nothing_behind(desk: Desk) -> None:
    before = written()
    with pytest.raises(Refused):
        keep(desk, content=b"<svg/>")
    assert written() == before
    assert files() == []


def test_five_files_at_a_time(desk: Desk) -> None:
    kept = [keep(desk) for _ in range(5)]
    with pytest.raises(Refused) as refused:
        keep(desk)
    assert refused.value.reason is UploadFault.TOO_MANY_FILES
    evidence.discard_draft(evidence_id=kept[0].pk, by="citizen:zhang", now=desk.now)
    keep(desk)


def test_nobody_puts_files_into_anothers_name(desk: Desk) -> None:
    with pytest.raises(NotFound):
        keep(desk, by="citizen:chen")
    with pytest.raises(NotAllowed):
        keep(desk, by="li")
    with pytest.raises(NotAllowed):
        keep(desk, by="sun", case=desk.case())


def test_an_officials_file_belongs_to_the_case(desk: Desk) -> None:
    kept = keep(desk, by="li", case=desk.case())
    assert kept.case == desk.case()
    ruling = desk.propose()
    assert ruling.state == "proposed"


def test_an_officials_reading_is_seen_by_the_citizen(desk: Desk) -> None:
    kept = keep(desk)
    evidence.read_evidence(evidence_id=kept.pk, by="wang", purpose="审批申诉", now=desk.now)
    evidence.read_evidence(evidence_id=kept.pk, by="citizen:zhang", purpose="", now=desk.now)
    (access,) = desk.citizen("zhang").accesses.all()
    assert (access.by, access.purpose, access.what, access.at) == ("wang", "审批申诉", f"evidence:{kept.pk}", desk.now)
    entry = JournalEntry.objects.get(verb="person.seen")
    assert (entry.by, entry.subject) == ("wang", "citizen:zhang")
    assert "审批" not in str(entry.data)


def test_reading_needs_a_purpose_and_a_role(desk: Desk) -> None:
    kept = keep(desk)
    with pytest.raises(Refused) as refused:
        evidence.read_evidence(evidence_id=kept.pk, by="li", purpose=" ", now=desk.now)
    assert refused.value.reason is Reason.PURPOSE_MISSING
    for by in ("nobody", "system"):
        with pytest.raises(NotAllowed):
            evidence.read_evidence(evidence_id=kept.pk, by=by, purpose="看看", now=desk.now)
    for key, by in ((kept.pk, "citizen:chen"), (kept.pk + 9, "citizen:zhang")):
        with pytest.raises(NotFound):
            evidence.read_evidence(evidence_id=key, by=by, purpose="看看", now=desk.now)


def test_only_ones_own_drafts_are_discarded(desk: Desk, django_capture_on_commit_callbacks: object) -> None:
    kept = keep(desk)
    with pytest.raises(NotFound):
        evidence.discard_draft(evidence_id=kept.pk, by="citizen:chen", now=desk.now)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        evidence.discard_draft(evidence_id=kept.pk, by="citizen:zhang", now=desk.now)
    assert files() == []


def test_drafts_that_were_never_sent_go_after_a_day(desk: Desk, django_capture_on_commit_callbacks: object) -> None:
    keep(desk)
    attached = keep(desk, by="li", case=desk.case())
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        assert evidence.discard_old_drafts(now=desk.now + timedelta(hours=24)) == 0
        assert evidence.discard_old_drafts(now=desk.now + timedelta(hours=25)) == 1
    assert [path.name for path in files()] == [attached.name]


def test_a_file_whose_form_was_refused_goes_within_two_days(desk: Desk) -> None:
    """Its row was rolled back with the rest. A file that a row refers to stays, however old it is."""
    with transaction.atomic():
        keep(desk)
        transaction.set_rollback(True)
    (left,) = files()
    kept = keep(desk, by="li", case=desk.case())
    for path in files():
        os.utime(path, (desk.now.timestamp(), desk.now.timestamp()))
    sweep_reviews(now=visit_of(left.parent, after=desk.now))
    assert left in files()
    for path in files():
        sweep_reviews(now=visit_of(path.parent, after=desk.now + timedelta(days=1)))
    assert [path.name for path in files()] == [kept.name]


def visit_of(folder: Path, *, after: datetime) -> datetime:
    """Return when a sweep every five minutes first visits the folder: it visits 256 in turn."""
    visits = (after + timedelta(minutes=5 * visit) for visit in range(256))
    return next(one for one in visits if f"{int(one.timestamp() // 300) % 256:02x}" == folder.name)


@pytest.mark.parametrize("change", [{"content_type": "text/html"}, {"uploaded_by": ""}])
def test_the_database_refuses_what_is_no_evidence(desk: Desk, change: dict[str, str]) -> None:
    kept = keep(desk)
    with pytest.raises(IntegrityError), transaction.atomic():
        Evidence.objects.filter(pk=kept.pk).update(**change)


def give_identity(desk: Desk) -> None:
    citizen = desk.citizen("zhang")
    identity = check_identity("10", "11010519491231002X", today=desk.now.date())
    citizen.id_encrypted, citizen.phone_encrypted = encrypt_number(identity), encrypt_phone("13800000000")
    citizen.full_name = "张小三"
    citizen.save()


def test_an_identity_is_shown_with_a_purpose_and_in_no_repr(desk: Desk) -> None:
    give_identity(desk)
    person = reveal(citizen_id=desk.citizen("zhang").pk, purpose="电话核实", by="li", now=desk.now)
    assert (person.full_name, person.id_number, person.phone) == ("张小三", "11010519491231002X", "13800000000")
    assert "110105" not in repr(person)
    assert [access.what for access in desk.citizen("zhang").accesses.all()] == ["identity"]
    with pytest.raises(NotAllowed):
        reveal(citizen_id=desk.citizen("zhang").pk, purpose="好奇", by="citizen:chen", now=desk.now)
    with pytest.raises(NotFound):
        reveal(citizen_id=0, purpose="电话核实", by="li", now=desk.now)
    assert PersonAccess.objects.count() == 1


def test_many_seen_at_once_are_one_entry_and_a_row_each(desk: Desk) -> None:
    people = [desk.citizen(name).pk for name in ("zhang", "chen", "liu")]
    assert log_access(citizens=people, what="export:cases", purpose="月报", by="sun", now=desk.now) == 3
    entry = JournalEntry.objects.get(verb="person.seen")
    assert (entry.subject, entry.data) == ("", {"what": "export:cases", "people": 3})
    assert desk.citizen("chen").accesses.count() == 1
