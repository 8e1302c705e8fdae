"""The other cities and their addresses: those of this installation, and those in the operator's file.

Both are written into each city's own table from outside of any city, so that a city at work never reads another city's
rows.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from pydantic import Field, ValidationError

from codes.models import Neighbour, NeighbourCall
from codes.passes.key_list import MESSAGE_USE, BadKeyList, KeyList, PublishedKey, pass_keys
from codes.passes.key_list import read_list as read_key_list
from regions.city_file.names import Division, Text
from regions.each_city import in_each
from regions.models import City, Domain
from regions.outgoing import CallFailed, check_address
from regions.outgoing import call as call_out
from regions.tenancy import all_schemas, current_city
from regions.toml_files import Table, read_toml

KEYS_PATH = "/.well-known/health-code-keys.json"
# A revoked key is accepted for at most ``KEYS_KEPT``. Calls that name an unknown key make this city fetch the list again,
# at most once in ``ASKED_AGAIN``.
KEYS_KEPT = timedelta(minutes=10)
ASKED_AGAIN = timedelta(seconds=30)
CALLS_KEPT = timedelta(hours=1)


class Listed(Table):
    """A city of another installation, as the operator's file names it."""

    division: Division
    name_zh: Text
    name_en: Text
    address: Text


class ListFile(Table):
    cities: list[Listed] = Field(default_factory=list)


class BadList(ValueError):
    """The operator's file cannot be used; the message says why."""


def read_list(path: Path) -> list[Listed]:
    """Return the cities in the operator's file. Raises ``BadList``."""
    try:
        listed = ListFile.model_validate(read_toml(path)).cities
        for one in listed:
            check_address(one.address)
    except (OSError, ValueError, ValidationError, CallFailed) as error:
        raise BadList(f"{path}: {error}") from None
    return listed


def note_neighbours(*, now: datetime) -> int:
    """Update every city's table. Return the number of changed rows. Call outside any city."""
    listed = read_list(settings.NEIGHBOUR_CITIES) if settings.NEIGHBOUR_CITIES else []
    hosts = dict(Domain.objects.filter(is_primary=True).values_list("tenant__schema_name", "domain"))
    ours = [
        Listed(
            division=city.division,
            name_zh=city.name_zh,
            name_en=city.name_en or city.name_zh,
            address=settings.CITY_ADDRESS.format(host=hosts[city.schema_name]),
        )
        for city in City.objects.exclude(schema_name="public").order_by("schema_name")
        if city.schema_name in hosts
    ]
    # The operator's file has precedence over what the installation knows by itself.
    known = {one.division: one for one in (*ours, *listed)}
    schemas = dict(City.objects.exclude(schema_name="public").values_list("division", "schema_name"))

    def note() -> int:
        with transaction.atomic():
            NeighbourCall.objects.filter(at__lt=now - CALLS_KEPT).delete()
            return _note([one for one in known.values() if one.division != current_city().division], schemas)

    return in_each(all_schemas(), note)


def _note(listed: Iterable[Listed], schemas: Mapping[str, str]) -> int:
    changed = 0
    rows = {row.division: row for row in Neighbour.objects.all()}
    wanted = {one.division: one for one in listed}
    for division, one in wanted.items():
        columns = {**one.model_dump(exclude={"division"}), "listed": True, "schema_name": schemas.get(division, "")}
        row = rows.get(division)
        if row is None or any(getattr(row, name) != value for name, value in columns.items()):
            # Keys belong to an address, so the keys of the previous address are dropped.
            Neighbour.objects.update_or_create(
                division=division, defaults={**columns, "keys": "", "keys_fetched_at": None}
            )
            changed += 1
    return changed + Neighbour.objects.exclude(division__in=wanted).filter(listed=True).update(listed=False)


def neighbour_of(division: str) -> Neighbour | None:
    return Neighbour.objects.filter(division=division, listed=True).first()


def fetch_lists(*, now: datetime) -> int:
    """Fetch the lists of all neighbours whose list is older than ``KEYS_KEPT``, for the current city's gates.

    Return their number.

    Call outside transactions.
    """
    old = Q(keys_fetched_at=None) | Q(keys_fetched_at__lte=now - KEYS_KEPT)
    neighbours = list(Neighbour.objects.filter(old, listed=True).order_by("pk"))
    for neighbour in neighbours:
        _fetch_keys(neighbour, now=now)
    return len(neighbours)


def pass_keys_of_neighbours() -> KeyList:
    """Return the pass keys in the lists as last fetched."""
    rows = Neighbour.objects.filter(listed=True).exclude(keys="").order_by("pk")
    read = [read_key_list(row.keys) for row in rows]
    return pass_keys(one for one, row in zip(read, rows, strict=True) if one.division == row.division)


def message_key(neighbour: Neighbour, key_id: bytes, *, now: datetime) -> PublishedKey | None:
    """Return the neighbour's key with this id, from its list of a few minutes ago or, if that lacks the key, from its
    current list.
    """
    fetched_at = neighbour.keys_fetched_at
    found = _keys(neighbour).get(key_id)
    age = None if fetched_at is None else now - fetched_at
    if age is None or age >= (KEYS_KEPT if found else ASKED_AGAIN):
        _fetch_keys(neighbour, now=now)
        found = _keys(neighbour).get(key_id)
    return found if found is not None and found.division == neighbour.division else None


def _keys(neighbour: Neighbour) -> KeyList:
    keys = read_key_list(neighbour.keys).keys if neighbour.keys else ()
    return {key.key_id: key for key in keys if key.use == MESSAGE_USE}


def _fetch_keys(neighbour: Neighbour, *, now: datetime) -> None:
    """Fetch its current list. Without an answer no key is accepted, because it is unknown whether one was revoked meanwhile."""
    try:
        # Gates and receivers may use a list that is some minutes old. A city that asks because it does not know a key
        # may not.
        headers = {"Cache-Control": "no-cache"}
        answer = call_out("GET", f"{neighbour.address}{KEYS_PATH}", headers=headers)
        text = answer.body.decode() if answer.is_success else ""
        read_key_list(text) if text else {}
    except (CallFailed, BadKeyList, UnicodeDecodeError):
        text = ""
    neighbour.keys, neighbour.keys_fetched_at = text, now
    Neighbour.objects.filter(pk=neighbour.pk).update(keys=text, keys_fetched_at=now)
