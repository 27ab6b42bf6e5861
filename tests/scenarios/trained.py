"""The networks of a scenario, trained by the core in packs, and the errors of their examples."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scenarios import Case, Scenario

from core.activations import Identity, Sigmoid
from core.data import Dataset, Division
from core.initializers import INITIALIZERS
from core.losses import HalfSquaredError
from core.measuring import Measurer
from core.members import Member, PackShape
from core.network import Networks
from core.optimizers import Adam
from core.preprocessing import Examples, Preparation, prepare_examples
from core.readings import Numbers
from core.training import Pack

PACK_SIZE = 12
FRESH_EXAMPLES = 4000
# Repeats of a seed are numbered so that members of many seeds go into one pack.
MOST_REPEATS = 100

Key = tuple[int, int, int]


@dataclass(frozen=True)
class Outcome:
    """What became of one trial: errors of its single examples after its last and its best epoch, and of fresh ones."""

    last_t: np.ndarray
    last_v: np.ndarray
    best_t: np.ndarray
    best_v: np.ndarray
    fresh_last: float = float("nan")
    fresh_best: float = float("nan")
    curve_t: tuple[float, ...] = ()
    curve_v: tuple[float, ...] = ()


def train(scenario: Scenario, seeds: Sequence[int], repeats: int) -> dict[Key, Outcome]:
    """The outcome of every case, seed and repeat (counted from 1)."""
    outcomes: dict[Key, Outcome] = {}
    numbers = list(enumerate(scenario.cases))
    numbers.sort(key=lambda pair: pair[1].hidden)
    for hidden, cases in itertools.groupby(numbers, key=lambda pair: pair[1].hidden):
        keys = [(case, seed, repeat) for case, _ in cases for seed in seeds for repeat in range(1, repeats + 1)]
        for some in itertools.batched(keys, PACK_SIZE) if hasattr(itertools, "batched") else batched(keys, PACK_SIZE):
            outcomes |= dict(zip(some, train_pack(scenario, hidden, some), strict=True))
    return outcomes


def batched(values: Sequence, size: int) -> list[Sequence]:
    return [values[start : start + size] for start in range(0, len(values), size)]


def train_pack(scenario: Scenario, hidden: tuple[int, ...], keys: Sequence[Key]) -> list[Outcome]:
    """The outcomes of trials of one architecture."""
    examples = {number(key): prepared(scenario, key) for key in keys}
    fresh = {number(key): fresh_examples(scenario, key, examples[number(key)]) for key in keys} if scenario.fresh else {}
    members = [member(scenario, scenario.cases[key[0]], key) for key in keys]
    shape = pack_shape(scenario, hidden, next(iter(examples.values())))
    pack = Pack(shape, members, examples)
    best = [(np.inf, None)] * len(keys)
    last: list = [None] * len(keys)
    curves: list = [([], []) for _ in keys]
    for results in pack.run():
        for row, index in enumerate(results.members.tolist()):
            curves[index][0].append(float(results.e_t[row]))
            curves[index][1].append(float(results.e_v[row]))
            if results.e_v[row] < best[index][0]:
                best[index] = (results.e_v[row], pack.networks.parameters[row].copy())
            if results.finished[row]:
                last[index] = pack.networks.parameters[row].copy()
    sides = [measured(shape, members, rows, examples, fresh) for rows in (last, [row for _, row in best])]
    return [
        Outcome(*sides[0][index][:2], *sides[1][index][:2], sides[0][index][2], sides[1][index][2], *map(tuple, curves[index]))
        for index in range(len(keys))
    ]


def measured(shape: PackShape, members: list[Member], rows: list, examples: dict, fresh: dict) -> list[tuple]:
    """Errors of the training and of the validation examples of every member with these parameters, mean of fresh."""
    networks = Networks(shape.layers, members, shape.dtype)
    networks.parameters[:] = rows
    repeats = np.arange(len(members))
    tables = [examples[member.repeat] for member in members]
    fresh_tables = [fresh[member.repeat] for member in members] if fresh else []

    def errors(inputs, targets):
        return Measurer(inputs, targets, shape).measure(networks, repeats).errors

    on_training = errors([each.training_inputs for each in tables], [each.training_targets for each in tables])
    on_validation = errors([each.validation_inputs for each in tables], [each.validation_targets for each in tables])
    on_fresh = np.full((len(members), 1), np.nan)
    if fresh:
        on_fresh = errors([each[0] for each in fresh_tables], [each[1] for each in fresh_tables])
    return list(zip(on_training, on_validation, on_fresh.mean(axis=1).tolist(), strict=True))


def number(key: Key) -> int:
    """The number of a repeat, one for each seed and repeat."""
    _, seed, repeat = key
    return seed * MOST_REPEATS + repeat


def prepared(scenario: Scenario, key: Key) -> Examples:
    preparation = Preparation(Division(scenario.validation), scenario.preprocess, "standard")
    dataset = scenario.load(key[1])
    return prepare_examples(dataset, preparation, scenario.reading, seed=key[1], repeat=number(key), dtype="float32")


def fresh_examples(scenario: Scenario, key: Key, examples: Examples) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets that the networks have never seen, as they were prepared for them."""
    dataset: Dataset = scenario.fresh(key[1], FRESH_EXAMPLES)
    inputs = examples.inputs_transform.apply(dataset.inputs).astype("float32")
    targets = examples.targets_scaling.apply(dataset.targets)
    return inputs, scenario.reading.encode(targets, dataset.class_count).astype("float32")


def member(scenario: Scenario, case: Case, key: Key) -> Member:
    output = Identity() if isinstance(scenario.reading, Numbers) or scenario.reading.output_count(10, 1) > 1 else Sigmoid()
    return Member(
        activations=((case.activation,),) * len(case.hidden) + ((output,),),
        initializer=INITIALIZERS["auto"]() if "auto" in INITIALIZERS else INITIALIZERS["he_normal"](),
        regularizers=case.regularizers,
        optimizer=Adam(rate=case.rate),
        schedule=scenario.schedule,
        stopping=(),
        epochs=case.epochs or scenario.epochs,
        seed=key[1],
        repeat=number(key),
    )


def pack_shape(scenario: Scenario, hidden: tuple[int, ...], examples: Examples) -> PackShape:
    inputs, outputs = examples.training_inputs.shape[1], examples.training_targets.shape[1]
    classes = 0 if isinstance(scenario.reading, Numbers) else max(2, outputs)
    return PackShape((inputs, *hidden, outputs), scenario.batch_size, HalfSquaredError(), scenario.reading, classes, "float32")
