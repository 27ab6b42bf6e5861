"""Errors of the best configuration on the test examples, which play no part in any choice."""

from collections import defaultdict
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from fitgap.core.example_weights import unscaled_weights
from fitgap.core.model import Model
from fitgap.core.scores import number_scores
from fitgap.runner.amounts import counted
from fitgap.runner.models.trial_models import model_with_parameters
from fitgap.runner.planning.packs import PlannedTrial
from fitgap.runner.planning.preparation import PreparedSweep
from fitgap.runner.retraining import retrain
from fitgap.runner.spec import Configuration
from fitgap.runner.store import Row, Store
from fitgap.runner.store.reader import StoreReader
from fitgap.runner.trial_status import Status

ROW_KEYS = ("configuration", "trial", "examples", "error", "accuracy", "is_best", "rmse", "mae")


# Fields with one value per trial, apart from accuracies, which may be undefined.
LISTS = ("errors", "trials", "rmse", "mae")


@dataclass(frozen=True)
class HoldoutErrors:
    """The errors and accuracies of the best configuration, one per repeat, after the best epoch of each.

    `configuration` is its settings in words, and `trials` are its trials. If another configuration has become the best
    since then, `is_best` is false. `rmse` and `mae` are in the unit of numeric targets; empty for classes, and in
    results of versions that did not measure them.
    """

    configuration: str
    examples: int
    errors: tuple[float, ...]
    accuracies: tuple[float, ...]
    is_numeric: bool
    trials: tuple[int, ...] = ()
    is_best: bool = True
    rmse: tuple[float, ...] = ()
    mae: tuple[float, ...] = ()

    def line(self) -> str:
        """The result in one line, for the user."""
        name = "R2" if self.is_numeric else "accuracy"
        examples = counted(self.examples, "test example")
        # If all targets are the same, there is no R2.
        score = f", {name} {spread(self.accuracies)}" if np.isfinite(self.accuracies).all() else ""
        found = f"{self.configuration} has the error {spread(self.errors)}"
        if self.rmse:
            score += f"; in the unit of the target: RMSE {spread(self.rmse)}, MAE {spread(self.mae)}"
        since = "" if self.is_best else "; measured once, before another configuration became the best"
        return f"{examples}, which played no part in any choice: {found}{score}{since}"

    def rows(self) -> list[Row]:
        """One row per trial."""
        told = {"examples": self.examples, "is_best": self.is_best, "configuration": self.configuration}
        measured = {"trial": self.trials, "error": self.errors, "accuracy": self.stored()["accuracies"]}
        measured |= {name: getattr(self, name) or [None] * len(self.trials) for name in ("rmse", "mae")}
        rows = ({**told, **dict(zip(measured, row, strict=True))} for row in zip(*measured.values(), strict=True))
        return [{key: row[key] for key in ROW_KEYS} for row in rows]

    def stored(self) -> Row:
        """The result as JSON-ready data; an accuracy that is not defined becomes null."""
        accuracies = [value if np.isfinite(value) else None for value in self.accuracies]
        found = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "is_best"}
        lists = {name: list(getattr(self, name)) for name in LISTS}
        return {**found, **lists, "accuracies": accuracies}

    @classmethod
    def from_stored(cls, stored: Row, *, is_best: bool) -> Self:
        """The inverse of `stored`."""
        accuracies = tuple(np.nan if value is None else value for value in stored["accuracies"])
        lists = {name: tuple(stored.get(name, ())) for name in LISTS}
        return cls(**{**stored, **lists, "accuracies": accuracies}, is_best=is_best)


def spread(values: tuple[float, ...]) -> str:
    """Mean and standard deviation."""
    deviation = f" ± {np.std(values, ddof=1):.2g}" if len(values) > 1 else ""
    return f"{np.mean(values):.4g}{deviation}"


def holdout_errors(store: Store, sweep_id: int, prepared: PreparedSweep) -> HoldoutErrors | None:
    """The test errors of the configuration that leads the leaderboard; None without test examples or a result.

    They are computed once and stored. Extending the sweep does not change them, so they cannot be used to choose
    anything.
    """
    known = stored_holdout(store, sweep_id)
    if known is not None:
        return known
    found = computed_holdout(store, sweep_id, prepared)
    if found is not None:
        store.keep_test_result(sweep_id, found.stored())
    return found


def stored_holdout(store: StoreReader, sweep_id: int) -> HoldoutErrors | None:
    """The test errors that were computed before; None if there are none."""
    stored = store.sweep(sweep_id)["test_result"]
    if stored is None:
        return None
    return HoldoutErrors.from_stored(stored, is_best=set(best_trials(store, sweep_id)) >= set(stored["trials"]))


def computed_holdout(store: Store, sweep_id: int, prepared: PreparedSweep) -> HoldoutErrors | None:
    """Compute the test errors; None without test examples or a result. Retrains networks that were not kept."""
    dataset = prepared.dataset
    if "test" not in dataset.marks:
        return None
    trials = best_trials(store, sweep_id)
    if not trials:
        return None
    rows = np.flatnonzero(dataset.marks["test"])
    inputs, targets = dataset.inputs[rows], dataset.targets[rows]
    is_numeric = dataset.target_kind == "numbers"
    errors, accuracies, scores = [], [], []
    for number in trials:
        row = store.show(number)
        model = model_at_best(store, row, prepared)
        errors.append(float(weighted_mean(model.errors(inputs, targets), prepared, row["repeat"], rows)))
        accuracies.append(model.accuracy(inputs, targets))
        if is_numeric:
            scores.append(number_scores(targets, model.predict(inputs)))
    label = f"{row['architecture']}, {row['activation']}, {row['regularizer']}, {row['optimizer']}"
    rmse, mae = (tuple(each[name] for each in scores) for name in ("rmse", "mae"))
    measured = tuple(errors), tuple(accuracies), is_numeric, tuple(trials)
    return HoldoutErrors(label, len(rows), *measured, rmse=rmse, mae=mae)


def weighted_mean(errors: np.ndarray, prepared: PreparedSweep, repeat: int, rows: np.ndarray) -> float:
    """The mean of the errors of the examples in these rows, with the same weights as E_v of a repeat."""
    weights = unscaled_weights(prepared.dataset, prepared.preparation.class_weight, prepared.splits[repeat])
    if weights is None or not weights[rows].any():
        return float(errors.mean())
    return float(np.average(errors, weights=weights[rows]))


def best_trials(store: StoreReader, sweep_id: int) -> list[int]:
    """The trials of the configuration that leads the leaderboard, among those whose trials have all completed.

    It has the lowest mean honest E_v or, if that of any trial is unknown, best E_v; with several losses, the highest
    mean accuracy.
    """
    if "loss" in store.varying_axes(sweep_id):
        return most_accurate_trials(store, sweep_id)
    best = store.measured_configurations(sweep_id, 1)
    return store.trials_of_configuration(sweep_id, best[0]["configuration"]) if best else []


def most_accurate_trials(store: StoreReader, sweep_id: int) -> list[int]:
    """The trials of the configuration with the highest mean accuracy, among those whose trials have all completed."""
    name = next(row["name"] for row in store.sweeps() if row["sweep"] == sweep_id)
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in store.trials(name):
        groups[row["configuration"]].append(row)
    whole = [rows for rows in groups.values() if all(row["status"] == Status.COMPLETED for row in rows)]
    best = max(whole, key=lambda rows: np.mean([row["accuracy_v"] for row in rows]), default=[])
    return [row["trial"] for row in best]


def model_at_best(store: Store, row: Row, prepared: PreparedSweep) -> Model:
    """The network of a trial after its best epoch."""
    trial = PlannedTrial(row["trial"], Configuration.from_canonical(row["settings"]), row["repeat"])
    parameters = store.kept_parameters(row["trial"], row["best_epoch"])
    if parameters is None:
        parameters = retrain(trial, prepared, row["best_epoch"])
    return model_with_parameters(trial, prepared, parameters, store.preprocessing(row["trial"])).model
