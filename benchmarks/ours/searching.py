"""fitgap's methods of search on a problem that needs no training: generation after generation, as a driver does it."""

from collections.abc import Callable

from fitgap.runner.search import Drawn, Result, proposals
from fitgap.runner.spec import Sweep

from benchmarks.search.problem import Problem

# Results also contain the number of parameters, which no problem of the table varies.
PARAMETERS = 1


def errors_found(problem: Problem, method: str, generation: int, seed: int, trials: int) -> list[float]:
    """The errors of `trials` configurations, in the order in which they are proposed."""
    sweep = sweep_of(problem, method, generation, seed, trials)
    assert sweep.search is not None
    if not sweep.search.learns:
        return [problem.error(problem.values(each)) for each in Drawn(sweep, trials)]
    return learned(sweep, lambda configuration: problem.error(problem.values(configuration)))


def learned(sweep: Sweep, error_of: Callable) -> list[float]:
    """The errors of a search by a method that learns. It knows all results of earlier generations."""
    assert sweep.search is not None
    results, known = list[Result](), set[str]()
    number = 0
    while len(results) < sweep.search.trials:
        count = min(sweep.generation_sizes.begin(number + 1), sweep.search.trials) - len(results)
        found = proposals(sweep, results, known, generation=number, count=count)
        if not found:
            break
        results += [Result(each.point, error_of(each.configuration), PARAMETERS) for each in found]
        known |= {each.configuration.hash for each in found}
        number += 1
    return [result.error for result in results if result.error is not None]


def sweep_of(problem: Problem, method: str, generation: int, seed: int, trials: int) -> Sweep:
    """The sweep whose search is measured; its data are never read."""
    learning = {} if method in ("random", "sobol") else {"generation": generation}
    search = {"method": method, "trials": trials, **learning}
    written = {"data": {"source": "digits"}, "axes": dict(problem.axes), "seed": seed, "search": search}
    return Sweep.from_canonical(written)
