"""Errors of the best configuration on the test examples, which play no part in any choice."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from fitgap.core.model import Model
from fitgap.runner.amounts import counted
from fitgap.runner.model_files import named_model
from fitgap.runner.planning.packs import PlannedTrial
from fitgap.runner.planning.preparation import PreparedSweep
from fitgap.runner.retraining import retrain
from fitgap.runner.spec import Configuration
from fitgap.runner.store import Row, Store
from fitgap.runner.trial_status import Status


@dataclass(frozen=True)
class HoldoutErrors:
    """The errors and accuracies of the best configuration, one per repeat, after the best epoch of each."""

    configuration: str
    examples: int
    errors: tuple[float, ...]
    accuracies: tuple[float, ...]
    is_numeric: bool

    def line(self) -> str:
        """One line for people."""
        name = "R2" if self.is_numeric else "accuracy"
        examples = counted(self.examples, "test example")
        # If all targets are the same, there is no R2.
        score = f", {name} {spread(self.accuracies)}" if np.isfinite(self.accuracies).all() else ""
        found = f"{self.configuration} has the error {spread(self.errors)}"
        return f"{examples}, which played no part in any choice: {found}{score}"


def spread(values: tuple[float, ...]) -> str:
    """Mean and standard deviation."""
    deviation = f" ± {np.std(values, ddof=1):.2g}" if len(values) > 1 else ""
    return f"{np.mean(values):.4g}{deviation}"


def holdout_errors(store: Store, sweep_id: int, prepared: PreparedSweep) -> HoldoutErrors | None:
    """The test errors of the configuration that leads the leaderboard; None without test examples or a result.

    Networks that were not kept are trained again.
    """
    dataset = prepared.dataset
    if "test" not in dataset.marks:
        return None
    trials = best_trials(store, sweep_id)
    if not trials:
        return None
    rows = np.flatnonzero(dataset.marks["test"])
    inputs, targets = dataset.inputs[rows], dataset.targets[rows]
    errors, accuracies = [], []
    for number in trials:
        row = store.show(number)
        model = model_at_best(store, row, prepared)
        errors.append(float(model.errors(inputs, targets).mean()))
        accuracies.append(model.accuracy(inputs, targets))
    label = f"{row['architecture']}, {row['activation']}, {row['regularizer']}, {row['optimizer']}"
    return HoldoutErrors(label, len(rows), tuple(errors), tuple(accuracies), dataset.target_kind == "numbers")


def best_trials(store: Store, sweep_id: int) -> list[int]:
    """The trials of the configuration with the lowest mean honest E_v, among those of which all are completed.

    If the honest E_v of any trial is unknown, the best E_v counts.
    """
    name = next(row["name"] for row in store.sweeps() if row["sweep"] == sweep_id)
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in store.trials(name):
        groups[row["configuration"]].append(row)
    whole = [rows for rows in groups.values() if all(row["status"] == Status.COMPLETED for row in rows)]
    if not whole:
        return []
    is_honest = all(row["honest_e_v"] is not None for rows in whole for row in rows)
    error = "honest_e_v" if is_honest else "best_e_v"
    best = min(whole, key=lambda rows: np.mean([row[error] for row in rows]))
    return [row["trial"] for row in best]


def model_at_best(store: Store, row: Row, prepared: PreparedSweep) -> Model:
    """The network of a trial after its best epoch."""
    trial = PlannedTrial(row["trial"], Configuration.from_canonical(row["settings"]), row["repeat"])
    parameters = store.kept_parameters(row["trial"], row["best_epoch"])
    if parameters is None:
        parameters = retrain(trial, prepared, row["best_epoch"])
    return named_model(trial, prepared, parameters, store.preprocessing(row["trial"])).model
