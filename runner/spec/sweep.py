"""Sweeps: named sets of axes with data, seed and training settings, read from and written as plain data."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from fitgap.core.members import why_untrainable
from fitgap.runner.errors import SpecError
from fitgap.runner.names import SWEEP_NAME_RULE, is_sweep_name
from fitgap.runner.spec.axes import AXES, read_axis
from fitgap.runner.spec.budget import Budget
from fitgap.runner.spec.choices import single_value
from fitgap.runner.spec.configuration import (
    Configuration,
    architecture_label,
    fixed_functions,
    hidden_count,
    layers_label,
)
from fitgap.runner.spec.data_settings import DataSettings, as_stored
from fitgap.runner.spec.generation_sizes import GenerationSizes, generation_sizes
from fitgap.runner.spec.grid import Grid
from fitgap.runner.spec.lazy_values import Alternatives, either, listed
from fitgap.runner.spec.pruning_checks import check_pruning
from fitgap.runner.spec.pruning_settings import PruningSettings, read_pruning
from fitgap.runner.spec.ranges import without_steps
from fitgap.runner.spec.repeat_settings import RepeatRounds, check_rounds, read_repeats
from fitgap.runner.spec.search_settings import SearchSettings
from fitgap.runner.spec.search_space import Space
from fitgap.runner.spec.training_settings import COMMON_DEFAULTS, TRAINING_KEYS, TrainingSettings, read_training
from fitgap.runner.spec.validation import SpecNode

DEFAULTS: dict[str, Any] = {
    **{"name": "sweep", "data": {}, "seed": 0, "repeats": 1, "training": {}, "axes": {}},
    **{"search": None, "only": None, "halving": None, "hyperband": None, "median": None},
    "budget": None,
}
NO_VALIDATION_AXIS = (
    "cannot be an axis: errors on different validation examples cannot be compared; set it under data, or use "
    "training_examples to see the effect of having fewer examples"
)
MOST_TRIALS = 1_000_000
LARGEST_SEED = 2**63 - 1


@dataclass(frozen=True)
class Sweep:
    """A named set of axes, a seed and settings. `axes` holds the expanded alternatives of every axis in `AXES`.

    With `search`, only some of the combinations in `space` are trained, and `axes` holds the ends of ranges. `only` is
    a filter for configurations. With `pruning`, the worse ones end early; with `rounds`, those that could be the
    best get more than `repeats`. `budget` limits what one command trains.
    """

    name: str
    data: DataSettings
    seed: int
    repeats: int
    training: TrainingSettings
    axes: Mapping[str, tuple[Any, ...]]
    search: SearchSettings | None = None
    space: Space | None = None
    only: str | None = None
    budget: Budget = field(default_factory=Budget)
    pruning: PruningSettings | None = None
    rounds: RepeatRounds | None = None

    @property
    def most_repeats(self) -> int:
        """The most repeats that a configuration may have."""
        return self.rounds.most if self.rounds else self.repeats

    @property
    def generation_sizes(self) -> GenerationSizes:
        """The sizes of the generations of the search."""
        return generation_sizes(self.search.generation if self.search else 1, self.pruning)

    def configurations(self) -> Grid:
        """All distinct combinations of the alternatives; in a search, ranges count as their two ends."""
        return Grid(self.axes, self.configuration)

    def configuration(self, combination: tuple[Any, ...]) -> Configuration:
        """The configuration with one alternative of each axis."""
        settings = {AXES[name].field: value for name, value in zip(self.axes, combination, strict=True)}
        return Configuration(**settings, dtype=self.training.dtype)

    def canonical(self) -> dict[str, Any]:
        """This sweep in sweep-file form with all defaults filled in, as JSON-ready data."""
        axes = {name: written for name, values in self.axes.items() if (written := written_axis(name, values))}
        axes = dict(self.space.written) if self.space else axes
        search = {"search": self.search.canonical()} if self.search else {}
        return {
            "name": self.name,
            "data": self.data.canonical(),
            "seed": self.seed,
            "repeats": self.rounds.canonical() if self.rounds else self.repeats,
            "training": {key: value for key, value in self.training.canonical().items() if key not in axes},
            "axes": axes,
            **search,
            **({"only": self.only} if self.only else {}),
            **({self.pruning.section: self.pruning.canonical()} if self.pruning else {}),
            **({"budget": self.budget.canonical()} if self.budget.is_limited else {}),
        }

    @classmethod
    def from_canonical(cls, written: Mapping[str, Any]) -> Self:
        """The sweep in `written`, a mapping with the structure of a sweep file. Raises SpecError."""
        given = {key: value for key, value in written.items() if value is not None}
        entries = SpecNode({**DEFAULTS, **given}).entries(DEFAULTS)
        repeats, rounds = read_repeats(entries["repeats"])
        search = SearchSettings.read(entries["search"]) if "search" in entries else None
        training, space = read_training(entries["training"]), read_space(entries["axes"], entries["training"])
        axes = listed_axes(space, rounds.most if rounds else repeats, entries["axes"], is_searched=search is not None)
        sweep = cls(
            name=read_name(entries["name"]),
            data=DataSettings.read(entries["data"]),
            seed=entries["seed"].whole_number(0, LARGEST_SEED),
            repeats=repeats,
            training=replace(training, loss=axes["loss"][0]),
            axes=axes,
            search=search,
            space=space if search else None,
            only=entries["only"].text() if "only" in entries else None,
            budget=Budget.read(entries["budget"]) if "budget" in entries else Budget(),
            pruning=read_pruning(entries),
            rounds=rounds,
        )
        if sweep.data.preprocess is not None and None not in axes["preprocess"]:
            rule = "is also given under data, which has no effect, since none of these alternatives is auto"
            raise SpecError(f"{rule}; remove one of the two settings, or add auto", ("axes", "preprocess"))
        check_trainable(sweep)
        check_pruning(sweep)
        check_rounds(sweep)
        return sweep


def written_axis(name: str, values: tuple[Any, ...]) -> list[Any]:
    """The alternatives of an axis in sweep-file form; empty if it is left out, as in sweeps of earlier versions."""
    axis = AXES[name]
    written = [axis.write(value) for value in values]
    is_elsewhere = name in COMMON_DEFAULTS and len(written) == 1
    return [] if is_elsewhere or (axis.is_optional and written == [axis.default]) else written


def stored_sweep_of(specification: Mapping[str, Any]) -> Sweep:
    """The sweep with a stored specification. Raises SpecError."""
    return Sweep.from_canonical({**specification, "data": as_stored(specification.get("data") or {})})


def read_name(node: SpecNode) -> str:
    """The name of a sweep; SpecError if it is not a valid one."""
    name = node.text()
    if not is_sweep_name(name):
        raise node.wrong(SWEEP_NAME_RULE)
    return name


def read_space(axes: SpecNode, training: SpecNode) -> Space:
    """All axes: the written ones in their order, then those with a single value from `training` or the defaults."""
    if isinstance(axes.value, dict) and "validation" in axes.value:
        raise SpecError(NO_VALIDATION_AXIS, (*axes.path, "validation"))
    given, common = axes.entries(AXES), training.entries(TRAINING_KEYS)
    alternatives = {name: read_axis(name, node) for name, node in given.items()}
    written = {name: as_list(node) for name, node in given.items()}
    for name, axis in AXES.items():
        if name in given and name in common:
            raise SpecError("is also given under training; keep one of them", given[name].path)
        if name in common:
            alternatives[name] = single_alternative(axis.read(common[name]), common[name])
            # A single loss is stored among the training settings.
            written |= {} if name in COMMON_DEFAULTS else {name: as_list(common[name])}
        elif name not in given:
            alternatives[name] = axis.read(SpecNode(axis.default))
    return Space(alternatives, written)


def as_list(node: SpecNode) -> list[Any]:
    """The alternatives of an axis as written, as a list even for a single value."""
    return node.value if isinstance(node.value, list) else [node.value]


def single_alternative(values: Alternatives, node: SpecNode) -> Alternatives:
    """A setting under `training`: one value, or a range of them."""
    return either([values if any(True for _ in values.endless()) else listed([single_value(values, node)])])


def listed_axes(space: Space, repeats: int, node: SpecNode, *, is_searched: bool) -> dict[str, tuple[Any, ...]]:
    """The alternatives of every axis; of a range in a search, both ends. Raises SpecError for too many."""
    if is_searched:
        for name, values in space.axes.items():
            check_size({name: values}, 1, node)
    else:
        for path, interval in space.endless():
            raise without_steps(path, interval)
        check_size(space.axes, repeats, node)
    return {name: tuple(values) for name, values in space.axes.items()}


def check_trainable(sweep: Sweep) -> None:
    """Raise SpecError if a combination of architecture, functions, optimizer and loss cannot be trained."""
    axes = sweep.axes
    kinds = {
        (min(hidden_count(architecture), 1), fixed_functions(architecture)[:1]): architecture
        for architecture in axes["architecture"]
    }
    for hidden, activation, output, optimizer, loss in itertools.product(
        kinds.values(), axes["activation"], axes["output_activation"], axes["optimizer"], axes["loss"]
    ):
        functions = [*(activation if hidden_count(hidden) else ()), output]
        layers = tuple(tuple(choice.variant for choice in layer) for layer in (*fixed_functions(hidden), *functions))
        problem = why_untrainable(layers, optimizer.variant, loss.variant)
        if problem:
            names = f"{architecture_label(hidden)}, {layers_label(functions)}, {optimizer.label}"
            names += f", {loss.label}" if len(axes["loss"]) > 1 else ""
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
