"""The trials of a scenario, trained by the core in packs, with all that their verdicts and the known answers need."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
from fitgap.core.activations import Identity, Sigmoid
from fitgap.core.datasets import Division
from fitgap.core.evaluation import Measurer
from fitgap.core.fit import Errors
from fitgap.core.initializers import Auto
from fitgap.core.losses import HalfSquaredError
from fitgap.core.members import Member, PackShape
from fitgap.core.network import Networks
from fitgap.core.optimizers import Adam
from fitgap.core.preprocessing import Examples, Preparation, prepare_examples
from fitgap.core.target_coding import Numbers, ZeroOne
from fitgap.core.training import Pack

from support.scenarios.scenarios import Case, Scenario

# As many as a trial's evidence keeps of each side.
SAMPLE_SIZE = 250
FRESH_EXAMPLES = 4000
PACK_SIZE = 12
# Repeats are numbered through all seeds, since those of a pack are told apart by their number.
MOST_REPEATS = 100


@dataclass(frozen=True)
class Trial:
    """A case with a seed and a repeat, counted from 1."""

    case: Case
    seed: int
    repeat: int

    @property
    def number(self) -> int:
        return self.seed * MOST_REPEATS + self.repeat


@dataclass(frozen=True)
class Outcome:
    """What became of a trial: its errors after the last and after the best epoch, and those of fresh examples then,
    which are NaN where there are none.
    """

    last: Errors
    best: Errors
    fresh_last: float
    fresh_best: float


Rows = Sequence[np.ndarray]


def train(scenario: Scenario, seeds: Sequence[int], repeats: int) -> dict[Trial, Outcome]:
    """The outcome of every case, seed and repeat."""
    outcomes: dict[Trial, Outcome] = {}
    cases = sorted(scenario.cases, key=attrgetter("hidden"))
    for _, alike in itertools.groupby(cases, key=attrgetter("hidden")):
        trials = [Trial(*key) for key in itertools.product(alike, seeds, range(1, repeats + 1))]
        for start in range(0, len(trials), PACK_SIZE):
            some = trials[start : start + PACK_SIZE]
            outcomes |= dict(zip(some, train_pack(scenario, some), strict=True))
    return outcomes


def train_pack(scenario: Scenario, trials: Sequence[Trial]) -> list[Outcome]:
    """The outcomes of trials of one architecture."""
    examples = {trial.number: prepared(scenario, trial) for trial in trials}
    shape = pack_shape(scenario, trials[0].case, examples[trials[0].number])
    pack = Pack(shape, [member(scenario, trial) for trial in trials], examples)
    last, best = parameters_of_last_and_best(pack)
    members = [member(scenario, trial) for trial in trials]
    fresh = fresh_means(scenario, trials, examples, shape, (members, last, best))
    outcomes = []
    for number, trial in enumerate(trials):
        mine = examples[trial.number]
        errors = [errors_of(shape, members[number], row[number], mine) for row in (last, best)]
        outcomes.append(Outcome(*errors, *fresh[number]))
    return outcomes


def parameters_of_last_and_best(pack: Pack) -> tuple[Rows, Rows]:
    """The rows of parameters of every member after its last epoch and after that with the lowest E_v."""
    last: dict[int, np.ndarray] = {}
    best: dict[int, np.ndarray] = {}
    lowest = np.full(len(pack.members), np.inf)
    for results in pack.run():
        for row, number in enumerate(results.members.tolist()):
            last[number] = pack.networks.parameters[row].copy()
            if results.e_v[row] < lowest[number]:
                lowest[number], best[number] = results.e_v[row], last[number]
    return [last[number] for number in sorted(last)], [best[number] for number in sorted(best)]


def errors_of(shape: PackShape, member: Member, row: np.ndarray, examples: Examples) -> Errors:
    on_training = measured(shape, [member], [row], examples.training_inputs, examples.training_targets)[0]
    on_validation = measured(shape, [member], [row], examples.validation_inputs, examples.validation_targets)[0]
    return Errors(
        e_t=on_training.mean(),
        e_v=on_validation.mean(),
        count_t=len(on_training),
        count_v=len(on_validation),
        sample_t=sampled(on_training, member.repeat),
        sample_v=sampled(on_validation, member.repeat),
    )


def measured(
    shape: PackShape, members: Sequence[Member], rows: Rows, inputs: np.ndarray, targets: np.ndarray
) -> np.ndarray:
    """The errors (K, N) of members with these parameters on examples that they share."""
    networks = Networks(shape.layers, members, shape.dtype)
    networks.parameters[:] = rows
    return Measurer([inputs], [targets], shape).measure(networks, np.zeros(len(members), int)).errors


def sampled(errors: np.ndarray, repeat: int) -> np.ndarray:
    """Some of the errors (N,), the same examples for all trials of a repeat."""
    chosen = np.random.default_rng(repeat).permutation(len(errors))[:SAMPLE_SIZE]
    return errors[chosen].astype(np.float32)


def fresh_means(
    scenario: Scenario,
    trials: Sequence[Trial],
    examples: dict[int, Examples],
    shape: PackShape,
    trained: tuple[Sequence[Member], Rows, Rows],
) -> list[tuple[float, float]]:
    """The mean errors of fresh examples, after the last and the best epoch of each trial."""
    if not scenario.fresh:
        return [(np.nan, np.nan)] * len(trials)
    means = []
    for trial, member, last, best in zip(trials, *trained, strict=True):
        dataset, mine = scenario.fresh(trial.seed, FRESH_EXAMPLES), examples[trial.number]
        inputs = mine.inputs_transform.apply(dataset.inputs).astype(shape.dtype)
        targets = scenario.reading.encode(mine.targets_scaling.apply(dataset.targets), dataset.class_count)
        errors = measured(shape, [member, member], [last, best], inputs, targets.astype(shape.dtype))
        means.append(tuple(errors.mean(axis=1)))
    return means


def prepared(scenario: Scenario, trial: Trial) -> Examples:
    preparation = Preparation(Division(scenario.validation), scenario.preprocess, "standard")
    dataset = scenario.load(trial.seed)
    return prepare_examples(
        dataset, preparation, scenario.reading, seed=trial.seed, repeat=trial.number, dtype="float32"
    )


def member(scenario: Scenario, trial: Trial) -> Member:
    case = trial.case
    output = Sigmoid() if isinstance(scenario.reading, ZeroOne) else Identity()
    return Member(
        activations=((case.activation,),) * len(case.hidden) + ((output,),),
        initializer=Auto(),
        regularizers=case.regularizers,
        optimizer=Adam(rate=case.rate),
        schedule=scenario.schedule,
        stopping=(),
        epochs=case.epochs or scenario.epochs,
        seed=trial.seed,
        repeat=trial.number,
    )


def pack_shape(scenario: Scenario, case: Case, examples: Examples) -> PackShape:
    inputs, outputs = examples.training_inputs.shape[1], examples.training_targets.shape[1]
    classes = 0 if isinstance(scenario.reading, Numbers) else max(2, outputs)
    layers = (inputs, *case.hidden, outputs)
    return PackShape(layers, scenario.batch_size, HalfSquaredError(), scenario.reading, classes, "float32")
