"""The stored numbers of a sweep, one line per trial: the content of a golden file.

It reads the tables with only sqlite3 and NumPy, so it can read databases of any version of the program.
"""

import hashlib
import io
import sqlite3
import sys

import numpy as np

EPOCHS = """
    SELECT epoch, e_t, e_v, e_t_running, se_t, se_v, accuracy_t, accuracy_v, learning_rate
    FROM epoch WHERE trial_id = ? ORDER BY epoch
"""
TRIALS = """
    SELECT trial.id, configuration.hash, repeat, trial.status, epochs, best_epoch, trial.e_t, trial.e_v
    FROM trial JOIN configuration ON configuration.id = trial.configuration_id ORDER BY trial.id
"""


def stored_numbers(path: str) -> list[str]:
    """One line per trial: configuration, repeat, status, epochs, best epoch, E_t and E_v in hexadecimal, and digests of
    its epochs and of its kept networks and states.
    """
    connection = sqlite3.connect(path)
    try:
        return [trial_line(connection, *row) for row in connection.execute(TRIALS).fetchall()]
    finally:
        connection.close()


def trial_line(connection, trial, configuration, repeat, status, epochs, best_epoch, e_t, e_v) -> str:
    rows = [tuple(map(exactly, row)) for row in connection.execute(EPOCHS, (trial,))]
    kept = [
        arrays(content)
        for table in ("snapshot", "state")
        for (content,) in connection.execute(f"SELECT content FROM {table} WHERE trial_id = ? ORDER BY epoch", (trial,))
    ]
    numbers = (exactly(e_t), exactly(e_v))
    return " ".join(
        map(str, (configuration[:12], repeat, status, epochs, best_epoch, *numbers, digest(rows), digest(kept)))
    )


# Arrays of a state that are left out: the summary contains the training time, and version 0.1.0 had neither honest
# errors nor metrics.
LEFT_OUT = ("summary", "honest", "honest_errors", "best_parameters", "best_accuracy")


def arrays(content: bytes) -> list[tuple]:
    """The arrays of a stored network or state that version 0.1.0 stored too."""
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        names = sorted(set(archive) - set(LEFT_OUT))
        return [(name, archive[name].shape, archive[name].tobytes()) for name in names]


def exactly(number) -> str:
    return number.hex() if isinstance(number, float) else str(number)


def digest(values) -> str:
    return hashlib.sha256(repr(values).encode()).hexdigest()[:16]


if __name__ == "__main__":
    print("\n".join(stored_numbers(sys.argv[1])))
