"""Confusion matrices of classifiers: predicted against true classes of the validation examples."""

import sqlalchemy as sa
from fitgap.runner.store.database.blobs import unpacked_counts
from fitgap.runner.store.read.lookups import Row, require_trials
from fitgap.runner.store.schema.tables import confusion, data_set, sweep, trial
from sqlalchemy.engine import Connection

UNRECOGNIZED = "unrecognized"


def confusion_of(connection: Connection, number: int) -> Row | None:
    """The confusion matrix of a trial after its best epoch; None if unknown. StoreError if there is no such trial.

    It has the `classes`, the possible `answers`, and `counts`, a list per class with a number per answer.
    """
    require_trials(connection, [number])
    query = (
        sa.select(confusion.c.content, data_set.c.class_names)
        .join_from(confusion, trial, confusion.c.trial_id == trial.c.id)
        .join(sweep, sweep.c.id == trial.c.sweep_id)
        .join(data_set, data_set.c.id == sweep.c.data_set_id)
        .where(trial.c.id == number)
    )
    found = connection.execute(query).one_or_none()
    if found is None:
        return None
    classes = list(found.class_names)
    counts = unpacked_counts(found.content, len(classes)).tolist()
    answers = [*classes, UNRECOGNIZED][: len(counts[0])]
    return {"classes": classes, "answers": answers, "counts": counts}


def recalls(matrix: Row) -> dict[str, float | None]:
    """For each class the share of its examples that were recognized; None if there are none."""
    return {
        name: row[number] / sum(row) if sum(row) else None
        for number, (name, row) in enumerate(zip(matrix["classes"], matrix["counts"], strict=True))
    }


def cells(matrix: Row) -> list[Row]:
    """The matrix as rows: how many examples of a `class` got an `answer`, and their share of the class."""
    return [
        {"class": name, "answer": answer, "examples": count, "share": count / sum(row) if sum(row) else None}
        for name, row in zip(matrix["classes"], matrix["counts"], strict=True)
        for answer, count in zip(matrix["answers"], row, strict=True)
    ]
