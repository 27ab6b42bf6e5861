"""fitgap's search methods on a problem that needs no training, run in generations as by a driver."""

from collections.abc import Callable

from fitgap.runner.search import Drawn, Result, proposals
from fitgap.runner.spec import Configuration, Sweep

from benchmarks.search.problem import Outcome, Problem


def outcomes(problem: Problem, method: str, generation: int, seed: int, trials: int) -> list[Outcome]:
    """The outcomes of `trials` configurations, in the order in which they are proposed."""
    sweep = sweep_of(problem, method, generation, seed, trials)
    assert sweep.search is not None
    if not sweep.search.learns:
        return [problem.outcome(problem.values(each)) for each in Drawn(sweep, trials)]
    return learned(sweep, lambda configuration: problem.outcome(problem.values(configuration)))


def learned(sweep: Sweep, outcome_of: Callable[[Configuration], Outcome]) -> list[Outcome]:
    """The outcomes of a search by a method that learns from the results of all earlier generations."""
    assert sweep.search is not None
    tried, results, known = list[Outcome](), list[Result](), set[str]()
    number = 0
    while len(results) < sweep.search.trials:
        count = min(sweep.generation_sizes.begin(number + 1), sweep.search.trials) - len(results)
        found = proposals(sweep, results, known, generation=number, count=count)
        if not found:
            break
        seen = [outcome_of(each.configuration) for each in found]
        tried += seen
        results += [Result(each.point, new.error, new.parameters) for each, new in zip(found, seen, strict=True)]
        known |= {each.configuration.hash for each in found}
        number += 1
    return tried


def sweep_of(problem: Problem, method: str, generation: int, seed: int, trials: int) -> Sweep:
    """The sweep whose search is measured; its data are never read."""
    learning = {} if method in ("random", "sobol") else {"generation": generation}
    search = {"method": method, "trials": trials, **learning}
    written = {"data": {"source": "digits"}, "axes": dict(problem.axes), "seed": seed, "search": search}
    return Sweep.from_canonical(written)
