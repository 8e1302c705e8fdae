"""The only way into a city outside a request, and the only place that changes a connection's schema or login."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db import connection as any_connection
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.utils import ProgrammingError

from regions.models import City, CitySunset, CitySuspension

# django-tenants' additions to a connection are not in Django's types.
connection: Any = any_connection
ENDED = CitySunset.objects.filter(state__in=[CitySunset.State.CONFIRMED, CitySunset.State.DONE])

SUSPENDED = CitySuspension.objects.filter(state=CitySuspension.State.IN_FORCE)


class NoSuchCity(LookupError):
    def __init__(self, schema: str) -> None:
        super().__init__(f"no city has the schema name {schema!r}; `manage.py cities` lists them")


class WrongSchema(RuntimeError):
    """A city's code was called outside any city, or inside another one."""


class NotPrepared(WrongSchema):
    """The database has no tables yet."""

    def __init__(self) -> None:
        super().__init__("the database is not prepared; run `manage.py prepare`")


@contextmanager
def in_city(schema: str) -> Iterator[City]:
    """Take the city's search path and role for the block. Raises ``NoSuchCity``, ``WrongSchema`` in another city."""
    before = connection.tenant
    if before.schema_name not in ("public", schema):
        raise WrongSchema(f"already in {before.schema_name}; leave it before entering {schema}")
    if isinstance(before, City) and before.schema_name == schema:
        yield before
        return
    city = city_named(schema)
    connection.set_tenant(city)
    try:
        yield city
    finally:
        connection.set_tenant(before)


@contextmanager
def in_city_as_owner(schema: str) -> Iterator[City]:
    """Take the city's search path and keep the owner's rights, for what its own role may not do. Inside ``as_owner``.

    Raises ``NoSuchCity``, and ``WrongSchema`` in any city.
    """
    before = connection.tenant
    if before.schema_name != "public":
        raise WrongSchema(f"already in {before.schema_name}; leave it before entering {schema}")
    city = city_named(schema)
    city.by_owner = True
    connection.set_tenant(city)
    try:
        yield city
    finally:
        connection.set_tenant(before)


@contextmanager
def in_public() -> Iterator[None]:
    """Leave the city that a request left behind, or that it is in, for what all cities share. Not inside a transaction."""
    before = connection.tenant
    connection.set_schema_to_public()
    try:
        yield
    finally:
        connection.set_tenant(before)


def city_named(schema: str) -> City:
    """Look a city up in ``public``. Raises ``NoSuchCity`` and ``NotPrepared``."""
    try:
        city = None if schema == "public" else City.objects.filter(schema_name=schema).first()
    except ProgrammingError as error:
        raise NotPrepared from error
    if city is None:
        raise NoSuchCity(schema)
    return city


def current_city() -> City:
    """The city this connection is in. Raises ``WrongSchema`` in ``public``: a task or verb of a city never runs there."""
    tenant = connection.tenant
    if not isinstance(tenant, City) or tenant.schema_name == "public":
        raise WrongSchema("this belongs to a city and was called outside one")
    return tenant


@contextmanager
def second_connection() -> Iterator[Any]:
    """Another connection in the current city, whose writes are seen at once: for progress only. Raises ``WrongSchema``."""
    city = current_city()
    other: Any = connections.create_connection(DEFAULT_DB_ALIAS)
    other.set_tenant(city)
    try:
        yield other
    finally:
        other.close()


def cities_in_service() -> QuerySet[City]:
    """All cities whose service has not ended, suspended or not."""
    return City.objects.exclude(schema_name="public").exclude(pk__in=ENDED.values("city"))


def all_schemas() -> list[str]:
    """Schema names of all cities whose service has not ended, in a stable order. Call from ``public``."""
    return _schemas(cities_in_service())


def ended_schemas() -> list[str]:
    """Of the others: their journals are all that is left of them."""
    return _schemas(City.objects.filter(pk__in=ENDED.values("city")))


def has_ended(schema: str) -> bool:
    """Whether only its journal is left. Whoever is in a city already cannot look, for its role does not read ``public``."""
    return connection.tenant.schema_name == "public" and schema in ended_schemas()


def suspension_columns(city: str) -> dict[str, Subquery]:
    """What ``City`` keeps of a suspension in force, for a query of which ``city`` names the city."""
    one = SUSPENDED.filter(city=OuterRef(city))
    return {
        "suspended_since": Subquery(one.values("decided_at")[:1]),
        "suspended_for": Subquery(one.values("reason")[:1]),
    }


def working_schemas() -> list[str]:
    """Of ``all_schemas``, those that are not suspended. Call from ``public``."""
    return _schemas(cities_in_service().exclude(pk__in=SUSPENDED.values("city")))


def is_suspended(schema: str) -> bool:
    """Whether nothing of it runs now. Whoever is in a city already cannot look, as with ``has_ended``."""
    return connection.tenant.schema_name == "public" and SUSPENDED.filter(city__schema_name=schema).exists()


def _schemas(cities: QuerySet[City]) -> list[str]:
    try:
        return list(cities.exclude(schema_name="public").order_by("schema_name").values_list("schema_name", flat=True))
    except ProgrammingError as error:
        raise NotPrepared from error


@contextmanager
def as_owner() -> Iterator[None]:
    """Reconnect as the owner of all tables, to migrate and open cities. Not inside a transaction."""
    if connection.in_atomic_block:
        raise transaction.TransactionManagementError("the owner's login cannot be taken inside a transaction")
    mine = connection.settings_dict
    connection.close()
    connection.settings_dict = {**mine, **settings.OWNER_LOGIN}
    connection.set_schema_to_public()
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = mine
        connection.set_schema_to_public()
