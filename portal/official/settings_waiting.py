"""What waits for an approver beside cases: held deliveries, changes of sources, editions of rules."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from codes.models import RuleSetDraft
from portal.templatetags.page import titled
from regions.sources.models import Batch, SourceChange


@dataclass(frozen=True)
class SettingWaiting:
    """One line: what it is, about what, and who asked for it when."""

    what: str
    about: str
    address: str
    proposed_by: str
    proposed_at: datetime


def settings_waiting() -> list[SettingWaiting]:
    """All of them, the oldest first; there is at most one of a kind for each source and rule set."""
    batches, changes = held_batches().select_related("source"), SourceChange.objects.waiting().select_related("source")
    drafts = RuleSetDraft.objects.waiting().select_related("rule_set")
    found = [_batch(one) for one in batches] + [_change(one) for one in changes] + [_draft(one) for one in drafts]
    return sorted(found, key=lambda one: one.proposed_at)


def held_batches() -> QuerySet[Batch]:
    """Deliveries that a source manager asked to release."""
    return Batch.objects.filter(state=Batch.State.HELD, release_asked_at__isnull=False)


def _batch(batch: Batch) -> SettingWaiting:
    address = reverse("official_source", args=[batch.source.code])
    asked_at = batch.release_asked_at or batch.started_at
    return SettingWaiting(_("Held delivery"), titled(batch.source), address, batch.release_asked_by, asked_at)


def _change(change: SourceChange) -> SettingWaiting:
    address = reverse("official_source_change", args=[change.pk])
    return SettingWaiting(
        _("Change of a source"), titled(change.source), address, change.proposed_by, change.proposed_at
    )


def _draft(draft: RuleSetDraft) -> SettingWaiting:
    address = reverse("official_draft", args=[draft.pk])
    asked_at = draft.proposed_at or draft.edited_at
    return SettingWaiting(_("New edition of rules"), draft.rule_set.code, address, draft.proposed_by, asked_at)
