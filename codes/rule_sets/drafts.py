"""Writing an edition and putting it in force: a rule manager edits, rehearses and proposes, an approver decides.

A draft may hold faults while it is written; one that is proposed has none and was rehearsed as it stands.
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from codes.models import DraftRehearsal, RuleSet, RuleSetDraft, RuleSetVersion
from codes.rule_sets.draft_content import Content, content_faults, next_content, plain
from codes.rule_sets.draft_reasons import DraftReason
from codes.rule_sets.edition import Edition
from codes.rule_sets.publish import publish
from regions.journal.record import record
from regions.staff.roles import Role
from regions.tenancy import current_city
from regions.two_people import PairReason, Refusal, require_another, require_reason, require_role

State = RuleSetDraft.State


def begin(rule_set_id: int, *, by: str, now: datetime) -> RuleSetDraft:
    """A draft of the next edition, from the one in force – or the first to come, where none is yet. Raises ``Refusal``."""
    require_role(by, Role.RULE_MANAGER)
    rule_set = RuleSet.objects.get(pk=rule_set_id)
    today = current_city().day_of(now)
    versions = RuleSetVersion.objects.filter(rule_set=rule_set).order_by("effective_from")
    source = versions.in_force(today).first() or versions.first()
    newest = versions.last()
    if source is None or newest is None:
        raise Refusal(DraftReason.NO_VERSION)
    return _begin(rule_set, next_content(source, newest=newest, today=today), by=by, now=now)


def begin_with(rule_set_id: int, content: Content, *, by: str, now: datetime) -> RuleSetDraft:
    """A draft of what a file or an earlier draft says, faults and all. Raises ``Refusal``."""
    require_role(by, Role.RULE_MANAGER)
    return _begin(RuleSet.objects.get(pk=rule_set_id), content, by=by, now=now)


def save(draft_id: int, content: Content, *, revision: int, by: str, now: datetime) -> RuleSetDraft:
    """Keep what was changed, if nobody else has changed it since ``revision``. Raises ``Refusal``."""
    require_role(by, Role.RULE_MANAGER)
    with transaction.atomic():
        draft = _locked(draft_id, State.EDITING, otherwise=DraftReason.NOT_EDITABLE)
        if draft.revision != revision:
            raise Refusal(DraftReason.EDITED_MEANWHILE)
        if draft.content == (content := plain(content)):
            return draft
        draft.content, draft.revision = content, draft.revision + 1
        draft.edited_by, draft.edited_at = by, now
        draft.save(update_fields=["content", "revision", "edited_by", "edited_at"])
        record("draft.saved", by=by, now=now, subject=_subject(draft), data=_told(draft))
    return draft


def propose(draft_id: int, *, revision: int, reason: str, by: str, now: datetime) -> RuleSetDraft:
    """Have an approver decide about the draft as it stands. Raises ``Refusal``."""
    require_role(by, Role.RULE_MANAGER)
    reason = require_reason(reason)
    with transaction.atomic():
        draft = _locked(draft_id, State.EDITING, otherwise=DraftReason.NOT_EDITABLE)
        if draft.revision != revision:
            raise Refusal(DraftReason.EDITED_MEANWHILE)
        checked(draft, now=now)
        tried = draft.rehearsals.filter(revision=draft.revision, state__in=DraftRehearsal.CONCLUSIVE)
        if not tried.exists():
            raise Refusal(DraftReason.NOT_REHEARSED)
        if RuleSetDraft.objects.filter(rule_set=draft.rule_set_id, state=State.PROPOSED).exists():
            raise Refusal(DraftReason.ANOTHER_WAITS)
        draft.state, draft.reason = State.PROPOSED, reason
        draft.proposed_by, draft.proposed_at = by, now
        draft.save(update_fields=["state", "reason", "proposed_by", "proposed_at"])
        record("draft.proposed", by=by, now=now, subject=_subject(draft), data=_told(draft))
    return draft


def put_in_force(draft_id: int, *, by: str, now: datetime) -> RuleSetDraft:
    """Store the edition: from its day on people are judged by it. Raises ``Refusal``."""
    require_role(by, Role.APPROVER)
    with transaction.atomic():
        draft = _locked(draft_id, State.PROPOSED)
        _require_second(draft, by)
        edition = checked(draft, now=now)
        draft.version, _ = publish(edition, by=by, now=now)
        _decide(draft, State.PUBLISHED, by=by, now=now)
        record("draft.put_in_force", by=by, now=now, subject=_subject(draft), data=_told(draft))
    return draft


def refuse(draft_id: int, *, reason: str, by: str, now: datetime) -> RuleSetDraft:
    """Leave the rules as they are. Raises ``Refusal``."""
    require_role(by, Role.APPROVER)
    reason = require_reason(reason)
    with transaction.atomic():
        draft = _locked(draft_id, State.PROPOSED)
        _require_second(draft, by)
        _decide(draft, State.REFUSED, by=by, now=now, reason=reason)
        record("draft.refused", by=by, now=now, subject=_subject(draft), data=_told(draft))
    return draft


def take_back(draft_id: int, *, by: str, now: datetime) -> RuleSetDraft:
    """Edit one's own proposal again. Raises ``Refusal``."""
    require_role(by, Role.RULE_MANAGER)
    with transaction.atomic():
        draft = _locked(draft_id, State.PROPOSED)
        if draft.proposed_by != by:
            raise Refusal(PairReason.NOT_THE_PROPOSER)
        draft.state, draft.proposed_by, draft.proposed_at = State.EDITING, "", None
        draft.save(update_fields=["state", "proposed_by", "proposed_at"])
        record("draft.taken_back", by=by, now=now, subject=_subject(draft), data=_told(draft))
    return draft


def drop(draft_id: int, *, by: str, now: datetime) -> RuleSetDraft:
    """Give a draft up; it stays readable. Raises ``Refusal``."""
    require_role(by, Role.RULE_MANAGER)
    with transaction.atomic():
        draft = _locked(draft_id, State.EDITING, otherwise=DraftReason.NOT_EDITABLE)
        draft.state = State.DROPPED
        draft.save(update_fields=["state"])
        record("draft.dropped", by=by, now=now, subject=_subject(draft), data=_told(draft))
    return draft


def checked(draft: RuleSetDraft, *, now: datetime) -> Edition:
    """The edition the draft means. Raises ``Refusal`` when it means none."""
    edition, faults = content_faults(draft.content, code=draft.rule_set.code, today=current_city().day_of(now))
    if edition is None:
        raise Refusal(DraftReason.HAS_FAULTS, faults=len(faults))
    return edition


def _begin(rule_set: RuleSet, content: Content, *, by: str, now: datetime) -> RuleSetDraft:
    with transaction.atomic():
        draft = RuleSetDraft.objects.create(
            rule_set=rule_set, content=plain(content), created_by=by, created_at=now, edited_by=by, edited_at=now
        )
        record("draft.begun", by=by, now=now, subject=_subject(draft), data=_told(draft))
    return draft


def _require_second(draft: RuleSetDraft, by: str) -> None:
    require_another(by, proposed_by=draft.proposed_by)
    if draft.edited_by == by:
        raise Refusal(DraftReason.EDITED_BY_YOU)


def _locked(draft_id: int, state: str, *, otherwise: DraftReason | PairReason = PairReason.NOT_WAITING) -> RuleSetDraft:
    rows = RuleSetDraft.objects.select_for_update(of=("self",)).select_related("rule_set")
    found = rows.filter(pk=draft_id, state=state).first()
    if found is None:
        raise Refusal(otherwise)
    return found


def _decide(draft: RuleSetDraft, state: State, *, by: str, now: datetime, reason: str = "") -> None:
    draft.state, draft.decided_by, draft.decided_at, draft.decision_reason = state, by, now, reason
    draft.save(update_fields=["state", "decided_by", "decided_at", "decision_reason", "version"])


def _subject(draft: RuleSetDraft) -> str:
    return f"rule_set:{draft.rule_set.code}"


def _told(draft: RuleSetDraft) -> dict[str, Any]:
    return {"draft": draft.pk, "revision": draft.revision, "proposed_by": draft.proposed_by}
