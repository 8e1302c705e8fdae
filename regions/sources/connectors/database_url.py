"""A police database's URL, taken apart and judged.

Only structured fields are used. Drivers take options that read files, load libraries or change the host; none of them
is passed on except the few below.
"""

import re

from sqlalchemy import URL
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from regions.sources.connectors.delivery import SourceMisconfigured
from regions.sources.connectors.guard import AllowList, normal_host

# The drivers we install and know how to pin, in place of whatever SQLAlchemy's release takes by default.
DRIVERS = {"postgresql": "postgresql+psycopg2", "mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"}
DEFAULT_PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306, "oracle": 1521, "mssql": 1433}
OPTIONS = {"postgresql": {"sslmode"}, "mysql": {"charset"}, "mariadb": {"charset"}, "oracle": {"service_name"}}
_OPTION_VALUE = re.compile(r"[\w.-]{1,64}")
# No `=`, `;`, `/` or blank: libpq and ODBC take a database name of that kind for a connection string of its own.
_DATABASE_NAME = re.compile(r"[\w$.-]{1,128}")


def check_database_url(url: str, allowed: AllowList) -> URL:
    """The URL if a source may be there, with an explicit driver and port.

    Raises SourceMisconfigured, HostNotAllowed. No message repeats any part of the URL but the host and the port.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise SourceMisconfigured("bad_setting", part="url") from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return _check_file(parsed, allowed)
    for option, value in parsed.query.items():
        if option not in OPTIONS.get(backend, ()) or not isinstance(value, str) or not _OPTION_VALUE.fullmatch(value):
            raise SourceMisconfigured("url_option", option=option if option.isidentifier() else "?")
    port = parsed.port or DEFAULT_PORTS.get(backend)
    if not parsed.host or port is None:
        raise SourceMisconfigured("bad_setting", part="url (host, port)")
    if parsed.database and not _DATABASE_NAME.fullmatch(parsed.database):
        raise SourceMisconfigured("bad_setting", part="url (database)")
    allowed.check(parsed.host, port)
    drivername = DRIVERS.get(parsed.drivername, parsed.drivername)
    return parsed.set(drivername=drivername, host=normal_host(parsed.host), port=port)


def _check_file(parsed: URL, allowed: AllowList) -> URL:
    """A SQLite file's URL. Raises SourceMisconfigured, HostNotAllowed."""
    allowed.check_file()
    if parsed.query or parsed.host or parsed.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise SourceMisconfigured("url_option", option=next(iter(parsed.query), "driver"))
    if not parsed.database or parsed.database.startswith((":", "file:")):
        raise SourceMisconfigured("bad_setting", part="url (file)")
    return parsed
