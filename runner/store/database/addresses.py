"""Addresses of databases: parsing them, and displaying them without passwords."""

import os
import re
from urllib.parse import quote, quote_plus

from fitgap.runner.errors import StoreError
from fitgap.runner.system.passwords import ENVIRONMENT_VARIABLE, revealed, without_passwords
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

DEFAULT_FILE = "fitgap.db"
SQLITE_NAMES = ("sqlite", "sqlite+pysqlite")
POSTGRESQL_NAMES = ("postgresql", "postgres", "postgresql+psycopg")
POSTGRESQL = "postgresql+psycopg"
WHAT_WORKS = "write a file such as fitgap.db, or postgresql://USER:PASSWORD@HOST:PORT/NAME"
# Secret parameters after the `?` of an address.
SECRET_PARAMETERS = ("password", "sslpassword")
# Malformed addresses. Files with such names are not supported.
ALMOST_AN_ADDRESS = re.compile(r"(sqlite|postgres|postgresql|mysql|mariadb)(\+\w+)?:")


def database_url(given: str | None) -> URL:
    """The address of the database: as given, else from FITGAP_DB, else `fitgap.db` in the current folder.

    A plain path means an SQLite file. Raises StoreError for an invalid or unsupported address; the message never
    repeats the address, since it may contain a password.
    """
    if given is not None and not isinstance(given, (str, os.PathLike)):
        raise StoreError(f"a database is a file name or an address as text, not {given!r}")
    text = revealed(os.fspath(given or "") or os.environ.get(ENVIRONMENT_VARIABLE) or DEFAULT_FILE)
    if "\0" in text or not is_encodable(text):
        raise StoreError("the database name contains characters not allowed in file names, such as NUL; remove them")
    if "://" not in text and not ALMOST_AN_ADDRESS.match(text):
        return URL.create("sqlite", database=text)
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise StoreError(f"the database address is invalid; {WHAT_WORKS}") from None
    if url.drivername in SQLITE_NAMES:
        return file_url(url)
    if url.drivername in POSTGRESQL_NAMES:
        return server_url(url)
    raise StoreError(f"databases of the kind '{url.drivername}' are not supported; {WHAT_WORKS}")


def is_encodable(text: str) -> bool:
    """Whether the text can be encoded as a file name."""
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return True


def file_url(url: URL) -> URL:
    """The address of an SQLite file; StoreError if it names no file."""
    if not url.database or url.host:
        raise StoreError("the database address names no file; write sqlite:///FILE, with three slashes")
    return URL.create("sqlite", database=url.database)


def server_url(url: URL) -> URL:
    """The address of a PostgreSQL database; StoreError if it names no database."""
    if "@" in (url.host or "") + (url.database or ""):
        raise StoreError("the database address is invalid; in its password write @ as %40, / as %2F, : as %3A")
    if not url.database:
        raise StoreError("the database address names no database; write postgresql://USER:PASSWORD@HOST:PORT/NAME")
    return url.set(drivername=POSTGRESQL)


def is_file(url: URL) -> bool:
    """Whether the database is an SQLite file."""
    return url.drivername == "sqlite"


def shown(url: URL) -> str:
    """The database in a form without secrets: the file, or `NAME at HOST:PORT`."""
    if is_file(url):
        return without_passwords(str(url.database))
    host = url.host or url.query.get("host") or "localhost"
    port = url.port or url.query.get("port") or 5432
    return f"{url.database} at {host}:{port}"


def scrubbed(text: str, url: URL) -> str:
    """Foreign text about this database, such as a server's message, on one line and without passwords."""
    values = [url.password, *(url.query.get(name) for name in SECRET_PARAMETERS)]
    for secret in [str(value) for value in values if value]:
        for form in (secret, quote(secret, safe=""), quote_plus(secret)):
            text = text.replace(form, "***")
    return " ".join(text.split())
