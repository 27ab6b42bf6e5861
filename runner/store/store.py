"""The store: read and write access to an open database, and functions that open it."""

from collections.abc import Sequence
from pathlib import Path

from fitgap.runner.errors import StoreError
from fitgap.runner.files.open_databases import Key, key_of
from fitgap.runner.store.database.addresses import is_file, shown
from fitgap.runner.store.database.connection import closed_on_failure, connect, database_url
from fitgap.runner.store.database.sqlite_files import path_of
from fitgap.runner.store.fit import refresh
from fitgap.runner.store.read.lookups import Row
from fitgap.runner.store.reader import StoreReader
from fitgap.runner.store.schema.migrate import make_ready
from fitgap.runner.store.schema.version import check_version
from fitgap.runner.store.write import claims, delete, extend, labels, pruned, selection, sweeps
from fitgap.runner.store.write.claims import DriverIdentity
from fitgap.runner.store.write.delete import Deletion
from fitgap.runner.store.write.extend import SweepExtension
from fitgap.runner.store.write.session import DriverSession
from fitgap.runner.store.write.statuses import cancel_trials, retry_trials
from fitgap.runner.store.write.sweeps import SweepPlan
from fitgap.runner.trial_status import Status


class Store(StoreReader):
    """An open database. Queries return plain rows; a driver writes results through a `DriverSession`."""

    # The file that was opened, with its identity; None for a server.
    opened: tuple[Path, Key] | None = None

    def require_in_place(self) -> None:
        """Raise StoreError if the file was deleted or replaced since it was opened: rows written since are lost."""
        if self.opened is None:
            return
        # Also try the path as given, because a parent folder may have been renamed, or the current folder changed.
        absolute, key = self.opened
        paths = (absolute, path_of(self._engine.url))
        if not any(path.exists() and key_of(path) == key for path in paths):
            raise StoreError(
                f"the database {shown(self._engine.url)} was deleted, moved or replaced while it was in use, so the "
                "results since then are lost; leave it in place and run the sweep again"
            )

    def add_sweep(self, plan: SweepPlan) -> tuple[int, str]:
        with self._engine.begin() as connection:
            return sweeps.add_sweep(connection, plan)

    def cancel_trials(self, sweep_id: int, trials: Sequence[int] | None = None) -> int:
        with self._engine.begin() as connection:
            return cancel_trials(connection, sweep_id, trials)

    def retry_trials(self, sweep_id: int, statuses: Sequence[Status]) -> int:
        with self._engine.begin() as connection:
            return retry_trials(connection, sweep_id, statuses)

    def refresh_fit(self, sweep_id: int) -> None:
        """Update the fit of a sweep's trials, after something other than a driver has changed them."""
        refresh.refresh_fit(self._engine, sweep_id)

    def extend_sweep(self, sweep_id: int, extension: SweepExtension, *, is_kept: bool = True) -> tuple[int, int]:
        """Write an extension; returns the number of new trials, and how many of them continue finished ones.

        With `is_kept` false, the numbers are computed but nothing is written.
        """
        with self._engine.connect() as connection, connection.begin() as transaction:
            counts = extend.extend_sweep(connection, sweep_id, extension)
            if not is_kept:
                transaction.rollback()
            return counts

    def continue_pruned(self, sweep_id: int, where: str | None = None, *, is_kept: bool = True) -> tuple[int, int]:
        """Let pruned trials train to their end; returns their number and the number of epochs they have left.

        With `is_kept` false, nothing is written.
        """
        with self._engine.connect() as connection, connection.begin() as transaction:
            counts = pruned.continue_pruned(connection, sweep_id, where)
            if not is_kept:
                transaction.rollback()
            return counts

    def add_tags(self, words: Sequence[str], tags: Sequence[str]) -> None:
        with self._engine.begin() as connection:
            labels.add_tags(connection, selection.choose(connection, words), tags)

    def remove_tags(self, words: Sequence[str], tags: Sequence[str]) -> int:
        with self._engine.begin() as connection:
            return labels.remove_tags(connection, selection.choose(connection, words), tags)

    def write_note(self, words: Sequence[str], text: str) -> None:
        with self._engine.begin() as connection:
            labels.write_note(connection, selection.choose(connection, words), text)

    def keep_test_result(self, sweep_id: int, result: Row) -> None:
        """Store the result on the test examples, unless one is stored already."""
        with self._engine.begin() as connection:
            labels.keep_test_result(connection, sweep_id, result)

    def rename_sweep(self, name_or_number: str, name: str) -> str:
        with self._engine.begin() as connection:
            return labels.rename_sweep(connection, name_or_number, name)

    def delete(self, words: Sequence[str]) -> Deletion:
        """Delete sweeps or trials. Raises BusyError if a live driver is training some of them."""
        with self._engine.begin() as connection:
            what = selection.choose(connection, words)
            changed = delete.changed_sweeps(connection, what)
            extent = delete.delete(connection, what)
            for sweep_id in changed:
                refresh.forget_fit(connection, sweep_id)
        for sweep_id in changed:
            self.refresh_fit(sweep_id)
        return extent

    def begin_driver(self, identity: DriverIdentity) -> DriverSession:
        """Register a driver; returns the session through which it claims trials and writes their results."""
        with self._engine.begin() as connection:
            return self.driver_session(claims.begin_driver(connection, identity))

    def driver_session(self, driver_id: int) -> DriverSession:
        """The session of a registered driver."""
        return DriverSession(self._engine, driver_id)


def open_store(database: str | None = None) -> Store:
    """Open a store for reading. `database` is an SQLite file or an address; default: FITGAP_DB, else `fitgap.db`.

    Raises StoreError if the database does not exist or has another schema version than this program's.
    """
    url = database_url(database)
    with closed_on_failure(connect(url, read_only=True)) as engine:
        check_version(engine)
    return Store(engine)


def open_store_for_writing(database: str | None = None) -> Store:
    """Open a store for writing. A missing file is created, and an outdated schema is upgraded. Raises StoreError."""
    url = database_url(database)
    with closed_on_failure(connect(url, read_only=False)) as engine:
        make_ready(engine)
        refresh.refresh_outdated(engine)
    store = Store(engine)
    if is_file(url):
        store.opened = path_of(url).absolute(), key_of(path_of(url))
    return store
