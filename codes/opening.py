"""Opening a city, or bringing one to what its file says: the region's half and the codes' half, read and done together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from codes.models import Provider, RuleSet
from codes.rule_sets.edition import Edition
from codes.rule_sets.edition_file import EditionFaults, read_editions
from codes.rule_sets.publish import CannotPublish, check_publishable, publish
from regions.city_file import CityFile, CityFileFaults, city_file_of
from regions.faults import FileFaults
from regions.journal.record import record
from regions.keys.encryption import create_keys
from regions.locks import advisory_lock
from regions.models import City
from regions.opening import Settling, drop_rows, place_faults, set_columns, settle_city, settle_sources
from regions.sources.models import Source
from regions.tenancy import current_city, in_city
from regions.toml_files import Raw, read_toml


@dataclass(frozen=True)
class Opened:
    """What came of it: ``changed`` names keys of the file, never values; empty for a city that was made just now."""

    city: City
    created: bool
    changed: list[str]


def read_city(path: Path, environ: Mapping[str, str]) -> tuple[CityFile, list[Edition]]:
    """The city file and its rule sets. Raises ``FileFaults`` with the faults of all of them."""
    return city_of(read_toml(path), path, environ)


def city_of(
    raw: Raw,
    path: Path,
    environ: Mapping[str, str],
    *,
    is_file: Callable[[Path], bool] = Path.is_file,
    read: Callable[[Path], Raw] = read_toml,
) -> tuple[CityFile, list[Edition]]:
    """The same of a city file's content; ``is_file`` and ``read`` know the rule sets beside it. Raises ``FileFaults``."""
    file: CityFile | None = None
    editions: list[Edition] = []
    try:
        file = city_file_of(raw, path, is_file=is_file)
        located, faults = file.rule_sets, place_faults(file, environ)
    except CityFileFaults as error:
        located, faults = error.rule_sets, error.faults
    try:
        editions = read_editions(path, located, read=read)
    except EditionFaults as error:
        faults = [*faults, *error.faults]
    if file is None or faults:
        raise FileFaults(path, faults)
    return file, editions


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
    today = current_city().day_of(now)
    publishable = []
    for place, edition in enumerate(editions):
        try:
            check_publishable(edition, today=today)
        except CannotPublish as refusal:
            settling.faults.append(replace(refusal.fault, key=f"rule_sets[{place}].file: {refusal.fault.key}"))
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
