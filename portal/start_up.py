"""What the portal refuses to start with in production: each fault says what to set instead.

Called by ``portal.wsgi`` and by a worker before its first task, not by every command.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise

import psycopg2
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from portal.environment import NO_MAIL, Environment, is_loopback

SMTP = "django.core.mail.backends.smtp.EmailBackend"
SECRET_KEY_LENGTH = 50
SECRET_KEY_SIGNS = 10
# Shares that random keys, also hexadecimal ones, are far from: neighbours that follow each other in the alphabet, and
# groups of three signs that occur once.
MOST_IN_SEQUENCE = 0.4
LEAST_UNIQUE = 0.7
# A row of a keyboard typed along, and what examples and templates hold in place of a key.
TYPED = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "change-me", "changeme", "your-secret", "django-insecure", "password")


def refuse_unsafe_start(environment: Environment) -> None:
    """Raises ``ImproperlyConfigured`` with every fault; outside production only DEBUG is checked."""
    faults = [*debug_faults(environment)]
    if environment.is_production:
        faults += [
            *key_faults(environment.secret_key),
            *key_encryption_key_faults(environment.key_encryption_key),
            *host_faults(environment.allowed_hosts),
            *demo_faults(gateway=settings.SMS_GATEWAY, apps=settings.INSTALLED_APPS),
            *mail_faults(settings.EMAIL_BACKEND),
            *database_faults(environment.database_url),
        ]
    if faults:
        raise ImproperlyConfigured("The portal does not start:\n" + "\n".join(f"- {fault}" for fault in faults))


def debug_faults(environment: Environment) -> Iterator[str]:
    """DEBUG shows settings and source code to anybody who causes an error."""
    public = [host for host in environment.allowed_hosts if not is_loopback(host)]
    if environment.debug and public:
        yield f"DEBUG is on and ALLOWED_HOSTS names {', '.join(public)}: set DEBUG=off."


def key_faults(secret_key: str) -> Iterator[str]:
    """A key that can be guessed signs anybody's session."""
    if len(secret_key) < SECRET_KEY_LENGTH or len(set(secret_key)) < SECRET_KEY_SIGNS:
        yield f"SECRET_KEY is weak: set it to {SECRET_KEY_LENGTH} or more random characters."
    elif is_patterned(secret_key) or any(typed in secret_key.lower() for typed in TYPED):
        yield f"SECRET_KEY follows a pattern: set it to {SECRET_KEY_LENGTH} or more random characters."


def key_encryption_key_faults(key: bytes) -> Iterator[str]:
    """A key that can be guessed opens every ID number. Random bytes are not all printable: such a key is a typed text."""
    if is_patterned(key.decode("latin-1")) or all(32 <= byte < 127 for byte in key):
        yield "KEY_ENCRYPTION_KEY follows a pattern or is a text: set it to 32 random bytes (openssl rand -base64 32)."


def is_patterned(key: str) -> bool:
    """Whether most of the key follows from the rest of it: repeated, or along the alphabet."""
    steps = [abs(ord(one) - ord(other)) <= 1 for one, other in pairwise(key)]
    threes = [key[place : place + 3] for place in range(len(key) - 2)]
    return sum(steps) > MOST_IN_SEQUENCE * len(steps) or len(set(threes)) < LEAST_UNIQUE * len(threes)


def host_faults(hosts: Iterable[str]) -> Iterator[str]:
    """A name that anybody can point here would be answered, and be written into links."""
    for host in hosts:
        if host == "*" or (host.startswith(".") and "." not in host.strip(".") and not is_loopback(host)):
            yield f"ALLOWED_HOSTS holds {host!r}, which anybody's name fits: name the hosts of the cities and the operator's."


def demo_faults(*, gateway: str, apps: Iterable[str]) -> Iterator[str]:
    """The demo's mail box shows everybody's sign-in code to everybody."""
    if gateway.startswith("portal.demo.") or any(app.startswith("portal.demo") for app in apps):
        yield "The demo's mail box would show sign-in codes to anybody: set SMS_GATEWAY to your own (docs/operations.md)."


def mail_faults(backend: str) -> Iterator[str]:
    """A link to enrol is for one person; a log, a file or a page shows it to others."""
    if backend not in (SMTP, NO_MAIL["EMAIL_BACKEND"]):
        yield "EMAIL_URL names no mail server, so links to enrol would be lost or shown: set it to smtp+tls://…, or unset it."


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
