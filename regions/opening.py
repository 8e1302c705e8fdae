"""Bringing a city's row, host name and sources to what its file says.

The owner's acts come first and in ``public``, then the city's own with the role of the city. No fault is raised: all
are gathered, so that the operator sees every one, and whoever holds the transaction rolls it back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from django.db.models import ProtectedError

from regions.city_file import BigDataCentre, CityFile, PoliceDatabase
from regions.city_file.shape import CREDENTIAL_KEYS
from regions.faults import Fault, FaultCode
from regions.keys import encryption
from regions.keys.encryption import SOURCE_CREDENTIAL
from regions.models import City, Domain
from regions.schemas import create_schema
from regions.sources.collect import check_place
from regions.sources.connectors.delivery import SourceFault
from regions.sources.models import Source


@dataclass
class Settling:
    """What an opening changed, by keys and never values, and what stands in its way."""

    changed: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


class Coded(Protocol):
    """A row that the file knows by a code."""

    code: Any

    def delete(self) -> Any: ...


def place_faults(file: CityFile, environ: Mapping[str, str]) -> list[Fault]:
    """Sources that are where the operator's list allows none. An address not known yet is judged when it is."""
    faults = []
    for place, source in enumerate(file.sources):
        given, named = source.credential, source.credential_env
        credential = given.get_secret_value() if given else environ.get(named or "") or None
        base_url = source.base_url if isinstance(source, BigDataCentre) else ""
        try:
            check_place(source.kind, base_url=base_url, credential=credential)
        except SourceFault as fault:
            key = "base_url" if base_url else CREDENTIAL_KEYS[source.kind][0 if given else 1]
            faults.append(Fault(f"sources[{place}].{key}", fault.reason, fault.parts))
    return faults


def settle_city(file: CityFile, settling: Settling, *, now: datetime) -> tuple[City, bool]:
    """The city, and whether it was made just now. As the owner, in ``public``."""
    wanted = file.city
    values = {
        "name_zh": wanted.name.zh,
        "name_en": wanted.name.en,
        "division": wanted.division,
        "timezone": wanted.timezone,
        "interim_policy": wanted.interim_policy,
        "mass_flip_share": wanted.mass_flip_share,
    }
    city = City.objects.filter(schema_name=wanted.schema_name).first()
    created = city is None
    if city is None:
        city = City.objects.create(schema_name=wanted.schema_name, created_at=now, **values)
        create_schema(city)
    elif changed := set_columns(city, values):
        City.objects.filter(pk=city.pk).update(**{name: values[name] for name in changed})
        settling.changed += [f"city.{key}" for key in changed]
    _settle_host(city, wanted.host, settling)
    return city, created


def settle_sources(file: CityFile, settling: Settling) -> None:
    """Make the file's sources, or change what differs. In the city."""
    for place, wanted in enumerate(file.sources):
        source = Source.objects.filter(code=wanted.code).first()
        if source is None:
            source = Source(code=wanted.code)
            settling.changed.append(f"sources.{wanted.code}")
        elif source.kind != wanted.kind and source.batches.exists():
            settling.faults.append(Fault(f"sources[{place}].kind", FaultCode.SOURCE_HAS_DELIVERED))
            continue
        is_new = source.pk is None
        keys = set_columns(source, _columns(wanted)) + _set_credential(source, wanted)
        if keys or is_new:
            source.save()
        settling.changed += [] if is_new else [f"sources.{wanted.code}.{key}" for key in keys]


def drop_rows(rows: Iterable[Coded], name: str, settling: Settling) -> None:
    """Delete rows the file no longer has, but for those that something refers to: that must stay readable."""
    for row in rows:
        try:
            row.delete()
        except ProtectedError as error:
            held = ", ".join(sorted({str(one._meta.verbose_name_plural) for one in error.protected_objects}))
            settling.faults.append(Fault(name, FaultCode.STILL_NEEDED, {"code": row.code, "held": held}))
        else:
            settling.changed.append(f"{name}.{row.code}")


def set_columns(row: Any, values: Mapping[str, object]) -> list[str]:
    """Set what differs; the names of the columns that did."""
    changed = [name for name, value in values.items() if getattr(row, name, None) != value]
    for name in changed:
        setattr(row, name, values[name])
    return changed


def _settle_host(city: City, host: str, settling: Settling) -> None:
    taken = Domain.objects.filter(domain=host).exclude(tenant=city).select_related("tenant").first()
    if taken is not None:
        settling.faults.append(Fault("city.host", FaultCode.HOST_TAKEN, {"schema": taken.tenant.schema_name}))
        return
    domain = Domain.objects.filter(tenant=city, is_primary=True).first()
    if domain is None:
        Domain.objects.create(tenant=city, domain=host, is_primary=True)
    elif domain.domain != host:
        Domain.objects.filter(pk=domain.pk).update(domain=host)
        settling.changed.append("city.host")


def _columns(wanted: PoliceDatabase | BigDataCentre) -> dict[str, object]:
    """The settings as columns; what a kind does not have stays empty."""
    columns: dict[str, object] = {
        "kind": wanted.kind,
        "title_zh": wanted.title.zh,
        "title_en": wanted.title.en,
        "credential_env": wanted.credential_env or "",
        "page_size": wanted.page_size,
        "max_age_hours": wanted.max_age_hours,
        "max_bad_share": wanted.max_bad_share,
        "kinds": {word: kind.value for word, kind in wanted.kinds.items()},
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
    """Encrypt the file's credential if it is another one; the same is not encrypted anew."""
    given = wanted.credential.get_secret_value() if wanted.credential is not None else None
    held = (
        encryption.decrypt(bytes(source.credential), use=SOURCE_CREDENTIAL) if source.credential is not None else None
    )
    if given == held:
        return []
    source.credential = None if given is None else encryption.encrypt(given, use=SOURCE_CREDENTIAL)
    return ["credential"]
