"""Table definitions for queries. Only `migrations/` creates and changes tables; a test compares the two.

Times are in seconds since 1970 (UTC). Non-finite numbers are stored as NULL. A sweep has many configurations, a
configuration has one trial per repeat, and a trial has one row per epoch.
"""

import sqlalchemy as sa

metadata = sa.MetaData()
# The schema version that these definitions describe.
SCHEMA = "0006"


# Metrics of a trial: after its last epoch on training and validation examples, and after its best epoch.
# They are columns of `trial`, so that sorting and filtering by them is as fast as by E_v.
METRICS_T = ("balanced_accuracy_t", "f1_macro_t", "mae_t", "rmse_t")
METRICS_V = ("balanced_accuracy_v", "f1_macro_v", "lowest_recall_v", "roc_auc_v", "log_loss_v", "mae_v", "rmse_v")
METRICS_AT_BEST = tuple(f"best_{name}" for name in ("accuracy_v", *METRICS_V))
METRICS = (*METRICS_T, *METRICS_V, *METRICS_AT_BEST)


def fit_columns() -> list[sa.Column]:
    """The fit of a trial, or of a configuration over its repeats, relative to the reference; NULL until known."""
    return [
        *(sa.Column(name, sa.Double) for name in ("excess", "underfit", "overfit")),
        sa.Column("verdict", sa.Text),
    ]


data_set = sa.Table(
    "data_set",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("fingerprint", sa.Text, nullable=False, unique=True),
    sa.Column("example_count", sa.Integer, nullable=False),
    sa.Column("target_kind", sa.Text, nullable=False),
    sa.Column("input_names", sa.JSON, nullable=False),
    sa.Column("target_names", sa.JSON, nullable=False),
    sa.Column("class_names", sa.JSON, nullable=False),
    # The data as a file, if they came from memory.
    sa.Column("content", sa.LargeBinary),
)

sweep = sa.Table(
    "sweep",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("data_set_id", sa.Integer, sa.ForeignKey("data_set.id"), nullable=False),
    sa.Column("specification", sa.JSON, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("program_version", sa.Text, nullable=False),
    sa.Column("note", sa.Text),
    # The reference configuration, the time when the fit was computed, and the version of the rule used.
    sa.Column("reference_id", sa.Integer),
    sa.Column("fitted", sa.Double),
    sa.Column("fit_rule", sa.Integer),
    # The epoch from which the errors of the reference are taken (see `store/fit/reference.py`), and its skill (see
    # `core/fit_verdicts.py`).
    sa.Column("reference_at", sa.Text),
    sa.Column("skill", sa.Text),
    # The errors of the best configuration on the test examples, computed once; NULL if there are none so far.
    sa.Column("test_result", sa.JSON(none_as_null=True)),
)

# The split into training and validation examples of each repeat.
split = sa.Table(
    "split",
    metadata,
    sa.Column("sweep_id", sa.Integer, sa.ForeignKey("sweep.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("repeat", sa.Integer, primary_key=True),
    sa.Column("training_count", sa.Integer, nullable=False),
    sa.Column("validation_count", sa.Integer, nullable=False),
    sa.Column("constant_columns", sa.JSON, nullable=False),
    # The transformations learned from the training examples, to be applied to new examples.
    sa.Column("preprocessing", sa.JSON, nullable=False),
    # Errors of the best constant prediction for the training examples: means over the training and the validation
    # examples, and errors of the sampled examples as in `evidence`. NULL for sweeps before schema 0005.
    sa.Column("constant_e_t", sa.Double),
    sa.Column("constant_e_v", sa.Double),
    sa.Column("constant_errors", sa.LargeBinary),
    # The number of validation examples of each class; empty for numeric targets, NULL for sweeps before schema 0005.
    sa.Column("validation_classes", sa.JSON(none_as_null=True)),
    # The fingerprint of the examples drawn for this repeat; NULL if they are those of the data set.
    sa.Column("fingerprint", sa.Text),
)

# The columns of the split that differ for configurations that use its training examples in another way, such as fewer
# of them or with label noise. `variant` names this way.
split_variant = sa.Table(
    "split_variant",
    metadata,
    sa.Column("sweep_id", sa.Integer, sa.ForeignKey("sweep.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("repeat", sa.Integer, primary_key=True),
    sa.Column("variant", sa.Text, primary_key=True),
    sa.Column("training_count", sa.Integer, nullable=False),
    sa.Column("constant_columns", sa.JSON, nullable=False),
    sa.Column("preprocessing", sa.JSON, nullable=False),
    sa.Column("constant_e_t", sa.Double),
    sa.Column("constant_e_v", sa.Double),
    sa.Column("constant_errors", sa.LargeBinary),
)

# The reference of each group of peers, for sweeps in which not all configurations are compared with each other. The
# group "" uses all training examples unchanged.
peer_reference = sa.Table(
    "peer_reference",
    metadata,
    sa.Column("sweep_id", sa.Integer, sa.ForeignKey("sweep.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("peers", sa.Text, primary_key=True),
    sa.Column("reference_id", sa.Integer),
    sa.Column("reference_at", sa.Text),
    sa.Column("skill", sa.Text),
)

configuration = sa.Table(
    "configuration",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("sweep_id", sa.Integer, sa.ForeignKey("sweep.id", ondelete="CASCADE"), nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("settings", sa.JSON, nullable=False),
    # The searchable settings, in shorthand.
    sa.Column("architecture", sa.Text, nullable=False),
    sa.Column("layers", sa.Text, nullable=False),
    sa.Column("activation", sa.Text, nullable=False),
    sa.Column("output_activation", sa.Text, nullable=False),
    sa.Column("initializer", sa.Text, nullable=False),
    sa.Column("regularizer", sa.Text, nullable=False),
    sa.Column("optimizer", sa.Text, nullable=False),
    sa.Column("schedule", sa.Text, nullable=False),
    sa.Column("stopping", sa.Text, nullable=False),
    sa.Column("loss", sa.Text, nullable=False),
    sa.Column("learning_rate", sa.Double, nullable=False),
    sa.Column("batch_size", sa.Integer, nullable=False),
    sa.Column("planned_epochs", sa.Integer, nullable=False),
    sa.Column("parameters", sa.Integer, nullable=False),
    *fit_columns(),
    # The number of training examples used in the first repeat, and the share of their labels that are replaced.
    sa.Column("training_examples", sa.Integer),
    sa.Column("label_noise", sa.Double),
    # How the configuration uses the training examples, as in `split_variant`, and its group of peers; NULL if it uses
    # all of them unchanged.
    sa.Column("variant", sa.Text),
    sa.Column("peers", sa.Text),
    # The point that a search in generations proposed: a list of coordinates, with null for those that have no effect.
    # NULL for all other configurations.
    sa.Column("proposal", sa.JSON(none_as_null=True)),
    sa.UniqueConstraint("sweep_id", "hash", name="configuration_once_per_sweep"),
)

# A process that trains trials. It renews its lease while it lives; once `lost` is set, it may no longer write.
driver = sa.Table(
    "driver",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("machine", sa.Text, nullable=False),
    sa.Column("process", sa.Integer, nullable=False),
    sa.Column("process_started", sa.Text, nullable=False),
    sa.Column("began", sa.Double, nullable=False),
    sa.Column("lease_until", sa.Double, nullable=False),
    sa.Column("ended", sa.Double),
    sa.Column("lost", sa.Double),
    # Versions, processor and commit with which the results were computed.
    sa.Column("environment", sa.JSON, nullable=False),
)

trial = sa.Table(
    "trial",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("sweep_id", sa.Integer, sa.ForeignKey("sweep.id", ondelete="CASCADE"), nullable=False),
    sa.Column("configuration_id", sa.Integer, sa.ForeignKey("configuration.id", ondelete="CASCADE"), nullable=False),
    sa.Column("repeat", sa.Integer, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("started", sa.Double),
    sa.Column("ended", sa.Double),
    # A summary of the epochs, so that listing trials never reads the epoch table.
    sa.Column("epochs", sa.Integer),
    sa.Column("e_t", sa.Double),
    sa.Column("e_v", sa.Double),
    sa.Column("best_epoch", sa.Integer),
    sa.Column("best_e_t", sa.Double),
    sa.Column("best_e_v", sa.Double),
    # Errors at the best epochs of two halves of the validation examples, each measured on the other half. NULL if
    # unknown, as for trials before schema 0005.
    sa.Column("honest_e_t", sa.Double),
    sa.Column("honest_e_v", sa.Double),
    sa.Column("accuracy_t", sa.Double),
    sa.Column("accuracy_v", sa.Double),
    sa.Column("seconds", sa.Double),
    # Learned parameters of activation functions after the last epoch.
    sa.Column("learned", sa.JSON),
    # The driver that trains or trained it.
    sa.Column("driver_id", sa.Integer, sa.ForeignKey("driver.id")),
    # How often its driver or worker died while the trial was running.
    sa.Column("worker_failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("note", sa.Text),
    *fit_columns(),
    # In a sweep that prunes, the rung that the trial trains to, waits at or ended at; NULL if it may train to its end.
    # `rank` is the rank of its configuration at the rung after which it was pruned.
    sa.Column("leg", sa.Integer),
    sa.Column("rank", sa.Integer),
    # NULL where a metric does not apply, and for trials before schema 0006.
    *(sa.Column(name, sa.Double) for name in METRICS),
    sa.UniqueConstraint("configuration_id", "repeat", name="trial_once_per_repeat"),
    sa.Index("trial_by_status", "sweep_id", "status"),
    sa.Index("trial_by_driver", "driver_id", "status"),
)

epoch = sa.Table(
    "epoch",
    metadata,
    sa.Column("trial_id", sa.Integer, sa.ForeignKey("trial.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("epoch", sa.Integer, primary_key=True),
    sa.Column("e_t", sa.Double),
    sa.Column("e_v", sa.Double),
    sa.Column("e_t_running", sa.Double),
    sa.Column("se_t", sa.Double),
    sa.Column("se_v", sa.Double),
    sa.Column("accuracy_t", sa.Double),
    sa.Column("accuracy_v", sa.Double),
    sa.Column("learning_rate", sa.Double),
    # Stores the rows of a trial contiguously, in the order of their epochs.
    sqlite_with_rowid=False,
)

# Kept networks: arrays as .npz, never pickled.
snapshot = sa.Table(
    "snapshot",
    metadata,
    sa.Column("trial_id", sa.Integer, sa.ForeignKey("trial.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("epoch", sa.Integer, primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
)

# Saved states from which trials can be resumed: parameters, optimizer slots and so on, as .npz.
state = sa.Table(
    "state",
    metadata,
    sa.Column("trial_id", sa.Integer, sa.ForeignKey("trial.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)

# The evidence for the verdict on a trial: statistics of units and weights, and the errors of sampled training and
# validation examples after its best and its last epoch, as raw float32.
evidence = sa.Table(
    "evidence",
    metadata,
    sa.Column("trial_id", sa.Integer, sa.ForeignKey("trial.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("statistics", sa.JSON, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("honest", sa.LargeBinary),
)

# The confusion matrix of the validation examples after the best epoch (see `database/blobs.py`).
confusion = sa.Table(
    "confusion",
    metadata,
    sa.Column("trial_id", sa.Integer, sa.ForeignKey("trial.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
)

# For each class, the number of its validation examples and of those classified correctly, after the last and the best
# epoch: lists of pairs, which queries can read. Not in `trial`, because most queries do not need them.
class_count = sa.Table(
    "class_count",
    metadata,
    sa.Column("trial_id", sa.Integer, sa.ForeignKey("trial.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("last", sa.JSON, nullable=False),
    sa.Column("best", sa.JSON(none_as_null=True)),
)

sweep_tag = sa.Table(
    "sweep_tag",
    metadata,
    sa.Column("sweep_id", sa.Integer, sa.ForeignKey("sweep.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("tag", sa.Text, primary_key=True),
)

trial_tag = sa.Table(
    "trial_tag",
    metadata,
    sa.Column("trial_id", sa.Integer, sa.ForeignKey("trial.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("tag", sa.Text, primary_key=True),
)
