"""Optuna's samplers on a problem that needs no training, one trial at a time, in memory."""

import warnings

import optuna
from optuna.samplers import BaseSampler, CmaEsSampler, GPSampler, NSGAIISampler, QMCSampler, RandomSampler, TPESampler
from optuna.trial import Trial

from benchmarks.search.problem import NUMBER, WHOLE, Coordinate, Outcome, Problem

SAMPLERS = {
    "tpe": lambda seed: TPESampler(multivariate=True, seed=seed),
    "gp": lambda seed: GPSampler(seed=seed),
    "cmaes": lambda seed: CmaEsSampler(seed=seed, warn_independent_sampling=False),
    "nsga2": lambda seed: NSGAIISampler(seed=seed),
    "qmc": lambda seed: QMCSampler(seed=seed, scramble=True, warn_independent_sampling=False),
    "random": lambda seed: RandomSampler(seed=seed),
}


def outcomes(problem: Problem, method: str, seed: int, trials: int) -> list[Outcome]:
    """The outcomes of `trials` trials, in order."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with warnings.catch_warnings():
        # Some samplers and options are marked as experimental.
        warnings.simplefilter("ignore")
        return asked(problem, SAMPLERS[method](seed), trials)


def asked(problem: Problem, sampler: BaseSampler, trials: int) -> list[Outcome]:
    """The outcomes of `trials` trials that the sampler proposes one after another."""
    directions = ["minimize"] * problem.objectives
    study, found = optuna.create_study(sampler=sampler, directions=directions), list[Outcome]()
    for _ in range(trials):
        trial = study.ask()
        values = tuple(suggested(trial, f"x{place}", each) for place, each in enumerate(problem.coordinates))
        outcome = problem.outcome(values)
        study.tell(trial, (outcome.error, outcome.parameters)[: problem.objectives])
        found.append(outcome)
    return found


def suggested(trial: Trial, name: str, coordinate: Coordinate) -> float | int:
    """The sampler's suggestion for a coordinate, of the type that Optuna's users would choose for it."""
    if coordinate.kind == NUMBER:
        return trial.suggest_float(name, 0.0, 1.0)
    if coordinate.kind == WHOLE:
        return trial.suggest_int(name, 0, coordinate.count - 1)
    return int(trial.suggest_categorical(name, list(range(coordinate.count))))
