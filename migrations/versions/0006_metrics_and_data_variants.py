"""Metrics of trials, confusion matrices, results on test examples; and data variants: subsets of the training
examples and label noise, what they change in a split, and a reference for each of them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

# Metrics on training and on validation examples after the last epoch, and on validation examples after the best epoch.
TRAINING = ("balanced_accuracy", "f1_macro", "mae", "rmse")
VALIDATION = ("balanced_accuracy", "f1_macro", "lowest_recall", "roc_auc", "log_loss", "mae", "rmse")
AT_BEST = ("accuracy", *VALIDATION)


def upgrade() -> None:
    add_metrics()
    add_data_variants()
    # The point, a list of coordinates, at which a search proposed the configuration.
    op.add_column("configuration", sa.Column("proposal", sa.JSON))
    # The rung to which halving lets a trial train, and the rank of its configuration at the rung where it was pruned.
    op.add_column("trial", sa.Column("leg", sa.Integer))
    op.add_column("trial", sa.Column("rank", sa.Integer))


def add_metrics() -> None:
    names = [f"{name}_t" for name in TRAINING] + [f"{name}_v" for name in VALIDATION]
    for name in [*names, *(f"best_{name}_v" for name in AT_BEST)]:
        op.add_column("trial", sa.Column(name, sa.Double))
    op.create_table(
        "confusion",
        sa.Column("trial_id", sa.Integer, sa.ForeignKey("trial.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "class_count",
        sa.Column("trial_id", sa.Integer, sa.ForeignKey("trial.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("last", sa.JSON, nullable=False),
        sa.Column("best", sa.JSON),
    )
    op.add_column("sweep", sa.Column("test_result", sa.JSON))


def sweep_key() -> sa.Column:
    return sa.Column("sweep_id", sa.Integer, sa.ForeignKey("sweep.id", ondelete="CASCADE"), primary_key=True)


def add_data_variants() -> None:
    op.add_column("split", sa.Column("fingerprint", sa.Text))
    op.add_column("configuration", sa.Column("training_examples", sa.Integer))
    op.add_column("configuration", sa.Column("label_noise", sa.Double))
    op.add_column("configuration", sa.Column("variant", sa.Text))
    op.add_column("configuration", sa.Column("peers", sa.Text))
    op.create_table(
        "split_variant",
        sweep_key(),
        sa.Column("repeat", sa.Integer, primary_key=True),
        sa.Column("variant", sa.Text, primary_key=True),
        sa.Column("training_count", sa.Integer, nullable=False),
        sa.Column("constant_columns", sa.JSON, nullable=False),
        sa.Column("preprocessing", sa.JSON, nullable=False),
        sa.Column("constant_e_t", sa.Double),
        sa.Column("constant_e_v", sa.Double),
        sa.Column("constant_errors", sa.LargeBinary),
    )
    op.create_table(
        "peer_reference",
        sweep_key(),
        sa.Column("peers", sa.Text, primary_key=True),
        sa.Column("reference_id", sa.Integer),
        sa.Column("reference_at", sa.Text),
        sa.Column("skill", sa.Text),
    )
    # All existing configurations use all training examples with their original labels.
    configuration = sa.table("configuration", *map(sa.column, ("sweep_id", "training_examples", "label_noise")))
    split = sa.table("split", *map(sa.column, ("sweep_id", "repeat", "training_count")))
    of_first = sa.and_(split.c.sweep_id == configuration.c.sweep_id, split.c.repeat == 1)
    count = sa.select(split.c.training_count).where(of_first).scalar_subquery()
    values = {"training_examples": count, "label_noise": 0.0}
    op.execute(sa.update(configuration).values(values))
