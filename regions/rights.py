"""Rights in the database. The owner sets them from the models after every migration, so that no new table is omitted."""

from typing import Any, ClassVar

import psycopg2
from django.apps import apps
from django.conf import settings
from django.db import connection, models
from psycopg2 import sql
from psycopg2.extensions import encrypt_password

from regions.accounted import note_changes_in
from regions.installation import login_password
from regions.models import City
from regions.retention.functions import make_sweeping_functions


class AppendOnly(models.Model):
    """Base class of models whose rows are never deleted, and updated in ``updatable_columns`` only."""

    updatable_columns: ClassVar[tuple[str, ...]] = ()

    class Meta:
        abstract = True


def grant_public_rights() -> None:
    """Keep cities' roles out of ``public`` and grant the application's login its data there, but no rights on the structure."""
    app = sql.Identifier(settings.APP_LOGIN)
    _run(
        sql.SQL("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC").format(sql.Identifier(_database())),
        sql.SQL("REVOKE ALL ON SCHEMA public FROM PUBLIC"),
        sql.SQL("REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC"),
        sql.SQL("GRANT USAGE ON SCHEMA public TO {app}").format(app=app),
        sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {app}").format(app=app),
        sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {app}").format(app=app),
        sql.SQL("REVOKE INSERT, UPDATE, DELETE ON public.regions_city, public.regions_domain FROM {app}").format(
            app=app
        ),
    )
    present = connection.introspection.table_names()
    for model in _append_only_models():
        if model._meta.db_table in present:
            _keep_rows(model, sql.Identifier("public", model._meta.db_table), app)
    note_changes_in("public")
    make_sweeping_functions("public", settings.APP_LOGIN)


def create_city_role(city: City) -> None:
    """Create the city's role if it is missing, with its password, and allow the owner to take it.

    The application's login may take it only without ``CITY_LOGINS``.
    """
    role = _role(city)
    app = sql.Identifier(settings.APP_LOGIN)
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [city.role_name])
        known = cursor.fetchone()[0]
        if not known:
            cursor.execute(sql.SQL("CREATE ROLE {role} LOGIN NOINHERIT").format(role=role))
        if not (known and _logs_in(str(city.role_name))):
            _set_password(str(city.role_name), cursor)
    member = "REVOKE {role} FROM {app}" if settings.CITY_LOGINS else "GRANT {role} TO {app}"
    _run(sql.SQL(member).format(role=role, app=app), sql.SQL("GRANT {role} TO CURRENT_USER").format(role=role))


def _logs_in(role: str) -> bool:
    """Return whether the role's password is valid. Roles belong to the server: setting one again would lock it for other databases."""
    place = {**connection.get_connection_params(), "user": role, "password": login_password(role)}
    try:
        psycopg2.connect(**place).close()
    except psycopg2.OperationalError:
        return False
    return True


def _set_password(role: str, cursor: Any) -> None:
    """Set the password as a hash computed here, as statements are written to the server's log."""
    hashed = encrypt_password(login_password(role), role, scope=cursor.connection, algorithm="scram-sha-256")
    statement = sql.SQL("ALTER ROLE {role} PASSWORD {hashed}")
    cursor.execute(statement.format(role=sql.Identifier(role), hashed=sql.Literal(hashed)))


def grant_city_rights(city: City) -> None:
    """Grant the city's role its rights on its own schema: data of every table, without update and deletion of append-only ones."""
    names = {"schema": sql.Identifier(city.schema_name), "role": _role(city)}
    _run(
        sql.SQL("GRANT USAGE ON SCHEMA {schema} TO {role}").format(**names),
        sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}").format(**names),
        sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role}").format(**names),
        sql.SQL("REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} FROM PUBLIC").format(**names),
        sql.SQL("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} TO {role}").format(**names),
    )
    for model in _append_only_models():
        _keep_rows(model, sql.Identifier(city.schema_name, model._meta.db_table), _role(city))
    _run(
        sql.SQL("REVOKE INSERT, UPDATE, DELETE ON {t} FROM {role}").format(
            t=sql.Identifier(city.schema_name, "django_migrations"), role=_role(city)
        )
    )
    note_changes_in(city.schema_name)
    make_sweeping_functions(city.schema_name, str(city.role_name))


def _keep_rows(model: type[AppendOnly], table: sql.Identifier, role: sql.Identifier) -> None:
    """Leave the role the rights to read, to insert, and to update the updatable columns."""
    _run(sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {role}").format(table=table, role=role))
    for column in model.updatable_columns:
        change = sql.SQL("GRANT UPDATE ({column}) ON {table} TO {role}")
        _run(change.format(column=sql.Identifier(column), table=table, role=role))


def _append_only_models() -> list[type[AppendOnly]]:
    found: list[type[models.Model]] = apps.get_models()
    return [model for model in found if issubclass(model, AppendOnly)]


def _database() -> str:
    return str(connection.settings_dict["NAME"])


def _role(city: City) -> sql.Identifier:
    if city.role_name is None:
        raise ValueError("public has no role of its own")
    return sql.Identifier(city.role_name)


def _run(*statements: sql.Composable) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
