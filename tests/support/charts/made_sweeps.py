"""Sweeps with made-up results, written directly into an SQLite file: as many trials as a test needs."""

import contextlib
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from fitgap.runner.spec import sweep_from_mapping
from fitgap.runner.store import open_store_for_writing

from support.databases.plain_plans import plain_configuration, plain_plan

ACTIVATIONS = ("relu", "tanh", "prelu:beta=0.05")
REGULARIZERS = ("none", "l2:weight=0.0001", "l2:weight=0.01", "l1:weight=0.001+dropout:ratio=0.2")
RATES = (0.0001, 0.001, 0.01, 0.1)
# Diagnoses read the full settings, which are the same for all configurations.
SETTINGS = sweep_from_mapping({"data": "xor", "axes": {"architecture": [4]}}).configurations()[0].canonical()
VERDICTS = ("good", "underfit", "overfit", "both", "unclear")
AXES = ("architecture", "activation", "regularizer", "optimizer")
TRIAL = """UPDATE trial SET status = ?, reason = ?, epochs = ?, e_t = ?, e_v = ?, best_epoch = ?, best_e_t = ?,
    best_e_v = ?, accuracy_t = ?, accuracy_v = ?, seconds = ?, excess = ?, underfit = ?, overfit = ?, verdict = ?,
    started = ?, ended = ? WHERE id = ?"""


@dataclass(frozen=True)
class Made:
    """Properties of a made-up sweep. Errors are multiplied by `scale`; the sweep and its settings may have long
    names.
    """

    configurations: int = 24
    repeats: int = 3
    epochs: int = 5
    scale: float = 1.0
    name: str = "made"
    # One in N configurations diverges; 0 for none.
    diverging: int = 0
    # One in N configurations was pruned after half of its epochs; 0 for none.
    pruned: int = 0
    # Whether all errors are 0.
    zeros: bool = False
    # Number of trials that have not been trained.
    pending: int = 0
    # Text appended to a setting, such as one of 200 characters.
    text: str = ""
    # Whether configurations also differ in their number of training examples.
    examples: bool = False


# What a sweep needs in addition for a kind of chart to show anything.
NEEDED: dict[str, dict[str, Any]] = {"learning-curve": {"examples": True}}


def configuration(number: int, made: Made) -> dict[str, Any]:
    """The configuration with this number: all axes vary, the size of the network fastest."""
    width = 2 ** (number % 6 + 1)
    rate = RATES[number // 6 % len(RATES)]
    regularizer = REGULARIZERS[number // 24 % len(REGULARIZERS)]
    return plain_configuration(
        number,
        settings=SETTINGS,
        architecture=str(width),
        layers=f"2-{width}-1",
        activation=ACTIVATIONS[number // 96 % len(ACTIVATIONS)] + made.text,
        regularizer=regularizer,
        optimizer=f"adam:rate={rate}",
        learning_rate=rate,
        parameters=4 * width + 1,
        # After the first few hundred configurations, all other settings repeat; this keeps them distinct.
        batch_size=8 * (1 + number // 288),
        **({"training_examples": 20 * 2 ** (number % 4)} if made.examples else {}),
    )


def make(address: str, made: Made) -> None:
    """Write the sweep to a new database."""
    rows = [configuration(number, made) for number in range(made.configurations)]
    more = ("training_examples",) if made.examples else ()
    axes: Mapping[str, Any] = {name: [1, 2] for name in (*AXES, "batch_size", *more)}
    plan = plain_plan(rows, made.repeats, name=made.name, specification={"name": made.name, "seed": 0, "axes": axes})
    with open_store_for_writing(address) as store:
        store.add_sweep(plan)
    with contextlib.closing(sqlite3.connect(address)) as connection, connection:
        finish(connection, made)


def finish(connection: sqlite3.Connection, made: Made) -> None:
    """Write the results that training would have written."""
    random = np.random.default_rng(0)
    trials = connection.execute("SELECT id, configuration_id, repeat FROM trial ORDER BY id").fetchall()
    first = min(row[1] for row in trials) if trials else 0
    rows, epochs = [], []
    for position, (trial, configuration_id, repeat) in enumerate(trials):
        if position >= len(trials) - made.pending:
            continue
        number = configuration_id - first
        row, errors = result(made, number, repeat, position, random)
        rows.append((*row, trial))
        epochs += [(trial, epoch + 1, e_t, e_v, 0.5, 0.5, 0.001) for epoch, (e_t, e_v) in enumerate(errors)]
    connection.executemany(TRIAL, rows)
    connection.executemany(
        "INSERT INTO epoch (trial_id, epoch, e_t, e_v, accuracy_t, accuracy_v, learning_rate) VALUES (?,?,?,?,?,?,?)",
        epochs,
    )
    connection.execute("""UPDATE configuration SET verdict =
        (SELECT verdict FROM trial WHERE configuration_id = configuration.id ORDER BY repeat LIMIT 1)""")
    best = connection.execute(
        "SELECT configuration_id FROM trial ORDER BY best_e_v IS NULL, best_e_v LIMIT 1"
    ).fetchone()
    connection.execute("UPDATE sweep SET reference_id = ?, fitted = 1, fit_rule = 2", best)


def result(
    made: Made, number: int, repeat: int, position: int, random: np.random.Generator
) -> tuple[tuple[Any, ...], list[tuple[float | None, float | None]]]:
    """The result columns of a trial, and the errors of its epochs."""
    begin = 1e9 + position
    if made.diverging and number % made.diverging == 0:
        errors = [(made.scale, made.scale)] * (made.epochs - 1) + [(None, None)]
        nothing = (None,) * 11
        return ("diverged", "e_t is not finite", made.epochs, *nothing, None, begin, begin + 1), errors
    if made.pruned and number % made.pruned == 1:
        epochs = max(1, made.epochs // 2)
        summary = (made.scale, 2 * made.scale, epochs, made.scale, 2 * made.scale, 0.5, 0.5, 0.5, None, None, None)
        return ("pruned", "rank 9 of 9", epochs, *summary, None, begin, begin + 1), [
            (made.scale, 2 * made.scale)
        ] * epochs
    size = 0.0 if made.zeros else made.scale
    width = number % 6
    e_t = size * (0.5 / (width + 1) + 0.01 * random.random())
    e_v = e_t + size * (0.02 + 0.03 * width + 0.01 * random.random())
    best_e_v = 0.9 * e_v
    underfit, overfit = e_t - 0.2 * size, e_v - e_t - 0.1 * size
    verdict = VERDICTS[(number + repeat) % len(VERDICTS)]
    summary = (e_t, e_v, max(1, made.epochs - 1), e_t, best_e_v, 0.9, 0.8, 0.5, underfit + overfit, underfit, overfit)
    curve = [(e_t + size * 0.5**epoch, e_v + size * 0.4**epoch) for epoch in range(1, made.epochs)]
    return ("completed", None, made.epochs, *summary, verdict, begin, begin + 1), [*curve, (e_t, e_v)]
