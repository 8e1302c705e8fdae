"""Open a city, or change it according to its city file, in one transaction: its row, host, sources, rule sets and providers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from django.db import transaction
from django.db.models import ProtectedError

from codes.models import Entry, Provider, RuleSet, Run
from codes.rule_sets.publish import CannotPublish, check_first_day, check_publishable, publish
from codes.rule_sets.version_file import VersionContent, VersionFaults, read_versions
from regions.city_file import BigDataCentre, CityFile, CityFileFaults, PoliceDatabase, city_file_of
from regions.city_file.shape import CREDENTIAL_KEYS
from regions.cluster import is_cluster
from regions.faults import Fault, FaultCode, FileFaults
from regions.journal.checkpoints import set_aside
from regions.journal.playback import take_stock
from regions.journal.record import record
from regions.keys import encryption
from regions.keys.encryption import SOURCE_CREDENTIAL, create_keys
from regions.locks import advisory_lock
from regions.models import City, Domain
from regions.refusals import Refused
from regions.schemas import create_schema
from regions.sources.collect import check_address
from regions.sources.connectors.delivery import SourceFault
from regions.sources.models import Source
from regions.staff.accounts import create_account
from regions.staff.enrolment import open_link
from regions.staff.first_administrators import administrators_at_work
from regions.staff.models import Account
from regions.staff.roles import Role
from regions.tenancy import current_city, ended_schemas, in_city, in_city_as_owner
from regions.toml_files import Raw, read_toml


@dataclass
class OpeningResult:
    """The keys (never values) that an opening changed, and the faults that prevent it."""

    changed: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


class Coded(Protocol):
    """A row that the city file identifies by a code."""

    code: Any

    def delete(self) -> Any: ...


def address_faults(file: CityFile, environ: Mapping[str, str]) -> list[Fault]:
    """Return faults for sources at addresses that the operator's list does not allow. Addresses not known yet are checked later."""
    faults = []
    for place, source in enumerate(file.sources):
        given, named = source.credential, source.credential_env
        credential = given.get_secret_value() if given else environ.get(named or "") or None
        base_url = source.base_url if isinstance(source, BigDataCentre) else ""
        try:
            check_address(source.kind, base_url=base_url, credential=credential)
        except SourceFault as fault:
            key = "base_url" if base_url else CREDENTIAL_KEYS[source.kind][0 if given else 1]
            faults.append(Fault(f"sources[{place}].{key}", fault.reason, fault.parts))
    return faults


def apply_city(file: CityFile, result: OpeningResult, *, now: datetime) -> tuple[City, bool]:
    """Create or change the city's row and host. Return the city and whether it was created. Call as the owner, in ``public``."""
    wanted = file.city
    values = {
        "name_zh": wanted.name.zh,
        "name_en": wanted.name.en,
        "division": wanted.division,
        "timezone": wanted.timezone,
        "interim_policy": wanted.interim_policy,
        "mass_change_share": wanted.mass_change_share,
        "mass_change_least": wanted.mass_change_least,
        "second_look_share": wanted.second_look_share,
        "recognition": wanted.recognition.value,
        "hotline": wanted.hotline or "",
    }
    city = City.objects.filter(schema_name=wanted.schema_name).first()
    created = city is None
    if city is None:
        city = City.objects.create(schema_name=wanted.schema_name, created_at=now, **values)
        create_schema(city)
    elif changed := set_columns(city, values):
        City.objects.filter(pk=city.pk).update(**{name: values[name] for name in changed})
        result.changed += [f"city.{key}" for key in changed]
    _settle_host(city, wanted.host, result)
    _check_division(city, result)
    return city, created


def apply_sources(file: CityFile, result: OpeningResult) -> None:
    """Create the file's sources, or change what differs. Call in the city."""
    for place, wanted in enumerate(file.sources):
        source = Source.objects.filter(code=wanted.code).first()
        if source is None:
            source = Source(code=wanted.code)
            result.changed.append(f"sources.{wanted.code}")
        elif source.kind != wanted.kind and source.batches.exists():
            result.faults.append(Fault(f"sources[{place}].kind", FaultCode.SOURCE_HAS_DELIVERED))
            continue
        is_new = source.pk is None
        keys = set_columns(source, _columns(wanted)) + _set_credential(source, wanted)
        if keys or is_new:
            source.save()
        result.changed += [] if is_new else [f"sources.{wanted.code}.{key}" for key in keys]


def delete_rows(rows: Iterable[Coded], name: str, result: OpeningResult) -> None:
    """Delete the rows that are no longer in the file. A row that is referred to cannot be deleted and becomes a fault."""
    for row in rows:
        try:
            row.delete()
        except ProtectedError:
            result.faults.append(Fault(name, FaultCode.STILL_NEEDED, {"code": row.code}))
        else:
            result.changed.append(f"{name}.{row.code}")


def set_columns(row: Any, values: Mapping[str, object]) -> list[str]:
    """Set the values that differ. Return the names of their columns."""
    changed = [name for name, value in values.items() if getattr(row, name, None) != value]
    for name in changed:
        setattr(row, name, values[name])
    return changed


def _settle_host(city: City, host: str, result: OpeningResult) -> None:
    taken = Domain.objects.filter(domain=host).exclude(tenant=city).select_related("tenant").first()
    if taken is not None:
        result.faults.append(Fault("city.host", FaultCode.HOST_TAKEN, {"schema": taken.tenant.schema_name}))
        return
    domain = Domain.objects.filter(tenant=city, is_primary=True).first()
    if domain is None:
        Domain.objects.create(tenant=city, domain=host, is_primary=True)
    elif domain.domain != host:
        Domain.objects.filter(pk=domain.pk).update(domain=host)
        result.changed.append("city.host")


def _check_division(city: City, result: OpeningResult) -> None:
    """Note a fault if another city at work has the division, by which passes and other cities find their city."""
    others = City.objects.exclude(pk=city.pk).exclude(schema_name__in=ended_schemas())
    taken = others.filter(division=city.division).first()
    if taken is not None:
        result.faults.append(Fault("city.division", FaultCode.DIVISION_TAKEN, {"schema": taken.schema_name}))


def _check_zone(result: OpeningResult) -> None:
    """Note a fault if the zone changes in which the days of runs and entries were counted. Call in the city."""
    if "city.timezone" in result.changed and (Run.objects.exists() or Entry.objects.exists()):
        result.faults.append(Fault("city.timezone", FaultCode.DAYS_ARE_COUNTED))


def _columns(wanted: PoliceDatabase | BigDataCentre) -> dict[str, object]:
    """Return the settings as columns. Settings that a kind of source does not have are empty."""
    columns: dict[str, object] = {
        "kind": wanted.kind,
        "title_zh": wanted.title.zh,
        "title_en": wanted.title.en,
        "credential_env": wanted.credential_env or "",
        "page_size": wanted.page_size,
        "max_age_hours": wanted.max_age_hours,
        "max_bad_share": wanted.max_bad_share,
        "kinds": {word: kind.value for word, kind in wanted.kinds.items()},
        "overlap_hours": wanted.overlap_hours,
        "full_every_days": wanted.full_every_days,
        "still": wanted.still,
        "retired": wanted.retired,
    }
    if isinstance(wanted, PoliceDatabase):
        return columns | {
            "records_view": wanted.records_view,
            "clock_view": wanted.clock_view,
            "base_url": "",
            "app_id": "",
        }
    return columns | {"records_view": "", "clock_view": "", "base_url": wanted.base_url, "app_id": wanted.app_id}


def _set_credential(source: Source, wanted: PoliceDatabase | BigDataCentre) -> list[str]:
    """Encrypt the file's credential if it differs from the stored one. Return the names of the changed columns."""
    given = wanted.credential.get_secret_value() if wanted.credential is not None else None
    held = (
        encryption.decrypt(bytes(source.credential), use=SOURCE_CREDENTIAL) if source.credential is not None else None
    )
    if given == held:
        return []
    source.credential = None if given is None else encryption.encrypt(given, use=SOURCE_CREDENTIAL)
    return ["credential"]


@dataclass(frozen=True)
class Opened:
    """The result of an opening. ``changed`` has keys of the file, never values; it is empty for a city that was just created."""

    city: City
    created: bool
    changed: list[str]


def read_city(path: Path, environ: Mapping[str, str]) -> tuple[CityFile, list[VersionContent]]:
    """Read the city file and its rule sets. Raises ``FileFaults`` with the faults of all of them."""
    return city_of(read_toml(path), path, environ)


def city_of(
    raw: Raw,
    path: Path,
    environ: Mapping[str, str],
    *,
    is_file: Callable[[Path], bool] = Path.is_file,
    read: Callable[[Path], Raw] = read_toml,
) -> tuple[CityFile, list[VersionContent]]:
    """Return the city and its rule sets from a city file's content. ``is_file`` and ``read`` find and read the rule-set files.

    Raises ``FileFaults``.
    """
    file: CityFile | None = None
    versions: list[VersionContent] = []
    try:
        file = city_file_of(raw, path, is_file=is_file)
        located, faults = file.rule_sets, address_faults(file, environ)
    except CityFileFaults as error:
        located, faults = error.rule_sets, error.faults
    try:
        versions = read_versions(path, located, read=read)
    except VersionFaults as error:
        faults = [*faults, *error.faults]
    if file is None or faults:
        raise FileFaults(path, faults)
    return file, versions


def open_city(
    file: CityFile, versions: Sequence[VersionContent], *, by: str, now: datetime, confirmed_by: str = ""
) -> Opened:
    """Create the city, or change what differs, in one transaction. Call within ``as_owner()``. Raises ``FileFaults``.

    ``confirmed_by`` is the second operator; it is empty for commands run at the machine.
    """
    result = OpeningResult()
    with transaction.atomic():
        advisory_lock("openings")  # only one city is opened or changed at a time
        city, created = apply_city(file, result, now=now)
        # On a cluster, a node accepts only one role in a transaction; otherwise the owner is limited to the rights of the city's role.
        enter = in_city_as_owner if is_cluster() else in_city
        with enter(city.schema_name):
            create_keys(now=now)
            _check_zone(result)
            apply_sources(file, result)
            _settle_rule_sets(versions, result, by=by, now=now)
            if not result.faults:
                _title_rule_sets(file, result)
                _settle_providers(file, result)
                _drop_the_others(file, result)
                _name_administrators(file, result, by=by, now=now)
            if result.faults:
                raise FileFaults(file.path, result.faults)
            subject = f"city:{city.schema_name}"
            second = {"confirmed_by": confirmed_by} if confirmed_by else {}
            if created:
                record("city.opened", by=by, now=now, subject=subject, data={**_summary(file, versions), **second})
                take_stock(by=by, now=now)
                transaction.on_commit(partial(set_aside, city.schema_name, now=now))
            elif result.changed:
                record("city.changed", by=by, now=now, subject=subject, data={"keys": result.changed, **second})
    return Opened(city, created, [] if created else result.changed)


def _settle_rule_sets(versions: Sequence[VersionContent], result: OpeningResult, *, by: str, now: datetime) -> None:
    """Publish the versions that do not exist yet, the oldest first."""
    today = current_city().day_of(now)
    publishable = []
    for place, version in enumerate(versions):
        try:
            check_publishable(version, today=today)
            check_first_day(version, today=today)
        except CannotPublish as refusal:
            result.faults.append(replace(refusal.fault, key=f"rule_sets[{place}].file: {refusal.fault.key}"))
        else:
            publishable.append(version)
    for version in sorted(publishable, key=lambda one: (one.code, one.version)):
        _, changed = publish(version, by=by, now=now)
        result.changed += [f"rule_sets.{version.code}-{version.version}"] if changed else []


def _title_rule_sets(file: CityFile, result: OpeningResult) -> None:
    """Set the rule sets' titles as in the file. A title that the file no longer has is removed."""
    for rule_set in RuleSet.objects.filter(code__in={one.code for one in file.rule_sets}).order_by("code"):
        title = file.rule_set_titles.get(rule_set.code)
        keys = set_columns(rule_set, {"title_zh": title.zh if title else "", "title_en": title.en if title else ""})
        if keys:
            rule_set.save(update_fields=keys)
            result.changed += [f"rule_sets.{rule_set.code}.{key}" for key in keys]


def _settle_providers(file: CityFile, result: OpeningResult) -> None:
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
            "symptoms": {word: symptom.value for word, symptom in wanted.symptoms.items()},
            "display": {value: colour.value for value, colour in wanted.display.items()},
            "display_delay_minutes": wanted.display_delay_minutes,
            "retired": wanted.retired,
        }
        keys = set_columns(provider, columns)
        if keys:
            provider.save()
        name = f"providers.{wanted.code}"
        result.changed += [name] if is_new else [f"{name}.{key.removesuffix('_id')}" for key in keys]


def _name_administrators(file: CityFile, result: OpeningResult, *, by: str, now: datetime) -> None:
    """Create the first security administrators if the city has none. A worker mails them their links to enrol."""
    if administrators_at_work().exists():
        return
    for place, one in enumerate(file.security_administrators):
        account = Account(username=one.username, full_name=one.name, email=one.email)
        try:
            open_link(create_account(account, {Role.SECURITY_ADMIN}, by=by, now=now), now=now)
        except Refused:
            result.faults.append(Fault(f"security_administrators[{place}].username", FaultCode.ACCOUNT_TAKEN))
        else:
            result.changed.append(f"security_administrators.{one.username}")


def _drop_the_others(file: CityFile, result: OpeningResult) -> None:
    """Delete the providers and sources that the file no longer has, providers first, because they refer to sources.

    Rule-set versions are kept, because people were judged by them.
    """
    delete_rows(Provider.objects.exclude(code__in=[one.code for one in file.providers]), "providers", result)
    delete_rows(Source.objects.exclude(code__in=[one.code for one in file.sources]), "sources", result)


def _summary(file: CityFile, versions: Sequence[VersionContent]) -> dict[str, Any]:
    return {
        "division": file.city.division,
        "host": file.city.host,
        "interim_policy": file.city.interim_policy,
        "sources": [source.code for source in file.sources],
        "providers": {provider.code: [provider.source, provider.rule_set] for provider in file.providers},
        "rule_sets": [f"{version.code}-{version.version}" for version in versions],
        "security_administrators": [one.username for one in file.security_administrators],
    }
