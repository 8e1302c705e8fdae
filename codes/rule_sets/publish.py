"""Storing an edition. One that is in force is never changed: people were judged by it."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import transaction

from codes.models import RiskArea, Rule, RuleSet, RuleSetVersion
from codes.rule_sets.edition import Edition, canonical_digest
from regions.faults import Fault, FaultCode
from regions.journal.record import record
from regions.tenancy import current_city


class CannotPublish(ValueError):
    """The edition contradicts what is stored; the fault names the part of it and what would work."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def publish(edition: Edition, *, by: str, now: datetime) -> tuple[RuleSetVersion, bool]:
    """The stored edition, and whether anything was changed to store it. Raises ``CannotPublish``.

    The same content again changes nothing. A version whose day has not come may still be replaced.
    """
    digest = canonical_digest(edition)
    with transaction.atomic():
        rule_set, _ = RuleSet.objects.get_or_create(code=edition.code)
        stored = RuleSetVersion.objects.select_for_update().filter(rule_set=rule_set, version=edition.version).first()
        if stored is not None and stored.digest == digest:
            return stored, False
        check_publishable(edition, today=current_city().day_of(now))
        if stored is None:
            stored = RuleSetVersion(rule_set=rule_set, version=edition.version)
        replaced = stored.digest
        stored.effective_from, stored.digest = edition.effective_from, digest
        stored.created_by, stored.created_at = by, now
        stored.save()
        replace_tables(stored, edition)
        data = {"effective_from": edition.effective_from.isoformat(), "digest": digest, "replaces": replaced}
        record("rule_set.published", by=by, now=now, subject=f"rule_set:{edition.code}-{edition.version}", data=data)
    return stored, True


def check_publishable(edition: Edition, *, today: date) -> None:
    """Hold the edition against those of its rule set that are stored. Raises ``CannotPublish``."""
    held = {version.version: version for version in RuleSetVersion.objects.filter(rule_set__code=edition.code)}
    same = held.pop(edition.version, None)
    if same is not None and same.digest == canonical_digest(edition):
        return
    if same is not None and same.effective_from <= today:
        params: dict[str, Any] = {"version": edition.version, "day": same.effective_from.isoformat()}
        raise CannotPublish(Fault("version", FaultCode.IN_FORCE, params))
    for other in held.values():
        if (other.version < edition.version) != (other.effective_from < edition.effective_from):
            params = {"version": other.version, "day": other.effective_from.isoformat()}
            raise CannotPublish(Fault("effective_from", FaultCode.OUT_OF_ORDER, params))


def replace_tables(version: RuleSetVersion, edition: Edition) -> None:
    """Make the stored version's rules and risk areas those of the edition. Call in the transaction of its caller."""
    version.rules.all().delete()
    version.risk_areas.all().delete()
    Rule.objects.bulk_create(_rules(version, edition))
    RiskArea.objects.bulk_create(
        RiskArea(version=version, area=one.area, level=one.level, from_day=one.from_day, to_day=one.to_day)
        for one in edition.risk_areas
    )


def _rules(version: RuleSetVersion, edition: Edition) -> Iterable[Rule]:
    for rule in edition.rules:
        yield Rule(
            version=version,
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
