"""Dependants on a guardian's phone: requested, reviewed by an official, ended by either side. At most four."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from codes.intake.citizens import find_or_make, lock_intake
from codes.messages.outbox import Recipient, write_messages
from codes.models import Citizen, Guardianship, Message, MessageKind
from codes.review.evidence.files import attach
from codes.review.proposals.ruling_policy import check_text
from regions.actors import CITIZEN_PREFIX
from regions.identity import Identity
from regions.journal.record import record
from regions.proposals import require_role
from regions.refusals import MovedMeanwhile, NotFound, Refused
from regions.staff.roles import Role
from regions.transitions import compare_and_set


class Relation(TextChoices):
    CHILD = "child", _("child")
    PARENT = "parent", _("parent")
    SPOUSE = "spouse", _("spouse")
    WARD = "ward", _("ward")
    OTHER = "other", _("other")


class GuardianshipFault(TextChoices):
    UNKNOWN_RELATION = "unknown_relation", _("Choose what the person is to you.")
    NO_EVIDENCE = (
        "no_evidence",
        _("Upload proof of the relation, such as the household register or a birth certificate."),
    )
    ONESELF = "oneself", _("You cannot add yourself. Enter your relative's document.")
    ASKED_ALREADY = "asked_already", _("You have this person on your phone, or have asked already. See the list.")
    TOO_MANY = "too_many", _("Four people at most can be shown on one phone. End one of them first.")


MAX_DEPENDANTS = 4


def ask_guardianship(
    *,
    guardian: Citizen,
    dependant: Identity,
    relation: str,
    by: str,
    now: datetime,
    evidence_ids: Sequence[int] = (),
) -> Guardianship:
    """Request a guardianship by the dependant's document; an official decides.

    The answer is the same whether the city knows the dependant or not.

    ``evidence_ids``: the guardian's drafts that prove the relation, at least one. Raises ``NotFound`` and ``Refused``.
    """
    if by != guardian.actor:
        raise NotFound
    if relation not in set(Relation):
        raise Refused(GuardianshipFault.UNKNOWN_RELATION)
    if not evidence_ids:
        raise Refused(GuardianshipFault.NO_EVIDENCE)
    with transaction.atomic():
        lock_intake()
        Citizen.objects.select_for_update().get(pk=guardian.pk)
        ward = find_or_make([dependant], now=now)[dependant]
        _check_free(guardian, ward)
        asked = Guardianship.objects.create(guardian=guardian, dependant=ward, relation=relation, asked_at=now)
        attach(evidence_ids, guardianship=asked, by=by)
        recipient = Recipient(ward.pk, {"guardianship": asked.pk, "relation": relation})
        write_messages(MessageKind.GUARDIAN_ASKED, [recipient], now=now)
        _record_act("asked", asked, by=by, now=now)
    return asked


def accept_guardianship(*, guardianship_id: int, by: str, now: datetime) -> Guardianship:
    return _review(guardianship_id, by=by, now=now, accepted=True)


def refuse_guardianship(*, guardianship_id: int, reason: str, by: str, now: datetime) -> Guardianship:
    """Refuse the request. ``reason`` is shown to the guardian."""
    reason = check_text(reason, required=True)
    return _review(guardianship_id, by=by, now=now, accepted=False, refusal=reason, ended_by=by, ended_at=now)


def end_guardianship(*, guardianship_id: int, by: str, now: datetime) -> Guardianship:
    """End the guardianship or withdraw the request, as the guardian, the dependant or a reviewer."""
    with transaction.atomic():
        link = _find_link(guardianship_id, "end")
        if by.startswith(CITIZEN_PREFIX):
            if by not in (link.guardian.actor, link.dependant.actor):
                raise NotFound
        else:
            require_role(by, Role.REVIEWER)
        _update(link, {"ended_by": by, "ended_at": now})
        # The guardian no longer sees messages about the dependant, so none of them may count as unread.
        unread = Message.objects.filter(recipient=link.guardian, about=link.dependant, read_at__isnull=True)
        unread.update(read_at=now)
        _record_act("ended", link, by=by, now=now)
    return link


def dependants_of(guardian: Citizen) -> list[Guardianship]:
    """Return the accepted and pending guardianships with their dependants, the oldest first."""
    links = Guardianship.objects.filter(guardian=guardian, ended_at__isnull=True)
    return list(links.select_related("dependant").order_by("asked_at", "pk"))


def to_review(*, size: int = 50) -> list[Guardianship]:
    waiting = Guardianship.objects.filter(reviewed_at__isnull=True, ended_at__isnull=True)
    return list(waiting.select_related("guardian", "dependant").order_by("asked_at", "pk")[:size])


def _check_free(guardian: Citizen, ward: Citizen) -> None:
    if ward.pk == guardian.pk:
        raise Refused(GuardianshipFault.ONESELF)
    links = Guardianship.objects.filter(guardian=guardian, ended_at__isnull=True)
    if links.filter(dependant=ward).exists():
        raise Refused(GuardianshipFault.ASKED_ALREADY)
    if links.count() >= MAX_DEPENDANTS:
        raise Refused(GuardianshipFault.TOO_MANY)


def _review(guardianship_id: int, *, by: str, now: datetime, accepted: bool, **ends: str | datetime) -> Guardianship:
    require_role(by, Role.REVIEWER)
    with transaction.atomic():
        link = _find_link(guardianship_id, "accept" if accepted else "refuse")
        _update(link, {"reviewed_by": by, "reviewed_at": now, "accepted": accepted, **ends})
        recipient = Recipient(
            link.guardian_id, {"guardianship": link.pk, "accepted": accepted, "relation": link.relation}
        )
        write_messages(MessageKind.GUARDIAN_ANSWERED, [recipient], now=now, to_guardians=False)
        _record_act("accepted" if accepted else "refused", link, by=by, now=now)
    return link


def _find_link(guardianship_id: int, action: str) -> Guardianship:
    link = Guardianship.objects.select_related("guardian", "dependant").filter(pk=guardianship_id).first()
    if link is None:
        raise NotFound
    if not Guardianship.TRANSITIONS.find(link.state, action):
        raise MovedMeanwhile
    return link


def _update(link: Guardianship, changes: dict[str, object]) -> None:
    read = Guardianship.objects.filter(pk=link.pk, ended_at__isnull=True, reviewed_at=link.reviewed_at)
    compare_and_set(link, read, **changes)


def _record_act(verb: str, link: Guardianship, *, by: str, now: datetime) -> None:
    data = {"guardianship": link.pk, "guardian": link.guardian.ref, "relation": link.relation}
    record(f"guardianship.{verb}", by=by, now=now, subject=link.dependant.subject, data=data)
