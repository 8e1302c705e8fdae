"""Alarms: raised by the run in which they are detected, and closed by two people of different roles (``docs/adr/0033-sentinel.md``)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from codes.models import AcknowledgementState, Alarm, AlarmAcknowledgement, Run
from codes.sentinel.expectation import FOUR_WEEKS
from codes.sentinel.measure import Found, Measurement
from codes.vocabulary import Colour
from regions.actors import SYSTEM
from regions.journal.record import record
from regions.proposals import require_another, require_reason, require_role, roles_of
from regions.refusals import CommonReason, MovedMeanwhile, NotFound, Refused
from regions.staff.roles import Role

# The roles that read alarms. The two people who close one have different roles of these.
READERS = AlarmAcknowledgement.PROPOSERS
# A subject whose alarm was acknowledged raises another one when it turned more than this many times as many people.
TIMES_ACKNOWLEDGED = 2
ALERT_TIMES = 2
# What else the people have in common is shown if it concerns at least one in ``LEAST_PARTS`` of them; at most ``MOST_SHARED`` entries.
LEAST_PARTS, MOST_SHARED = 10, 8


class AlarmReason(TextChoices):
    """Why an alarm is not acknowledged, in addition to the reasons common to all decisions of two people."""

    CLOSED = "closed", _("This alarm is acknowledged already.")
    SAME_ROLE = (
        "same_role",
        _(
            "Of the two people one is a security administrator and the other an auditor. Ask somebody of the other role."
        ),
    )


def watch(run: Run, *, last: Run | None, now: datetime) -> dict[str, int]:
    """Compare the run's changes with what the past and the rules explain, and raise alarms. Call before its changes are applied.

    ``last`` is the run of the whole city that this one follows or amends; a city's first run changes everything and is not
    compared. Return the counts stored under ``sentinel`` in the run's counts: alarms raised now, and all standing alarms.
    """
    raised = 0
    if last is not None:
        measured = Measurement(run, last)
        if measured.count():
            raised = sum(_raise(one, measured, now=now) for one in measured.found())
        return {"raised": raised, "standing": Alarm.objects.standing().count(), "up_to": measured.up_to}
    return {"raised": 0, "standing": 0}


def alarms_to_deliver() -> Sequence[Alarm]:
    """Return the standing alarms that have not been sent yet, the most severe first."""
    return list(Alarm.objects.standing().filter(mailed_at__isnull=True))


def _raise(found: Found, measured: Measurement, *, now: datetime) -> bool:
    """Raise an alarm, or update the standing one of the same subject. Return whether a new alarm was raised."""
    subject, run = found.subject, measured.run
    known = Alarm.objects.filter(**subject._asdict()).order_by("-pk").first()
    if known is not None and known.state == Alarm.State.RAISED:
        _update(known, found, measured, now=now)
        return False
    within = found.within and Alarm.objects.standing().filter(**found.within._asdict()).exists()
    if within or (known is not None and not _is_news(known, found, run)):
        return False
    figures = {**_figures(found, run), **_shared(found, measured)}
    alarm = Alarm.objects.create(
        **subject._asdict(),
        severity=_severity(found),
        first_run=run,
        last_run=run,
        raised_at=now,
        figures=figures,
    )
    record("alarm.raised", by=SYSTEM, now=now, subject=alarm.subject, data={"run": run.pk, **alarm.described()})
    return True


def _is_news(acknowledged: Alarm, found: Found, run: Run) -> bool:
    """Return whether this exceeds the acknowledged alarm: it turned many more people, or it recurs after its window."""
    is_over = run.day - acknowledged.last_run.day > timedelta(days=found.excess.window)
    return is_over or found.excess.people > TIMES_ACKNOWLEDGED * int(acknowledged.figures["people"])


def _severity(found: Found) -> str:
    is_much = found.excess.people > ALERT_TIMES * found.excess.limit
    return Alarm.Severity.ALERT if found.subject.colour == Colour.RED and is_much else Alarm.Severity.NOTICE


def _update(alarm: Alarm, found: Found, measured: Measurement, *, now: datetime) -> None:
    """Update a standing alarm. What the people have in common is kept from the run that turned the most people.

    If it has got more people, what was said about it is withdrawn: both people are to have seen the same. If it has become severe,
    it is sent again.
    """
    is_most = found.daily[-1] >= max(found.daily[-found.excess.window :])
    before, severity = int(alarm.figures["people"]), _severity(found)
    if severity == Alarm.Severity.ALERT != alarm.severity:
        alarm.mailed_at = None
    alarm.last_run, alarm.severity = measured.run, severity
    alarm.figures |= _figures(found, measured.run) | (_shared(found, measured) if is_most else {})
    alarm.save(update_fields=["last_run", "figures", "severity", "mailed_at"])
    people = found.excess.people
    for proposal in alarm.acknowledgements.waiting() if people > before else ():
        state = proposal.state
        proposal.move(AcknowledgementState.WITHDRAWN)
        proposal.journal(
            "alarm.acknowledgement_outgrown", by=SYSTEM, now=now, before=state, people_before=before, people=people
        )


def _figures(found: Found, run: Run) -> dict[str, Any]:
    weeks = list(reversed(found.daily[-FOUR_WEEKS:]))
    return {
        "window": found.excess.window,
        "people": found.excess.people,
        "expected": round(found.excess.expected),
        "limit": round(found.excess.limit),
        "registered": found.registered,
        "days": [[str(run.day - timedelta(days=ago)), people] for ago, people in enumerate(weeks)],
    }


def _shared(found: Found, measured: Measurement) -> dict[str, list[list[Any]]]:
    """Return what else the people turned by this run have in common, without what only few of them share."""
    shared = measured.shared(found.subject)
    many = [one for one in shared if one[2] * LEAST_PARTS >= found.daily[-1]]
    return {
        "rules": [[key, people] for kind, key, people in many if kind == "rule"],
        "shared": [one for one in many if one[0] != "rule"][:MOST_SHARED],
    }


def propose(alarm_id: int, *, finding: str, reason: str, by: str, now: datetime) -> AlarmAcknowledgement:
    """Propose an acknowledgement with a finding. The alarm stands until somebody of the other role confirms. Raises ``Refused``."""
    require_role(by, *READERS)
    reason = require_reason(reason)
    with transaction.atomic():
        alarm = _standing(alarm_id)
        if alarm.acknowledgements.waiting().exists():
            raise Refused(CommonReason.PROPOSED_ALREADY)
        proposed = AlarmAcknowledgement.objects.create(
            alarm=alarm,
            finding=AlarmAcknowledgement.Finding(finding),
            reason=reason,
            proposed_by=by,
            proposed_at=now,
            proposed_as=_role_of(by),
        )
        proposed.journal("alarm.acknowledgement_proposed", by=by, now=now)
    return proposed


def confirm(proposal_id: int, *, by: str, now: datetime) -> Alarm:
    """Confirm a proposal as the second person, and close the alarm. Raises ``Refused``."""
    require_role(by, *READERS)
    with transaction.atomic():
        proposed, role = _to_decide(proposal_id, by=by)
        alarm = _standing(proposed.alarm_id)
        proposed.approve(AcknowledgementState.CONFIRMED, by=by, now=now, decided_as=role)
        Alarm.TRANSITIONS.move(Alarm.objects.filter(pk=alarm.pk), "acknowledge", closed_at=now)
        states = {"from": alarm.state, "to": Alarm.State.ACKNOWLEDGED}
        record(
            "alarm.acknowledged",
            by=by,
            now=now,
            subject=alarm.subject,
            data={**states, **alarm.described(), **proposed.described(), "decided_as": role},
        )
    alarm.refresh_from_db()
    return alarm


@transaction.atomic
def send_back(proposal_id: int, *, reason: str, by: str, now: datetime) -> AlarmAcknowledgement:
    """Refuse a proposal as the second person. The alarm stands. Raises ``Refused``."""
    require_role(by, *READERS)
    proposed, role = _to_decide(proposal_id, by=by)
    return proposed.refuse(reason=reason, by=by, now=now, decided_as=role)


@transaction.atomic
def withdraw(proposal_id: int, *, by: str, now: datetime) -> AlarmAcknowledgement:
    """Withdraw one's own proposal. Raises ``Refused``."""
    proposals = AlarmAcknowledgement.objects.select_related("alarm").locked()
    return proposals.to_withdraw(proposal_id, by=by).withdraw(by=by, now=now)


def _to_decide(proposal_id: int, *, by: str) -> tuple[AlarmAcknowledgement, Role]:
    proposed = AlarmAcknowledgement.objects.select_related("alarm").locked().find(proposal_id)
    require_another(by, proposed_by=proposed.proposed_by)
    role = _role_of(by)
    if role == proposed.proposed_as:
        raise Refused(AlarmReason.SAME_ROLE)
    return proposed, role


def _role_of(by: str) -> Role:
    """Return the person's role. Neither of the two roles can be held together with another."""
    return next(role for role in READERS if role in roles_of(by))


def _standing(alarm_id: int) -> Alarm:
    alarm = Alarm.objects.select_for_update().filter(pk=alarm_id).first()
    if alarm is None:
        raise NotFound
    if alarm.state != Alarm.State.RAISED:
        raise MovedMeanwhile(AlarmReason.CLOSED)
    return alarm
