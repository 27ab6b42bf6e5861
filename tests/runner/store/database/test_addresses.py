"""Addresses: which database they select, which ones are refused, and that no message contains the password."""

import pytest
from fitgap.runner.errors import StoreError
from fitgap.runner.store import open_store, open_store_for_writing
from fitgap.runner.store.database.addresses import database_url, scrubbed, shown

SERVER = "postgresql+psycopg"


def refusal(address):
    """The message that refuses an address: one line without the password."""
    messages = set()
    for open_it in (open_store, open_store_for_writing):
        with pytest.raises(StoreError) as caught:
            open_it(address)
        messages.add(str(caught.value))
    (message,) = messages
    assert message.isprintable() and "secret" not in message
    return message


def test_the_database_is_the_given_one_else_the_environments_else_fitgap_db(monkeypatch):
    assert database_url(None).database == "fitgap.db"
    monkeypatch.setenv("FITGAP_DB", "other.db")
    assert database_url(None).database == "other.db"
    assert database_url("given.db").database == "given.db"
    monkeypatch.setenv("FITGAP_DB", "postgres://user:secret@host:1/name")
    assert database_url(None).password == "secret"


def test_a_path_and_an_address_of_sqlite_mean_the_same_file():
    assert database_url("some/file.db") == database_url("sqlite:///some/file.db")
    assert database_url("sqlite+pysqlite:////some/file.db") == database_url("/some/file.db")


@pytest.mark.parametrize("name", ["postgresql", "postgres", "postgresql+psycopg"])
def test_every_name_of_postgresql_means_the_same(name):
    url = database_url(f"{name}://user:p%40ss@host:5433/sweeps?sslmode=require")
    assert (url.drivername, url.username, url.password, url.host, url.port) == (SERVER, "user", "p@ss", "host", 5433)
    assert (url.database, dict(url.query)) == ("sweeps", {"sslmode": "require"})


@pytest.mark.parametrize(
    "address", ["mysql+pymysql://user:secret@host/name", "postgresql+asyncpg://user:secret@host/name", "http://host"]
)
def test_another_kind_is_refused_by_its_name_with_what_works(address):
    message = refusal(address)
    assert f"'{address.partition(':')[0]}'" in message
    assert "fitgap.db" in message and "postgresql://USER:PASSWORD@HOST:PORT/NAME" in message


@pytest.mark.parametrize(
    ("address", "advice"),
    [
        ("postgresql://user:secret@[broken", "postgresql://USER:PASSWORD@HOST:PORT/NAME"),
        ("postgresql://user:secret@host:secret/name", "postgresql://USER:PASSWORD@HOST:PORT/NAME"),
        ("://user:secret@host", "postgresql://USER:PASSWORD@HOST:PORT/NAME"),
        ("postgresql:/user:secret@host/name", "postgresql://USER:PASSWORD@HOST:PORT/NAME"),
        ("postgresql://user:sec@ret@host/name", "write @ as %40"),
        ("postgresql://user:secret@host", "names no database"),
        ("postgresql://user:secret@host/", "names no database"),
        ("sqlite://user:secret@host/file", "names no file"),
        ("sqlite://", "names no file"),
    ],
)
def test_an_address_that_cannot_be_read_is_told_how_to_write_it(address, advice):
    assert advice in refusal(address)


def test_an_address_taken_for_a_file_is_not_repeated_either():
    with pytest.raises(StoreError, match=r"folder of the database user:\*\*\*@host/name does not exist"):
        open_store_for_writing("user:secret@host/name")
    with pytest.raises(StoreError, match=r"there is no database user:\*\*\*@host/name"):
        open_store("user:secret@host/name")


def test_a_server_is_shown_by_database_host_and_port():
    assert shown(database_url("postgresql://user:secret@host:5433/sweeps?password=secret")) == "sweeps at host:5433"
    assert shown(database_url("postgresql://user:secret@/sweeps?host=/run")) == "sweeps at /run:5432"
    assert shown(database_url("postgresql://user:secret@host/sweeps")) == "sweeps at host:5432"
    assert shown(database_url("results.db")) == "results.db"


@pytest.mark.parametrize("form", ["a b/%", "a%20b%2F%25", "a+b%2F%25"])
def test_a_message_of_a_server_is_cleared_of_the_password_in_every_form(form):
    url = database_url("postgresql://user:a%20b%2F%25@host/name?sslpassword=other")
    assert scrubbed(f"no\nentry:\t{form} or other!", url) == "no entry: *** or ***!"
