"""Opening a city, or bringing one to what its file says: the region's half and the codes' half in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from codes.models import Provider, RuleSet
from codes.rule_sets.edition import Edition
from codes.rule_sets.publish import CannotPublish, check_publishable, publish
from regions.city_file import CityFile, Fault
from regions.city_opening import Settling, drop_rows, set_columns, settle_city, settle_sources
from regions.file_faults import FileFaults
from regions.journal.record import record
from regions.keys.vault import create_keys
from regions.locks import advisory_lock
from regions.models import City
from regions.sources.models import Source
from regions.tenancy import current_city, in_city


@dataclass(frozen=True)
class Opened:
    """What came of it: ``changed`` names keys of the file, never values; empty for a city that was made just now."""

    city: City
    created: bool
    changed: list[str]


def open_city(file: CityFile, editions: Sequence[Edition], *, by: str, now: datetime) -> Opened:
    """Make the city, or change what differs; all or nothing. Enter with ``as_owner()``. Raises ``FileFaults``."""
    settling = Settling()
    with transaction.atomic():
        advisory_lock("openings")  # nobody else opens or changes a city meanwhile
        city, created = settle_city(file, settling, now=now)
        with in_city(city.schema_name):
            create_keys(now=now)
            settle_sources(file, settling)
            _settle_rule_sets(editions, settling, by=by, now=now)
            if not settling.faults:
                _settle_providers(file, settling)
                _drop_the_others(file, settling)
            if settling.faults:
                raise FileFaults(file.path, settling.faults)
            subject = f"city:{city.schema_name}"
            if created:
                record("city.opened", by=by, now=now, subject=subject, data=_summary(file, editions))
            elif settling.changed:
                record("city.changed", by=by, now=now, subject=subject, data={"keys": settling.changed})
    return Opened(city, created, [] if created else settling.changed)


def _settle_rule_sets(editions: Sequence[Edition], settling: Settling, *, by: str, now: datetime) -> None:
    """Publish the editions that are not there yet, oldest first."""
    today = now.astimezone(current_city().zone).date()
    publishable = []
    for place, edition in enumerate(editions):
        try:
            check_publishable(edition, today=today)
        except CannotPublish as refusal:
            settling.faults.append(Fault(f"rule_sets[{place}].file: {refusal.key}", str(refusal)))
        else:
            publishable.append(edition)
    for edition in sorted(publishable, key=lambda one: (one.code, one.version)):
        _, changed = publish(edition, by=by, now=now)
        settling.changed += [f"rule_sets.{edition.code}-{edition.version}"] if changed else []


def _settle_providers(file: CityFile, settling: Settling) -> None:
    sources = {source.code: source for source in Source.objects.all()}
    rule_sets = {rule_set.code: rule_set for rule_set in RuleSet.objects.all()}
    for wanted in file.providers:
        provider = Provider.objects.filter(code=wanted.code).first() or Provider(code=wanted.code)
        is_new = provider.pk is None
        columns = {
            "title_zh": wanted.title.zh,
            "title_en": wanted.title.en,
            "source_id": sources[wanted.source].pk,
            "rule_set_id": rule_sets[wanted.rule_set].pk,
        }
        keys = set_columns(provider, columns)
        if keys:
            provider.save()
        name = f"providers.{wanted.code}"
        settling.changed += [name] if is_new else [f"{name}.{key.removesuffix('_id')}" for key in keys]


def _drop_the_others(file: CityFile, settling: Settling) -> None:
    """Providers first: they refer to sources. Editions stay: people were judged by them."""
    drop_rows(Provider.objects.exclude(code__in=[one.code for one in file.providers]), "providers", settling)
    drop_rows(Source.objects.exclude(code__in=[one.code for one in file.sources]), "sources", settling)


def _summary(file: CityFile, editions: Sequence[Edition]) -> dict[str, Any]:
    """What the city was opened with, for the journal."""
    return {
        "division": file.city.division,
        "host": file.city.host,
        "interim_policy": file.city.interim_policy,
        "sources": [source.code for source in file.sources],
        "providers": {provider.code: [provider.source, provider.rule_set] for provider in file.providers},
        "rule_sets": [f"{edition.code}-{edition.version}" for edition in editions],
    }
