"""Texts that a city keeps for questions and decisions: edited by approvers, their placeholders checked, filled in for a case."""

import re
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.formats import date_format

from codes.models import Case, ReplyTemplate
from codes.review.errors import Reason
from codes.review.proposals.ruling_policy import LONGEST_TEXT, check_text
from regions.journal.record import record
from regions.proposals import require_role
from regions.refusals import MovedMeanwhile, NotFound, Refused
from regions.staff.roles import Role
from regions.tenancy import current_city

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
PLACES = ("case", "today", "due", "city", "hotline")
LONGEST_NAME = 60
# The values filled in must not make the text longer than a question or answer may be.
LONGEST = LONGEST_TEXT // 2 - 200


def templates_in_use() -> QuerySet[ReplyTemplate]:
    return ReplyTemplate.objects.filter(retired_at__isnull=True).order_by("use", "name")


def save_template(
    *, template_id: int | None, use: str, name: str, text_zh: str, text_en: str, by: str, now: datetime
) -> ReplyTemplate:
    """Create a template, or change one in use. Raises ``Refused`` with the name of a placeholder that does not exist."""
    require_role(by, Role.APPROVER)
    if use not in set(ReplyTemplate.Use):
        raise Refused(Reason.UNKNOWN_REASON)
    name, texts = check_text(name, required=True), (check_text(text_zh, required=True), check_text(text_en))
    if len(name) > LONGEST_NAME or any(len(text) > LONGEST for text in texts):
        raise Refused(Reason.TEMPLATE_TOO_LONG, most=LONGEST)
    for text in texts:
        if unknown := [place for place in PLACEHOLDER.findall(text) if place not in PLACES]:
            raise Refused(Reason.UNKNOWN_PLACE, place=unknown[0])
    with transaction.atomic():
        kept = ReplyTemplate() if template_id is None else _in_use(template_id)
        if templates_in_use().filter(use=use, name=name).exclude(pk=kept.pk).exists():
            raise Refused(Reason.TEMPLATE_NAME_TAKEN)
        kept.use, kept.name, (kept.text_zh, kept.text_en) = use, name, texts
        kept.edited_by, kept.edited_at = by, now
        kept.save()
        record("reply_template.saved", by=by, now=now, data={"template": kept.pk, "name": name, "use": use})
    return kept


def retire_template(*, template_id: int, by: str, now: datetime) -> ReplyTemplate:
    """Retire the template: it is no longer offered."""
    require_role(by, Role.APPROVER)
    with transaction.atomic():
        kept = _in_use(template_id)
        if templates_in_use().filter(pk=kept.pk).update(retired_at=now) != 1:
            raise MovedMeanwhile
        record("reply_template.retired", by=by, now=now, data={"template": kept.pk, "name": kept.name, "use": kept.use})
    return kept


def filled(template: ReplyTemplate, case: Case, *, now: datetime) -> str:
    """Return its text for a case: the Chinese, followed by the English if there is any."""
    words = []
    for language, text in (("zh-hans", template.text_zh), ("en", template.text_en)):
        values = _values(case, language, now=now)
        words += [PLACEHOLDER.sub(lambda place, values=values: values[place[1]], text)] if text else []  # type: ignore[misc]
    return "\n\n".join(words)


def _values(case: Case, language: str, *, now: datetime) -> Mapping[str, str]:
    city = current_city()
    with translation.override(language):
        return {
            "case": case.number,
            "today": date_format(city.day_of(now), "DATE_FORMAT"),
            "due": date_format(timezone.localtime(case.due_at, city.zone), "DATETIME_FORMAT"),
            "city": city.name_in(language),
            "hotline": city.hotline,
        }


def _in_use(template_id: int) -> ReplyTemplate:
    """Return the template in use. Raises ``NotFound``."""
    kept = templates_in_use().filter(pk=template_id).first()
    if kept is None:
        raise NotFound
    return kept
