"""The PostgreSQL server for tests: it survives what tests do to it, and leaves nothing behind."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

# These tests share a fixture that is slow to set up.
pytestmark = pytest.mark.xdist_group("the server of temporary postgres")

FOLDER = Path(__file__).parent
PATIENCE_SECONDS = 30
# Starts a server, prints its port, data folder and keeper, and waits to be killed.
START = """
import sys, time
from support.databases.temporary_postgres import TemporaryPostgres
import psycopg
server = TemporaryPostgres()
with psycopg.connect(server.address()) as connection:
    (folder,) = connection.execute("SHOW data_directory").fetchone()
print(server.port, folder, server._keeper.pid, flush=True)
time.sleep(1000)
"""


def listens(port):
    with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False


@pytest.mark.nightly
def test_a_server_ends_with_whoever_started_it_and_leaves_nothing():
    """Even if the process that started it was killed and could not clean up."""
    environment = {**os.environ, "PYTHONPATH": str(FOLDER)}
    started = subprocess.Popen([sys.executable, "-c", START], stdout=subprocess.PIPE, text=True, env=environment)
    port, folder, keeper = started.stdout.readline().split()
    assert listens(int(port)) and Path(folder).is_dir()
    started.send_signal(signal.SIGKILL)
    started.communicate()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and (Path(f"/proc/{keeper}").exists() or Path(folder).parent.exists()):
        time.sleep(0.05)
    assert not listens(int(port))
    assert not Path(folder).parent.exists()


def test_what_was_committed_outlives_a_crash_of_the_server(postgres_of_its_own):
    server = postgres_of_its_own
    with psycopg.connect(server.address()) as connection:
        connection.execute("CREATE TABLE kept (number integer)")
    for number in range(3):
        with psycopg.connect(server.address()) as connection:
            connection.execute("INSERT INTO kept VALUES (%s)", [number])
        server.kill()
        assert not listens(server.port)
        server.start()
    with psycopg.connect(server.address()) as connection:
        assert connection.execute("SELECT number FROM kept ORDER BY number").fetchall() == [(0,), (1,), (2,)]


def test_the_server_listens_on_this_machine_alone(postgres):
    with psycopg.connect(postgres.address()) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
        assert connection.execute("SHOW unix_socket_directories").fetchone() == ("",)
