"""What the portal refuses to start with in production: each fault says what to set instead.

Called by ``portal.wsgi`` and by a worker before its first task, not by every command.
"""

from collections.abc import Iterator

import psycopg2
from django.core.exceptions import ImproperlyConfigured

from portal.environment import Environment, is_loopback

SECRET_KEY_LENGTH = 50
SECRET_KEY_SIGNS = 10


def refuse_unsafe_start(environment: Environment) -> None:
    """Raises ``ImproperlyConfigured`` with every fault; outside production only DEBUG is checked."""
    faults = [*debug_faults(environment)]
    if environment.is_production:
        faults += [*key_faults(environment.secret_key), *database_faults(environment.database_url)]
    if faults:
        raise ImproperlyConfigured("The portal does not start:\n" + "\n".join(f"- {fault}" for fault in faults))


def debug_faults(environment: Environment) -> Iterator[str]:
    """DEBUG shows settings and source code to anybody who causes an error."""
    public = [host for host in environment.allowed_hosts if not is_loopback(host)]
    if environment.debug and public:
        yield f"DEBUG is on and ALLOWED_HOSTS names {', '.join(public)}: set DEBUG=off."


def key_faults(secret_key: str) -> Iterator[str]:
    """A key that can be guessed signs anybody's session."""
    if (
        len(secret_key) < SECRET_KEY_LENGTH
        or len(set(secret_key)) < SECRET_KEY_SIGNS
        or secret_key.startswith("django-insecure")
    ):
        yield f"SECRET_KEY is weak: set it to {SECRET_KEY_LENGTH} or more random characters."


def database_faults(url: str) -> Iterator[str]:
    """The application's login must own nothing, and keep its connection between transactions."""
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        powers = cursor.fetchone()
        cursor.execute("SELECT EXISTS (SELECT FROM pg_tables WHERE tableowner = current_user)")
        owns = cursor.fetchone()
    connection.close()
    if powers and any(powers):
        yield "DATABASE_URL is a superuser or may make roles: use the application's own login (docs/operations.md)."
    if owns and owns[0]:
        yield "DATABASE_URL owns tables: use the application's login there and the owner's in DATABASE_OWNER_URL."
    if pools_transactions(url):
        yield "DATABASE_URL leads to a pooler in transaction mode, where a city's role could outlive its request: use session mode."


def pools_transactions(url: str) -> bool:
    """Whether a pooler reuses a server connection between transactions: a second client then gets the first one's."""
    first, second = psycopg2.connect(url), psycopg2.connect(url)
    try:
        return _backend(first, stay=False) == _backend(second, stay=True)
    finally:
        first.close()
        second.close()


def _backend(connection: "psycopg2.extensions.connection", *, stay: bool) -> int:
    """The server process behind the connection; ``stay`` leaves the transaction open."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        row = cursor.fetchone()
    if not stay:
        connection.commit()
    return int(row[0]) if row else 0
