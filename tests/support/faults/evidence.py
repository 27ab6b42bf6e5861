"""Evidence that a database holds about a run: every change of every trial, its epochs and the results of the sweep."""

import hashlib
import io
import json
from collections import Counter, defaultdict

import numpy as np
import sqlalchemy as sa
from fitgap.runner.recorded_epochs import always_recorded
from fitgap.runner.store import open_store, open_store_for_writing
from fitgap.runner.store.read.epoch_counts import recording_of
from fitgap.runner.store.schema.tables import (
    configuration,
    driver,
    epoch,
    evidence,
    fit_columns,
    snapshot,
    state,
    sweep,
    trial,
)
from fitgap.runner.trial_status import Status

FINDINGS = ("status", "reason", "epochs", "e_t", "e_v", "best_epoch", "best_e_t", "best_e_v")
FINDINGS += ("accuracy_t", "accuracy_v", "learned")
FIT = tuple(column.name for column in fit_columns())
FINAL = {status.value for status in Status if status.is_final}
history = sa.Table(
    "history",
    sa.MetaData(),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("trial", sa.Integer),
    sa.Column("was", sa.Text),
    sa.Column("became", sa.Text),
    sa.Column("attempt_was", sa.Integer),
    sa.Column("attempt", sa.Integer),
    sa.Column("driver", sa.Integer),
)
NOTE = (
    "INSERT INTO history (trial, was, became, attempt_was, attempt, driver) "
    "VALUES (NEW.id, OLD.status, NEW.status, OLD.attempt, NEW.attempt, NEW.driver_id);"
)
# The fit columns are left out: they are updated repeatedly after a trial has ended.
CHANGE = "AFTER UPDATE OF status, reason, attempt, driver_id, epochs, e_t, e_v, best_epoch ON trial"
TRIGGERS = {
    "sqlite": (f"CREATE TRIGGER note_history {CHANGE} BEGIN {NOTE} END",),
    "postgresql": (
        f"CREATE FUNCTION note_history() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {NOTE} RETURN NULL; END $$",
        f"CREATE TRIGGER note_history {CHANGE} FOR EACH ROW EXECUTE FUNCTION note_history()",
    ),
}


def note_history(address):
    """Install a trigger, so that the database itself records every change of a trial from now on, regardless of who
    makes it.
    """
    with open_store_for_writing(address) as store, store._engine.begin() as connection:
        history.create(connection)
        for statement in TRIGGERS[connection.dialect.name]:
            connection.exec_driver_sql(statement)


class Evidence:
    """All rows of a database, and checks on them."""

    def __init__(self, address):
        with open_store(address) as store, store._engine.connect() as connection:
            tables = (sweep, trial, configuration, epoch, snapshot, state, evidence, driver)
            self.rows = {table.name: connection.execute(sa.select(table)).all() for table in tables}
            has_history = sa.inspect(connection).has_table("history")
            query = sa.select(history).order_by(history.c.number)
            self.history = connection.execute(query).all() if has_history else []
        self.trials = {row.id: row for row in self.rows["trial"]}

    @property
    def counts(self):
        """The number of trials with each status."""
        return Counter(row.status for row in self.trials.values())

    @property
    def epochs(self):
        """The numbers of every epoch row, by trial and epoch."""
        return {(row[0], row[1]): exact(row[2:]) for row in self.rows["epoch"]}

    @property
    def attempts(self):
        """The attempt number of every trial."""
        return {number: row.attempt for number, row in self.trials.items()}

    @property
    def held(self):
        """The running trials of each driver, by the driver's number."""
        found = defaultdict(set)
        for number, row in self.trials.items():
            if row.status == "running":
                found[row.driver_id].add(number)
        return dict(found)

    @property
    def export(self):
        """A hash of all results of a sweep. Row IDs, times and attempts are left out."""
        found = {
            "trials": [(*self._key(row.id), *values_of(row, FINDINGS + FIT)) for row in self.rows["trial"]],
            "configurations": [(row.hash, *values_of(row, FIT)) for row in self.rows["configuration"]],
            "evidence": [
                (*self._key(row.trial_id), row.statistics, row.content.hex()) for row in self.rows["evidence"]
            ],
            "epochs": [(*self._key(row[0]), row[1], *exact(row[2:])) for row in self.rows["epoch"]],
            "kept": [(*self._key(row.trial_id), row.epoch, digest_of(row.content)) for row in self.rows["snapshot"]],
        }
        text = {name: sorted(json.dumps(row, sort_keys=True) for row in rows) for name, rows in found.items()}
        return hashlib.sha256(json.dumps(text).encode()).hexdigest()

    @property
    def fit(self):
        """The fit: the reference of each sweep, and the fit columns of trials and configurations."""
        found = {
            table: {row.id: values_of(row, FIT) for row in self.rows[table]} for table in ("trial", "configuration")
        }
        return {**found, "references": {row.id: row.reference_id for row in self.rows["sweep"]}}

    def _key(self, number):
        """Identifies a trial without its number: by its configuration and repeat."""
        hashes = {row.id: row.hash for row in self.rows["configuration"]}
        return hashes[self.trials[number].configuration_id], self.trials[number].repeat

    @property
    def broken_invariants(self):
        """Violations in the history: trials that changed after their end or ended twice, and attempts without a
        claim.
        """
        found, ends = [], Counter()
        for row in self.history:
            ends[row.trial] += row.became in FINAL
            found += [f"{problem}: {row}" for problem in problems_of(row)]
        return found + [f"trial {number} ended {count} times" for number, count in ends.items() if count > 1]

    @property
    def gaps(self):
        """The ended trials whose epoch rows are not exactly those that should have been recorded."""
        recordings = {row.id: recording_of(row.specification) for row in self.rows["sweep"]}
        own = defaultdict(list)
        for number, position in sorted(self.epochs):
            own[number].append(position)
        ended = [row for row in self.trials.values() if row.status in ("completed", "diverged")]
        return [row.id for row in ended if own[row.id] != recorded_epochs(row, recordings[row.sweep_id])]

    def check_whole(self):
        """Check that the sweep has ended and that nothing went wrong on the way."""
        assert set(self.counts) <= {"completed", "diverged"}, self.counts
        assert self.broken_invariants == []
        assert self.gaps == []
        assert self.rows["state"] == []


def recorded_epochs(row, recording):
    """The epochs that an ended trial should have."""
    judged_by = always_recorded(row.epochs, row.best_epoch)
    return [number for number in range(1, row.epochs + 1) if recording.includes(number) or number in judged_by]


def values_of(row, names):
    return [getattr(row, name) for name in names]


def exact(numbers):
    """Numbers as text that preserves every bit."""
    return [None if number is None else float(number).hex() for number in numbers]


def digest_of(content):
    """A hash of the arrays of an .npz file; the file itself also contains timestamps."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        parts = b"".join(name.encode() + arrays[name].tobytes() for name in sorted(arrays.files))
    return hashlib.sha256(parts).hexdigest()


def problems_of(change):
    """The rules that a change of a trial breaks."""
    if change.was in FINAL:
        yield "changed after its end"
    if change.attempt not in (change.attempt_was, change.attempt_was + 1):
        yield "an attempt was left out"
    if change.became == "running" and (change.was, change.attempt) == ("pending", change.attempt_was):
        yield "claimed without a new attempt"
    if change.became == "running" and change.driver is None:
        yield "runs without a driver"
