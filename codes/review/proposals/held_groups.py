"""Held groups: one official proposes to release or to refuse a group, another decides, and the decision has effect at once.

If it is released, its people are judged again without it being held. If it is refused, its cause is put out of force by
the same two people: the versions of the records that brought it are suppressed, or the version of the rules is
withdrawn.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Prefetch, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from codes.effective import lock_effective_codes
from codes.models import (
    GroupProposalState,
    HeldGroup,
    HeldGroupProposal,
    RuleSetVersion,
    Run,
    RunProvider,
    Suppression,
    Verdict,
    VerdictChange,
)
from codes.review.proposals.ruling_policy import check_text
from codes.review.reasons import SuppressionReason
from codes.runs.amend import amend_now
from codes.runs.mass_changes import RecordVersion, close_group, versions_that_brought
from codes.statistics import refresh_statistics
from regions.proposals import require_role
from regions.refusals import CommonReason, MovedMeanwhile, NotFound, Refused

Act = HeldGroupProposal.Act


class GroupReason(TextChoices):
    """Why a held group is not decided on, apart from the reasons common to all proposals."""

    NOT_HELD = "not_held", _("This group is not held any more; somebody may have been quicker. Reload the page.")
    RUN_UNDER_WAY = (
        "run_under_way",
        _("A run is under way and is about to judge these people. Decide as soon as it has settled, in a few minutes."),
    )
    NO_OTHER_VERSION = (
        "no_other_version",
        _("Without this version no rules would be in force. Publish another version first; it takes this one's place."),
    )


def propose(group_id: int, *, act: str, reason: str, by: str, now: datetime) -> HeldGroupProposal:
    """Propose to release or to refuse the group. Nothing changes yet. Raises ``Refused``."""
    require_role(by, *HeldGroupProposal.PROPOSERS)
    reason = check_text(reason, required=True)
    with transaction.atomic():
        group = _held(group_id)
        if group.proposals.waiting().exists():
            raise Refused(CommonReason.PROPOSED_ALREADY)
        proposed = HeldGroupProposal.objects.create(
            group=group, act_proposed=Act(act), reason=reason, proposed_by=by, proposed_at=now
        )
        proposed.journal("group.proposed", by=by, now=now)
    return proposed


def approve(proposal_id: int, *, by: str, now: datetime, reason: str = "") -> HeldGroup:
    """Do what is proposed. The group's people are judged again in the same transaction. Raises ``Refused``."""
    require_role(by, HeldGroupProposal.DECIDERS)
    reason = check_text(reason)
    with transaction.atomic():
        lock_effective_codes()
        proposed = HeldGroupProposal.objects.select_related("group").locked().to_decide(proposal_id, by=by)
        group = _held(proposed.group_id)
        base = Run.objects.last_settled()
        if base is None or Run.objects.open().exists():
            raise MovedMeanwhile(GroupReason.RUN_UNDER_WAY)
        proposed.approve(GroupProposalState.APPROVED, by=by, now=now, reason=reason, act="group.approved")
        if proposed.act_proposed == Act.RELEASE:
            _release(group, base, proposed, by=by, now=now)
        else:
            _refuse(group, base, proposed, by=by, now=now)
    group.refresh_from_db()
    return group


def send_back(proposal_id: int, *, by: str, now: datetime, reason: str) -> HeldGroupProposal:
    """Refuse the proposal as the second person.

    The group stays held, and something else can be proposed. Raises ``Refused``.
    """
    reason = check_text(reason, required=True)
    with transaction.atomic():
        proposed = HeldGroupProposal.objects.select_related("group").locked().to_decide(proposal_id, by=by)
        return proposed.refuse(reason=reason, by=by, now=now)


@transaction.atomic
def withdraw(proposal_id: int, *, by: str, now: datetime) -> HeldGroupProposal:
    """Withdraw the proposal as the person who made it. Raises ``Refused``."""
    proposals = HeldGroupProposal.objects.select_related("group").locked()
    return proposals.to_withdraw(proposal_id, by=by).withdraw(by=by, now=now)


def proposals_to_decide() -> QuerySet[HeldGroupProposal]:
    """Return the proposals that wait for a second person, the oldest first."""
    groups = Prefetch("group", queryset=HeldGroup.objects.described())
    return HeldGroupProposal.objects.waiting().prefetch_related(groups).order_by("proposed_at", "pk")


def _held(group_id: int) -> HeldGroup:
    group = HeldGroup.objects.described().select_for_update(of=("self",)).filter(pk=group_id).first()
    if group is None:
        raise NotFound
    if group.state != HeldGroup.State.HELD:
        raise MovedMeanwhile(GroupReason.NOT_HELD)
    return group


def _release(group: HeldGroup, base: Run, proposed: HeldGroupProposal, *, by: str, now: datetime) -> None:
    people = _people(group.changes_after(base))
    close_group(group, "release", by=by, now=now, people=len(people), proposed_by=proposed.proposed_by)
    _judge_again(group, people, by=by, now=now)


def _refuse(group: HeldGroup, base: Run, proposed: HeldGroupProposal, *, by: str, now: datetime) -> None:
    people = _people(group.changes_after(base))
    done: dict[str, Any]
    if group.version is not None:
        people |= _withdraw_version(group.version, base, now=now)
        done = {"withdrawn_version": str(group.version)}
    else:
        found = versions_that_brought(group, base)
        people |= {one.citizen_id for one in found}
        done = {"suppressed": _suppress(found, group, proposed, by=by, now=now)}
    close_group(group, "refuse", by=by, now=now, people=len(people), proposed_by=proposed.proposed_by, **done)
    _judge_again(group, people, by=by, now=now)


def _judge_again(group: HeldGroup, people: set[int], *, by: str, now: datetime) -> None:
    run = amend_now(people, by=by, now=now, because=group.subject)
    group.counts["run"] = run.pk if run else None
    group.save(update_fields=["counts"])


def _people(changes: QuerySet[VerdictChange]) -> set[int]:
    return set(changes.values_list("citizen", flat=True))


def _suppress(
    found: Sequence[RecordVersion], group: HeldGroup, proposed: HeldGroupProposal, *, by: str, now: datetime
) -> int:
    """Put these versions of records out of force, except those that are out of force already. Return their number."""
    decided: dict[str, Any] = {
        "state": Suppression.State.APPROVED,
        "reason_code": SuppressionReason.BAD_BATCH,
        "reason": proposed.reason,
        "evidence": [group.subject],
        "proposed_by": proposed.proposed_by,
        "proposed_at": proposed.proposed_at,
        "decided_by": by,
        "decided_at": now,
        "held_group": group,
    }
    rows = [
        Suppression(
            record_id=one.record_id,
            source_id=one.source_id,
            provider_id=one.provider_id,
            version=one.version,
            **decided,
        )
        for one in found
    ]
    Suppression.objects.bulk_create(rows, batch_size=1000)
    # The people are judged again at once by a statement that reads this table, which was almost empty before.
    refresh_statistics(["codes_suppression"])
    return len(rows)


def _withdraw_version(version: RuleSetVersion, base: Run, *, now: datetime) -> set[int]:
    """Withdraw the version.

    Return the people whom it judged red or yellow, whose verdicts it changed, or whose changes other groups hold for
    it.
    """
    version.withdrawn_at = now
    version.save(update_fields=["withdrawn_at"])
    if not version.rule_set.versions.in_force(base.day).exists():
        raise Refused(GroupReason.NO_OTHER_VERSION)
    judged = RunProvider.objects.filter(version=version)
    changed = VerdictChange.objects.counted().filter(
        run__in=judged.values("run"), provider__in=judged.values("provider")
    )
    waiting = HeldGroup.objects.waiting().filter(version=version)
    people = set(Verdict.objects.filter(version=version).values_list("citizen", flat=True))
    return people.union(_people(changed), *(_people(group.changes_after(base)) for group in waiting))
