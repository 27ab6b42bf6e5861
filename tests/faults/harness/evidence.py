"""What a database tells of what happened: every change of every trial, the epochs that there are, what a sweep found."""

import hashlib
import io
import json
from collections import Counter, defaultdict

import numpy as np
import sqlalchemy as sa

from runner.status import Status
from runner.store import open_store, open_store_for_writing
from runner.store.tables import configuration, driver, epoch, snapshot, state, trial

FINDINGS = ("status", "reason", "epochs", "e_t", "e_v", "best_epoch", "best_e_t", "best_e_v")
FINDINGS += ("accuracy_t", "accuracy_v", "learned")
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
TRIGGERS = {
    "sqlite": (f"CREATE TRIGGER note_history AFTER UPDATE ON trial BEGIN {NOTE} END",),
    "postgresql": (
        f"CREATE FUNCTION note_history() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {NOTE} RETURN NULL; END $$",
        "CREATE TRIGGER note_history AFTER UPDATE ON trial FOR EACH ROW EXECUTE FUNCTION note_history()",
    ),
}


def note_history(address):
    """Let the database itself note every change of a trial from now on, whoever makes it."""
    with open_store_for_writing(address) as store, store._engine.begin() as connection:
        history.create(connection)
        for statement in TRIGGERS[connection.dialect.name]:
            connection.exec_driver_sql(statement)


def ask(address, query):
    """The rows that answer a query."""
    with open_store(address) as store, store._engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


def counts(address):
    """How many trials there are in every status."""
    return Counter(status for (status,) in ask(address, sa.select(trial.c.status)))


def stored_epochs(address):
    """Every epoch row: its numbers, by trial and epoch."""
    return {(row[0], row[1]): exact(row[2:]) for row in ask(address, sa.select(epoch))}


def exact(numbers):
    """Numbers as text that tells all their bits."""
    return [None if number is None else float(number).hex() for number in numbers]


def attempts(address):
    """The attempt of every trial."""
    return dict(ask(address, sa.select(trial.c.id, trial.c.attempt)))


def held(address):
    """The trials that are running, by the number of their driver."""
    found = defaultdict(set)
    for number, holder in ask(address, sa.select(trial.c.id, trial.c.driver_id).where(trial.c.status == "running")):
        found[holder].add(number)
    return dict(found)


def drivers(address):
    """Every driver: whether it has ended and whether it was declared lost."""
    rows = ask(address, sa.select(driver.c.id, driver.c.ended, driver.c.lost))
    return {number: (ended is not None, lost is not None) for number, ended, lost in rows}


def export(address):
    """Everything that a sweep found, as one text of hexadecimal digits: no numbers of rows, times or attempts."""
    own = sa.select(configuration.c.hash, trial.c.repeat, *(trial.c[name] for name in FINDINGS))
    found = {
        "trials": ask(address, own.join_from(trial, configuration)),
        "epochs": ask(address, of_trials(epoch, epoch.c.epoch, *(list(epoch.c)[2:]))),
        "kept": [
            (*row, hashlib.sha256(arrays_of(content)).hexdigest())
            for *row, content in ask(address, of_trials(snapshot, snapshot.c.epoch, snapshot.c.content))
        ],
    }
    text = {name: sorted(json.dumps(row, default=str, sort_keys=True) for row in rows) for name, rows in found.items()}
    return hashlib.sha256(json.dumps(text).encode()).hexdigest()


def of_trials(table, *columns):
    """Rows of a table with the hash and repeat of their trial in front."""
    rows = sa.select(configuration.c.hash, trial.c.repeat, *columns)
    return rows.select_from(table).join(trial, trial.c.id == table.c.trial_id).join(configuration)


def arrays_of(content):
    """The bytes of the arrays in an .npz file, which itself holds times."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return b"".join(name.encode() + arrays[name].tobytes() for name in sorted(arrays.files))


def broken_invariants(address):
    """What in the history of a database should never have happened: final trials that changed, attempts that nobody
    claimed, trials that ended twice."""
    found = []
    ends = Counter()
    for number, was, became, attempt_was, attempt, holder in changes(address):
        if was in FINAL:
            found.append(f"trial {number} changed after it had ended: {was} to {became}")
        if became in FINAL:
            ends[number] += 1
        if attempt not in (attempt_was, attempt_was + 1):
            found.append(f"trial {number} went from attempt {attempt_was} to {attempt}")
        if became == "running" and (was, attempt) == ("pending", attempt_was):
            found.append(f"trial {number} was claimed without a new attempt")
        if became == "running" and holder is None:
            found.append(f"trial {number} runs without a driver")
    return found + [f"trial {number} ended {count} times" for number, count in ends.items() if count > 1]


def changes(address):
    """Every change of a trial, in order, as far as it was noted."""
    columns = [column for column in history.c if column.name != "number"]
    return ask(address, sa.select(*columns).order_by(history.c.number))


def gaps(address):
    """The ended trials whose epochs are not the first, second and so on to their last."""
    own = defaultdict(list)
    for number, position in sorted(stored_epochs(address)):
        own[number].append(position)
    query = sa.select(trial.c.id, trial.c.epochs).where(trial.c.status.in_(["completed", "diverged"]))
    return [number for number, last in ask(address, query) if own[number] != list(range(1, last + 1))]


def left_states(address):
    """The trials whose saved state is still there."""
    return [number for (number,) in ask(address, sa.select(state.c.trial_id))]


def check_whole(address):
    """A sweep has ended, and nothing happened on the way that must not."""
    assert set(counts(address)) <= {"completed", "diverged"}, counts(address)
    assert broken_invariants(address) == []
    assert gaps(address) == []
    assert left_states(address) == []
