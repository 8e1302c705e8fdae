"""Drafting a version and putting it in force: a rule manager edits, rehearses and proposes; an approver decides.

A draft may have faults while it is written. A proposed draft has none and was rehearsed in its current revision.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError

from codes.models import DraftRehearsal, RiskArea, Rule, RuleSet, RuleSetDraft, RuleSetVersion
from codes.rule_sets.publish import CannotPublish, check_publishable, publish
from codes.rule_sets.version_file import Rule as VersionRule
from codes.rule_sets.version_file import VersionContent, judged
from regions.faults import Fault, FaultCode
from regions.proposals import ProposalQuerySet, require_reason, require_role, require_role_or_operator
from regions.refusals import CommonReason, MovedMeanwhile, Refused
from regions.staff.roles import Role
from regions.tenancy import current_city
from regions.toml_files import shape_faults

Content = dict[str, Any]


def content_of(stored: RuleSetVersion) -> Content:
    """Return the content of a stored version as its file would contain it."""
    rules = stored.rules.order_by("pk")
    areas = stored.risk_areas.order_by("area", "from_day", "pk")
    return {
        "code": stored.rule_set.code,
        "version": stored.version,
        "effective_from": stored.effective_from.isoformat(),
        "rules": [_rule(rule) for rule in rules],
        "risk_areas": [_area(area) for area in areas],
    }


def followed_by(content: Mapping[str, Any], *, rule_set: RuleSet) -> RuleSetVersion | None:
    """Return the stored version that a version with this content follows; ``None`` for the first one.

    A number that cannot be read follows all.
    """
    versions = rule_set.versions.filter(withdrawn_at__isnull=True)
    if isinstance(number := content.get("version"), int):
        versions = versions.filter(version__lt=number)
    return versions.order_by("effective_from", "version").last()


def _next_content(rule_set: RuleSet, *, today: date) -> Content | None:
    """Return the initial content of the next version: the next number, the first possible day, and the tables of the version
    that it follows.

    That one may be still to come: a version begun from the one before would end it on its own first day.
    """
    stored = followed_by({}, rule_set=rule_set)
    newest = rule_set.versions.order_by("effective_from", "version").last()
    if stored is None or newest is None:
        return None
    first_day = max(today + timedelta(days=1), newest.effective_from)
    return {**content_of(stored), "version": newest.version + 1, "effective_from": first_day.isoformat()}


def plain(value: Any) -> Any:
    """Return a file's content as JSON that can be stored: days become text, and NUL the replacement character.

    Values that a file cannot contain are left for validation to refuse.
    """
    match value:
        case dict():
            return {plain(str(name)): plain(inner) for name, inner in value.items()}
        case list():
            return [plain(inner) for inner in value]
        case str():
            return value.replace("\x00", "\ufffd")
        case None | bool() | int():
            return value
        case float():
            # JSON has no infinity. No field of a version is a fraction, so the text is refused with its key.
            return str(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def content_faults(content: Mapping[str, Any], *, code: str, today: date) -> tuple[VersionContent | None, list[Fault]]:
    """Return the version that the content describes, or ``None`` and all its faults with their keys.

    ``code``: that of the draft's rule set. A version takes effect today or later, because past days were judged.
    """
    version, faults = judged(dict(content))
    if version is None:
        return None, faults
    if version.code != code:
        faults.append(Fault("code", FaultCode.OTHER_CODE, {"code": code}))
    if version.effective_from < today:
        faults.append(Fault("effective_from", FaultCode.IN_THE_PAST))
    faults += _replaced(version, today=today)
    try:
        check_publishable(version, today=today)
    except CannotPublish as refusal:
        faults.append(refusal.fault)
    return (None, faults) if faults else (version, [])


def _replaced(version: VersionContent, *, today: date) -> list[Fault]:
    """Return the fault of a version whose number another one has, which two people have put in force for a later day.

    It would be lost without anybody having decided so. The operator's city file may replace it.
    """
    stored = RuleSetVersion.objects.filter(rule_set__code=version.code, version=version.version)
    if announced := stored.filter(effective_from__gt=today).first():
        params = {"version": announced.version, "day": announced.effective_from.isoformat()}
        return [Fault("version", FaultCode.ANNOUNCED, params)]
    return []


def rule_faults(rule: Content) -> list[Fault]:
    """Return the faults of one rule by itself, with the keys of its table."""
    try:
        VersionRule.model_validate(rule)
    except ValidationError as error:
        return shape_faults(error, rule)
    return []


def _rule(rule: Rule) -> Content:
    content: Content = {"code": rule.code, "kind": rule.kind, "colour": rule.colour, "anchor": rule.anchor}
    if rule.area_levels is not None:
        content["area_levels"] = list(rule.area_levels)
    if rule.hold_days is not None:
        content["hold_days"] = rule.hold_days
    return content | {
        "checkin_days": rule.checkin_days,
        "tests": rule.tests,
        "test_gap_days": rule.test_gap_days,
        "cleared_by": list(rule.cleared_by),
        "title": {"zh": rule.title_zh, "en": rule.title_en},
        "reason": {"zh": rule.reason_zh, "en": rule.reason_en},
    }


def _area(area: RiskArea) -> Content:
    content: Content = {"area": area.area, "level": area.level, "from": area.from_day.isoformat()}
    return content | ({"to": area.to_day.isoformat()} if area.to_day else {})


class DraftReason(TextChoices):
    """Why an action on a draft is refused, apart from the reasons common to all proposals."""

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
    PROPOSED_ANEW = (
        "proposed_anew",
        _("This draft was changed and proposed anew after you opened the page. Read it as it is now, then decide."),
    )
    EDITED_BY_YOU = "edited_by_you", _("You have edited this draft, so you do not approve it. Ask another approver.")
    NO_VERSION = "no_version", _("This rule set has no version to begin with. Upload a rule-set file.")


State = RuleSetDraft.State


def begin(rule_set_id: int, *, by: str, now: datetime) -> RuleSetDraft:
    """Create a draft of the next version from the one it follows: the last published one, whether in force or still to come.

    Raises ``Refused``.
    """
    require_role(by, Role.RULE_MANAGER)
    rule_set = RuleSet.objects.get(pk=rule_set_id)
    content = _next_content(rule_set, today=current_city().day_of(now))
    if content is None:
        raise Refused(DraftReason.NO_VERSION)
    return _begin(rule_set, content, by=by, now=now)


def begin_with(rule_set_id: int, content: Content, *, by: str, now: datetime) -> RuleSetDraft:
    """Create a draft with the content of a file or an earlier draft, including its faults. Raises ``Refused``."""
    require_role(by, Role.RULE_MANAGER)
    return _begin(RuleSet.objects.get(pk=rule_set_id), content, by=by, now=now)


def begin_with_areas(
    change: Callable[[list[Content]], list[Content]], *, note: str, source: str, by: str, now: datetime
) -> list[RuleSetDraft]:
    """Create a draft of each rule set used by a provider whose risk areas ``change`` alters, for the city's own staff
    to decide on.

    ``source`` is the origin of the change, for the journal. Raises ``NotAllowed``.
    """
    require_role_or_operator(by, Role.RULE_MANAGER)
    today, made = current_city().day_of(now), []
    for rule_set in RuleSet.objects.filter(providers__retired=False).distinct().order_by("code"):
        content = _next_content(rule_set, today=today)
        if content is None:
            continue
        areas = change(content["risk_areas"])
        if areas != content["risk_areas"]:
            content["risk_areas"] = areas
            made.append(_begin(rule_set, content, reason=note, source=source, by=by, now=now))
    return made


def save(draft_id: int, content: Content, *, revision: int, by: str, now: datetime) -> RuleSetDraft:
    """Save the content, unless somebody else has saved since ``revision``. Raises ``Refused``."""
    require_role(by, Role.RULE_MANAGER)
    with transaction.atomic():
        draft = _editable(draft_id, revision=revision)
        if draft.content == (content := plain(content)):
            return draft
        edited = {"content": content, "revision": draft.revision + 1, "edited_by": by, "edited_at": now}
        draft.act("draft.saved", State.EDITING, by=by, now=now, **edited)
    return draft


def propose(draft_id: int, *, revision: int, reason: str, by: str, now: datetime) -> RuleSetDraft:
    """Propose the draft in its current revision to the approvers. Raises ``Refused``."""
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


def put_in_force(draft_id: int, *, revision: int, by: str, now: datetime) -> RuleSetDraft:
    """Store the version. From its first day on people are judged by it.

    ``revision``: the one that the approver has read. Raises ``Refused``, also if another one is proposed by now.
    """
    with transaction.atomic():
        draft = _to_decide(draft_id, revision=revision, by=by)
        version = checked(draft, now=now)
        stored, _ = publish(version, by=by, now=now)
        draft.approve(State.PUBLISHED, by=by, now=now, act="draft.put_in_force", version=stored)
    return draft


@transaction.atomic
def refuse(draft_id: int, *, revision: int, reason: str, by: str, now: datetime) -> RuleSetDraft:
    """Refuse the draft in the revision that was read: the rules stay as they are. Raises ``Refused``."""
    return _to_decide(draft_id, revision=revision, by=by).refuse(reason=reason, by=by, now=now)


def take_back(draft_id: int, *, by: str, now: datetime) -> RuleSetDraft:
    """Withdraw one's own proposal and edit the draft again. Raises ``Refused``."""
    with transaction.atomic():
        draft = _locked().to_withdraw(draft_id, by=by)
        draft.act("draft.taken_back", State.EDITING, by=by, now=now, proposed_by="", proposed_at=None)
    return draft


def drop(draft_id: int, *, by: str, now: datetime) -> RuleSetDraft:
    """Drop a draft. It stays readable. Raises ``Refused``."""
    require_role(by, Role.RULE_MANAGER)
    with transaction.atomic():
        draft = _editable(draft_id)
        draft.act("draft.dropped", State.DROPPED, by=by, now=now)
    return draft


def checked(draft: RuleSetDraft, *, now: datetime) -> VersionContent:
    """Return the version that the draft describes. Raises ``Refused`` if the draft has faults."""
    version, faults = content_faults(draft.content, code=draft.rule_set.code, today=current_city().day_of(now))
    if version is None:
        raise Refused(DraftReason.HAS_FAULTS, faults=len(faults))
    return version


def _begin(
    rule_set: RuleSet, content: Content, *, by: str, now: datetime, reason: str = "", source: str = ""
) -> RuleSetDraft:
    with transaction.atomic():
        draft = RuleSetDraft.objects.create(
            rule_set=rule_set,
            content=plain(content),
            reason=reason,
            created_by=by,
            created_at=now,
            edited_by=by,
            edited_at=now,
        )
        draft.journal("draft.begun", by=by, now=now, **({"source": source} if source else {}))
    return draft


def _locked() -> ProposalQuerySet[RuleSetDraft]:
    return RuleSetDraft.objects.locked().select_related("rule_set")


def _to_decide(draft_id: int, *, revision: int, by: str) -> RuleSetDraft:
    draft = _locked().to_decide(draft_id, by=by)
    if draft.edited_by == by:
        raise Refused(DraftReason.EDITED_BY_YOU)
    if draft.revision != revision:
        raise MovedMeanwhile(DraftReason.PROPOSED_ANEW)
    return draft


def _editable(draft_id: int, *, revision: int | None = None) -> RuleSetDraft:
    """Return the draft, locked.

    Raises ``MovedMeanwhile`` if it is not being edited, or was saved by somebody else since ``revision``.
    """
    draft = _locked().filter(pk=draft_id, state=State.EDITING).first()
    if draft is None:
        raise MovedMeanwhile(DraftReason.NOT_EDITABLE)
    if revision not in (None, draft.revision):
        raise MovedMeanwhile(DraftReason.EDITED_MEANWHILE)
    return draft
