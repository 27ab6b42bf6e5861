"""Sweeps: named sets of axes with data, seed and training settings, read from and written as plain data."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from fitgap.core.losses import LOSSES
from fitgap.core.members import why_untrainable
from fitgap.core.target_coding import READINGS
from fitgap.core.variants import Variant
from fitgap.runner.errors import SpecError
from fitgap.runner.names import SWEEP_NAME_RULE, is_sweep_name
from fitgap.runner.recorded_epochs import Recording
from fitgap.runner.spec.axes import AXES, LARGEST_COUNT, read_axis, write_choice
from fitgap.runner.spec.choices import read_choice, single_value
from fitgap.runner.spec.configuration import Choice, Configuration, architecture_label, layers_label
from fitgap.runner.spec.data_settings import DataSettings, as_stored
from fitgap.runner.spec.grid import Grid
from fitgap.runner.spec.lazy_values import Alternatives, listed
from fitgap.runner.spec.record_setting import read_recording
from fitgap.runner.spec.validation import SpecNode

DEFAULTS: dict[str, Any] = {"name": "sweep", "data": {}, "seed": 0, "repeats": 1, "training": {}, "axes": {}}
COMMON_DEFAULTS = {
    "loss": "half_squared_error",
    "dtype": "float32",
    "outputs": "auto",
    "measure": "all",
    "record": "all",
    "keep": "none",
}
TRAINING_KEYS = (*COMMON_DEFAULTS, *(name for name, axis in AXES.items() if axis.in_training))
KEPT = ("none", "last", "best", "state")
DTYPES = ("float32", "float64")
MOST_TRIALS = 1_000_000
MOST_REPEATS = 10_000
LARGEST_SEED = 2**63 - 1


@dataclass(frozen=True)
class TrainingSettings:
    """The settings that all configurations of a sweep share.

    `outputs` is the coding of the targets, None for the default of the data. `measure` is the number of examples on
    which E_t and E_v are measured, None for all. `record` says which epochs are stored, `keep` which parameters of a
    trial: none, last, best or state.
    """

    loss: Choice
    dtype: str
    outputs: Choice | None
    measure: int | None
    record: Recording
    keep: str

    def canonical(self) -> dict[str, Any]:
        """These settings in sweep-file form."""
        return {
            "loss": write_choice(self.loss),
            "dtype": self.dtype,
            "outputs": write_choice(self.outputs) if self.outputs else "auto",
            "measure": self.measure or "all",
            "record": self.record.canonical(),
            "keep": self.keep,
        }


@dataclass(frozen=True)
class Sweep:
    """A named set of axes, a seed and settings. `axes` holds the expanded alternatives of every axis in `AXES`."""

    name: str
    data: DataSettings
    seed: int
    repeats: int
    training: TrainingSettings
    axes: Mapping[str, tuple[Any, ...]]

    def configurations(self) -> Grid:
        """All distinct combinations of the alternatives."""
        return Grid(self.axes, self.configuration)

    def configuration(self, combination: tuple[Any, ...]) -> Configuration:
        """The configuration with one alternative of each axis."""
        settings = {AXES[name].field: value for name, value in zip(self.axes, combination, strict=True)}
        return Configuration(**settings, loss=self.training.loss, dtype=self.training.dtype)

    def canonical(self) -> dict[str, Any]:
        """This sweep in sweep-file form with all defaults filled in, as JSON-ready data."""
        return {
            "name": self.name,
            "data": self.data.canonical(),
            "seed": self.seed,
            "repeats": self.repeats,
            "training": self.training.canonical(),
            "axes": {name: [AXES[name].write(value) for value in values] for name, values in self.axes.items()},
        }

    @classmethod
    def from_canonical(cls, written: Mapping[str, Any]) -> Self:
        """The sweep in `written`, a mapping with the structure of a sweep file. Raises SpecError."""
        given = {key: value for key, value in written.items() if value is not None}
        entries = SpecNode({**DEFAULTS, **given}).entries(DEFAULTS)
        repeats = entries["repeats"].whole_number(1, MOST_REPEATS)
        sweep = cls(
            name=read_name(entries["name"]),
            data=DataSettings.read(entries["data"]),
            seed=entries["seed"].whole_number(0, LARGEST_SEED),
            repeats=repeats,
            training=read_training(entries["training"]),
            axes=read_axes(entries["axes"], entries["training"], repeats),
        )
        check_trainable(sweep)
        return sweep


def stored_sweep_of(specification: Mapping[str, Any]) -> Sweep:
    """The sweep with a stored specification. Raises SpecError."""
    return Sweep.from_canonical({**specification, "data": as_stored(specification.get("data") or {})})


def read_name(node: SpecNode) -> str:
    """The name of a sweep; SpecError if it is not a valid one."""
    name = node.text()
    if not is_sweep_name(name):
        raise node.wrong(SWEEP_NAME_RULE)
    return name


def read_training(node: SpecNode) -> TrainingSettings:
    """The common settings from the `training` section; the section may also give values of axes."""
    entries = {**{key: SpecNode(value) for key, value in COMMON_DEFAULTS.items()}, **node.entries(TRAINING_KEYS)}
    outputs, measure = entries["outputs"], entries["measure"]
    return TrainingSettings(
        loss=single(entries["loss"], LOSSES, "loss"),
        dtype=entries["dtype"].one_of(DTYPES),
        outputs=None if outputs.value == "auto" else single(outputs, READINGS, "kind of outputs"),
        measure=None if measure.value == "all" else measure.whole_number(1, LARGEST_COUNT),
        record=read_recording(entries["record"]),
        keep=entries["keep"].one_of(KEPT),
    )


def single(node: SpecNode, table: Mapping[str, type[Variant]], noun: str) -> Choice:
    """The choice of a setting that cannot have alternatives."""
    choice: Choice = single_value(read_choice(node, table, noun), node)
    return choice


def read_axes(axes: SpecNode, training: SpecNode, repeats: int) -> dict[str, tuple[Any, ...]]:
    """All axes: the written ones in their order, then those with a single value from `training` or the defaults."""
    written, common = axes.entries(AXES), training.entries(TRAINING_KEYS)
    alternatives = {name: read_axis(name, node) for name, node in written.items()}
    for name, axis in AXES.items():
        if name in written and name in common:
            raise SpecError("is also given under training; keep one of them", written[name].path)
        if name in common:
            alternatives[name] = listed([single_value(axis.read(common[name]), common[name])])
        elif name not in written:
            alternatives[name] = axis.read(SpecNode(axis.default))
    check_size(alternatives, repeats, axes)
    return {name: tuple(values) for name, values in alternatives.items()}


def check_trainable(sweep: Sweep) -> None:
    """Raise SpecError if a combination of architecture, functions, optimizer and loss cannot be trained."""
    axes = sweep.axes
    depths = {min(len(architecture), 1): architecture for architecture in axes["architecture"]}
    for hidden, activation, output, optimizer in itertools.product(
        depths.values(), axes["activation"], axes["output_activation"], axes["optimizer"]
    ):
        functions = [*(activation if hidden else ()), output]
        layers = tuple(tuple(choice.variant for choice in layer) for layer in functions)
        problem = why_untrainable(layers, optimizer.variant, sweep.training.loss.variant)
        if problem:
            names = f"{architecture_label(hidden)}, {layers_label(functions)}, {optimizer.label}"
            raise SpecError(f"{names} cannot be trained: {problem}", ("axes",))


def check_size(axes: Mapping[str, Alternatives], repeats: int, node: SpecNode) -> None:
    """Raise SpecError if there would be too many trials, before any of them is created."""
    sizes = {**{name: values.size for name, values in axes.items()}, "repeats": repeats}
    trials = math.prod(sizes.values())
    if trials > MOST_TRIALS:
        product = " x ".join(f"{name} {count_text(size)}" for name, size in sizes.items() if size > 1)
        rule = f"must give at most {MOST_TRIALS:,} trials, but give {count_text(trials)} ({product})"
        raise SpecError(f"{rule}; name fewer alternatives", node.path)


def count_text(size: int) -> str:
    """A number of trials as text of limited length."""
    return f"{size:,}" if size < 10**15 else "over 10^15"
