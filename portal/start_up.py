"""Unsafe settings with which the portal refuses to start in production. Each fault says what to set instead.

``portal.wsgi`` and each worker check them before the first request or task; commands do not.
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
# Shares that random keys, also hexadecimal ones, are far from: adjacent characters that follow each other in the alphabet, and
# groups of three characters that occur once.
MOST_IN_SEQUENCE = 0.4
LEAST_UNIQUE = 0.7
# Rows of a keyboard, and the placeholders in examples and templates.
TYPED = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "change-me", "changeme", "your-secret", "django-insecure", "password")


def refuse_unsafe_start(environment: Environment) -> None:
    """Raise ``ImproperlyConfigured`` with every fault; outside production only DEBUG is checked."""
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
    """Yield a fault if DEBUG is on with a public host: it shows settings and source code to anybody who causes an error."""
    public = [host for host in environment.allowed_hosts if not is_loopback(host)]
    if environment.debug and public:
        yield f"DEBUG is on and ALLOWED_HOSTS names {', '.join(public)}: set DEBUG=off."


def key_faults(secret_key: str) -> Iterator[str]:
    """Yield a fault if the key can be guessed: anybody could then sign sessions."""
    if len(secret_key) < SECRET_KEY_LENGTH or len(set(secret_key)) < SECRET_KEY_SIGNS:
        yield f"SECRET_KEY is weak: set it to {SECRET_KEY_LENGTH} or more random characters."
    elif is_patterned(secret_key) or any(typed in secret_key.lower() for typed in TYPED):
        yield f"SECRET_KEY follows a pattern: set it to {SECRET_KEY_LENGTH} or more random characters."


def key_encryption_key_faults(key: bytes) -> Iterator[str]:
    """Yield a fault if the key that decrypts every ID number can be guessed. Random bytes are not all printable; typed text is."""
    if is_patterned(key.decode("latin-1")) or all(32 <= byte < 127 for byte in key):
        yield "KEY_ENCRYPTION_KEY follows a pattern or is a text: set it to 32 random bytes (openssl rand -base64 32)."


def is_patterned(key: str) -> bool:
    """Return whether most of the key can be derived from the rest: it is repeated, or follows the alphabet."""
    steps = [abs(ord(one) - ord(other)) <= 1 for one, other in pairwise(key)]
    threes = [key[place : place + 3] for place in range(len(key) - 2)]
    return sum(steps) > MOST_IN_SEQUENCE * len(steps) or len(set(threes)) < LEAST_UNIQUE * len(threes)


def host_faults(hosts: Iterable[str]) -> Iterator[str]:
    """Yield a fault for a host pattern that includes names anybody can point here; they would be answered and put into links."""
    for host in hosts:
        if host == "*" or (host.startswith(".") and "." not in host.strip(".") and not is_loopback(host)):
            yield f"ALLOWED_HOSTS holds {host!r}, which anybody's name fits: name the hosts of the cities and the operator's."


def demo_faults(*, gateway: str, apps: Iterable[str]) -> Iterator[str]:
    """Yield a fault if the demo's gateway is used: its mail box shows everybody's sign-in codes to everybody."""
    if gateway.startswith("portal.demo.") or any(app.startswith("portal.demo") for app in apps):
        yield "The demo's mail box would show sign-in codes to anybody: set SMS_GATEWAY to your own (docs/operations.md)."


def mail_faults(backend: str) -> Iterator[str]:
    """Yield a fault if mail is not sent to a mail server: a link to enrol in a log, a file or a page could be read by others."""
    if backend not in (SMTP, NO_MAIL["EMAIL_BACKEND"]):
        yield "EMAIL_URL names no mail server, so links to enrol would be lost or shown: set it to smtp+tls://…, or unset it."


def database_faults(url: str) -> Iterator[str]:
    """Yield faults of the application's login, which must own nothing and keep its connection between transactions."""
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
    """Return whether a pooler reuses server connections between transactions: then two clients share one connection."""
    first, second = psycopg2.connect(url), psycopg2.connect(url)
    try:
        return _backend(first, stay=False) == _backend(second, stay=True)
    finally:
        first.close()
        second.close()


def _backend(connection: "psycopg2.extensions.connection", *, stay: bool) -> int:
    """Return the process id of the connection's backend; ``stay`` leaves the transaction open."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        row = cursor.fetchone()
    if not stay:
        connection.commit()
    return int(row[0]) if row else 0
