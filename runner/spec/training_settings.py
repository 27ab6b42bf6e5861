"""Settings under `training` that all configurations of a sweep share."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fitgap.core.losses import LOSSES
from fitgap.core.target_coding import READINGS
from fitgap.core.variants import Variant
from fitgap.runner.recorded_epochs import Recording
from fitgap.runner.spec.axes import AXES, LARGEST_COUNT, write_choice
from fitgap.runner.spec.choices import read_choice, single_value
from fitgap.runner.spec.configuration import Choice
from fitgap.runner.spec.record_setting import read_recording
from fitgap.runner.spec.validation import SpecNode

COMMON_DEFAULTS = {
    "loss": "half_squared_error",
    "dtype": "float32",
    "outputs": "auto",
    "measure": "all",
    "record": "all",
    "keep": "none",
}
TRAINING_KEYS = tuple(dict.fromkeys([*COMMON_DEFAULTS, *(name for name, axis in AXES.items() if axis.in_training)]))
KEPT = ("none", "last", "best", "state")
DTYPES = ("float32", "float64")


@dataclass(frozen=True)
class TrainingSettings:
    """The settings that all configurations of a sweep share. `loss` is the first one if there are alternatives.

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
