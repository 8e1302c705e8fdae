"""Storing a version. A version in force is never changed, because people were judged by it."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import transaction

from codes.models import RiskArea, Rule, RuleSet, RuleSetVersion, Run
from codes.rule_sets.version_file import VersionContent, canonical_digest, digests
from regions.faults import Fault, FaultCode
from regions.journal.record import record
from regions.tenancy import current_city


class CannotPublish(ValueError):
    """The version contradicts what is stored. The fault names the part of it and says what to do instead."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def publish(content: VersionContent, *, by: str, now: datetime) -> tuple[RuleSetVersion, bool]:
    """Store the version. Return it, and whether anything was changed. Raises ``CannotPublish``.

    Storing the same content again changes nothing. A version that is not in force yet may be replaced.
    """
    digest = canonical_digest(content)
    with transaction.atomic():
        rule_set, _ = RuleSet.objects.get_or_create(code=content.code)
        stored = RuleSetVersion.objects.select_for_update().filter(rule_set=rule_set, version=content.version).first()
        if stored is not None and stored.digest in digests(content):
            return stored, False
        check_publishable(content, today=current_city().day_of(now))
        check_first_day(content, today=current_city().day_of(now))
        if stored is None:
            stored = RuleSetVersion(rule_set=rule_set, version=content.version)
        replaced = stored.digest
        stored.effective_from, stored.digest = content.effective_from, digest
        stored.created_by, stored.created_at = by, now
        stored.save()
        replace_tables(stored, content)
        data = {"effective_from": content.effective_from.isoformat(), "digest": digest, "replaces": replaced}
        record("rule_set.published", by=by, now=now, subject=f"rule_set:{content.code}-{content.version}", data=data)
    return stored, True


def check_publishable(content: VersionContent, *, today: date) -> None:
    """Check the version against the stored ones of its rule set. Raises ``CannotPublish``."""
    held = {other.version: other for other in RuleSetVersion.objects.filter(rule_set__code=content.code)}
    same = held.pop(content.version, None)
    if same is not None and same.digest in digests(content):
        return
    if same is not None and same.effective_from <= today:
        params: dict[str, Any] = {"version": content.version, "day": same.effective_from.isoformat()}
        raise CannotPublish(Fault("version", FaultCode.IN_FORCE, params))
    for other in held.values():
        is_older = other.version < content.version
        if other.effective_from != content.effective_from and is_older != (
            other.effective_from < content.effective_from
        ):
            params = {"version": other.version, "day": other.effective_from.isoformat()}
            raise CannotPublish(Fault("effective_from", FaultCode.OUT_OF_ORDER, params))


def check_first_day(content: VersionContent, *, today: date) -> None:
    """Check the first day: once a run has settled, a new version begins today or later, because past days were judged.

    Raises ``CannotPublish``.
    """
    stored = RuleSetVersion.objects.filter(rule_set__code=content.code, version=content.version)
    is_new = not stored.filter(digest__in=digests(content)).exists()
    if content.effective_from < today and is_new and Run.objects.settled().exists():
        raise CannotPublish(Fault("effective_from", FaultCode.IN_THE_PAST))


def replace_tables(stored: RuleSetVersion, content: VersionContent) -> None:
    """Replace the stored version's rules and risk areas by those of ``content``. Call in a transaction."""
    stored.rules.all().delete()
    stored.risk_areas.all().delete()
    Rule.objects.bulk_create(_rules(stored, content))
    RiskArea.objects.bulk_create(
        RiskArea(version=stored, area=one.area, level=one.level, from_day=one.from_day, to_day=one.to_day)
        for one in content.risk_areas
    )


def _rules(stored: RuleSetVersion, content: VersionContent) -> Iterable[Rule]:
    for rule in content.rules:
        yield Rule(
            version=stored,
            code=rule.code,
            kind=rule.kind.value,
            area_levels=rule.area_levels,
            colour=rule.colour.value,
            anchor=rule.anchor.value,
            hold_days=rule.hold_days,
            checkin_days=rule.checkin_days,
            tests=rule.tests,
            test_gap_days=rule.test_gap_days,
            cleared_by=[kind.value for kind in rule.cleared_by],
            title_zh=rule.title_in("zh"),
            title_en=rule.title_in("en"),
            reason_zh=rule.reason_in("zh"),
            reason_en=rule.reason_in("en"),
        )
