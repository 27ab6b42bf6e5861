"""SQLite files: where they may be stored, and how threads share one."""

import threading

import pytest
from fitgap.runner.errors import StoreError
from fitgap.runner.store import open_store, open_store_for_writing
from fitgap.runner.store.database import sqlite_files


def test_a_file_on_another_machine_is_not_written_to(own_folder, monkeypatch):
    """Reading such a file is allowed."""
    open_store_for_writing("there.db").close()
    before = sorted(path.name for path in own_folder.iterdir())
    monkeypatch.setattr(sqlite_files, "file_system_of", lambda folder: "nfs4")
    for name in ("there.db", "new.db"):
        with pytest.raises(StoreError, match=r"network file system \(nfs4\).*PostgreSQL"):
            open_store_for_writing(name)
    open_store("there.db").close()
    assert sorted(path.name for path in own_folder.iterdir()) == before


def test_threads_use_the_connection_in_turn(own_folder):
    """Neither the heartbeat nor the driver's loop starts a transaction within one of the other's."""
    with open_store_for_writing("it.db") as store:
        inside, failed = threading.Semaphore(1), []

        def write():
            for _ in range(50):
                with store._engine.begin() as connection:
                    if not inside.acquire(blocking=False):
                        failed.append("two at once")
                    connection.exec_driver_sql("SELECT 1")
                    inside.release()

        threads = [threading.Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failed == []


def test_who_only_reads_does_not_wait_for_who_writes(own_folder):
    """This also holds for a driver's store, whose own transactions lock the file."""
    with (
        open_store_for_writing("it.db") as writing,
        open_store_for_writing("it.db") as reading,
        writing._engine.begin() as connection,
    ):
        connection.exec_driver_sql("SELECT 1")
        assert reading.sweeps() == []
