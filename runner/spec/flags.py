"""Command-line flags of a sweep, which override or extend its sweep file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fitgap.runner.spec.axes import AXES
from fitgap.runner.spec.data_source import is_path
from fitgap.runner.spec.places import Places
from fitgap.runner.spec.shorthand import scalar
from fitgap.runner.spec.validation import Path

SOURCE = ("data", "source")
TARGET = ("data", "target")
REPEATS = ("repeats",)

# For each field of `Flags`: the flag, and the path of its value in a sweep.
WRITTEN_AS: dict[str, tuple[str, tuple[str, ...]]] = {
    "name": ("--name", ("name",)),
    "data": ("--data", SOURCE),
    "target": ("--target", TARGET),
    "validation": ("--validation", ("data", "validation")),
    "test": ("--test", ("data", "test")),
    "preprocess": ("--preprocess", ("data", "preprocess")),
    "target_scaling": ("--target-scaling", ("data", "target_scaling")),
    "stratified": ("--stratified", ("data", "stratified")),
    "resample": ("--resample", ("data", "resample")),
    "missing": ("--missing", ("data", "missing")),
    "text": ("--text", ("data", "text")),
    "strict": ("--strict", ("data", "strict")),
    "inputs": ("--inputs", ("data", "inputs")),
    "ignore": ("--ignore", ("data", "ignore")),
    "categorical": ("--categorical", ("data", "categorical")),
    "dates": ("--dates", ("data", "dates")),
    "target_kind": ("--target-kind", ("data", "target_kind")),
    "separator": ("--separator", ("data", "separator")),
    "decimal": ("--decimal", ("data", "decimal")),
    "encoding": ("--encoding", ("data", "encoding")),
    "missing_values": ("--missing-values", ("data", "missing_values")),
    "weight": ("--weight", ("data", "weight")),
    "sequence": ("--sequence", ("data", "sequence")),
    "lengths": ("--lengths", ("data", "lengths")),
    "class_weight": ("--class-weight", ("data", "class_weight")),
    "seed": ("--seed", ("seed",)),
    "repeats": ("--repeats", REPEATS),
    "hidden": ("--hidden", ("axes", "architecture")),
    "activation": ("--activation", ("axes", "activation")),
    "regularizer": ("--regularizer", ("axes", "regularizer")),
    "optimizer": ("--optimizer", ("axes", "optimizer")),
    "training_examples": ("--training-examples", ("axes", "training_examples")),
    "label_noise": ("--label-noise", ("axes", "label_noise")),
    "epochs": ("--epochs", ("training", "epochs")),
    "batch_size": ("--batch-size", ("training", "batch_size")),
    "schedule": ("--schedule", ("axes", "schedule")),
    "stopping": ("--stopping", ("training", "stopping")),
    "initializer": ("--initializer", ("training", "initializer")),
    "output_activation": ("--output-activation", ("training", "output_activation")),
    "loss": ("--loss", ("training", "loss")),
    "outputs": ("--outputs", ("training", "outputs")),
    "measure": ("--measure", ("training", "measure")),
    "record": ("--record", ("training", "record")),
    "keep": ("--keep", ("training", "keep")),
    "dtype": ("--dtype", ("training", "dtype")),
    "search": ("--search", ("search",)),
    "only": ("--only", ("only",)),
    "halving": ("--halving", ("halving",)),
    "hyperband": ("--hyperband", ("hyperband",)),
    "median": ("--median", ("median",)),
}
# Flags that name columns or words. One flag may give several, and it may be repeated.
NAMES = ("target", "inputs", "ignore", "categorical", "dates", "missing_values")
NUMBERS = (
    *("measure", "validation", "test", "seed", "repeats", "epochs", "batch_size"),
    *("training_examples", "label_noise"),
)


# Flags that give an axis if they are repeated, else a setting in another section.
AXES_IF_REPEATED = {"preprocess": ("axes", "preprocess"), "loss": ("axes", "loss")}
# For each section, the other one that may contain the same setting.
OTHER_SECTIONS = {"training": "axes", "axes": "training"}


@dataclass(frozen=True)
class Flags:
    """The values of the flags; numbers may be text. None or empty if a flag was not given."""

    file: str | None = None
    name: str | None = None
    data: str | None = None
    target: Sequence[str] = ()
    validation: float | str | None = None
    test: float | str | None = None
    preprocess: str | Sequence[str] | None = None
    target_scaling: str | None = None
    stratified: bool | str | None = None
    resample: str | None = None
    missing: str | None = None
    text: str | None = None
    strict: bool | None = None
    inputs: Sequence[str] = ()
    ignore: Sequence[str] = ()
    categorical: Sequence[str] = ()
    dates: Sequence[str] = ()
    target_kind: str | None = None
    separator: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    missing_values: Sequence[str] = ()
    weight: str | None = None
    sequence: str | None = None
    lengths: str | None = None
    class_weight: str | None = None
    seed: int | str | None = None
    repeats: int | str | None = None
    hidden: Sequence[str] = ()
    activation: Sequence[str] = ()
    regularizer: Sequence[str] = ()
    optimizer: Sequence[str] = ()
    training_examples: Sequence[int | float | str] = ()
    label_noise: Sequence[float | str] = ()
    epochs: int | str | None = None
    batch_size: int | str | None = None
    schedule: Sequence[str] = ()
    stopping: str | None = None
    initializer: str | None = None
    output_activation: str | None = None
    loss: str | Sequence[str] | None = None
    outputs: str | None = None
    measure: int | str | None = None
    record: str | None = None
    keep: str | None = None
    dtype: str | None = None
    search: str | None = None
    only: str | None = None
    halving: str | None = None
    hyperband: str | None = None
    median: str | None = None

    def given(self) -> Iterator[tuple[str, tuple[str, ...], Any]]:
        """For each flag that was given: the flag, its path in a sweep and its value there."""
        for field, (flag, path) in WRITTEN_AS.items():
            value = getattr(self, field)
            if isinstance(value, (list, tuple)):
                value = [number(field, each) for each in value] or None
            if field in AXES_IF_REPEATED and isinstance(value, list):
                path, value = (AXES_IF_REPEATED[field], value) if len(value) > 1 else (path, value[0])
            if value is not None:
                yield flag, path, number(field, value)


def number(field: str, value: Any) -> Any:
    """The value of a field; text is converted to a number if the field is numeric."""
    return scalar(value) if field in NUMBERS and isinstance(value, str) else value


def overlay(sweep: dict[str, Any], flags: Flags, places: Places) -> None:
    """Override settings of `sweep`, in written form, by the flags; record the flags in `places`."""
    for flag, path, value in flags.given():
        record_flag(places, flag, path, value)
        *section, key = path
        replaced = sweep.setdefault(section[0], {}) if section else sweep
        # A section that is not a mapping is an error in the file, reported when the sweep is read.
        if isinstance(replaced, dict):
            replaced[key] = columns(value) if key in NAMES and path[0] == "data" else value
        # A named data set has its own target; the one in the file belongs to the data that the flag replaces.
        if path == SOURCE and not is_path(value):
            sweep["data"].pop("target", None)
        # The flag also overrides the setting in the other section of the file.
        other = {"data": "axes", "axes": "data"}.get(path[0]) if key == "preprocess" else OTHER_SECTIONS.get(path[0])
        if other and isinstance(sweep.get(other), dict):
            sweep[other].pop(key, None)


def add_alternatives(sweep: dict[str, Any], flags: Flags, places: Places) -> None:
    """Add the alternatives in the flags to the axes of `sweep`, which is in canonical form; repeats are replaced."""
    for flag, path, value in flags.given():
        if path == REPEATS:
            sweep["repeats"] = value
            record_flag(places, flag, path, value)
            continue
        name = path[-1]
        # A single loss is stored among the training settings.
        first = sweep["training"].pop(name, AXES[name].default)
        alternatives = sweep["axes"].setdefault(name, [first])
        for item in value if isinstance(value, list) else [value]:
            places.flags["axes", name, len(alternatives)] = f"{flag} {item}"
            alternatives.append(item)


def record_flag(places: Places, flag: str, path: Path, value: Any) -> None:
    """Record which flag set the value at `path` and each of its items."""
    places.flags[path] = flag if isinstance(value, list) else f"{flag} {value}"
    for position, item in enumerate(value if isinstance(value, list) else ()):
        places.flags[(*path, position)] = f"{flag} {item}"


def columns(given: list[str]) -> list[str]:
    """Names of columns; one flag may give several, as in `a,b`. The format of dates may contain commas."""
    return [column for each in given for column in ([each] if "=%" in each else each.split(","))]
