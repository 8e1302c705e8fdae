"""Entering and leaving cities: outside a request only this module changes a connection's schema or login."""

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
    """Raised when code of a city is called outside any city, or inside another one."""


class NotPrepared(WrongSchema):
    """Raised when the database has no tables yet."""

    def __init__(self) -> None:
        super().__init__("the database is not prepared; run `manage.py prepare`")


@contextmanager
def in_city(schema: str) -> Iterator[City]:
    """Set the city's search path and role for the block. Raises ``NoSuchCity``, and ``WrongSchema`` inside another city."""
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
    """Set the city's search path and keep the owner's rights, for what the city's role may not do. Call inside ``as_owner``.

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
    """Leave the current city for the block, to use what all cities share. Do not call inside a transaction."""
    before = connection.tenant
    connection.set_schema_to_public()
    try:
        yield
    finally:
        connection.set_tenant(before)


def city_named(schema: str) -> City:
    """Return the city of this schema name from ``public``. Raises ``NoSuchCity`` and ``NotPrepared``."""
    try:
        city = None if schema == "public" else City.objects.filter(schema_name=schema).first()
    except ProgrammingError as error:
        raise NotPrepared from error
    if city is None:
        raise NoSuchCity(schema)
    return city


def current_city() -> City:
    """Return the city of this connection. Raises ``WrongSchema`` in ``public``, where no task or function of a city may run."""
    tenant = connection.tenant
    if not isinstance(tenant, City) or tenant.schema_name == "public":
        raise WrongSchema("this belongs to a city and was called outside one")
    return tenant


@contextmanager
def second_connection() -> Iterator[Any]:
    """Open another connection in the current city, whose writes are committed at once: for progress only. Raises ``WrongSchema``."""
    city = current_city()
    other: Any = connections.create_connection(DEFAULT_DB_ALIAS)
    other.set_tenant(city)
    try:
        yield other
    finally:
        other.close()


def cities_in_service() -> QuerySet[City]:
    """Return all cities whose service has not ended, suspended or not."""
    return City.objects.exclude(schema_name="public").exclude(pk__in=ENDED.values("city"))


def all_schemas() -> list[str]:
    """Return the schema names of all cities whose service has not ended, in a stable order. Call from ``public``."""
    return _schemas(cities_in_service())


def ended_schemas() -> list[str]:
    """Return the schema names of cities whose service has ended; only their journals are kept."""
    return _schemas(City.objects.filter(pk__in=ENDED.values("city")))


def has_ended(schema: str) -> bool:
    """Return whether the city's service has ended. Always false inside a city, whose role cannot read ``public``."""
    return connection.tenant.schema_name == "public" and schema in ended_schemas()


def suspension_columns(city: str) -> dict[str, Subquery]:
    """Return the columns of a suspension in force for a query in which ``city`` names the city, as ``City`` has them."""
    one = SUSPENDED.filter(city=OuterRef(city))
    return {
        "suspended_since": Subquery(one.values("decided_at")[:1]),
        "suspended_for": Subquery(one.values("reason")[:1]),
    }


def working_schemas() -> list[str]:
    """Return those of ``all_schemas`` that are not suspended. Call from ``public``."""
    return _schemas(cities_in_service().exclude(pk__in=SUSPENDED.values("city")))


def is_suspended(schema: str) -> bool:
    """Return whether the city is suspended. Always false inside a city, as with ``has_ended``."""
    return connection.tenant.schema_name == "public" and SUSPENDED.filter(city__schema_name=schema).exists()


def _schemas(cities: QuerySet[City]) -> list[str]:
    try:
        return list(cities.exclude(schema_name="public").order_by("schema_name").values_list("schema_name", flat=True))
    except ProgrammingError as error:
        raise NotPrepared from error


@contextmanager
def as_owner() -> Iterator[None]:
    """Reconnect as the owner of all tables, to migrate and open cities. Do not call inside a transaction."""
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
