"""Writing an edition and putting it in force: a rule manager edits, rehearses and proposes, an approver decides.

A draft may hold faults while it is written; one that is proposed has none and was rehearsed as it stands.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from codes.models import DraftRehearsal, RuleSet, RuleSetDraft, RuleSetVersion
from codes.rule_sets.draft_content import Content, content_faults, next_content, plain
from codes.rule_sets.edition import Edition
from codes.rule_sets.publish import publish
from regions.proposals import ProposalQuerySet, require_reason, require_role
from regions.refusals import CommonReason, MovedMeanwhile, Refused
from regions.staff.roles import Role
from regions.tenancy import current_city


class DraftReason(TextChoices):
    """Beside the reasons that hold for everything two people decide."""

    EDITED_MEANWHILE = (
        "edited_meanwhile",
        _("Somebody has just changed this draft, and nothing of yours was saved. Reload the page and enter it again."),
    )
    NOT_EDITABLE = (
        "not_editable",
        _("This draft is proposed or over and cannot be changed. Take it back first, or begin another."),
    )
    HAS_FAULTS = "has_faults", _("The draft has {faults} faults. Mend them first.")
    NOT_REHEARSED = "not_rehearsed", _("Rehearse it first, and see who would change colour.")
    EDITED_BY_YOU = "edited_by_you", _("You have edited this draft, so you do not approve it. Ask another approver.")
    NO_VERSION = "no_version", _("This rule set has no edition to begin with. Upload a rule-set file.")


State = RuleSetDraft.State


def begin(rule_set_id: int, *, by: str, now: datetime) -> RuleSetDraft:
    """A draft of the next edition, from the one in force – or the first to come, where none is yet. Raises ``Refused``."""
    require_role(by, Role.RULE_MANAGER)
    rule_set = RuleSet.objects.get(pk=rule_set_id)
    today = current_city().day_of(now)
    versions = RuleSetVersion.objects.filter(rule_set=rule_set).order_by("effective_from")
    source = versions.in_force(today).first() or versions.first()
    newest = versions.last()
    if source is None or newest is None:
        raise Refused(DraftReason.NO_VERSION)
    return _begin(rule_set, next_content(source, newest=newest, today=today), by=by, now=now)


def begin_with(rule_set_id: int, content: Content, *, by: str, now: datetime) -> RuleSetDraft:
    """A draft of what a file or an earlier draft says, faults and all. Raises ``Refused``."""
    require_role(by, Role.RULE_MANAGER)
    return _begin(RuleSet.objects.get(pk=rule_set_id), content, by=by, now=now)


def save(draft_id: int, content: Content, *, revision: int, by: str, now: datetime) -> RuleSetDraft:
    """Keep what was changed, if nobody else has changed it since ``revision``. Raises ``Refused``."""
    require_role(by, Role.RULE_MANAGER)
    with transaction.atomic():
        draft = _editable(draft_id, revision=revision)
        if draft.content == (content := plain(content)):
            return draft
        edited = {"content": content, "revision": draft.revision + 1, "edited_by": by, "edited_at": now}
        draft.act("draft.saved", State.EDITING, by=by, now=now, **edited)
    return draft


def propose(draft_id: int, *, revision: int, reason: str, by: str, now: datetime) -> RuleSetDraft:
    """Have an approver decide about the draft as it stands. Raises ``Refused``."""
    require_role(by, Role.RULE_MANAGER)
    reason = require_reason(reason)
    with transaction.atomic():
        draft = _editable(draft_id, revision=revision)
        checked(draft, now=now)
        tried = draft.rehearsals.filter(revision=draft.revision, state__in=DraftRehearsal.CONCLUSIVE)
        if not tried.exists():
            raise Refused(DraftReason.NOT_REHEARSED)
        if RuleSetDraft.objects.waiting().filter(rule_set=draft.rule_set_id).exists():
            raise Refused(CommonReason.PROPOSED_ALREADY)
        proposed = {"reason": reason, "proposed_by": by, "proposed_at": now}
        draft.act("draft.proposed", State.PROPOSED, by=by, now=now, **proposed)
    return draft


def put_in_force(draft_id: int, *, by: str, now: datetime) -> RuleSetDraft:
    """Store the edition: from its day on people are judged by it. Raises ``Refused``."""
    with transaction.atomic():
        draft = _to_decide(draft_id, by=by)
        edition = checked(draft, now=now)
        version, _ = publish(edition, by=by, now=now)
        draft.decide(State.PUBLISHED, by=by, now=now, act="draft.put_in_force", version=version)
    return draft


def refuse(draft_id: int, *, reason: str, by: str, now: datetime) -> RuleSetDraft:
    """Leave the rules as they are. Raises ``Refused``."""
    require_role(by, Role.APPROVER)
    reason = require_reason(reason)
    with transaction.atomic():
        draft = _to_decide(draft_id, by=by)
        draft.decide(State.REFUSED, by=by, now=now, reason=reason, act="draft.refused")
    return draft


def take_back(draft_id: int, *, by: str, now: datetime) -> RuleSetDraft:
    """Edit one's own proposal again. Raises ``Refused``."""
    with transaction.atomic():
        draft = _locked().to_withdraw(draft_id, by=by)
        draft.act("draft.taken_back", State.EDITING, by=by, now=now, proposed_by="", proposed_at=None)
    return draft


def drop(draft_id: int, *, by: str, now: datetime) -> RuleSetDraft:
    """Give a draft up; it stays readable. Raises ``Refused``."""
    require_role(by, Role.RULE_MANAGER)
    with transaction.atomic():
        draft = _editable(draft_id)
        draft.act("draft.dropped", State.DROPPED, by=by, now=now)
    return draft


def checked(draft: RuleSetDraft, *, now: datetime) -> Edition:
    """The edition the draft means. Raises ``Refused`` when it means none."""
    edition, faults = content_faults(draft.content, code=draft.rule_set.code, today=current_city().day_of(now))
    if edition is None:
        raise Refused(DraftReason.HAS_FAULTS, faults=len(faults))
    return edition


def _begin(rule_set: RuleSet, content: Content, *, by: str, now: datetime) -> RuleSetDraft:
    with transaction.atomic():
        draft = RuleSetDraft.objects.create(
            rule_set=rule_set, content=plain(content), created_by=by, created_at=now, edited_by=by, edited_at=now
        )
        draft.journal("draft.begun", by=by, now=now)
    return draft


def _locked() -> ProposalQuerySet[RuleSetDraft]:
    return RuleSetDraft.objects.locked().select_related("rule_set")


def _to_decide(draft_id: int, *, by: str) -> RuleSetDraft:
    draft = _locked().to_decide(draft_id, by=by)
    if draft.edited_by == by:
        raise Refused(DraftReason.EDITED_BY_YOU)
    return draft


def _editable(draft_id: int, *, revision: int | None = None) -> RuleSetDraft:
    """Raises ``MovedMeanwhile`` when it is proposed or over, or was saved by somebody else since ``revision``."""
    draft = _locked().filter(pk=draft_id, state=State.EDITING).first()
    if draft is None:
        raise MovedMeanwhile(DraftReason.NOT_EDITABLE)
    if revision not in (None, draft.revision):
        raise MovedMeanwhile(DraftReason.EDITED_MEANWHILE)
    return draft
