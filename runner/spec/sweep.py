"""A sweep: a named set of axes with its data, seed and training settings, read from and written as plain data."""

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
from fitgap.runner.spec.alternatives import Alternatives, listed
from fitgap.runner.spec.axes import AXES, LARGEST_COUNT, read_axis, write_choice
from fitgap.runner.spec.choices import only, read_choice
from fitgap.runner.spec.configuration import Choice, Configuration, architecture_label, layers_label
from fitgap.runner.spec.data_settings import DataSettings
from fitgap.runner.spec.grid import Grid
from fitgap.runner.spec.nodes import SpecNode
from fitgap.runner.spec.record_setting import read_recording

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
    """What every configuration of a sweep shares.

    `outputs` is how classes or numbers become outputs, None as suits the data; `measure` on how many examples E_t and
    E_v are measured, None for all; `record` which epochs are stored; `keep` which parameters of a trial: none, last or
    best.
    """

    loss: Choice
    dtype: str
    outputs: Choice | None
    measure: int | None
    record: Recording
    keep: str

    def canonical(self) -> dict[str, Any]:
        """These settings as a file would have them."""
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
    """A named set of axes, a seed and settings. `axes` has the expanded alternatives of every axis of `AXES`."""

    name: str
    data: DataSettings
    seed: int
    repeats: int
    training: TrainingSettings
    axes: Mapping[str, tuple[Any, ...]]

    def configurations(self) -> Grid:
        """Every combination of the alternatives, each once."""
        return Grid(self.axes, self.configuration)

    def configuration(self, combination: tuple[Any, ...]) -> Configuration:
        """The configuration with one alternative of each axis."""
        settings = {AXES[name].field: value for name, value in zip(self.axes, combination, strict=True)}
        return Configuration(**settings, loss=self.training.loss, dtype=self.training.dtype)

    def canonical(self) -> dict[str, Any]:
        """This sweep as a file would have it, with nothing left to defaults; plain data that JSON can hold."""
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
        """The sweep that `written`, a mapping like that of a file, asks for. Raises SpecError."""
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


def read_name(node: SpecNode) -> str:
    """The name of a sweep, which must not look like a number, since numbers are ids."""
    name = node.text()
    if not is_sweep_name(name):
        raise node.wrong(SWEEP_NAME_RULE)
    return name


def read_training(node: SpecNode) -> TrainingSettings:
    """What all configurations share, from the `training` section, which may hold other settings too."""
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
    """The one choice of a setting that has no alternatives."""
    choice: Choice = only(read_choice(node, table, noun), node)
    return choice


def read_axes(axes: SpecNode, training: SpecNode, repeats: int) -> dict[str, tuple[Any, ...]]:
    """All axes: those written first, in their order, then those that `training` or the defaults give one value."""
    written, common = axes.entries(AXES), training.entries(TRAINING_KEYS)
    alternatives = {name: read_axis(name, node) for name, node in written.items()}
    for name, axis in AXES.items():
        if name in written and name in common:
            raise SpecError("is given under training too; keep one of them", written[name].path)
        if name in common:
            alternatives[name] = listed([only(axis.read(common[name]), common[name])])
        elif name not in written:
            alternatives[name] = axis.read(SpecNode(axis.default))
    check_size(alternatives, repeats, axes)
    return {name: tuple(values) for name, values in alternatives.items()}


def check_trainable(sweep: Sweep) -> None:
    """Raises SpecError where an architecture, its functions, an optimizer and the loss do not go together."""
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
    """Raises SpecError when there would be too many trials to plan, before any of them takes memory."""
    sizes = {**{name: values.size for name, values in axes.items()}, "repeats": repeats}
    trials = math.prod(sizes.values())
    if trials > MOST_TRIALS:
        product = " x ".join(f"{name} {count(size)}" for name, size in sizes.items() if size > 1)
        rule = f"must be at most {MOST_TRIALS:,} trials, but are {count(trials)} ({product})"
        raise SpecError(f"{rule}; name fewer alternatives", node.path)


def count(size: int) -> str:
    """A number of trials in words of bounded length."""
    return f"{size:,}" if size < 10**15 else "over 10^15"
