"""Preparing the database and making a city's schema: the owner's acts. Enter with ``tenancy.as_owner()``."""

from django.core.management import call_command
from django.db import connection, transaction
from psycopg2 import sql

from regions.models import City
from regions.rights import create_city_role, grant_city_rights, grant_public_rights
from regions.schema_tables import make_tables, migrate
from regions.tenancy import all_schemas, city_named


def prepare_database(*, verbosity: int = 0) -> list[str]:
    """Migrate ``public`` and every city and set all rights anew; the cities' schema names. Safe to repeat."""
    call_command("migrate_schemas", schema_name="public", interactive=False, verbosity=verbosity)
    grant_public_rights()
    schemas = all_schemas()
    for schema in schemas:
        migrate_city(city_named(schema), verbosity=verbosity)
    return schemas


def ensure_prepared() -> None:
    """Prepare a database that nobody has prepared yet; bringing an older one up to date is left to ``prepare``."""
    if City._meta.db_table not in connection.introspection.table_names():
        prepare_database()


def migrate_city(city: City, *, verbosity: int = 0) -> None:
    """Bring one city's schema up to date, with its role and rights."""
    with transaction.atomic():
        create_city_role(city)
        migrate(city, verbosity=verbosity)
        grant_city_rights(city)


def create_schema(city: City) -> None:
    """Make the city's schema, tables, role and rights. Call inside a transaction: all or nothing."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(city.schema_name)))
    create_city_role(city)
    make_tables(city)
    grant_city_rights(city)
