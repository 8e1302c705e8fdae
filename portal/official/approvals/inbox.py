"""The approver's inbox: what waits for a second official, by kind."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, QuerySet, Value
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from codes.effective import CurrentCode, codes_without_rulings
from codes.models import HeldGroupProposal, RuleSetDraft, Ruling, Suppression, Webhook
from codes.review.proposals.bulk_suppressions import bulk_suppressions_to_decide
from codes.review.proposals.held_groups import proposals_to_decide
from codes.review.proposals.whose_record import naming_somebody_else
from portal.templatetags.page import titled
from regions.sources.models import Batch, SourceChange

SHOWN = 50
KINDS = ("rulings", "records", "ends", "settings", "held")


def waiting(kind: str, *, now: datetime) -> dict[str, Any]:
    """Return the waiting proposals of one kind, the oldest first, under the names that the template uses."""
    if kind == "rulings":
        return {"groups": _rulings()}
    if kind == "records":
        records = (
            Suppression.objects.waiting().filter(bulk_suppression=None).select_related("case", "source", "provider")
        )
        return {
            "bulk_suppressions": list(bulk_suppressions_to_decide()[:SHOWN]),
            "records": list(records.order_by("proposed_at", "pk")[:SHOWN]),
        }
    if kind == "settings":
        return {"settings": _settings()}
    if kind == "held":
        return {"settings": [_mass_change(one) for one in proposals_to_decide()[:SHOWN]]}
    return {
        "ruling_ends": _ruling_ends(now=now),
        "record_ends": list(Suppression.objects.ending().select_related("case")[:SHOWN]),
        "moved": list(naming_somebody_else(now=now).select_related("case").order_by("pk")[:SHOWN]),
    }


def _ruling_ends(*, now: datetime) -> list[tuple[Ruling, CurrentCode | None]]:
    """Return the rulings whose early end is proposed, each with the citizen's code after the end."""
    found = list(Ruling.objects.ending().select_related("case", "citizen")[:SHOWN])
    after = codes_without_rulings([one.citizen_id for one in found], now=now) if found else {}
    return [(one, after.get(one.citizen_id)) for one in found]


def tabs(kind: str) -> list[tuple[str, str, bool]]:
    """Return the title and the address of each tab, and whether it is open.

    A title includes the number of waiting proposals, because the first tab may be empty while others are not.
    """
    titles = {
        "rulings": _("Colours"),
        "records": _("Wrong records"),
        "ends": _("Early ends"),
        "settings": _("Sources and rules"),
        "held": _("Mass changes"),
    }
    counts = count_kinds(waiting_for_another())
    labels = {one: f"{titles[one]} · {counts[one]}" if counts[one] else titles[one] for one in KINDS}
    return [(labels[one], f"?kind={one}", one == kind) for one in KINDS]


def _rulings() -> list[dict[str, Any]]:
    """Return one row per act of proposing, whether it is about one case or many.

    The proposed colour is left out on purpose.
    """
    found = Ruling.objects.waiting().values("proposed_by", "proposed_at")
    counted = found.annotate(
        people=Count("pk"),
        first=Min("pk"),
        number=Min("case__number"),
        kind=Min("case__kind"),
        due_at=Min("case__due_at"),
        full_name=Min("citizen__full_name"),
        ref=Min("citizen__ref"),
    )
    return [dict(one) for one in counted.order_by("proposed_at", "first")[:SHOWN]]


def _settings() -> list[dict[str, Any]]:
    """Return the waiting webhooks, held batches, source changes and drafts.

    A source or a rule set has at most one of each kind.
    """
    found = [
        (
            _("Held delivery"),
            titled(batch.source),
            reverse("official_source", args=[batch.source.code]),
            batch.release_asked_by,
            batch.release_asked_at or batch.started_at,
        )
        for batch in _held_batches().select_related("source")
    ]
    found += [
        (
            _("Change of a source"),
            titled(change.source),
            reverse("official_source_change", args=[change.pk]),
            change.proposed_by,
            change.proposed_at,
        )
        for change in SourceChange.objects.waiting().select_related("source")
    ]
    found += [
        (
            _("New version of rules"),
            draft.rule_set.title_in(get_language() or "en"),
            reverse("official_draft", args=[draft.pk]),
            draft.proposed_by,
            draft.proposed_at or draft.edited_at,
        )
        for draft in RuleSetDraft.objects.waiting().select_related("rule_set")
    ]
    found += [
        (
            _("Webhook"),
            webhook.address,
            reverse("official_webhook", args=[webhook.pk]),
            webhook.proposed_by,
            webhook.proposed_at,
        )
        for webhook in Webhook.objects.waiting()
    ]
    names = ("what", "about", "address", "proposed_by", "proposed_at")
    return [dict(zip(names, one, strict=True)) for one in sorted(found, key=lambda one: one[-1])]


def _mass_change(one: HeldGroupProposal) -> dict[str, Any]:
    return {
        "what": HeldGroupProposal.Act(one.act_proposed).label,
        "about": one.group.message_in(get_language() or "en"),
        "address": reverse("official_held_group", args=[one.group_id]),
        "proposed_by": one.proposed_by,
        "proposed_at": one.proposed_at,
    }


def _held_batches() -> QuerySet[Batch]:
    return Batch.objects.filter(state=Batch.State.HELD, release_asked_at__isnull=False)


def waiting_for_another(username: str = "") -> list[tuple[str, QuerySet[Any]]]:
    """Return all waiting proposals by kind. With ``username``, leave out those that this person proposed."""
    proposals: list[tuple[str, QuerySet[Any], str]] = [
        ("rulings", Ruling.objects.waiting(), "proposed_by"),
        ("records", Suppression.objects.waiting().filter(bulk_suppression=None), "proposed_by"),
        ("records", bulk_suppressions_to_decide(), "proposed_by"),
        ("ends", Ruling.objects.ending(), "end_proposed_by"),
        ("ends", Suppression.objects.ending(), "end_proposed_by"),
        ("settings", _held_batches(), "release_asked_by"),
        ("settings", SourceChange.objects.waiting(), "proposed_by"),
        ("settings", RuleSetDraft.objects.waiting(), "proposed_by"),
        ("settings", Webhook.objects.waiting(), "proposed_by"),
        ("held", HeldGroupProposal.objects.waiting(), "proposed_by"),
    ]
    return [(kind, rows.exclude(**{who: username}) if username else rows) for kind, rows, who in proposals]


def count_kinds(rows: Sequence[tuple[str, QuerySet[Any]]]) -> Counter[str]:
    """Return the number of rows of each kind, counted in one query."""
    counted = [
        found.order_by().select_related(None).values_list(Value(kind)).annotate(Count("pk")) for kind, found in rows
    ]
    counts: Counter[str] = Counter()
    for kind, number in counted[0].union(*counted[1:], all=True) if counted else []:
        counts[kind] += number
    return counts
