"""The trials of a scenario, trained in packs, with everything needed for their verdicts and the right answers."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter

import numpy as np
from fitgap.core.activations import Identity, Sigmoid
from fitgap.core.datasets import Dataset, Division, split_examples
from fitgap.core.evaluation import Measurer
from fitgap.core.fit_differences import Errors
from fitgap.core.floor import floor_of
from fitgap.core.initializers import Auto
from fitgap.core.losses import HalfSquaredError
from fitgap.core.members import Member, PackShape
from fitgap.core.network import Networks
from fitgap.core.network_shape import dense_network
from fitgap.core.preprocessing import Examples, Preparation, encoded_targets, prepare_examples
from fitgap.core.results import EpochResults
from fitgap.core.target_coding import Numbers, ZeroOne
from fitgap.core.training import Pack

from support.scenarios.scenarios import Case, Scenario

FRESH_EXAMPLES = 20_000
PACK_SIZE = 48
# Repeats are numbered consecutively over all seeds, because the repeats in a pack are identified by their number.
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
    """The outcome of a trial: its errors after the last epoch, at the best epoch, and at the cross-fitted best epochs;
    the errors of a constant prediction in the same repeat; and mean errors on fresh examples, NaN if there are none.

    If the trial diverged, only the errors of the constant are known.
    """

    constant: Errors
    last: Errors | None = None
    best: Errors | None = None
    honest: Errors | None = None
    fresh_last: float = np.nan
    fresh_best: float = np.nan
    fresh_constant: float = np.nan

    @property
    def diverged(self) -> bool:
        return self.last is None


def train(scenario: Scenario, seeds: Sequence[int], repeats: int) -> dict[Trial, Outcome]:
    """The outcome of every case, seed and repeat."""
    outcomes: dict[Trial, Outcome] = {}
    cases = sorted(scenario.cases, key=attrgetter("hidden"))
    for _, alike in itertools.groupby(cases, key=attrgetter("hidden")):
        trials = [Trial(*key) for key in itertools.product(alike, seeds, range(1, repeats + 1))]
        for start in range(0, len(trials), PACK_SIZE):
            some = trials[start : start + PACK_SIZE]
            outcomes |= dict(zip(some, TrainedPack(scenario, some).outcomes(), strict=True))
    return outcomes


class TrainedPack:
    """Trials of one architecture, with their networks after the last and the best epoch."""

    def __init__(self, scenario: Scenario, trials: Sequence[Trial]):
        self.scenario, self.trials = scenario, trials
        self.examples = {trial.number: prepared(scenario, trial) for trial in trials}
        self.shape = pack_shape(scenario, trials[0].case, self.examples[trials[0].number])
        self.members = [member(scenario, trial) for trial in trials]
        self.pack = Pack(self.shape, self.members, self.examples)
        self.found: dict[int, dict[str, Errors]] = {}
        self.networks: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self.lowest = np.full((len(trials), 2), np.inf)
        self.best: dict[int, np.ndarray] = {}
        for results in self.pack.run():
            self._note(results)

    def _note(self, results: EpochResults) -> None:
        better = (results.e_v < self.lowest[results.members, 1]) & ~results.diverged
        for row in np.flatnonzero(better):
            number = results.members[row]
            self.lowest[number] = results.e_t[row], results.e_v[row]
            self.best[number] = self.pack.networks.parameters[row].copy()
        if better.any():
            self.pack.evidence.remember_best(np.flatnonzero(better))
        for row in np.flatnonzero(results.finished & ~results.diverged):
            number = int(results.members[row])
            (at_best,), (at_last,) = (
                which(np.array([row])) for which in (self.pack.evidence.best_errors, self.pack.evidence.last_errors)
            )
            honest = self.pack.honest_errors_of(number)
            self.found[number] = {
                "last": self._errors(number, results.e_t[row], results.e_v[row], at_last),
                "best": self._errors(number, *self.lowest[number], at_best),
                "honest": self._errors(number, honest.e_t, honest.e_v, honest.sample),
            }
            self.networks[number] = self.pack.networks.parameters[row].copy(), self.best[number]

    def _errors(self, number: int, e_t: float, e_v: float, sample: np.ndarray) -> Errors:
        return errors_of(self.examples[self.trials[number].number], e_t, e_v, sample)

    def outcomes(self) -> list[Outcome]:
        """The outcome of every trial."""
        return [self._outcome(number) for number in range(len(self.trials))]

    def _outcome(self, number: int) -> Outcome:
        trial = self.trials[number]
        mine = self.examples[trial.number]
        constant = constant_errors(self.scenario, trial, mine)
        if number not in self.found:
            return Outcome(constant)
        if not self.scenario.fresh:
            return Outcome(constant, **self.found[number])
        inputs, targets = fresh_examples(self.scenario, trial, mine, self.shape)
        members = [self.members[number]] * 2
        networks = Networks(self.shape.network, members, self.shape.dtype)
        networks.parameters[:] = self.networks[number]
        measured = Measurer([inputs], [targets], self.shape).measure(networks, np.zeros(2, int)).errors.mean(axis=1)
        best = self.shape.loss.best_constant(mine.training_targets.astype(float))
        fresh_constant = self.shape.loss.errors(np.broadcast_to(best, targets.shape), targets).mean()
        return Outcome(constant, **self.found[number], **fresh(*measured, fresh_constant))


def fresh(last: float, best: float, constant: float) -> dict[str, float]:
    return {"fresh_last": float(last), "fresh_best": float(best), "fresh_constant": float(constant)}


def errors_of(examples: Examples, e_t: float, e_v: float, sample: np.ndarray) -> Errors:
    sides = (side[~np.isnan(side)] for side in sample)
    counts = len(examples.training_inputs), len(examples.validation_inputs)
    return Errors(float(e_t), float(e_v), *counts, *sides)


def constant_errors(scenario: Scenario, trial: Trial, examples: Examples) -> Errors:
    """The errors of the best constant prediction in a trial's repeat."""
    dataset, preparation = scenario.load(trial.seed), preparation_of(scenario)
    split = split_examples(dataset, preparation.division, seed=trial.seed, repeat=trial.number)
    targets = encoded_targets(dataset, preparation, scenario.reading, split, seed=trial.seed, repeat=trial.number)
    found = floor_of(targets, scenario.loss, seed=trial.seed, repeat=trial.number, measured_examples=None)
    return errors_of(examples, found.e_t, found.e_v, found.sample)


def fresh_examples(
    scenario: Scenario, trial: Trial, examples: Examples, shape: PackShape
) -> tuple[np.ndarray, np.ndarray]:
    """Fresh examples, prepared in the same way as a trial's own examples."""
    dataset = fresh_dataset(scenario, trial.seed)
    inputs = examples.inputs_transform.apply(dataset.inputs).astype(shape.dtype)
    targets = scenario.reading.encode(examples.targets_scaling.apply(dataset.targets), dataset.class_count)
    return inputs, targets.astype(shape.dtype)


@lru_cache(maxsize=2)
def fresh_dataset(scenario: Scenario, seed: int) -> Dataset:
    assert scenario.fresh
    return scenario.fresh(seed, FRESH_EXAMPLES)


def preparation_of(scenario: Scenario) -> Preparation:
    return Preparation(Division(scenario.validation), scenario.preprocess, "standard")


def prepared(scenario: Scenario, trial: Trial) -> Examples:
    dataset = scenario.load(trial.seed)
    return prepare_examples(
        dataset, preparation_of(scenario), scenario.reading, seed=trial.seed, repeat=trial.number, dtype="float32"
    )


def member(scenario: Scenario, trial: Trial) -> Member:
    case = trial.case
    two_classes = isinstance(scenario.reading, ZeroOne) and isinstance(scenario.loss, HalfSquaredError)
    output = Sigmoid() if two_classes else Identity()
    return Member(
        activations=((case.activation,),) * len(case.hidden) + ((output,),),
        initializer=Auto(),
        regularizers=case.regularizers,
        optimizer=case.optimizer(rate=case.rate),
        schedule=scenario.schedule,
        stopping=case.stopping,
        epochs=case.epochs or scenario.epochs,
        seed=trial.seed,
        repeat=trial.number,
    )


def pack_shape(scenario: Scenario, case: Case, examples: Examples) -> PackShape:
    inputs, outputs = examples.training_inputs.shape[1], examples.training_targets.shape[1]
    classes = 0 if isinstance(scenario.reading, Numbers) else max(2, outputs)
    layers = (inputs, *case.hidden, outputs)
    return PackShape(dense_network(layers), scenario.batch_size, scenario.loss, scenario.reading, classes, "float32")
