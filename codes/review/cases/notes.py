"""Internal notes on a case, and the colleagues mentioned by ``@name``, whose overview lists the note until they open it."""

import re
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from codes.models import CaseNote, NoteMention
from codes.review.cases.move import find_case
from codes.review.errors import Reason
from codes.review.proposals.ruling_policy import check_text
from regions.journal.record import record
from regions.proposals import require_role
from regions.refusals import NotFound, Refused
from regions.staff.models import Account
from regions.staff.roles import CASE_WORK, Role

# Not the @ of a mail address (Han characters before it do not belong to an address); a full stop at the end belongs to
# the sentence.
MENTION = re.compile(r"(?<![A-Za-z0-9_.@-])@([A-Za-z0-9._-]{1,80}?)(?=[.]?(?:[^A-Za-z0-9._-]|$))")


def write_note(*, case_id: int, text: str, by: str, now: datetime) -> CaseNote:
    """Save a note. Everybody mentioned must work on cases of this city; the writer gets no notice of their own note."""
    require_role(by, Role.REVIEWER, Role.APPROVER)
    text = check_text(text, required=True)
    mentioned = sorted(set(MENTION.findall(text)) - {by})
    with transaction.atomic():
        case = find_case(case_id)
        known = set(colleagues().values_list("username", flat=True)) if mentioned else set()
        if unknown := [name for name in mentioned if name not in known]:
            raise Refused(Reason.NO_SUCH_COLLEAGUE, name=unknown[0])
        note = CaseNote.objects.create(case=case, text=text, written_by=by, written_at=now)
        NoteMention.objects.bulk_create(NoteMention(note=note, username=name) for name in mentioned)
        data = {"number": case.number, "note": note.pk, "mentioned": mentioned}
        record("case.noted", by=by, now=now, subject=f"case:{case.number}", data=data)
    return note


def open_mention(*, mention_id: int, by: str, now: datetime) -> NoteMention:
    """Remove the note from one's own overview and return the mention.

    Raises ``NotFound`` if the mention is of another person.
    """
    require_role(by, Role.REVIEWER, Role.APPROVER)
    mention = NoteMention.objects.select_related("note__case").filter(pk=mention_id, username=by).first()
    if mention is None:
        raise NotFound
    NoteMention.objects.filter(pk=mention.pk, opened_at__isnull=True).update(opened_at=now)
    return mention


def colleagues() -> QuerySet[Account]:
    """Return the accounts that work on cases of this city, ordered by name."""
    working = Account.objects.filter(
        is_active=True, grants__role__in=[role.value for role in CASE_WORK], grants__revoked_at__isnull=True
    )
    return working.distinct().order_by("username")
