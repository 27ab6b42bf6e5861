"""rustuna's TPE on a problem that needs no training, one trial at a time, in memory."""

import rustuna
from rustuna.samplers import TPESampler

from benchmarks.search.problem import NUMBER, WHOLE, Coordinate, Outcome, Problem


def outcomes(problem: Problem, method: str, seed: int, trials: int) -> list[Outcome]:
    """The outcomes of `trials` trials, in order. The only method is `tpe`, multivariate by default."""
    assert method == "tpe"
    study, found = rustuna.create_study(sampler=TPESampler(seed=seed)), list[Outcome]()
    for _ in range(trials):
        trial = study.ask()
        values = tuple(suggested(trial, f"x{place}", each) for place, each in enumerate(problem.coordinates))
        found.append(problem.outcome(values))
        study.tell(trial.number, found[-1].error)
    return found


def suggested(trial: rustuna.Trial, name: str, coordinate: Coordinate) -> float | int:
    """The sampler's suggestion for a coordinate."""
    if coordinate.kind == NUMBER:
        return trial.suggest_float(name, 0.0, 1.0)
    if coordinate.kind == WHOLE:
        return trial.suggest_int(name, 0, coordinate.count - 1)
    return int(trial.suggest_categorical(name, list(range(coordinate.count))))
