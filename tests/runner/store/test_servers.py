"""Servers that cannot be used are refused soon, in one line that says what to do and hides the password."""

import contextlib
import socket
import subprocess
import sys
import threading

import psycopg
import pytest
from fitgap.runner.errors import StoreError
from fitgap.runner.store import open_store, open_store_for_writing
from fitgap.runner.store.database import postgresql
from fitgap.runner.store.database.connection import connect, database_url
from fitgap.runner.store.database.errors import TemporaryStoreError
from support.databases.new_databases import order


def refusal(address):
    """The one-line message that refuses a server, the same for reading and writing."""
    messages = []
    for open_it in (open_store, open_store_for_writing):
        with pytest.raises(StoreError) as caught:
            open_it(address)
        messages.append(str(caught.value))
    assert messages[0] == messages[1] and messages[0].isprintable()
    assert "canary" not in messages[0] and "secret" not in messages[0]
    return messages[0]


@contextlib.contextmanager
def listener(answer=None):
    """The port of a server that accepts connections and sends this answer, or none."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        if answer:
            threading.Thread(target=serve, args=(server, answer), daemon=True).start()
        yield server.getsockname()[1]


def serve(server, answer):
    with contextlib.suppress(OSError):
        while True:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(answer)


def test_an_unknown_database_is_told_with_how_to_make_it(postgres):
    message = refusal(postgres.address("missing"))
    assert f"missing at 127.0.0.1:{postgres.port} does not exist; create it with createdb" in message


@pytest.mark.parametrize("password", ["secret", "", "se%2Fcret"])
def test_a_wrong_password_is_told(postgres, password):
    message = refusal(postgres.address("postgres", password))
    assert "rejects this user or password" in message or "requires a password" in message


def test_a_host_that_nobody_knows_is_told():
    assert "cannot be found; check the host" in refusal("postgresql://user:secret@no-such-host.invalid/name")


def test_a_port_where_nobody_listens_is_told():
    with listener() as port:
        pass
    assert f"name at 127.0.0.1:{port} cannot be reached" in refusal(f"postgresql://user:secret@127.0.0.1:{port}/name")


@pytest.mark.nightly
def test_somebody_who_never_answers_is_given_up(monkeypatch):
    # The shortest timeout that the library supports.
    monkeypatch.setattr(postgresql, "CONNECT_TIMEOUT_SECONDS", 2)
    with listener() as port:
        assert "does not respond" in refusal(f"postgresql://user:secret@127.0.0.1:{port}/name")


def test_what_is_no_postgresql_is_told():
    with listener(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        assert "cannot be used" in refusal(f"postgresql://user:secret@127.0.0.1:{port}/name")


def test_a_parameter_that_the_server_does_not_know_is_told(postgres):
    assert "colour" in refusal(f"{postgres.address()}?colour=red")


def test_an_old_server_is_refused_by_its_version(postgres, monkeypatch):
    monkeypatch.setattr(postgresql, "OLDEST_VERSION", 99)
    assert "needs 99 or later" in refusal(postgres.address())


def test_a_database_that_is_not_unicode_is_refused(postgres):
    name = postgres.new_name()
    order(postgres, "CREATE DATABASE {} ENCODING 'SQL_ASCII' TEMPLATE template0", name)
    assert "has the encoding SQL_ASCII; create one with the encoding UTF8" in refusal(postgres.address(name))


def test_a_user_who_may_not_make_tables_is_told(postgres):
    name = postgres.new_name()
    order(postgres, "CREATE DATABASE {}", name)
    order(postgres, "CREATE ROLE {} LOGIN PASSWORD 'secret'", f"{name}_guest")
    guest = postgres.address(name, "secret").replace("//fitgap:", f"//{name}_guest:")
    with pytest.raises(StoreError, match="does not allow this user to do this") as caught:
        open_store_for_writing(guest)
    assert "secret" not in str(caught.value) and str(caught.value).isprintable()


def test_a_server_with_other_tables_is_refused_and_unchanged(postgres):
    name = postgres.new_name()
    order(postgres, "CREATE DATABASE {}", name)
    with psycopg.connect(postgres.address(name)) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num text)")
        connection.execute("CREATE TABLE studies (id integer)")
    assert "contains tables of another program (alembic_version, studies)" in refusal(postgres.address(name))
    with psycopg.connect(postgres.address(name)) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert sorted(tables) == [("alembic_version",), ("studies",)]


def test_a_connection_that_the_server_has_closed_is_opened_anew(postgres, postgres_template):
    """The connection is closed between two queries, as when the server is restarted."""
    with open_store(postgres.address(postgres_template)) as store:
        assert store.sweeps() == []
        end_connections(postgres, postgres_template)
        assert store.sweeps() == []


def test_a_connection_that_breaks_in_a_transaction_is_a_passing_failure(postgres, postgres_template):
    engine = connect(database_url(postgres.address(postgres_template)), read_only=False)
    with pytest.raises(TemporaryStoreError, match="has closed the connection"), engine.begin() as connection:
        end_connections(postgres, postgres_template)
        connection.exec_driver_sql("SELECT 1")
    engine.dispose()


def test_a_connection_that_breaks_while_it_is_made_ready_is_a_passing_failure(postgres, postgres_template, monkeypatch):
    """The server may stop between accepting the connection and the first query."""
    monkeypatch.setattr(postgresql, "check_server", lambda *given: end_connections(postgres, postgres_template))
    engine = connect(database_url(postgres.address(postgres_template)), read_only=False)
    with pytest.raises(TemporaryStoreError, match="has closed the connection; try again when its server is running"):
        engine.connect()
    engine.dispose()


def end_connections(postgres, name):
    with psycopg.connect(postgres.address(), autocommit=True) as connection:
        ended = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"
        assert connection.execute(ended, [name]).fetchall() == [(True,)]


def test_neither_an_engine_nor_its_errors_hold_the_password(postgres):
    engine = connect(database_url(postgres.address("missing")), read_only=True)
    with pytest.raises(StoreError) as caught:
        engine.connect()
    for thing in (engine, engine.url, engine.pool, caught.value, caught.value.args):
        assert "canary" not in repr(thing)
    assert caught.value.__suppress_context__


def test_asking_an_sqlite_file_does_not_load_the_library_for_servers(trained_database, tmp_path):
    line = "import sys; from fitgap.runner.cli.main import main\nsys.argv[1:] = ['sweeps', '--db', sys.argv[1]]\n"
    line += "try: main()\nfinally: print([name for name in sys.modules if name.startswith('psycopg')])"
    done = subprocess.run([sys.executable, "-c", line, trained_database], capture_output=True, text=True, check=True)
    assert "small" in done.stdout and done.stdout.splitlines()[-1] == "[]"
