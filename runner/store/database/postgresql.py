"""Connections to PostgreSQL, with timeouts so that a lost network or stalled program does not block others for long."""

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from fitgap.runner.errors import StoreError
from fitgap.runner.store.database.addresses import POSTGRESQL, shown
from fitgap.runner.store.database.errors import LOST, connection_failure
from fitgap.runner.store.database.values import json_text
from sqlalchemy.engine import URL, Engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ClauseElement, Executable

if TYPE_CHECKING:
    import psycopg

CONNECT_TIMEOUT_SECONDS = 10
OLDEST_VERSION = 14
# A connection to a vanished server is closed after about a minute.
KEEPALIVES = {"keepalives_idle": 20, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 60_000}
# Inserts epoch rows as a binary stream with columns of the types below.
COPY_EPOCHS = (
    "COPY epoch (trial_id, epoch, e_t, e_v, e_t_running, se_t, se_v, accuracy_t, accuracy_v, learning_rate) "
    "FROM STDIN (FORMAT BINARY)"
)
EPOCH_TYPES = ("int4", "int4", *["float8"] * 8)
# The execution option that holds the list to which a stream is appended.
COPIED_INTO = "fitgap_copied_into"
# Takes tens of milliseconds and does not wait for locks.
GATHER_STATISTICS = "ANALYZE (SKIP_LOCKED) trial, configuration"
READING = "SET default_transaction_read_only = on"
# A program that hangs in the middle of a transaction must not keep its locks.
WRITING = "SET lock_timeout = '30s'; SET idle_in_transaction_session_timeout = '60s'"


def postgresql_engine(url: URL, *, read_only: bool) -> Engine:
    """An engine for the database; with `read_only`, the server rejects writes."""
    # The engine gets no address, so it cannot leak a password. It keeps one connection open and tests it before each
    # use, since the server may have been restarted.
    engine = sa.create_engine(
        f"{POSTGRESQL}://",
        creator=lambda: open_postgresql(url, read_only),
        pool_size=1,
        pool_pre_ping=True,
    )
    sa.event.listen(engine, "do_execute", copy_streams)
    return engine


class CopiedOut(Executable, ClauseElement):
    """A query whose result arrives as a stream of bytes in the list given by the option `COPIED_INTO`."""

    inherit_cache = False

    def __init__(self, query: sa.Select):
        self.query = query


@compiles(CopiedOut)
def compile_copied_out(element: CopiedOut, compiler: SQLCompiler, **options: Any) -> str:
    return f"COPY ({compiler.process(element.query, **options)}) TO STDOUT (FORMAT BINARY)"


def copy_streams(cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
    """Execute COPY statements, which send or receive rows as a stream; returns whether the statement was one."""
    received = context.execution_options.get(COPIED_INTO)
    if received is not None:
        # A separate cursor, because SQLAlchemy would mistake this one's stream metadata for a result with rows.
        with cursor.connection.cursor() as own, own.copy(statement, parameters) as stream:
            received.extend(stream)
        return True
    if statement != COPY_EPOCHS:
        return False
    (rows,) = parameters
    with cursor.copy(statement) as stream:
        stream.set_types(EPOCH_TYPES)
        for row in rows:
            stream.write_row(row)
    return True


def open_postgresql(url: URL, read_only: bool) -> "psycopg.Connection":
    """A connection to a usable server. Raises StoreError if that fails."""
    # Imported here, because it is slow to import and not needed for SQLite.
    import psycopg
    from psycopg.types.json import set_json_dumps

    query = {name: value if isinstance(value, str) else ",".join(value) for name, value in url.query.items()}
    address = url.translate_connect_args(username="user", database="dbname")
    defaults = {"connect_timeout": CONNECT_TIMEOUT_SECONDS, "application_name": "fitgap", **KEEPALIVES}
    try:
        connection = psycopg.connect(**{**defaults, **address, **query, "client_encoding": "utf8"})
    except psycopg.Error as error:
        raise connection_failure(error, url) from None
    try:
        check_server(connection, url)
        connection.execute(READING if read_only else WRITING)
        connection.commit()
        set_json_dumps(json_text, connection)
    except psycopg.Error as error:
        was_lost = connection.broken
        connection.close()
        raise (LOST.error(url) if was_lost else connection_failure(error, url)) from None
    except BaseException:
        connection.close()
        raise
    return connection


def check_server(connection: "psycopg.Connection", url: URL) -> None:
    """Raise StoreError for a server that is too old, or whose encoding is not UTF-8."""
    version = connection.info.server_version // 10_000
    if version < OLDEST_VERSION:
        raise StoreError(f"the database {shown(url)} is PostgreSQL {version}; fitgap needs {OLDEST_VERSION} or later")
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise StoreError(f"the database {shown(url)} has the encoding {encoding}; create one with the encoding UTF8")
