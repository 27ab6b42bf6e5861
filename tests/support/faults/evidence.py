"""What a database tells of what happened: every change of every trial, its epochs, what a sweep found."""

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
# How well an ended trial fits is found out later, again and again.
CHANGE = "AFTER UPDATE OF status, reason, attempt, driver_id, epochs, e_t, e_v, best_epoch ON trial"
TRIGGERS = {
    "sqlite": (f"CREATE TRIGGER note_history {CHANGE} BEGIN {NOTE} END",),
    "postgresql": (
        f"CREATE FUNCTION note_history() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {NOTE} RETURN NULL; END $$",
        f"CREATE TRIGGER note_history {CHANGE} FOR EACH ROW EXECUTE FUNCTION note_history()",
    ),
}


def note_history(address):
    """Let the database itself note every change of a trial from now on, whoever makes it."""
    with open_store_for_writing(address) as store, store._engine.begin() as connection:
        history.create(connection)
        for statement in TRIGGERS[connection.dialect.name]:
            connection.exec_driver_sql(statement)


class Evidence:
    """All rows of a database at one moment, and what follows from them."""

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
        """How many trials there are in every status."""
        return Counter(row.status for row in self.trials.values())

    @property
    def epochs(self):
        """Every epoch row: its numbers, by trial and epoch."""
        return {(row[0], row[1]): exact(row[2:]) for row in self.rows["epoch"]}

    @property
    def attempts(self):
        """The attempt of every trial."""
        return {number: row.attempt for number, row in self.trials.items()}

    @property
    def held(self):
        """The trials that are running, by the number of their driver."""
        found = defaultdict(set)
        for number, row in self.trials.items():
            if row.status == "running":
                found[row.driver_id].add(number)
        return dict(found)

    @property
    def export(self):
        """Everything that a sweep found, as one text of hexadecimal digits: no numbers of rows, times or attempts."""
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
        """What is known of the fit: of each sweep its reference, of trials and configurations their columns."""
        found = {
            table: {row.id: values_of(row, FIT) for row in self.rows[table]} for table in ("trial", "configuration")
        }
        return {**found, "references": {row.id: row.reference_id for row in self.rows["sweep"]}}

    def _key(self, number):
        """What a trial is, whatever its number: its configuration and its repeat."""
        hashes = {row.id: row.hash for row in self.rows["configuration"]}
        return hashes[self.trials[number].configuration_id], self.trials[number].repeat

    @property
    def broken_invariants(self):
        """What in the history should never have happened: ended trials that changed or ended twice, attempts that
        nobody claimed.
        """
        found, ends = [], Counter()
        for row in self.history:
            ends[row.trial] += row.became in FINAL
            found += [f"{problem}: {row}" for problem in problems_of(row)]
        return found + [f"trial {number} ended {count} times" for number, count in ends.items() if count > 1]

    @property
    def gaps(self):
        """The ended trials whose epochs are not the first, second and so on to their last, as far as recorded."""
        recordings = {row.id: recording_of(row.specification) for row in self.rows["sweep"]}
        own = defaultdict(list)
        for number, position in sorted(self.epochs):
            own[number].append(position)
        ended = [row for row in self.trials.values() if row.status in ("completed", "diverged")]
        return [row.id for row in ended if own[row.id] != recorded_epochs(row, recordings[row.sweep_id])]

    def check_whole(self):
        """A sweep has ended, and nothing happened on the way that must not."""
        assert set(self.counts) <= {"completed", "diverged"}, self.counts
        assert self.broken_invariants == []
        assert self.gaps == []
        assert self.rows["state"] == []


def recorded_epochs(row, recording):
    """The epochs that a trial that ended so has."""
    judged_by = always_recorded(row.epochs, row.best_epoch)
    return [number for number in range(1, row.epochs + 1) if recording.includes(number) or number in judged_by]


def values_of(row, names):
    return [getattr(row, name) for name in names]


def exact(numbers):
    """Numbers as text that tells all their bits."""
    return [None if number is None else float(number).hex() for number in numbers]


def digest_of(content):
    """What the arrays of an .npz file are; the file itself holds times."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        parts = b"".join(name.encode() + arrays[name].tobytes() for name in sorted(arrays.files))
    return hashlib.sha256(parts).hexdigest()


def problems_of(change):
    """What is wrong with a change of a trial."""
    if change.was in FINAL:
        yield "changed after its end"
    if change.attempt not in (change.attempt_was, change.attempt_was + 1):
        yield "an attempt was left out"
    if change.became == "running" and (change.was, change.attempt) == ("pending", change.attempt_was):
        yield "claimed without a new attempt"
    if change.became == "running" and change.driver is None:
        yield "runs without a driver"
