"""Queries for the upkeep of a database: sizes, labels, the extent of deletions."""

from collections.abc import Sequence

from fitgap.runner.store.admin import sizes
from fitgap.runner.store.read.lookups import Row
from fitgap.runner.store.reader.open_database import OpenDatabase
from fitgap.runner.store.write import delete, labels, selection
from fitgap.runner.store.write.delete import Deletion


class UpkeepQueries(OpenDatabase):
    """Sizes, labels and deletions."""

    def sweep_sizes(self) -> dict[int, tuple[int, int]]:
        """For each sweep id, its number of epochs and its approximate size in bytes."""
        with self._reading() as connection:
            return sizes.sweep_sizes(connection)

    def unused_bytes(self) -> int | None:
        """Unused bytes in an SQLite file; None for a server."""
        with self._reading() as connection:
            return sizes.unused_bytes(connection)

    def labels(self, words: Sequence[str]) -> list[Row]:
        """The tags and notes of the selected sweeps (by name) or trials (by number)."""
        with self._reading() as connection:
            return labels.labels(connection, selection.choose(connection, words))

    def deletion(self, words: Sequence[str]) -> Deletion:
        """The extent of a deletion: what `delete` would remove."""
        with self._reading() as connection:
            return delete.deletion(connection, selection.choose(connection, words))
