"""From a sweep to the rows that are written before it runs."""

from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from core.data import Dataset, split_examples
from core.layers import Layout
from core.preprocessing import Preparation, constant_columns
from runner.errors import DataError
from runner.sources import fingerprint, load_dataset, source_defaults
from runner.spec import Configuration, DataSettings, Sweep
from runner.store import SweepPlan


@dataclass(frozen=True)
class PreparedSweep:
    """A sweep with its data at hand, checked, ready to be written and run."""

    sweep: Sweep
    dataset: Dataset
    preparation: Preparation
    configurations: tuple[Configuration, ...]

    @property
    def trial_count(self) -> int:
        return len(self.configurations) * self.sweep.repeats


def prepare_sweep(sweep: Sweep) -> PreparedSweep:
    """Load the data and expand the axes. Raises DataError where the data cannot be read or divided."""
    data = sweep.data
    dataset = load_dataset(data.source, options=data.options, target=data.target, seed=sweep.seed)
    preparation = preparation_of(data)
    try:
        split_examples(dataset.example_count, preparation.validation, seed=sweep.seed, repeat=1)
    except ValueError as error:
        raise DataError(f"{data.source}: {error}") from None
    return PreparedSweep(sweep, dataset, preparation, tuple(sweep.configurations()))


def preparation_of(data: DataSettings) -> Preparation:
    """How the examples are divided and scaled: as the sweep says, else as suits the source."""
    defaults = source_defaults(data.source)
    return Preparation(
        validation=defaults.validation if data.validation is None else data.validation,
        preprocess=data.preprocess or defaults.preprocess,
        target_scaling=data.target_scaling or "standard",
    )


def sweep_plan(prepared: PreparedSweep) -> SweepPlan:
    """Everything that is written of a sweep before its first trial starts."""
    sweep = prepared.sweep
    return SweepPlan(
        name=sweep.name,
        specification=sweep.canonical(),
        data_set=data_set_row(prepared.dataset),
        splits=[split_row(prepared, repeat) for repeat in range(1, sweep.repeats + 1)],
        configurations=[configuration_row(each, prepared.dataset) for each in prepared.configurations],
        repeats=sweep.repeats,
        program_version=version("fitgap"),
    )


def data_set_row(dataset: Dataset) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "fingerprint": fingerprint(dataset),
        "example_count": dataset.example_count,
        "target_kind": dataset.target_kind,
        "input_names": list(dataset.input_names),
        "target_names": list(dataset.target_names),
    }


def split_row(prepared: PreparedSweep, repeat: int) -> dict[str, Any]:
    dataset, seed = prepared.dataset, prepared.sweep.seed
    split = split_examples(dataset.example_count, prepared.preparation.validation, seed=seed, repeat=repeat)
    return {
        "repeat": repeat,
        "training_count": len(split.training),
        "validation_count": len(split.validation),
        "constant_columns": list(constant_columns(dataset, split)),
    }


def configuration_row(configuration: Configuration, dataset: Dataset) -> dict[str, Any]:
    """A configuration as it is searched and shown, beside its canonical settings."""
    sizes = (dataset.input_count, *configuration.architecture, dataset.output_count)
    return {
        "hash": configuration.hash,
        "settings": configuration.canonical(),
        "architecture": configuration.architecture_label,
        "layers": "-".join(map(str, sizes)),
        "activation": configuration.activation.label,
        "output_activation": configuration.output_activation.label,
        "initializer": configuration.initializer.label,
        "regularizer": configuration.regularizer_label,
        "optimizer": configuration.optimizer.label,
        "loss": configuration.loss.label,
        "learning_rate": configuration.optimizer.variant.rate,
        "batch_size": configuration.batch_size,
        "planned_epochs": configuration.epochs,
        "parameters": Layout(sizes).parameter_count,
    }
