"""Keys for single classes, such as `recall_v.setosa` or `best_error_v.'not at all'`.

Their values are the shares of the validation examples of a class that were (recall) or were not (error) recognized.
"""

import difflib
import re
from collections.abc import Sequence

import sqlalchemy as sa
from fitgap.runner.errors import StoreError
from fitgap.runner.store.schema.tables import class_count, data_set, sweep, trial
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

# Prefixes of keys, followed by a dot and the name of a class. For errors, lower is better.
CLASS_RECALLS, CLASS_ERRORS = ("recall_v", "best_recall_v"), ("error_v", "best_error_v")
CLASS_MEASURES = CLASS_RECALLS + CLASS_ERRORS
PLAIN = re.compile(r"\w+(?:\.\w+)*")
MOST_NAMED = 10


def class_names(connection: Connection, sweeps: Sequence[int]) -> list[str]:
    """The names of the classes of some sweeps of the same data; none if the targets are numbers."""
    query = sa.select(data_set.c.class_names).join_from(sweep, data_set).where(sweep.c.id.in_(sweeps[:1]))
    return list(connection.execute(query).scalar_one_or_none() or ())


def measure_of(key: str) -> str | None:
    """The part of a key before the class; None for other keys."""
    measure = key.partition(".")[0]
    return measure if measure in CLASS_MEASURES else None


def class_of(key: str) -> str:
    """The class in a key, which may be in quotes."""
    name = key.partition(".")[2]
    quote = name[:1]
    is_quoted = quote in ("'", '"') and len(name) > 1 and name.endswith(quote)
    return name[1:-1].replace(quote * 2, quote) if is_quoted else name


def key_words(key: str) -> str:
    """A key in words, as on charts, such as `recall of setosa`."""
    measure = key.partition(".")[0]
    words = measure.removesuffix("_v").replace("_", " ")
    return f"{words} of {class_of(key)}"


def key_of(measure: str, name: str) -> str:
    """The key of a class, as it is written in a filter."""
    return f"{measure}.{name}" if PLAIN.fullmatch(name) else "{}.'{}'".format(measure, name.replace("'", "''"))


def class_number(key: str, classes: Sequence[str]) -> int:
    """The number of the class in a key. Raises StoreError if there is none."""
    measure, name = measure_of(key), class_of(key)
    assert measure is not None
    if name in classes:
        return list(classes).index(name)
    if not classes:
        raise StoreError(f"{measure!r} needs classes, but the targets of this sweep are numbers")
    if not name:
        raise StoreError(f"{measure!r} needs a class, such as {key_of(measure, classes[0])}")
    starts = [each for each in classes if each.startswith(name)]
    close = starts or difflib.get_close_matches(name, classes, n=1)
    known = ", ".join(classes[:MOST_NAMED]) + (", …" if len(classes) > MOST_NAMED else "")
    advice = f"did you mean {key_of(measure, close[0])}?" if close else f"known: {known}"
    raise StoreError(f"there is no class {name!r}; {advice}")


def class_value(measure: str, number: int) -> ColumnElement[float]:
    """The measure of the class with this number; NULL if it has no validation examples or its counts are unknown."""
    counts = class_count.c.best if measure.startswith("best_") else class_count.c.last
    examples, recognized = (counts[(number, place)].as_integer() for place in (0, 1))
    counted = examples - recognized if measure in CLASS_ERRORS else recognized
    share = sa.cast(counted, sa.Double) / sa.func.nullif(sa.cast(examples, sa.Double), 0.0, type_=sa.Double())
    return sa.select(share).where(class_count.c.trial_id == trial.c.id).correlate(trial).scalar_subquery()
