"""Stores for filters: trials of all kinds with numbers, texts and nulls, and the same trials as rows for the
reference.
"""

import random

import sqlalchemy as sa
from fitgap.runner.spec import sweep_from_text
from fitgap.runner.store import open_store_for_writing
from fitgap.runner.store.database.connection import connect, database_url
from fitgap.runner.store.schema import tables

# Configurations with settings of every form.
SWEEP = """\
name: many
data: {source: xor}
training: {epochs: 40}
axes:
  architecture: [none, 4, 64-32]
  activation: [relu, {layer_1: relu, layer_2: {prelu: {beta: 0.05}}}, {silu: {learn: beta}, tanh: {share: 2}}]
  regularizer: [none, {l2: {weight: 0.001, biases: true}}, {l1: {weight: 0.01}, dropout: {ratio: 0.25}}]
  optimizer: [{gradient_descent: {rate: 0.01}}, {adam: {rate: 0.001, form: notes}}, fixed, momentum]
  schedule: [constant, {cosine: {warm_up: 3}}]
  stopping: [none, {no_improvement: {epochs: 3}, acceptable_error: {error: 0.01}}]
"""
NUMBERS = (0.0, 0.25, 0.5, 0.01, 1.0, 1e-8, 1e-200, 1e200, None)
NOTES = ("", "look again", "it's", 'a "b"', "Übung", "50%_[x]*?\\", "'; DROP TABLE trial; --", None)
TAGS = ("checked", "Checked", "odd one", "ü")


def fill(address, make_plan, make_configuration, trials=30):
    """Fill an empty database; returns the number of the sweep and its rows for the reference."""
    from fitgap.runner.spec import Configuration

    rng = random.Random(0)
    configurations = sweep_from_text(SWEEP).configurations()
    chosen = [configurations[number] for number in rng.sample(range(len(configurations)), trials // 2)]
    plan = make_plan([columns(each, make_configuration(number)) for number, each in enumerate(chosen)], 2)
    assert isinstance(chosen[0], Configuration)
    with open_store_for_writing(address) as store:
        sweep_id, _ = store.add_sweep(plan)
    engine = connect(database_url(address), read_only=False)
    with engine.begin() as connection:
        rows = [dict(row) for row in connection.execute(joined(sweep_id)).mappings()]
        for row in rows:
            change(connection, row, rng)
    engine.dispose()
    return sweep_id, rows


def columns(configuration, plain):
    return {
        **plain,
        "settings": configuration.canonical(),
        "architecture": configuration.architecture_label,
        "activation": configuration.activation_label,
        "optimizer": configuration.optimizer.label,
        "learning_rate": getattr(configuration.optimizer.variant, "rate", 0.0),
        "batch_size": configuration.batch_size,
    }


def joined(sweep_id):
    trial, configuration = tables.trial, tables.configuration
    named = [column for column in configuration.columns if column.name not in trial.c]
    return (
        sa.select(trial, trial.c.id.label("trial"), *named)
        .join_from(trial, configuration, trial.c.configuration_id == configuration.c.id)
        .where(trial.c.sweep_id == sweep_id)
        .order_by(trial.c.id)
    )


def change(connection, row, rng):
    """Set numbers, a status, a note and tags of a trial, in the database and in its row."""
    numbers = {
        name: rng.choice([*NUMBERS, rng.random()])
        for name in ("e_t", "e_v", "best_e_t", "best_e_v", "accuracy_v", "seconds", "excess", "underfit", "overfit")
    }
    whole = {name: rng.choice([None, 0, 1, 7, 30]) for name in ("epochs", "best_epoch")}
    status = rng.choice(["completed", "completed", "diverged", "failed", "pending"])
    changes = {**numbers, **whole, "status": status, "note": rng.choice(NOTES), "attempt": rng.randint(0, 3)}
    tags = sorted(rng.sample(TAGS, rng.choice([0, 0, 1, 2])))
    connection.execute(sa.update(tables.trial).where(tables.trial.c.id == row["id"]).values(**changes))
    for tag in tags:
        connection.execute(sa.insert(tables.trial_tag).values(trial_id=row["id"], tag=tag))
    row.update(changes, tags=tags)
