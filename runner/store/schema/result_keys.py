"""The keys of query results with their SQL expressions. The keys are a public contract."""

import sqlalchemy as sa
from fitgap.runner.store.schema.tables import METRICS, configuration, epoch, trial
from fitgap.runner.store.schema.tags import tags_of_trial
from fitgap.runner.trial_status import Status
from sqlalchemy.sql.elements import ColumnElement

SETTINGS: dict[str, ColumnElement] = {
    "architecture": configuration.c.architecture,
    "layers": configuration.c.layers,
    "activation": configuration.c.activation,
    "regularizer": configuration.c.regularizer,
    "optimizer": configuration.c.optimizer,
    "learning_rate": configuration.c.learning_rate,
    "batch_size": configuration.c.batch_size,
    "parameters": configuration.c.parameters,
}
# The scaling of the inputs, if it is an axis; `auto` stands for the scaling of the whole sweep.
preprocess = sa.func.coalesce(configuration.c.settings["preprocess"].as_string(), "auto", type_=sa.Text())
# Further settings, only for grouping.
MORE_SETTINGS: dict[str, ColumnElement] = {
    "configuration": configuration.c.hash,
    "output_activation": configuration.c.output_activation,
    "initializer": configuration.c.initializer,
    "schedule": configuration.c.schedule,
    "stopping": configuration.c.stopping,
    "loss": configuration.c.loss,
    "planned_epochs": configuration.c.planned_epochs,
    "training_examples": configuration.c.training_examples,
    "label_noise": configuration.c.label_noise,
    "preprocess": preprocess,
}

# Metrics of a trial under scikit-learn's names; see `core/metrics.py`.
METRIC: dict[str, ColumnElement] = {name: trial.c[name] for name in METRICS}
# The metrics for which lower values are better.
ERROR_METRICS = tuple(name for name in METRICS if "log_loss" in name or "mae" in name or "rmse" in name)
# Honest E_v of the network that a trial ends with. If the best epoch was restored, the validation examples chose it, so
# E_v at that epoch would be too low.
final_e_v = sa.case((configuration.c.stopping.like("%restore=best%"), trial.c.honest_e_v), else_=trial.c.e_v)

# The epoch after which a trial was pruned.
rung = sa.case((trial.c.status == Status.PRUNED, trial.c.leg))

# Further columns of a trial, for filtering, sorting and display.
MORE: dict[str, ColumnElement] = {
    **{
        name: trial.c[name]
        for name in ("best_e_t", "honest_e_t", "attempt", "worker_failures", "reason", "started", "ended")
    },
    # The name of `worker_failures` before schema 0004.
    "losses": trial.c.worker_failures,
    "final_e_v": final_e_v,
    "rung": rung,
    "rank": trial.c["rank"],
}


def occurrences(text: ColumnElement, word: str) -> ColumnElement[int]:
    """How often a word occurs in a text."""
    without = sa.func.replace(text, word, "", type_=sa.Text)
    return (sa.func.length(text, type_=sa.Integer) - sa.func.length(without, type_=sa.Integer)) // len(word)


convolutions = occurrences(configuration.c.architecture, "conv")
recurrent_layers = sum(
    (occurrences(configuration.c.architecture, word) for word in ("gru", "lstm")),
    start=occurrences(configuration.c.architecture, "rnn"),
)
normalizations = occurrences(configuration.c.architecture, "norm")
residual_connections = occurrences(configuration.c.architecture, "res")
# Poolings, layer normalizations and residual connections have no units.
hidden_layers = (
    sa.func.json_array_length(configuration.c.settings["architecture"], type_=sa.Integer)
    - occurrences(configuration.c.architecture, "pool")
    - normalizations
    - residual_connections
)
# The optimizer `fixed` does not learn and has no rate.
learning_rate_if_any = sa.case((configuration.c.optimizer != "fixed", configuration.c.learning_rate))

is_completed = trial.c.status == Status.COMPLETED
gap = trial.c.e_v - trial.c.e_t
# The increase of E_v from its minimum to the last epoch.
rise = trial.c.e_v - trial.c.best_e_v

TRIAL: dict[str, ColumnElement] = {
    "trial": trial.c.id,
    "configuration": configuration.c.hash,
    "repeat": trial.c.repeat,
    "status": trial.c.status,
    **SETTINGS,
    "epochs": trial.c.epochs,
    "e_t": trial.c.e_t,
    "e_v": trial.c.e_v,
    "best_epoch": trial.c.best_epoch,
    "best_e_v": trial.c.best_e_v,
    "gap": gap,
    "underfit": trial.c.underfit,
    "overfit": trial.c.overfit,
    "verdict": trial.c.verdict,
    "accuracy_t": trial.c.accuracy_t,
    "accuracy_v": trial.c.accuracy_v,
    "seconds": trial.c.seconds,
    # Beyond the contract.
    "excess": trial.c.excess,
    "rise": rise,
    "tags": tags_of_trial,
    "note": trial.c.note,
    "honest_e_v": trial.c.honest_e_v,
    "training_examples": configuration.c.training_examples,
    "label_noise": configuration.c.label_noise,
    **METRIC,
}

EPOCH: dict[str, ColumnElement] = {
    "trial": epoch.c.trial_id,
    **{column.name: column for column in epoch.columns if column.name != "trial_id"},
}

# The measures by which groups of trials can be compared.
MEASURED: dict[str, ColumnElement] = {
    "e_t": trial.c.e_t,
    "e_v": trial.c.e_v,
    "gap": gap,
    "best_epoch": trial.c.best_epoch,
    "best_e_v": trial.c.best_e_v,
    "accuracy_t": trial.c.accuracy_t,
    "accuracy_v": trial.c.accuracy_v,
    "seconds": trial.c.seconds,
    "excess": trial.c.excess,
    "underfit": trial.c.underfit,
    "overfit": trial.c.overfit,
    "honest_e_v": trial.c.honest_e_v,
}
# Further measures. Their means are reported only if groups are compared by them.
MORE_MEASURED: dict[str, ColumnElement] = {
    "final_e_v": final_e_v,
    **{name: trial.c[name] for name in ("best_e_t", "honest_e_t")},
    "epochs": trial.c.epochs,
    **METRIC,
}
# The measures on the test examples, with their names in the stored result. They are measured once, for the best
# configuration alone, so no list can be filtered or sorted by them.
TESTED = {"test_error": "errors", "test_accuracy": "accuracies", "test_rmse": "rmse", "test_mae": "mae"}
ONLY_TESTED = "it is measured once, for the best configuration alone, so that nothing is chosen by it; see fitgap show"
VERDICTS = ("good", "underfit", "overfit", "both", "unclear", "no_skill", "diverged")
# Only configurations can have the last verdict; trials have it as their status.
VERDICTS_OF_TRIALS = VERDICTS[:-1]

# The keys of a group of trials: counts, means over completed trials, and the number of trials with each verdict.
GROUP = ("configurations", "trials", "completed", *MEASURED, *(f"{verdict}_trials" for verdict in VERDICTS))


def labelled(columns: dict[str, ColumnElement]) -> list[ColumnElement]:
    """The expressions, labelled with their keys."""
    return [expression.label(name) for name, expression in columns.items()]
