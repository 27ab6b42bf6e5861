"""The models of trials: networks that were kept, or are retrained."""

from typing import Any

import numpy as np
from fitgap.core.model import Model, model_layers
from fitgap.core.parameter_layout import Layout
from fitgap.core.scaling import FILLINGS, Scaling
from fitgap.runner.errors import StoreError
from fitgap.runner.models.named_model import NamedModel, read_transform
from fitgap.runner.planning.packs import PlannedTrial, member_of
from fitgap.runner.planning.preparation import PreparedSweep
from fitgap.runner.retraining import retrain, stored_trial
from fitgap.runner.spec import Configuration
from fitgap.runner.store import Row, Store
from fitgap.runner.trial_status import Status


def model_of_trial(store: Store, number: int, *, at: str) -> NamedModel:
    """The network of a finished trial after its best epoch (`at` "best") or its last one.

    A network that was not kept is retrained, with bit-identical results on the same kind of machine. Raises StoreError
    if there is no such trial or epoch, or if the data have changed.
    """
    row = store.show(number)
    epoch = epoch_of_network(row, at)
    if epoch is None or (at == "last" and row["status"] == Status.DIVERGED):
        rule = f"trial {number} is {row['status']} and has no usable network after its {at} epoch"
        raise StoreError(f"{rule}; choose a completed one")
    trial, prepared = stored_trial(store, row)
    parameters = store.kept_parameters(number, epoch)
    if parameters is None:
        parameters = retrain(trial, prepared, epoch)
    return model_with_parameters(trial, prepared, parameters, store.preprocessing(number))


def epoch_of_network(row: Row, at: str) -> int | None:
    """The epoch of the network of a trial after its best epoch (`at` "best") or at its end; None if it has none."""
    # If a stopping rule restores the best network, the trial ends with that one.
    is_restored = any(choice.variant.restores_best for choice in Configuration.from_canonical(row["settings"]).stopping)
    epoch: int | None = row["best_epoch"] if at == "best" or is_restored else row["epochs"]
    return epoch


def model_with_parameters(
    trial: PlannedTrial, prepared: PreparedSweep, parameters: np.ndarray, saved: dict[str, Any]
) -> NamedModel:
    """The model with these parameters and the saved preprocessing of its repeat."""
    configuration, dataset = trial.configuration, prepared.dataset
    member = member_of(configuration, prepared.sweep.seed, trial.repeat)
    # Null stands for NaN in `fill`, and for infinity in the limits.
    learned = {name: np.array(values, float) for name, values in saved.items() if name != "limited"}
    layout = Layout(prepared.network(configuration), tuple(len(functions) for functions in member.activations))
    if len(parameters) != layout.row_length:
        rule = f"its layers need {layout.row_length} parameters, but the stored network has {len(parameters)}"
        raise StoreError(f"trial {trial.trial_id}: {rule}; the database is damaged, so restore a backup")
    model = Model(
        layers=model_layers(parameters, member, layout),
        inputs_transform=read_transform(learned),
        targets_scaling=Scaling(learned["target_shift"], learned["target_factor"]),
        loss=configuration.loss.variant,
        reading=prepared.reading,
        class_count=dataset.class_count,
        is_padded=dataset.is_padded,
    )
    return NamedModel(
        model,
        dataset.input_names,
        dict(dataset.text_columns),
        dataset.target_names,
        dataset.class_names,
        fills_missing=prepared.preparation.missing in FILLINGS,
        treatment=prepared.sweep.data.treatment,
    )
